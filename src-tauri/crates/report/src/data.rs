//! What a report is made from.

use std::time::Duration;

use hostrounds_core::alert::Alert;
use hostrounds_core::history::Bucket;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Facts};
use hostrounds_core::server::Thresholds;
use hostrounds_core::time::UnixMillis;

/// Everything that stands in a report.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// What it is called.
    pub title: String,
    /// The range that it covers.
    pub range: Span,
    /// When it was made. What comes after it has not happened yet and counts for nothing, also where the range ends later.
    pub generated_at: UnixMillis,
    /// The version of the program that made it.
    pub version: String,
    /// In the order in which they stand in the report.
    pub servers: Vec<ServerReport>,
}

/// A span of time: from `from` up to and without `to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first moment that belongs to it.
    pub from: UnixMillis,
    /// The first moment that no longer does.
    pub to: UnixMillis,
}

/// What a report says of one server.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerReport {
    /// Its name.
    pub name: String,
    /// Such as `production`.
    pub environment: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// What rarely changes, as it was last read.
    pub facts: Facts,
    /// From which percentages on its alerts fire now.
    pub thresholds: Thresholds,
    /// When it was added: nobody looked before.
    pub added_at: UnixMillis,
    /// How much of the range was observed.
    pub coverage: Coverage,
    /// When it could not be reached although somebody tried; in order of time, without overlaps.
    pub unreachable: Vec<Span>,
    /// The alerts that fired at some moment of the range, newest first.
    pub alerts: Vec<Alert>,
    /// How many more alerts there were than [`Self::alerts`] holds.
    pub more_alerts: u64,
    /// What was measured. Metrics without a value in the range may be left out.
    pub metrics: Vec<MetricReport>,
}

/// How much of a range was observed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// The part of the range that collections cover, each the time until the next one but at most 1.5 intervals.
    pub observed: Duration,
    /// How many collections.
    pub collections: u64,
    /// What they do not cover; in order of time, without overlaps.
    pub gaps: Vec<Span>,
}

/// All series of one metric of a server.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricReport {
    /// What was measured.
    pub metric: Metric,
    /// The longest usual time from one reading to the next; much more than that is a gap.
    pub every: Duration,
    /// In the order of their attributes.
    pub series: Vec<SeriesReport>,
}

/// One series over the range.
#[derive(Clone, PartialEq, Debug)]
pub struct SeriesReport {
    /// Which one.
    pub attributes: Attributes,
    /// Down-sampled for a chart; a gap has no bucket.
    pub buckets: Vec<Bucket>,
    /// The average of all values of the range.
    pub avg: f64,
    /// The value that 95 % of the values do not exceed.
    pub p95: Option<f64>,
    /// The largest value.
    pub max: f64,
    /// The last value of the range.
    pub last: f64,
}

impl Report {
    /// The part of the range that has happened.
    #[must_use]
    pub fn past(&self) -> Span {
        Span { from: self.range.from, to: self.range.to.min(self.generated_at).max(self.range.from) }
    }
}

impl Span {
    /// How long it is; nothing where it ends before it begins.
    #[must_use]
    pub fn length(self) -> Duration {
        self.to.since(self.from)
    }

    /// The part of it that lies within `other`; empty where they do not touch.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        Self { from, to: self.to.min(other.to).max(from) }
    }
}

impl ServerReport {
    pub(crate) fn metric(&self, metric: Metric) -> Option<&MetricReport> {
        self.metrics.iter().find(|report| report.metric == metric)
    }

    /// The only series of a metric without attributes.
    pub(crate) fn single(&self, metric: Metric) -> Option<&SeriesReport> {
        self.metric(metric)?.series.first()
    }
}
