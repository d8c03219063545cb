//! What can be exported, and what came of it.

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_export::Format;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is exported, and how it is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportRequest {
    /// What.
    pub subject: ExportSubject,
    /// How.
    pub format: Format,
}

/// What is exported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExportSubject {
    /// Every kept value of some metrics. In a workbook each server has a sheet, each time a row and each series a column; in the
    /// other formats each value has a row.
    History {
        /// Of which servers, in this order; of all where none is named.
        servers: Vec<ServerId>,
        /// Of which metrics; at least one.
        metrics: Vec<Metric>,
        /// Only series that carry these attributes; empty for all.
        attributes: Attributes,
        /// The first moment that counts.
        from: UnixMillis,
        /// The first moment that no longer counts.
        to: UnixMillis,
    },
    /// What is known now, or what happened.
    Table {
        /// Which table.
        table: ExportTable,
        /// Of which servers; of all where none is named, also of those that have been removed.
        servers: Vec<ServerId>,
    },
}

/// A table of what is known now, or of what happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ExportTable {
    /// The servers with their state and a few values.
    Servers,
    /// The busiest processes as they were last read.
    Processes,
    /// The mounted filesystems as they were last read.
    Filesystems,
    /// The containers as they were last read.
    Containers,
    /// The failed systemd units as they were last read.
    Units,
    /// The sessions of users as they were last read.
    Users,
    /// The pending updates as they were last read.
    Updates,
    /// The alerts, newest first.
    Alerts,
    /// The activity log, newest first.
    Activity,
    /// The collections that have not ended and those that are kept, newest first.
    Collections,
    /// The next visits, soonest first.
    Visits,
    /// The connection tests that are kept, newest first.
    Tests,
    /// What the servers were made to spend, by day.
    Footprint,
}

impl ExportTable {
    /// Every table, with the name under which it crosses to the faces.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Servers, "servers"),
        (Self::Processes, "processes"),
        (Self::Filesystems, "filesystems"),
        (Self::Containers, "containers"),
        (Self::Units, "units"),
        (Self::Users, "users"),
        (Self::Updates, "updates"),
        (Self::Alerts, "alerts"),
        (Self::Activity, "activity"),
        (Self::Collections, "collections"),
        (Self::Visits, "visits"),
        (Self::Tests, "tests"),
        (Self::Footprint, "footprint"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(table, _)| *table == self).map_or("", |(_, name)| name)
    }
}

/// What stands in a file that is complete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// The name of the file, without its folder; absent where it went into a stream.
    pub file: Option<String>,
    /// How many rows there are, without headings.
    #[ts(type = "number")]
    pub rows: u64,
    /// How many sheets a workbook has; 1 in other formats.
    pub sheets: u32,
}

/// How an export ended that did not fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExportEnd {
    /// It is complete.
    Complete(Exported),
    /// It was cancelled, or the engine ended; no file is left.
    Cancelled,
    /// Whoever read the stream has seen enough.
    ReaderGone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_tables_are_those_of_the_contract() {
        for (table, name) in ExportTable::ALL {
            assert_eq!(serde_json::to_value(table).unwrap(), name);
            assert_eq!(table.name(), name);
        }
    }
}
