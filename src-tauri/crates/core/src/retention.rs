//! How long and how much of the history is kept.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::format;
use crate::observation::real;
use crate::server::ServerId;
use crate::time::UnixMillis;

/// The longest that can be asked for, in days: a hundred years.
pub const DAYS_MOST: u32 = 36_500;
/// The smallest limit in bytes: room for the settings and a few days of a few servers.
pub const BYTES_LEAST: u64 = 64 << 20;

/// What is kept of the history. Whichever limit is reached first counts; the oldest goes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// Days, 1 to [`DAYS_MOST`]; without it there is no limit. A server may have one of its own.
    pub days: Option<u32>,
    /// Bytes of the whole database, at least [`BYTES_LEAST`]; without it there is no limit.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    /// From how many bytes on it is pointed out; without it, it never is.
    #[ts(type = "number | null")]
    pub warn_bytes: Option<u64>,
}

/// Two years, however much that is; pointed out at 2 GiB.
impl Default for Retention {
    fn default() -> Self {
        Self { days: Some(730), bytes: None, warn_bytes: Some(2 << 30) }
    }
}

impl Retention {
    /// The limits in words, to stand behind "the history is kept": `for 730 days and up to 5 GiB`, `without limit`.
    #[must_use]
    pub fn words(&self) -> String {
        let days = self.days.map(|days| format!("for {}", days_words(days)));
        let bytes = self.bytes.map(|bytes| format!("up to {}", format::bytes(real(bytes))));
        match (days, bytes) {
            (Some(days), Some(bytes)) => format!("{days} and {bytes}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "without limit".into(),
        }
    }
}

/// `1 day`, `30 days`.
#[must_use]
pub fn days_words(days: u32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

/// What the database takes on the disk.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StorageUse {
    /// Bytes of the file, once the log has been copied into it.
    #[ts(type = "number")]
    pub file: u64,
    /// Bytes of the write-ahead log beside it.
    #[ts(type = "number")]
    pub log: u64,
    /// Bytes of the file that are free for what comes next.
    #[ts(type = "number")]
    pub free: u64,
    /// How many bytes the histories grow in a day at present, all servers together. Absent until a day of sealed history is there.
    pub growth: Option<f64>,
    /// By server, in the order of their numbers.
    pub servers: Vec<ServerStorage>,
}

/// What the history of one server takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerStorage {
    /// Whose history.
    pub server: ServerId,
    /// About how many bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// How many collections.
    #[ts(type = "number")]
    pub collections: u64,
    /// The oldest of them; absent where there is none.
    pub first: Option<UnixMillis>,
    /// The days that this server's history is kept; absent where the settings say so for all.
    pub days: Option<u32>,
}

/// What would be given up, or was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Expired {
    /// How many collections.
    #[ts(type = "number")]
    pub collections: u64,
    /// About how many bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

impl Expired {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            collections: self.collections.saturating_add(other.collections),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stand_in_a_sentence() {
        let words = |days, bytes| Retention { days, bytes, warn_bytes: None }.words();
        assert_eq!(words(Some(730), Some(5 << 30)), "for 730 days and up to 5 GiB");
        assert_eq!(words(Some(1), None), "for 1 day");
        assert_eq!(words(None, Some(64 << 20)), "up to 64 MiB");
        assert_eq!(words(None, None), "without limit");
    }
}
