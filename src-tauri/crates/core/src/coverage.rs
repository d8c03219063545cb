//! How much of a range of time was observed. What was not observed is neither up nor down.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::time::UnixMillis;

/// From a moment on, a server was meant to be visited in this interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rhythm {
    /// The first moment.
    pub since: UnixMillis,
    /// From one visit to the next.
    pub interval: Duration,
}

/// A span of time from which nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// Its first moment.
    pub from: UnixMillis,
    /// The first moment that was observed again, or the end of the range.
    pub to: UnixMillis,
}

/// How much of a range was observed of a server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// The first moment of the range.
    pub from: UnixMillis,
    /// The first moment behind it.
    pub to: UnixMillis,
    /// Milliseconds of it that were observed.
    #[ts(type = "number")]
    pub observed: u64,
    /// Collections in it.
    #[ts(type = "number")]
    pub collections: u64,
    /// What was not observed, in order of time.
    pub gaps: Vec<Gap>,
}

/// A pause this short is no gap, however short the interval: the computer was busy, nobody was away.
const HICCUP: Duration = Duration::from_secs(10);

/// A collection speaks for the time until the next one, but for one and a half intervals at most: after that its values are
/// stale.
#[must_use]
pub fn speaks_for(interval: Duration) -> Duration {
    (interval * 3 / 2).max(HICCUP)
}

/// The coverage of a range. `times` are those of the collections in order of time, with the last one before the range, which may
/// reach into it; `rhythms` are in order of time, and the first also holds before it.
#[must_use]
pub fn coverage(
    times: impl IntoIterator<Item = UnixMillis>,
    rhythms: &[Rhythm],
    from: UnixMillis,
    to: UnixMillis,
) -> Coverage {
    let mut coverage = Coverage { from, to, observed: 0, collections: 0, gaps: Vec::new() };
    if from >= to {
        return coverage;
    }
    // Everything before `reached` is settled: observed, or noted as a gap.
    let mut reached = from;
    let mut rhythms = rhythms.iter().peekable();
    let mut reach = rhythms.peek().map_or(HICCUP, |rhythm| speaks_for(rhythm.interval));
    for at in times.into_iter().take_while(|at| *at < to) {
        while let Some(rhythm) = rhythms.next_if(|rhythm| rhythm.since <= at) {
            reach = speaks_for(rhythm.interval);
        }
        if at >= from {
            coverage.collections += 1;
        }
        if at > reached {
            coverage.gaps.push(Gap { from: reached, to: at });
            reached = at;
        }
        let end = at.plus(reach).min(to);
        if end > reached {
            coverage.observed += duration(reached, end);
            reached = end;
        }
    }
    if reached < to {
        coverage.gaps.push(Gap { from: reached, to });
    }
    coverage
}

fn duration(from: UnixMillis, to: UnixMillis) -> u64 {
    u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn every(seconds: u64) -> Rhythm {
        Rhythm { since: UnixMillis(0), interval: Duration::from_secs(seconds) }
    }

    fn of(minutes: &[i64], rhythms: &[Rhythm], from: i64, to: i64) -> (u64, u64, Vec<(i64, i64)>) {
        let times = minutes.iter().map(|minute| UnixMillis(minute * MINUTE));
        let Coverage { observed, collections, gaps, .. } =
            coverage(times, rhythms, UnixMillis(from * MINUTE), UnixMillis(to * MINUTE));
        (observed, collections, gaps.iter().map(|gap| (gap.from.0, gap.to.0)).collect())
    }

    #[test]
    fn a_collection_speaks_until_the_next_or_until_it_is_stale() {
        assert_eq!(of(&[0, 1, 2], &[every(60)], 0, 3), (3 * 60_000, 3, vec![]));
        assert_eq!(of(&[0, 1, 5], &[every(60)], 0, 6), (210_000, 3, vec![(150_000, 300_000)]));
        assert_eq!(of(&[0], &[every(60)], 0, 60), (90_000, 1, vec![(90_000, 3_600_000)]));
    }

    #[test]
    fn the_one_before_reaches_into_the_range() {
        assert_eq!(of(&[9], &[every(600)], 10, 30), (14 * 60_000, 0, vec![(24 * MINUTE, 30 * MINUTE)]));
        assert_eq!(of(&[0], &[every(60)], 10, 11), (0, 0, vec![(10 * MINUTE, 11 * MINUTE)]));
    }

    #[test]
    fn each_time_has_the_interval_of_its_day() {
        let slow = Rhythm { since: UnixMillis(10 * MINUTE), interval: Duration::from_secs(600) };
        assert_eq!(of(&[0, 10, 20], &[every(60), slow], 0, 30).2, [(90_000, 10 * MINUTE)]);
    }

    #[test]
    fn nothing_observed_is_one_gap() {
        assert_eq!(of(&[], &[every(60)], 0, 1), (0, 0, vec![(0, MINUTE)]));
        assert_eq!(of(&[], &[], 1, 1), (0, 0, vec![]));
    }

    #[test]
    fn a_hiccup_of_a_short_interval_is_no_gap() {
        let times = [0, 2_000, 9_000].map(UnixMillis);
        assert_eq!(coverage(times, &[every(2)], UnixMillis(0), UnixMillis(12_000)).gaps, []);
    }

    proptest! {
        #[test]
        fn what_is_not_a_gap_was_observed(
            mut times in proptest::collection::vec(0i64..10_000_000, 0..60),
            interval in 1u64..3_000,
            from in 0i64..10_000_000,
            length in 0i64..10_000_000,
        ) {
            times.sort_unstable();
            let (from, to) = (UnixMillis(from), UnixMillis(from + length));
            let coverage = coverage(times.into_iter().map(UnixMillis), &[every(interval)], from, to);
            let missed: u64 = coverage.gaps.iter().map(|gap| duration(gap.from, gap.to)).sum();
            prop_assert_eq!(coverage.observed + missed, length as u64);
            prop_assert!(coverage.gaps.iter().all(|gap| gap.from < gap.to && gap.from >= from && gap.to <= to));
            prop_assert!(coverage.gaps.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }
}
