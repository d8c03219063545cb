//! The families of metrics: one file each, with the shell that reads it on a server and the parser of what that prints.

pub mod batteries;
pub mod containers;
pub mod cpu;
pub mod disk_io;
pub mod facts;
pub mod file_handles;
pub mod filesystems;
pub mod gpus;
mod headers;
pub mod load;
pub mod memory;
pub mod network;
pub mod parts;
pub mod pressure;
pub mod process_detail;
pub mod processes;
mod program;
mod reader;
pub mod reboot;
pub mod remote;
mod restricted;
pub mod routine;
mod script;
mod sysfs;
pub mod tcp;
pub mod temperatures;
pub mod times;
pub mod units;
pub mod updates;
pub mod uptime;
pub mod users;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::observation::{Observation, Unavailable};

/// What is read together, and fails together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Family {
    /// CPU time, total, by mode and per core.
    Cpu,
    /// Load average.
    Load,
    /// Memory and swap.
    Memory,
    /// Mounted filesystems.
    Filesystems,
    /// Block devices.
    DiskIo,
    /// Network interfaces.
    Network,
    /// Processes and threads.
    Processes,
    /// Open file handles.
    FileHandles,
    /// Uptime.
    Uptime,
    /// What tasks wait for (PSI).
    Pressure,
    /// TCP connections by state.
    Tcp,
    /// Temperatures.
    Temperatures,
    /// Users that are logged in.
    Users,
    /// Systemd units that have failed.
    Units,
    /// Whether a reboot is required.
    Reboot,
    /// Updates of packages.
    Updates,
    /// Containers of docker and podman.
    Containers,
    /// GPUs.
    Gpus,
    /// Batteries.
    Batteries,
}

/// Families that share a shell: what hangs in one lane holds up nobody in another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// The routine families.
    Routine,
    /// Costlier ones that only read what the kernel prints, and cannot hang.
    Steady,
    /// `df`, which hangs where a network filesystem does.
    Mounts,
    /// Programs of the server, which may take long or hang: `systemctl`, `docker`, `nvidia-smi`, package tools.
    Programs,
}

/// How often a family is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rhythm {
    /// In every collection: it costs next to nothing.
    Routine,
    /// Apart from the routine families, and in a collection only if it was not read for this long.
    Slow {
        /// The shortest time from one reading to the next.
        every: Duration,
    },
}

impl Family {
    /// Every family, in the order in which people see them.
    pub const ALL: &'static [Family] = &[
        Family::Cpu,
        Family::Load,
        Family::Memory,
        Family::Filesystems,
        Family::DiskIo,
        Family::Network,
        Family::Processes,
        Family::FileHandles,
        Family::Uptime,
        Family::Pressure,
        Family::Tcp,
        Family::Temperatures,
        Family::Users,
        Family::Units,
        Family::Reboot,
        Family::Updates,
        Family::Containers,
        Family::Gpus,
        Family::Batteries,
    ];

    /// How often it is read.
    #[must_use]
    pub const fn rhythm(self) -> Rhythm {
        let seconds = match self {
            Family::Cpu
            | Family::Load
            | Family::Memory
            | Family::DiskIo
            | Family::Network
            | Family::FileHandles
            | Family::Uptime
            | Family::Pressure => return Rhythm::Routine,
            Family::Processes | Family::Tcp => 10,
            Family::Filesystems | Family::Temperatures | Family::Containers | Family::Gpus => 30,
            Family::Users | Family::Units | Family::Batteries => 60,
            Family::Reboot => 600,
            Family::Updates => 3600,
        };
        Rhythm::Slow { every: Duration::from_secs(seconds) }
    }

    /// With whom it shares a shell. What is not known to be harmless counts as a program that may hang.
    #[must_use]
    pub const fn lane(self) -> Lane {
        match (self, self.rhythm()) {
            (_, Rhythm::Routine) => Lane::Routine,
            (Family::Processes | Family::Tcp | Family::Temperatures | Family::Batteries, _) => Lane::Steady,
            (Family::Filesystems, _) => Lane::Mounts,
            _ => Lane::Programs,
        }
    }

    /// What people see.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Family::Cpu => "CPU",
            Family::Load => "Load",
            Family::Memory => "Memory",
            Family::Filesystems => "Filesystems",
            Family::DiskIo => "Disk I/O",
            Family::Network => "Network",
            Family::Processes => "Processes",
            Family::FileHandles => "File handles",
            Family::Uptime => "Uptime",
            Family::Pressure => "Pressure",
            Family::Tcp => "TCP connections",
            Family::Temperatures => "Temperatures",
            Family::Users => "Logged-in users",
            Family::Units => "Failed units",
            Family::Reboot => "Reboot required",
            Family::Updates => "Pending updates",
            Family::Containers => "Containers",
            Family::Gpus => "GPUs",
            Family::Batteries => "Batteries",
        }
    }
}

/// The most series that one family yields for parts of a server (CPUs, devices, interfaces, mounts). A server with more has
/// the rest left out, so that a hostile one cannot fill the history with invented names.
pub const MAX_PARTS: usize = 1024;

/// Leaves the first [`MAX_PARTS`] of `found`; where these are not all, the observation says so.
fn cut<T>(found: &mut Vec<T>, family: Family, parts: &str, observation: &mut Observation) {
    if found.len() > MAX_PARTS {
        found.truncate(MAX_PARTS);
        observation.unavailable.push(Unavailable::cut(family, parts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    #[test]
    fn every_metric_belongs_to_a_family_that_is_listed() {
        for metric in Metric::ALL {
            assert!(Family::ALL.contains(&metric.info().family), "{metric}");
        }
    }
}
