//! From counters to rates. The kernel counts since boot; people want to know "per second".
//!
//! A rate needs two readings of the same boot. Whatever breaks that (a reboot, a counter that wrapped at 32 bits or was
//! reset with its device) leaves a gap: no value is better than a wrong one.

use crate::observation::real;

/// The shortest time between two readings that a rate is taken over, in seconds. The kernel counts in hundredths of a
/// second; over less than this its rounding alone is several percent.
pub const MIN_ELAPSED: f64 = 0.1;

/// How far the boot time of one boot may seem to move, in seconds: the kernel rounds it, and clocks are corrected.
const BOOT_TIME_SLACK: u64 = 5;

/// The server's own clock at a reading.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Clock {
    /// Seconds since it was started, from `/proc/uptime`.
    pub uptime: f64,
    /// When it was started, in seconds since 1970 by its own clock (`btime` of `/proc/stat`), where that is known. It tells
    /// a reboot from a pause where the new uptime has already passed the old one.
    pub booted: Option<u64>,
}

impl Clock {
    /// Whether this reading is of the same boot as `earlier` and closer to it than [`MIN_ELAPSED`]. The next rates are then
    /// better taken from the earlier one.
    #[must_use]
    pub fn is_too_soon_after(&self, earlier: &Clock) -> bool {
        same_boot(earlier.booted, self.booted) && (0.0..MIN_ELAPSED).contains(&(self.uptime - earlier.uptime))
    }

    /// Seconds from `earlier` until this reading; nothing where the server was rebooted in between, or the readings are
    /// closer together than [`MIN_ELAPSED`].
    #[must_use]
    pub fn elapsed_since(&self, earlier: &Clock) -> Option<f64> {
        if !same_boot(earlier.booted, self.booted) {
            return None;
        }
        let elapsed = self.uptime - earlier.uptime;
        (elapsed.is_finite() && elapsed >= MIN_ELAPSED).then_some(elapsed)
    }
}

/// Whether two boot times (seconds since 1970) may be those of one boot. Where one is not known, they may.
#[must_use]
pub fn same_boot(before: Option<u64>, now: Option<u64>) -> bool {
    before.zip(now).is_none_or(|(before, now)| before.abs_diff(now) <= BOOT_TIME_SLACK)
}

/// How much a counter grew; nothing where it went backwards.
#[must_use]
pub fn growth(before: u64, now: u64) -> Option<u64> {
    now.checked_sub(before)
}

/// How much a counter grew each second; nothing where it went backwards.
///
/// `elapsed` is in seconds and comes from [`Clock::elapsed_since`].
#[must_use]
pub fn per_second(before: u64, now: u64, elapsed: f64) -> Option<f64> {
    growth(before, now).map(|growth| real(growth) / elapsed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clock(uptime: f64, booted: u64) -> Clock {
        Clock { uptime, booted: Some(booted) }
    }

    #[test]
    fn a_rate_is_growth_per_second_of_the_servers_clock() {
        let elapsed = clock(130.0, 1_000).elapsed_since(&clock(70.0, 1_001)).unwrap();
        assert_eq!(per_second(6_000, 12_000, elapsed), Some(100.0));
    }

    #[test]
    fn a_reboot_is_a_gap_even_when_the_new_uptime_is_longer() {
        assert_eq!(clock(5.0, 9_000).elapsed_since(&clock(70.0, 1_000)), None);
        assert_eq!(clock(800.0, 9_000).elapsed_since(&clock(70.0, 1_000)), None);
    }

    #[test]
    fn without_a_boot_time_a_shorter_uptime_still_is_a_reboot() {
        let unknown = |uptime| Clock { uptime, booted: None };
        assert_eq!(unknown(5.0).elapsed_since(&unknown(70.0)), None);
        assert_eq!(unknown(80.0).elapsed_since(&unknown(70.0)), Some(10.0));
    }

    #[test]
    fn readings_too_close_together_give_no_rate() {
        assert_eq!(clock(70.01, 1).elapsed_since(&clock(70.0, 1)), None);
        assert!(clock(70.01, 1).is_too_soon_after(&clock(70.0, 1)));
        assert!(!clock(69.0, 1).is_too_soon_after(&clock(70.0, 1)), "that is a reboot");
        assert!(!clock(71.0, 1).is_too_soon_after(&clock(70.0, 1)));
    }

    #[test]
    fn a_wrapped_counter_is_a_gap() {
        assert_eq!(per_second(u64::from(u32::MAX) - 10, 20, 60.0), None);
    }

    proptest! {
        #[test]
        fn a_rate_is_never_negative_and_always_a_number(before: u64, now: u64, first: f64, second: f64) {
            let earlier = Clock { uptime: first, booted: None };
            if let Some(elapsed) = (Clock { uptime: second, booted: None }).elapsed_since(&earlier)
                && let Some(rate) = per_second(before, now, elapsed)
            {
                prop_assert!(rate.is_finite() && rate >= 0.0);
            }
        }
    }
}
