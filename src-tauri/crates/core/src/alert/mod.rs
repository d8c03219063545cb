//! When a server's values are worth a notification.

pub mod rule;
pub mod state;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::metric::Unit;
use crate::observation::Attributes;
use crate::server::ServerId;
use crate::time::UnixMillis;

/// The number of an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct AlertId(pub i64);

/// Which rule an alert comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RuleKind {
    /// CPU at or above its threshold.
    Cpu,
    /// Memory at or above its threshold.
    Memory,
    /// A mounted filesystem at or above its threshold; one alert per mount.
    Disk,
    /// A mounted filesystem that will be full within its threshold; one alert per mount.
    DiskFullIn,
    /// No collection of a whole run, with all its tries, succeeded.
    Unreachable,
}

impl RuleKind {
    /// What the values and the threshold of its alerts are in; nothing where there are none.
    #[must_use]
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Cpu | Self::Memory | Self::Disk => Some(Unit::Ratio),
            Self::DiskFullIn => Some(Unit::Seconds),
            Self::Unreachable => None,
        }
    }
}

/// Where an alert stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AlertState {
    /// The condition holds.
    Firing,
    /// The condition no longer holds, or its rule or server is gone.
    Resolved,
}

/// One alert, from its first moment to its last.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// Whose alert.
    pub server: ServerId,
    /// From which rule.
    pub rule: RuleKind,
    /// Of which part of the server: the mount of an alert on a disk; empty otherwise.
    pub attributes: Attributes,
    /// Where it stands.
    pub state: AlertState,
    /// The threshold: seconds for [`RuleKind::DiskFullIn`], absent for [`RuleKind::Unreachable`], else a ratio from 0 to 1.
    pub threshold: Option<f64>,
    /// The value that made it fire, in the unit of the threshold; absent for [`RuleKind::Unreachable`].
    pub value: Option<f64>,
    /// What is wrong, in a sentence that names the server.
    pub message: String,
    /// How it ended, in a sentence that names the server; absent while it fires.
    pub resolution: Option<String>,
    /// When it started firing.
    pub fired_at: UnixMillis,
    /// When it was resolved.
    pub resolved_at: Option<UnixMillis>,
}
