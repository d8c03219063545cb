//! The catalogue: every metric with its name, unit and attributes.
//!
//! Names and units follow the OpenTelemetry semantic conventions for system metrics
//! (<https://opentelemetry.io/docs/specs/semconv/system/system-metrics/>); what those do not name (pressure, load average,
//! file handles) is named in their manner. Counters are kept as rates, so every value here is a gauge.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::probe::Family;

/// What a value counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// A share from 0 to 1; people see percent.
    Ratio,
    /// Bytes; people see KiB, MiB, GiB.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Things that are counted: processes, inodes, handles.
    Count,
    /// Things per second: operations, packets, errors.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Degrees Celsius; the only unit in which a value may be negative.
    Celsius,
    /// 0 or 1: no or yes.
    Flag,
}

impl Unit {
    /// How many decimals of a value are kept. What is read is no finer (the kernel counts CPU time in hundredths of a second, and a
    /// temperature in thousandths of a degree), and the noise of a division behind it would take most of the history.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Ratio => 4,
            Self::Celsius | Self::Count => 3,
            Self::PerSecond | Self::Seconds => 2,
            Self::Bytes | Self::BytesPerSecond | Self::Flag => 0,
        }
    }

    /// The unit as the semantic conventions of OpenTelemetry write it, in the Unified Code for Units of Measure
    /// (<https://ucum.org/ucum>).
    #[must_use]
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::Ratio | Self::Count | Self::Flag => "1",
            Self::Bytes => "By",
            Self::BytesPerSecond => "By/s",
            Self::PerSecond => "1/s",
            Self::Seconds => "s",
            Self::Celsius => "Cel",
        }
    }
}

/// One entry of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MetricInfo {
    /// The stable name, such as `system.cpu.utilization`.
    pub name: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// Who reads it.
    pub family: Family,
    /// The attributes that tell its series of one server apart.
    pub attributes: &'static [&'static str],
    /// What people see.
    pub label: &'static str,
    /// What exactly is measured, in a sentence.
    pub description: &'static str,
}

macro_rules! catalogue {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $unit:ident, $family:ident, [$($attribute:expr),*], $label:literal; )+) => {
        /// A metric of the catalogue.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
        pub enum Metric {
            $( $(#[doc = $doc])+ #[serde(rename = $name)] $variant, )+
        }

        impl Metric {
            /// Every metric, in the order of the catalogue.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant),+];

            /// What the catalogue says of it.
            #[must_use]
            pub const fn info(self) -> &'static MetricInfo {
                match self {
                    $( Metric::$variant => const { &MetricInfo {
                        name: $name,
                        unit: Unit::$unit,
                        family: Family::$family,
                        attributes: &[$($attribute),*],
                        label: $label,
                        description: without_margin(concat!($($doc),+)),
                    } }, )+
                }
            }
        }
    };
}

