//! Time since boot from `/proc/uptime`.

use procfs_core::{FromRead, Uptime};

use crate::metric::Metric;
use crate::observation::{Attributes, Point};

/// The file that it is read from.
pub const PATH: &str = "/proc/uptime";

/// Seconds since the system was started; nothing where the file is damaged.
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    let uptime = Uptime::from_read(text.lines().next()?.as_bytes()).ok()?.uptime;
    (uptime.is_finite() && uptime >= 0.0).then_some(uptime)
}

/// Adds the time since boot, in seconds.
pub fn points(uptime: f64, points: &mut Vec<Point>) {
    points.extend(Point::new(Metric::Uptime, Attributes::none(), uptime));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_the_uptime() {
        assert_eq!(parse("975.22 1556.31\n"), Some(975.22));
    }

    #[test]
    fn what_no_clock_can_show_is_nothing() {
        for text in ["", "\n", "x 1", "NaN 1", "inf 1", "-3 1"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
