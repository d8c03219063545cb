//! Open file handles of the whole system from `/proc/sys/fs/file-nr`.
//!
//! Read by hand: `procfs_core` has no parser for this file.

use crate::metric::Metric;
use crate::observation::{Attributes, Point, real};

/// The file that it is read from.
pub const PATH: &str = "/proc/sys/fs/file-nr";

/// From here on a limit is none. Kernels that set none say 2^63 - 1, or in hundreds of thousands of gigabytes of memory
/// somewhat less; the largest limit that anybody means is far below.
const NO_LIMIT: u64 = 1 << 53;

/// Open handles and how many there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handles {
    /// Handles that are open.
    pub open: u64,
    /// How many may be open; absent where there is no real limit.
    pub limit: Option<u64>,
}

/// What the content of [`PATH`] says: allocated, allocated but unused (0 since Linux 2.6), limit.
#[must_use]
pub fn parse(text: &str) -> Option<Handles> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().ok());
    let (allocated, unused, limit) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(Handles { open: allocated.checked_sub(unused)?, limit: (limit < NO_LIMIT).then_some(limit) })
}

/// Adds the handles and their limit.
pub fn points(handles: Handles, points: &mut Vec<Point>) {
    points.extend(Point::new(Metric::FileHandles, Attributes::none(), real(handles.open)));
    points.extend(handles.limit.and_then(|limit| Point::new(Metric::FileHandleLimit, Attributes::none(), real(limit))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read() {
        assert_eq!(parse("618\t0\t2466165\n"), Some(Handles { open: 618, limit: Some(2_466_165) }));
    }

    #[test]
    fn the_largest_number_is_no_limit() {
        assert_eq!(parse("2112\t0\t9223372036854775807\n"), Some(Handles { open: 2112, limit: None }));
    }

    #[test]
    fn damage_is_nothing() {
        for text in ["", "1 2", "1 2 3", "a 0 9"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
