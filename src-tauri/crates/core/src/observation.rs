//! What one collection yields: points, tables and what was not available.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::footprint::RemoteCpu;
use crate::forecast::FilesystemForecast;
use crate::format;
use crate::metric::{Metric, Unit};
use crate::probe::{Family, MAX_PARTS};
use crate::time::UnixMillis;

/// The attributes of a series, by name; the order is stable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "Record<string, string>")]
pub struct Attributes(pub BTreeMap<String, String>);

impl Attributes {
    /// No attributes: the metric has one series per server.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The same attributes and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The value of one attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether every attribute of `filter` stands here with the same value.
    #[must_use]
    pub fn matches(&self, filter: &Attributes) -> bool {
        filter.0.iter().all(|(name, value)| self.get(name) == Some(value))
    }
}

/// A metric and the attributes that tell its series apart on one server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// What is measured.
    pub metric: Metric,
    /// Of which part of the server.
    pub attributes: Attributes,
}

/// One value. Its time is that of the observation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// What was measured.
    #[serde(flatten)]
    pub series: Series,
    /// A finite number in the unit of the metric.
    pub value: f64,
}

impl Point {
    /// A point with the decimals of its unit ([`Unit::decimals`]), or nothing where `value` is not finite or below what its unit
    /// can be (0, or absolute zero): such a number is damage or deceit, and costs only itself.
    #[must_use]
    pub fn new(metric: Metric, attributes: Attributes, value: f64) -> Option<Self> {
        let unit = metric.info().unit;
        let least = if unit == Unit::Celsius { ABSOLUTE_ZERO } else { 0.0 };
        (value.is_finite() && value >= least)
            .then(|| Self { series: Series { metric, attributes }, value: rounded(value, unit.decimals()) })
    }
}

/// The number of that many decimals that is nearest to `value`, and never -0.
fn rounded(value: f64, decimals: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(decimals));
    let rounded = (value * scale).round() / scale;
    // Numbers so large that they overflow here have no decimals.
    if rounded.is_finite() { rounded + 0.0 } else { value }
}

/// In degrees Celsius.
const ABSOLUTE_ZERO: f64 = -273.15;

/// A count as the value of a point. Beyond 2^53 (8 PiB, or a counter of centuries) its last bits do not matter.
#[must_use]
pub const fn real(count: u64) -> f64 {
    count as f64
}

/// A running program.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// The process id.
    #[ts(type = "number")]
    pub pid: u64,
    /// The name of the program as the kernel gives it (at most 15 characters on Linux).
    pub name: String,
    /// Who runs it: a name, or the number where the name is not known. Absent where it was not read.
    pub user: Option<String>,
    /// CPU time per time: 1 is one CPU fully used. Absent until two readings exist.
    pub cpu: Option<f64>,
    /// Resident memory in bytes.
    #[ts(type = "number")]
    pub memory: u64,
    /// Threads; absent where it was not read.
    pub threads: Option<u32>,
    /// The state as `ps` writes it (`R`, `S`, `D`, `Z`, `T`, `I`).
    pub state: char,
    /// Bytes per second that it makes disks read. Absent until two readings exist, and for processes of others, whose
    /// `/proc/[pid]/io` only root may read.
    #[serde(default)]
    pub disk_read: Option<f64>,
    /// Bytes per second that it makes disks write. Absent as [`Self::disk_read`] is.
    #[serde(default)]
    pub disk_written: Option<f64>,
    /// Open file handles. Before Linux 6.2 absent for processes of others, whose `/proc/[pid]/fd` only root may list; since
    /// then the size of that directory tells it to everyone (`proc_pid_fd(5)`).
    #[serde(default)]
    pub handles: Option<u32>,
}

/// The processes that use most: the first [`TOP`] by CPU and the first [`TOP`] by memory.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TopProcesses {
    /// When they were read.
    pub at: UnixMillis,
    /// Most CPU first; empty until two readings exist.
    pub by_cpu: Vec<Process>,
    /// Most resident memory first.
    pub by_memory: Vec<Process>,
}

/// A systemd unit that has failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FailedUnit {
    /// Such as `nginx.service`.
    pub name: String,
    /// What it is, in its own words.
    pub description: String,
}

/// A session of a user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UserSession {
    /// The account.
    pub user: String,
    /// The terminal, such as `pts/0`.
    pub terminal: String,
    /// From where, as far as it is known.
    pub from: Option<String>,
    /// Since when, as the server writes it in its own time zone.
    pub since: Option<String>,
}

/// A container.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it was made from.
    pub image: String,
    /// See [`crate::metric::attribute::CONTAINER_STATE`].
    pub state: String,
    /// What its engine says of it, such as `Up 3 days (healthy)`.
    pub status: String,
    /// `docker` or `podman`.
    pub engine: String,
    /// CPU time per time: 1 is one CPU fully used. Absent where it does not run or was not told.
    pub cpu: Option<f64>,
    /// Memory in bytes. Absent as [`Self::cpu`] is.
    #[ts(type = "number | null")]
    pub memory: Option<u64>,
}

/// An update of a package.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// The package.
    pub name: String,
    /// The version that would be installed, where it is told.
    pub version: Option<String>,
    /// Whether it closes a hole.
    pub security: bool,
}

/// What is not numeric: each left out, also when written, in collections that did not read its family.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Tables {
    /// Systemd units that have failed; at most [`TABLE_ROWS`], as every table.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub units: Option<Vec<FailedUnit>>,
    /// Sessions of users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub users: Option<Vec<UserSession>>,
    /// Containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub containers: Option<Vec<Container>>,
    /// Updates of packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub updates: Option<Vec<Update>>,
    /// Why a reboot is required: packages, or a newer kernel than the one that runs. Empty where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reboot: Option<Vec<String>>,
    /// When filesystems will be full, as far as their history tells; the others are not in it. Left out where nobody has
    /// looked yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub forecasts: Option<Vec<FilesystemForecast>>,
}