/// A doc comment as a string begins with the space behind its slashes.
const fn without_margin(doc: &'static str) -> &'static str {
    match doc.as_bytes() {
        [b' ', ..] => doc.split_at(1).1,
        _ => doc,
    }
}

/// Names of the attributes that series carry.
pub mod attribute {
    /// `user`, `nice`, `system`, `iowait`, `steal`, `irq`, `softirq`, `idle`.
    pub const CPU_MODE: &str = "cpu.mode";
    /// The number of a logical CPU, from 0.
    pub const CPU_NUMBER: &str = "cpu.logical_number";
    /// `used`, `free`, `cached`, `buffers`, `available`.
    pub const MEMORY_STATE: &str = "system.memory.state";
    /// `used`, `free`.
    pub const PAGING_STATE: &str = "system.paging.state";
    /// A block device or the source of a mount, such as `nvme0n1` or `/dev/sda1`.
    pub const DEVICE: &str = "system.device";
    /// Where a filesystem is mounted.
    pub const MOUNTPOINT: &str = "system.filesystem.mountpoint";
    /// `used`, `free` (what an ordinary user may still take), `reserved`.
    pub const FILESYSTEM_STATE: &str = "system.filesystem.state";
    /// `read`, `write`.
    pub const DISK_DIRECTION: &str = "disk.io.direction";
    /// The name of a network interface.
    pub const INTERFACE: &str = "network.interface.name";
    /// `receive`, `transmit`.
    pub const NETWORK_DIRECTION: &str = "network.io.direction";
    /// `running`, `sleeping`, `blocked`, `zombie`, `stopped`, `idle`.
    pub const PROCESS_STATE: &str = "process.state";
    /// A state of a TCP connection in the words of OpenTelemetry, such as `established`, `listen`, `time_wait`.
    pub const CONNECTION_STATE: &str = "network.connection.state";
    /// What something has to wait for: `cpu`, `memory`, `io`.
    pub const RESOURCE: &str = "system.pressure.resource";
    /// `some` (at least one task waited) or `full` (all did).
    pub const PRESSURE_KIND: &str = "system.pressure.kind";
    /// A sensor, as the kernel names it: the chip and the label, such as `coretemp Package id 0`.
    pub const SENSOR: &str = "hw.name";
    /// `all`, `security`.
    pub const UPDATE_KIND: &str = "system.update.kind";
    /// The name of a container.
    pub const CONTAINER: &str = "container.name";
    /// `running`, `paused`, `restarting`, `exited`, `created`, `dead`.
    pub const CONTAINER_STATE: &str = "container.state";
    /// A GPU: its number and model, such as `0 NVIDIA L4`.
    pub const GPU: &str = "hw.gpu";
    /// A battery, such as `BAT0`.
    pub const BATTERY: &str = "hw.battery";
}
use attribute as a;

catalogue! {
    /// Share of all CPU time that was not idle (idle and iowait count as idle).
    CpuUtilization = "system.cpu.utilization", Ratio, Cpu, [], "CPU";
    /// Share of all CPU time spent in one mode.
    CpuModeUtilization = "system.cpu.mode.utilization", Ratio, Cpu, [a::CPU_MODE], "CPU by mode";
    /// Share of the time of one logical CPU that was not idle.
    CpuCoreUtilization = "system.cpu.logical.utilization", Ratio, Cpu, [a::CPU_NUMBER], "CPU per core";
    /// Number of logical CPUs that are online.
    CpuCount = "system.cpu.logical.count", Count, Cpu, [], "CPUs";
    /// Processes that ran or waited to run (or waited for disks), average of one minute.
    Load1 = "system.cpu.load_average.1m", Count, Load, [], "Load 1 min";
    /// Processes that ran or waited to run (or waited for disks), average of five minutes.
    Load5 = "system.cpu.load_average.5m", Count, Load, [], "Load 5 min";
    /// Processes that ran or waited to run (or waited for disks), average of fifteen minutes.
    Load15 = "system.cpu.load_average.15m", Count, Load, [], "Load 15 min";
    /// Memory by what it is used for.
    MemoryUsage = "system.memory.usage", Bytes, Memory, [a::MEMORY_STATE], "Memory";
    /// Memory that the system has.
    MemoryLimit = "system.memory.limit", Bytes, Memory, [], "Memory size";
    /// Share of memory that is not available to new programs.
    MemoryUtilization = "system.memory.utilization", Ratio, Memory, [], "Memory";
    /// Swap space by whether it is used.
    PagingUsage = "system.paging.usage", Bytes, Memory, [a::PAGING_STATE], "Swap";
    /// Share of the swap space that is used; absent where there is no swap.
    PagingUtilization = "system.paging.utilization", Ratio, Memory, [], "Swap";
    /// Bytes of a mounted filesystem by state.
    FilesystemUsage = "system.filesystem.usage", Bytes, Filesystems, [a::MOUNTPOINT, a::DEVICE, a::FILESYSTEM_STATE], "Disk space";
    /// Size of a mounted filesystem.
    FilesystemLimit = "system.filesystem.limit", Bytes, Filesystems, [a::MOUNTPOINT, a::DEVICE], "Disk size";
    /// Share of a mounted filesystem that is used, as `df` counts it: of what ordinary users can use.
    FilesystemUtilization = "system.filesystem.utilization", Ratio, Filesystems, [a::MOUNTPOINT, a::DEVICE], "Disk";
    /// Inodes of a mounted filesystem by state.
    FilesystemInodes = "system.filesystem.inodes", Count, Filesystems, [a::MOUNTPOINT, a::DEVICE, a::FILESYSTEM_STATE], "Inodes";
    /// Share of the inodes of a mounted filesystem that are used.
    FilesystemInodesUtilization = "system.filesystem.inodes.utilization", Ratio, Filesystems, [a::MOUNTPOINT, a::DEVICE], "Inodes";
    /// Time until a mounted filesystem is full if it goes on as in the last weeks; absent where its history does not tell.
    FilesystemFullIn = "system.filesystem.full_in", Seconds, Filesystems, [a::MOUNTPOINT, a::DEVICE], "Full in";
    /// Bytes that a block device reads or writes.
    DiskIo = "system.disk.io", BytesPerSecond, DiskIo, [a::DEVICE, a::DISK_DIRECTION], "Disk I/O";
    /// Operations that a block device finishes.
    DiskOperations = "system.disk.operations", PerSecond, DiskIo, [a::DEVICE, a::DISK_DIRECTION], "Disk operations";
    /// Share of the time in which a block device had work to do.
    DiskBusy = "system.disk.io_time", Ratio, DiskIo, [a::DEVICE], "Disk busy";
    /// Bytes that a network interface receives or sends.
    NetworkIo = "system.network.io", BytesPerSecond, Network, [a::INTERFACE, a::NETWORK_DIRECTION], "Network";
    /// Packets that a network interface receives or sends.
    NetworkPackets = "system.network.packet.count", PerSecond, Network, [a::INTERFACE, a::NETWORK_DIRECTION], "Packets";
    /// Errors of a network interface.
    NetworkErrors = "system.network.errors", PerSecond, Network, [a::INTERFACE, a::NETWORK_DIRECTION], "Network errors";
    /// Packets that a network interface dropped.
    NetworkDropped = "system.network.packet.dropped", PerSecond, Network, [a::INTERFACE, a::NETWORK_DIRECTION], "Packets dropped";
    /// Processes by state.
    ProcessCount = "system.process.count", Count, Processes, [a::PROCESS_STATE], "Processes";
    /// Threads of all processes.
    ThreadCount = "system.thread.count", Count, Processes, [], "Threads";
    /// File handles that the system has open.
    FileHandles = "system.file_handle.count", Count, FileHandles, [], "Open file handles";
    /// File handles that the system may have open; absent where there is no real limit.
    FileHandleLimit = "system.file_handle.limit", Count, FileHandles, [], "File handle limit";
    /// Time since the system was started.
    Uptime = "system.uptime", Seconds, Uptime, [], "Uptime";
    /// Share of the last ten seconds in which tasks waited for a resource (pressure stall information).
    Pressure = "system.pressure.utilization", Ratio, Pressure, [a::RESOURCE, a::PRESSURE_KIND], "Pressure";
    /// TCP connections by state, IPv4 and IPv6 together.
    TcpConnections = "system.network.connection.count", Count, Tcp, [a::CONNECTION_STATE], "TCP connections";
    /// Temperature that a sensor reports.
    Temperature = "hw.temperature", Celsius, Temperatures, [a::SENSOR], "Temperature";
    /// Sessions of users that are logged in.
    UserSessions = "system.user.session.count", Count, Users, [], "Logged-in users";
    /// Systemd units that have failed.
    UnitsFailed = "system.systemd.unit.failed", Count, Units, [], "Failed units";
    /// Whether an update waits for a reboot.
    RebootRequired = "system.reboot.required", Flag, Reboot, [], "Reboot required";
    /// Updates of packages that can be installed, as far as the server's own lists say.
    UpdatesPending = "system.update.pending", Count, Updates, [a::UPDATE_KIND], "Pending updates";
    /// Containers by state.
    ContainerCount = "container.count", Count, Containers, [a::CONTAINER_STATE], "Containers";
    /// CPU time per time that a container uses: 1 is one CPU fully used.
    ContainerCpu = "container.cpu.usage", Count, Containers, [a::CONTAINER], "Container CPU";
    /// Memory that a container uses, without its file cache that can be dropped.
    ContainerMemory = "container.memory.usage", Bytes, Containers, [a::CONTAINER], "Container memory";
    /// Share of the time in which a GPU had work to do.
    GpuUtilization = "hw.gpu.utilization", Ratio, Gpus, [a::GPU], "GPU";
    /// Memory of a GPU that is used.
    GpuMemoryUsage = "hw.gpu.memory.usage", Bytes, Gpus, [a::GPU], "GPU memory";
    /// Memory that a GPU has.
    GpuMemoryLimit = "hw.gpu.memory.limit", Bytes, Gpus, [a::GPU], "GPU memory size";
    /// Temperature of a GPU.
    GpuTemperature = "hw.gpu.temperature", Celsius, Gpus, [a::GPU], "GPU temperature";
    /// How full a battery is.
    BatteryCharge = "hw.battery.charge", Ratio, Batteries, [a::BATTERY], "Battery";
    /// Whether a battery is being drained.
    BatteryDischarging = "hw.battery.discharging", Flag, Batteries, [a::BATTERY], "On battery";
}

impl Metric {
    /// The metric of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.info().name == name)
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for &metric in Metric::ALL {
            assert_eq!(Metric::named(metric.info().name), Some(metric));
            assert_eq!(metric.info().description.trim(), metric.info().description);
        }
    }

    #[test]
    fn serde_uses_the_name() {
        for &metric in Metric::ALL {
            assert_eq!(serde_json::to_string(&metric).unwrap(), format!("\"{}\"", metric.info().name));
        }
    }
}
