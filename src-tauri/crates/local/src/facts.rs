//! What rarely changes about this computer.

use hostrounds_core::observation::Facts;
use hostrounds_core::probe::facts::os_name;
use hostrounds_core::text;
use sysinfo::{CpuRefreshKind, System};

/// Reads them; what the system does not tell is absent.
pub(crate) fn read() -> Facts {
    let known = |value: Option<String>| value.map(|value| text::name(value.trim())).filter(|value| !value.is_empty());
    Facts {
        hostname: known(System::host_name().ok()),
        os: os_release().or_else(|| known(System::long_os_version().ok())),
        kernel: known(System::kernel_version().ok()),
        architecture: known(Some(System::cpu_arch())),
        cpu_model: known(cpu_model()),
        clock_skew: None,
    }
}

/// The name that the distribution gives itself, where there is one: the same as on servers.
fn os_release() -> Option<String> {
    os_name(&std::fs::read_to_string("/etc/os-release").ok()?)
}

fn cpu_model() -> Option<String> {
    let mut system = System::new().ok()?;
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    system.cpus().first().map(|cpu| cpu.brand().to_owned())
}
