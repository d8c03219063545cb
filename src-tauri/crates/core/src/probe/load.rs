//! Load average from `/proc/loadavg`.
//!
//! Read by hand: `procfs_core::LoadAverage` keeps 32-bit numbers, in which 0.1 becomes 0.10000000149.

use crate::metric::Metric;
use crate::observation::{Attributes, Point};

/// The file that it is read from.
pub const PATH: &str = "/proc/loadavg";

/// The averages of one, five and fifteen minutes; nothing where one of them is missing.
#[must_use]
pub fn parse(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_ascii_whitespace().map(|word| word.parse().ok());
    Some([words.next()??, words.next()??, words.next()??])
}

/// How many threads there are in all, which the file says beside the averages: `running/all` is its fourth word.
#[must_use]
pub fn threads(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// Adds the averages of one, five and fifteen minutes.
pub fn points([one, five, fifteen]: [f64; 3], points: &mut Vec<Point>) {
    for (metric, value) in [(Metric::Load1, one), (Metric::Load5, five), (Metric::Load15, fifteen)] {
        points.extend(Point::new(metric, Attributes::none(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_averages_are_read() {
        assert_eq!(parse("1.05 0.46 0.26 3/104 16964\n"), Some([1.05, 0.46, 0.26]));
        assert_eq!(threads("1.05 0.46 0.26 3/104 16964\n"), Some(104));
    }

    #[test]
    fn too_little_is_nothing() {
        assert_eq!(parse("1.05 0.46"), None);
        assert_eq!(parse("1.05 x 0.26"), None);
        assert_eq!(parse(""), None);
    }
}