/// The most rows that a table keeps of one server.
pub const TABLE_ROWS: usize = 200;

impl Tables {
    /// These tables, and those of `before` that were not read now.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self {
            units: self.units.or(before.units),
            users: self.users.or(before.users),
            containers: self.containers.or(before.containers),
            updates: self.updates.or(before.updates),
            reboot: self.reboot.or(before.reboot),
            forecasts: self.forecasts.or(before.forecasts),
        }
    }
}

/// How many processes each list of [`TopProcesses`] holds at most.
pub const TOP: usize = 12;

/// What rarely changes about a server.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Its own name for itself.
    pub hostname: Option<String>,
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    pub os: Option<String>,
    /// Such as `6.1.0-18-amd64`.
    pub kernel: Option<String>,
    /// Such as `x86_64`.
    pub architecture: Option<String>,
    /// The model of its first CPU.
    pub cpu_model: Option<String>,
    /// Seconds that its clock is ahead of this computer's, or behind where negative; to a second or two. Nothing that is kept
    /// depends on it.
    #[serde(default)]
    pub clock_skew: Option<i64>,
}

/// From so many seconds on, a difference of clocks is one that people should know of: less cannot be told from the time that
/// the question took.
const NOTABLE_SKEW: u64 = 3;

impl Facts {
    /// How far the clock is off, in words for a person; nothing where it is right, or not known.
    #[must_use]
    pub fn clock(&self) -> Option<String> {
        let skew = self.clock_skew.filter(|skew| skew.unsigned_abs() >= NOTABLE_SKEW)?;
        let direction = if skew > 0 { "ahead" } else { "behind" };
        Some(format!("clock {} {direction}", format::duration(Duration::from_secs(skew.unsigned_abs()))))
    }
}

/// A family that could not be read this time, or not all of it, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Unavailable {
    /// What could not be read.
    pub family: Family,
    /// Why, in words for a person.
    pub reason: String,
    /// Whether the rest of it was read.
    #[serde(default)]
    pub partial: bool,
}

impl Unavailable {
    /// Nothing of `family` was read.
    #[must_use]
    pub fn all(family: Family, reason: impl Into<String>) -> Self {
        Self { family, reason: reason.into(), partial: false }
    }

    /// The server has more `parts` of `family`, such as "filesystems", than the [`MAX_PARTS`] that are kept.
    #[must_use]
    pub fn cut(family: Family, parts: &str) -> Self {
        Self { family, reason: format!("Only {MAX_PARTS} {parts} are kept; the system has more."), partial: true }
    }
}

/// What one collection yields.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// When it was read, by the clock of this computer.
    pub at: UnixMillis,
    /// The values; a series stands here at most once.
    pub points: Vec<Point>,
    /// The busiest processes, in collections that read them.
    pub processes: Option<TopProcesses>,
    /// What rarely changes, in collections that read it.
    pub facts: Option<Facts>,
    /// What is not numeric, in collections that read it.
    #[serde(default)]
    pub tables: Tables,
    /// What the server had to spend so far on the session that read this; absent for this computer.
    #[serde(default)]
    pub spent: Option<RemoteCpu>,
    /// What could not be read, or only in part.
    pub unavailable: Vec<Unavailable>,
}

impl Observation {
    /// An observation with nothing in it yet.
    #[must_use]
    pub fn empty(at: UnixMillis) -> Self {
        Self {
            at,
            points: Vec::new(),
            processes: None,
            facts: None,
            tables: Tables::default(),
            spent: None,
            unavailable: Vec::new(),
        }
    }

    /// The value of the series with exactly these attributes.
    #[must_use]
    pub fn value(&self, metric: Metric, attributes: &Attributes) -> Option<f64> {
        self.points
            .iter()
            .find(|point| point.series.metric == metric && &point.series.attributes == attributes)
            .map(|point| point.value)
    }

    /// All points of one metric.
    pub fn of(&self, metric: Metric) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.series.metric == metric)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(metric: Metric, value: f64) -> Option<f64> {
        Point::new(metric, Attributes::none(), value).map(|point| point.value)
    }

    #[test]
    fn a_value_has_the_decimals_of_its_unit() {
        assert_eq!(value(Metric::CpuUtilization, 2.0 / 3.0), Some(0.6667));
        assert_eq!(value(Metric::Load1, 0.05), Some(0.05));
        assert_eq!(value(Metric::NetworkIo, 1000.0 / 3.0), Some(333.0));
        assert_eq!(value(Metric::Temperature, -0.0004).map(f64::to_bits), Some(0.0_f64.to_bits()), "never -0");
    }

    #[test]
    fn what_cannot_be_is_no_value() {
        for impossible in [f64::NAN, f64::INFINITY, -0.1] {
            assert_eq!(value(Metric::CpuUtilization, impossible), None);
        }
        assert_eq!(value(Metric::Temperature, -0.1), Some(-0.1));
        assert_eq!(value(Metric::Temperature, -300.0), None);
    }

    proptest! {
        #[test]
        fn every_value_stays_finite_and_as_large_as_it_is(number in 0.0f64..f64::MAX) {
            let kept = value(Metric::Load1, number).unwrap();
            prop_assert!(kept.is_finite() && (kept - number).abs() <= 0.0005 + number * f64::EPSILON);
        }
    }
}
