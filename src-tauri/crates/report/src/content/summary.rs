//! Average, 95th percentile, maximum and last value of what was measured.

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::text::name;
use serde::Serialize;

use super::figures::{Part, parts};
use super::overview::Spread;
use crate::data::{SeriesReport, ServerReport};

/// The most parts (filesystems, interfaces, devices) of one metric that have a row.
const PARTS: usize = 20;

/// One line of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SummaryRow {
    /// What was measured.
    pub metric: &'static str,
    /// Of which part of the server; empty where it has only one.
    pub part: String,
    /// Average, 95th percentile, maximum.
    pub spread: Spread,
    /// The last value of the range.
    pub last: String,
}

/// The rows of a server, and for each metric with too many parts how many are left out.
pub(super) fn rows(server: &ServerReport) -> (Vec<SummaryRow>, Vec<String>) {
    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    for metric in [Metric::CpuUtilization, Metric::MemoryUtilization, Metric::PagingUtilization, Metric::Load1] {
        rows.extend(server.single(metric).map(|series| row(metric, String::new(), series)));
    }
    for (metric, by, direction) in [
        (Metric::FilesystemUtilization, attribute::MOUNTPOINT, None),
        (Metric::NetworkIo, attribute::INTERFACE, Some(attribute::NETWORK_DIRECTION)),
        (Metric::DiskIo, attribute::DEVICE, Some(attribute::DISK_DIRECTION)),
    ] {
        let parts = parts(server, metric, by);
        for Part { name, series } in parts.iter().take(PARTS) {
            for series in series {
                let way = direction.and_then(|direction| series.attributes.get(direction)).map(way);
                let part = way.map_or_else(|| name.clone(), |way| format!("{name} {way}"));
                rows.push(row(metric, part, series));
            }
        }
        if let Some(more) = parts.len().checked_sub(PARTS).filter(|more| *more > 0) {
            left_out.push(format!("{}: {more} more", metric.info().label));
        }
    }
    (rows, left_out)
}

fn row(metric: Metric, part: String, series: &SeriesReport) -> SummaryRow {
    let unit = metric.info().unit;
    let shown = |value: f64| hostrounds_core::format::value_of_series(unit, value);
    SummaryRow { metric: metric.info().label, part, spread: Spread::of(Some(series), shown), last: shown(series.last) }
}

/// A direction as people say it.
pub(super) fn way(direction: &str) -> String {
    match direction {
        "receive" => "in".to_owned(),
        "transmit" => "out".to_owned(),
        other => name(other),
    }
}
