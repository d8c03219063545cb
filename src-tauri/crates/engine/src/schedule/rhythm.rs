//! When a server is due: kept on the monotonic clock, without a burst after a stall.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;

/// The delay before the second try; each further one is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// How far visits are spread that all became due at once, after a sleep or a stall.
const SPREAD: Duration = Duration::from_secs(10);
/// A visit that is later than this was held up by the whole computer, not by its own server.
const STALL: Duration = Duration::from_secs(10);

/// The visit after one that was due at `due` and ends at `now`: one interval after the last was due, or after `now` when that
/// has passed. What was missed is not made up for.
pub(crate) fn next_due(due: Instant, now: Instant, interval: Duration) -> Instant {
    let next = due + interval;
    if next > now { next } else { now + interval }
}

/// Whether a visit that was due at `due` comes at `now` only because the computer slept or stood still.
pub(crate) fn was_stalled(due: Instant, now: Instant) -> bool {
    now.saturating_duration_since(due) > STALL
}

/// When a visit is made that a stall held up: some time soon, so that not all servers are visited in the same moment.
/// `share` is a random number from 0 to 1.
pub(crate) fn after_stall(now: Instant, interval: Duration, share: f64) -> Instant {
    now + SPREAD.min(interval).mul_f64(share.clamp(0.0, 1.0))
}

/// The delays before the second, third, ... try of `tries` in all: 5 s, 10 s, 20 s, each longer by up to a tenth, so that
/// servers that failed together are not tried together. `share` gives random numbers from 0 to 1.
pub(crate) fn retry_delays(tries: u32, mut share: impl FnMut() -> f64) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_RETRY)
        .with_factor(2.0)
        .with_max_delay(Duration::from_secs(300))
        .with_max_times(tries.saturating_sub(1) as usize)
        .build()
        .map(move |delay| delay.mul_f64(1.0 + share().clamp(0.0, 1.0) / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_rhythm_is_kept_while_visits_are_short() {
        let due = Instant::now();
        assert_eq!(next_due(due, due + Duration::from_secs(7), MINUTE), due + MINUTE);
    }

    #[test]
    fn what_was_missed_is_not_made_up_for() {
        let due = Instant::now();
        let now = due + 10 * MINUTE;
        assert_eq!(next_due(due, now, MINUTE), now + MINUTE);
    }

    #[test]
    fn tries_come_after_5_10_and_20_seconds() {
        let seconds = |share: f64| retry_delays(4, move || share).map(|delay| delay.as_secs_f64()).collect::<Vec<_>>();
        assert_eq!(seconds(0.0), [5.0, 10.0, 20.0]);
        assert_eq!(seconds(1.0), [5.5, 11.0, 22.0]);
        assert_eq!(retry_delays(1, || 0.0).count(), 0);
    }

    #[test]
    fn visits_after_a_stall_are_spread_within_their_interval() {
        let now = Instant::now();
        assert_eq!(after_stall(now, Duration::from_secs(5), 1.0), now + Duration::from_secs(5));
        assert_eq!(after_stall(now, MINUTE, 0.5), now + Duration::from_secs(5));
        assert!(was_stalled(now, now + MINUTE));
        assert!(!was_stalled(now, now + Duration::from_secs(1)));
    }
}
