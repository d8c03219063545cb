//! One row for each server, so that they can be compared.

use hostrounds_core::format;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::text::name;
use serde::Serialize;

use super::server::anchor;
use crate::data::{Report, SeriesReport, ServerReport};
use crate::figures::{Availability, fullest, growth};
use crate::words::{NONE, change, length, share};

/// What a server came to in the range.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OverviewRow {
    /// The section of the server.
    pub anchor: String,
    /// Its name.
    pub name: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Its uptime as percent; nothing where it is not known.
    pub uptime: Option<String>,
    /// How long it could not be reached; nothing where it always could.
    pub unreachable: Option<String>,
    /// The observed share of the range.
    pub coverage: String,
    /// CPU.
    pub cpu: Spread,
    /// Memory.
    pub memory: Spread,
    /// The filesystem that is fullest at the end of the range.
    pub disk: Option<String>,
    /// How full it is then.
    pub disk_used: String,
    /// By how much it has grown over the range.
    pub disk_growth: String,
    /// How many alerts fired.
    pub alerts: u64,
}

/// Average, 95th percentile and maximum, as people read them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Spread {
    /// The average.
    pub avg: String,
    /// The value that 95 % of the values do not exceed.
    pub p95: String,
    /// The maximum.
    pub max: String,
}

impl Spread {
    pub(super) fn of(series: Option<&SeriesReport>, shown: impl Fn(f64) -> String) -> Self {
        let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), &shown);
        Self {
            avg: shown(series.map(|series| series.avg)),
            p95: shown(series.and_then(|series| series.p95)),
            max: shown(series.map(|series| series.max)),
        }
    }
}

pub(super) fn row(place: usize, server: &ServerReport, report: &Report) -> OverviewRow {
    let availability = Availability::of(server, report.past());
    let disk = fullest(server);
    OverviewRow {
        anchor: anchor(place),
        name: name(&server.name),
        environment: server.environment.as_deref().map(name),
        uptime: availability.uptime().map(share),
        unreachable: (!availability.unreachable.is_zero()).then(|| length(availability.unreachable)),
        coverage: share(availability.coverage),
        cpu: Spread::of(server.single(Metric::CpuUtilization), format::percent),
        memory: Spread::of(server.single(Metric::MemoryUtilization), format::percent),
        disk: disk.map(|disk| name(disk.attributes.get(attribute::MOUNTPOINT).unwrap_or_default())),
        disk_used: disk.map_or_else(|| NONE.to_owned(), |disk| format::percent(disk.last)),
        disk_growth: disk.and_then(|disk| growth(server, &disk.attributes)).map_or_else(|| NONE.to_owned(), change),
        alerts: server.alert_count(),
    }
}
