//! The families of metrics: one file each, with the shell that reads it on a server and the parser of what that prints.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
}
