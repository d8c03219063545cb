//! What is computed from the data of a report.

use std::time::Duration;

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::Attributes;

use crate::data::{SeriesReport, ServerReport, Span};

/// How far a server was up in a range, as far as anybody knows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Availability {
    /// The time in which it was observed and could be reached.
    pub(crate) up: Duration,
    /// The time in which it could not be reached although somebody tried.
    pub(crate) unreachable: Duration,
    /// The observed share of the range.
    pub(crate) coverage: f64,
}

impl Availability {
    /// Of `server` in `range`. A collection is taken to cover some time after it; where the server turned out to be unreachable
    /// in that time, it was.
    pub(crate) fn of(server: &ServerReport, range: Span) -> Self {
        let unreachable = total(&server.unreachable, range);
        let unobserved: Duration =
            server.unreachable.iter().map(|span| total(&server.coverage.gaps, span.within(range))).sum();
        let observed = server.coverage.observed.min(range.length());
        let up = observed.saturating_sub(unreachable.saturating_sub(unobserved));
        let coverage = ratio(observed, range.length()).unwrap_or(0.0);
        Self { up, unreachable, coverage }
    }

    /// `up / (up + unreachable)`. Nothing where neither was observed: that is not known to be up, nor down.
    pub(crate) fn uptime(self) -> Option<f64> {
        ratio(self.up, self.up + self.unreachable)
    }
}

fn ratio(part: Duration, whole: Duration) -> Option<f64> {
    (!whole.is_zero()).then(|| part.as_secs_f64() / whole.as_secs_f64())
}

/// How long `spans` last together within `range`.
fn total(spans: &[Span], range: Span) -> Duration {
    spans.iter().map(|span| span.within(range).length()).sum()
}

/// By how many bytes what is used of a filesystem has grown over the range, or shrunk where negative. Nothing where there is
/// only one reading.
pub(crate) fn growth(server: &ServerReport, filesystem: &Attributes) -> Option<f64> {
    let used = filesystem.clone().with(attribute::FILESYSTEM_STATE, "used");
    let series = server.metric(Metric::FilesystemUsage)?.series.iter().find(|series| series.attributes == used)?;
    match series.buckets.as_slice() {
        [first, .., _] => Some(series.last - first.avg),
        _ => None,
    }
}

/// The filesystem that is fullest at the end of the range.
pub(crate) fn fullest(server: &ServerReport) -> Option<&SeriesReport> {
    server.metric(Metric::FilesystemUtilization)?.series.iter().max_by(|a, b| a.last.total_cmp(&b.last))
}

#[cfg(test)]
mod tests {
    use hostrounds_core::time::UnixMillis;

    use super::*;
    use crate::data::Coverage;

    fn span(from: i64, to: i64) -> Span {
        Span { from: UnixMillis(from * 1000), to: UnixMillis(to * 1000) }
    }

    fn availability(observed: u64, gaps: &[(i64, i64)], unreachable: &[(i64, i64)]) -> Availability {
        let spans = |spans: &[(i64, i64)]| spans.iter().map(|&(from, to)| span(from, to)).collect::<Vec<_>>();
        let server = ServerReport {
            name: String::new(),
            environment: None,
            tags: vec![],
            facts: Default::default(),
            thresholds: Default::default(),
            added_at: UnixMillis(0),
            coverage: Coverage { observed: Duration::from_secs(observed), collections: 0, gaps: spans(gaps) },
            unreachable: spans(unreachable),
            alerts: vec![],
            more_alerts: 0,
            metrics: vec![],
        };
        Availability::of(&server, span(0, 1000))
    }

    #[test]
    fn what_was_not_observed_is_neither_up_nor_down() {
        let half = availability(500, &[(500, 1000)], &[]);
        assert_eq!((half.uptime(), half.coverage), (Some(1.0), 0.5));
        assert_eq!(availability(0, &[(0, 1000)], &[]).uptime(), None);
    }

    #[test]
    fn unreachable_time_counts_within_the_range_alone() {
        let down = availability(750, &[(0, 250)], &[(-500, 250)]);
        assert_eq!((down.up, down.unreachable), (Duration::from_secs(750), Duration::from_secs(250)));
        assert_eq!(down.uptime(), Some(0.75));
        assert_eq!(availability(0, &[(0, 1000)], &[(0, 1000)]).uptime(), Some(0.0));
    }

    #[test]
    fn it_is_not_up_while_it_cannot_be_reached_however_fresh_its_values_are() {
        // Values of 400 are good until 490; at 460 every try had failed, and at 600 it was back.
        let down = availability(890, &[(490, 600)], &[(460, 600)]);
        assert_eq!((down.up, down.unreachable), (Duration::from_secs(860), Duration::from_secs(140)));
    }
}
