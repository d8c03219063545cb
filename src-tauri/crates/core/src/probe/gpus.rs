//! GPUs: those of NVIDIA from `nvidia-smi`, those of AMD from `/sys/class/drm` (see the kernel's `gpu/amdgpu/thermal.rst`).
//!
//! Those of others, and of these without their drivers, tell nothing that an ordinary user may read.

use std::collections::BTreeMap;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::program::{CUT_OFF, Ran};
use crate::probe::{Family, cut};
use crate::text;

/// A GPU that sleeps to save power is left asleep: asking it would wake it, every time.
pub(super) const SCRIPT: &str = r#"hr_gpus() {
  if command -v nvidia-smi >/dev/null; then
    hr_awake=
    for hr_file in /sys/bus/pci/drivers/nvidia/*/power/runtime_status; do
      hr_state=; [ -r "$hr_file" ] && read -r hr_state <"$hr_file"
      [ "$hr_state" = suspended ] || hr_awake=yes
    done
    if [ -n "$hr_awake" ]; then
      hr_program nvidia nvidia-smi --format=csv,noheader,nounits \
        --query-gpu=index,name,utilization.gpu,memory.used,memory.total,temperature.gpu
    else
      hr_mark gpus_asleep
    fi
  fi
  set --
  for hr_dir in /sys/class/drm/card*/device; do
    [ -e "$hr_dir/gpu_busy_percent" ] || continue
    hr_state=; [ -r "$hr_dir/power/runtime_status" ] && read -r hr_state <"$hr_dir/power/runtime_status"
    if [ "$hr_state" = suspended ]; then
      hr_mark gpus_asleep
    else
      set -- "$@" "$hr_dir"/gpu_busy_percent "$hr_dir"/mem_info_vram_used "$hr_dir"/mem_info_vram_total \
        "$hr_dir"/product_name "$hr_dir"/hwmon/hwmon*/temp1_input
    fi
  done
  if [ $# -gt 0 ]; then hr_mark amd; grep -Hs . "$@"; fi
  hr_mark gpus
}
"#;

/// A GPU, as far as it tells of itself.
#[derive(Clone, PartialEq, Debug, Default)]
struct Gpu {
    /// Its number and model.
    name: String,
    /// From 0 to 1.
    busy: Option<f64>,
    /// Bytes.
    memory_used: Option<u64>,
    /// Bytes.
    memory: Option<u64>,
    /// Degrees Celsius.
    temperature: Option<f64>,
}

/// Adds what each of them tells.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    parts.get("gpus").ok_or(CUT_OFF)?;
    let nvidia = parts.get("nvidia").map(|_| nvidia(parts));
    let mut gpus = parts.get("amd").map(amd).unwrap_or_default();
    match nvidia {
        Some(Ok(found)) => gpus.extend(found),
        Some(Err(reason)) if gpus.is_empty() => return Err(reason),
        _ => {}
    }
    if gpus.is_empty() {
        return Err(if parts.get("gpus_asleep").is_some() {
            "The GPU sleeps to save power; asking it would wake it.".to_owned()
        } else {
            "No GPU was found that tells how it is used.".to_owned()
        });
    }
    cut(&mut gpus, Family::Gpus, "GPUs", observation);
    for gpu in gpus {
        points(&gpu, &mut observation.points);
    }
    Ok(())
}

fn points(gpu: &Gpu, points: &mut Vec<Point>) {
    let values = [
        (Metric::GpuUtilization, gpu.busy),
        (Metric::GpuMemoryUsage, gpu.memory_used.map(real)),
        (Metric::GpuMemoryLimit, gpu.memory.map(real)),
        (Metric::GpuTemperature, gpu.temperature),
    ];
    for (metric, value) in values {
        let attributes = Attributes::none().with(attribute::GPU, &gpu.name);
        points.extend(value.and_then(|value| Point::new(metric, attributes, value)));
    }
}

fn nvidia(parts: &Parts<'_>) -> Result<Vec<Gpu>, String> {
    let ran = Ran::of(parts, "nvidia", "nvidia-smi")?;
    let mut gpus: BTreeMap<u32, Gpu> = BTreeMap::new();
    for (number, gpu) in ran.text.lines().filter_map(nvidia_row) {
        gpus.entry(number).or_insert(gpu);
    }
    if gpus.is_empty() { Err(ran.failure()) } else { Ok(gpus.into_values().collect()) }
}

/// `0, NVIDIA L4, 12, 345, 23034, 45`: percent, MiB, degrees. What it cannot tell is `[N/A]`, `[Not Supported]` or another
/// word in brackets.
fn nvidia_row(line: &str) -> Option<(u32, Gpu)> {
    let (number, rest) = line.split_once(',')?;
    let number: u32 = number.trim().parse().ok()?;
    let mut cells = rest.rsplitn(5, ',').map(str::trim);
    let mut next = || cells.next();
    let (temperature, memory, memory_used, busy, model) = (next()?, next()?, next()?, next()?, next()?);
    let bytes = |cell: &str| cell.parse::<u64>().ok()?.checked_mul(1 << 20);
    Some((
        number,
        Gpu {
            name: text::name(&format!("{number} {model}")),
            busy: percent(busy),
            memory_used: bytes(memory_used),
            memory: bytes(memory),
            temperature: temperature.parse().ok(),
        },
    ))
}

/// Lines `/sys/class/drm/card0/device/FILE:VALUE`.
fn amd(text: &str) -> Vec<Gpu> {
    let mut gpus: BTreeMap<&str, Gpu> = BTreeMap::new();
    for line in text.lines() {
        let Some((path, value)) = line.split_once(':') else { continue };
        let Some((card, file)) =
            path.split_once("/device/").and_then(|(card, file)| Some((card.rsplit('/').next()?, file)))
        else {
            continue;
        };
        let gpu = gpus.entry(card).or_default();
        match file {
            "gpu_busy_percent" => gpu.busy = percent(value),
            "mem_info_vram_used" => gpu.memory_used = value.parse().ok(),
            "mem_info_vram_total" => gpu.memory = value.parse().ok(),
            "product_name" => gpu.name = text::name(&format!("{card} {}", value.trim())),
            // Thousandths of a degree.
            _ => gpu.temperature = value.parse::<i32>().ok().map(|thousandths| f64::from(thousandths) / 1000.0),
        }
    }
    for (card, gpu) in &mut gpus {
        if gpu.name.is_empty() {
            gpu.name = text::name(&format!("{card} AMD"));
        }
    }
    gpus.into_values().collect()
}

fn percent(value: &str) -> Option<f64> {
    value.parse::<u32>().ok().filter(|percent| *percent <= 100).map(|percent| f64::from(percent) / 100.0)
}
