//! What is asked of the history, and what it answers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::metric::Metric;
use crate::observation::Attributes;
use crate::server::ServerId;
use crate::time::UnixMillis;

/// A question to the history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryQuery {
    /// Whose history.
    pub server: ServerId,
    /// Of what.
    pub metric: Metric,
    /// Only series that carry these attributes; empty for all series of the metric.
    pub attributes: Attributes,
    /// The first moment that counts.
    pub from: UnixMillis,
    /// The first moment that no longer counts.
    pub to: UnixMillis,
    /// The most buckets a series is answered with, 1 to 100,000.
    pub max_points: u32,
}

/// What one span of time held. Spans without a single value have no bucket: a gap stays a gap.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// When the span begins; where a bucket holds one value, the time of that value.
    pub start: UnixMillis,
    /// The smallest value.
    pub min: f64,
    /// The average of the values.
    pub avg: f64,
    /// The largest value.
    pub max: f64,
    /// How many values; at least 1.
    pub count: u32,
}

/// One series of an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SeriesHistory {
    /// Which series of the metric.
    pub attributes: Attributes,
    /// In order of time.
    pub buckets: Vec<Bucket>,
}
