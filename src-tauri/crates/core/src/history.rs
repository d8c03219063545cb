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

/// What a series came to over a range, from every single value of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SeriesSummary {
    /// Which series of the metric.
    pub attributes: Attributes,
    /// How many values; at least 1.
    #[ts(type = "number")]
    pub count: u64,
    /// The smallest value.
    pub min: f64,
    /// The average of the values.
    pub avg: f64,
    /// The largest value.
    pub max: f64,
    /// The newest value.
    pub last: f64,
    /// A value for each share that was asked for: so many of the values are not above it (nearest rank).
    pub quantiles: Vec<f64>,
}

impl SeriesSummary {
    /// What `values`, in order of time, come to; nothing where there are none. `quantiles` are shares from 0 to 1.
    #[must_use]
    pub fn of(attributes: Attributes, mut values: Vec<f64>, quantiles: &[f64]) -> Option<Self> {
        let last = *values.last()?;
        let Bucket { min, avg, max, .. } = Bucket::of(UnixMillis(0), &values)?;
        let rank = |values: &mut [f64], share: f64| {
            let rank = (share.clamp(0.0, 1.0) * values.len() as f64).ceil() as usize;
            *values.select_nth_unstable_by(rank.saturating_sub(1).min(values.len() - 1), f64::total_cmp).1
        };
        let quantiles = quantiles.iter().map(|share| rank(&mut values, *share)).collect();
        Some(Self { attributes, count: values.len() as u64, min, avg, max, last, quantiles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_so_many_do_not_exceed() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let summary = SeriesSummary::of(Attributes::none(), values, &[0.0, 0.05, 0.5, 0.95, 0.96, 1.0]).unwrap();
        assert_eq!(summary.quantiles, [1.0, 1.0, 10.0, 19.0, 20.0, 20.0]);
        assert_eq!((summary.count, summary.min, summary.avg, summary.max, summary.last), (20, 1.0, 10.5, 20.0, 1.0));
    }

    #[test]
    fn nothing_comes_to_nothing() {
        assert_eq!(SeriesSummary::of(Attributes::none(), Vec::new(), &[0.5]), None);
    }
}
