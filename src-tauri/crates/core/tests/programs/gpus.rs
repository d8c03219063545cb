//! GPUs of NVIDIA and AMD.

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;

use crate::place::{DASH, Place, everywhere, reason, value};

fn gpu(observation: &Observation, metric: Metric, name: &str) -> Option<f64> {
    value(observation, metric, &[(attribute::GPU, name)])
}

#[test]
fn gpus_of_nvidia_tell_what_they_can() {
    for (shell, place) in everywhere() {
        place.prints("nvidia-smi", "nvidia-smi.txt", 0);
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(observation.unavailable, []);
        assert_eq!(observation.points.len(), 8);
        assert_eq!(gpu(&observation, Metric::GpuUtilization, "0 NVIDIA L4"), Some(0.12));
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "0 NVIDIA L4"), Some(345.0 * 1024.0 * 1024.0));
        assert_eq!(gpu(&observation, Metric::GpuTemperature, "1 Tesla V100-SXM2-16GB"), Some(71.0));

        place.prints("nvidia-smi", "nvidia-smi-partial.txt", 0);
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(observation.of(Metric::GpuUtilization).count(), 0, "absent is not 0");
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "1 NVIDIA A100-SXM4-40GB"), Some(5.0 * 1024.0 * 1024.0));
        assert_eq!(observation.of(Metric::GpuTemperature).count(), 1);

        place.prints("nvidia-smi", "nvidia-smi-failed.txt", 9);
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("couldn't communicate with the NVIDIA driver"));
    }
}

#[test]
fn gpus_of_amd_are_read_from_files() {
    for (shell, place) in everywhere() {
        let file = |name: &str, content: &str| {
            place.file(&format!("/sys/class/drm/card1/device/{name}"), content);
        };
        file("gpu_busy_percent", "37\n");
        file("mem_info_vram_used", "1048576\n");
        file("mem_info_vram_total", "8573157376\n");
        file("hwmon/hwmon3/temp1_input", "41000\n");
        file("power/runtime_status", "active\n");
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(gpu(&observation, Metric::GpuUtilization, "card1 AMD"), Some(0.37));
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "card1 AMD"), Some(1_048_576.0));
        assert_eq!(gpu(&observation, Metric::GpuMemoryLimit, "card1 AMD"), Some(8_573_157_376.0));
        assert_eq!(gpu(&observation, Metric::GpuTemperature, "card1 AMD"), Some(41.0));

        file("power/runtime_status", "suspended\n");
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("sleeps"));
    }
}

#[test]
fn a_gpu_that_sleeps_is_not_woken() {
    for (shell, place) in everywhere() {
        place.file("/sys/bus/pci/drivers/nvidia/0000:01:00.0/power/runtime_status", "suspended\n");
        place.prints("nvidia-smi", "nvidia-smi.txt", 0);
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("sleeps"));
        place.file("/sys/bus/pci/drivers/nvidia/0000:02:00.0/power/runtime_status", "active\n");
        assert_eq!(place.observe(shell, Family::Gpus).unavailable, []);
    }
}

#[test]
fn without_a_gpu_there_is_a_reason() {
    assert!(reason(&Place::new().observe(&DASH, Family::Gpus)).starts_with("No GPU was found"));
}
