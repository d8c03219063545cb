//! Memory and swap from `/proc/meminfo`.
//!
//! Read by hand: `procfs_core::Meminfo` fails as a whole where one of some twenty other lines is missing (containers hide
//! several), and panics on a line whose name ends in a character of more than one byte.

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Point, real};

/// The file that it is read from.
pub const PATH: &str = "/proc/meminfo";

/// The lines that count, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    total: u64,
    free: Option<u64>,
    available: Option<u64>,
    buffers: Option<u64>,
    cached: Option<u64>,
    reclaimable: Option<u64>,
    shared: Option<u64>,
    swap_total: Option<u64>,
    swap_free: Option<u64>,
}

impl Reading {
    /// What the content of [`PATH`] says; nothing where the size of the memory is missing or zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reading = Self::default();
        let mut total = None;
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let slot = match name {
                "MemTotal" => &mut total,
                "MemFree" => &mut reading.free,
                "MemAvailable" => &mut reading.available,
                "Buffers" => &mut reading.buffers,
                "Cached" => &mut reading.cached,
                "SReclaimable" => &mut reading.reclaimable,
                "Shmem" => &mut reading.shared,
                "SwapTotal" => &mut reading.swap_total,
                "SwapFree" => &mut reading.swap_free,
                _ => continue,
            };
            // The file says kB and means KiB.
            let kibibytes = value.split_ascii_whitespace().next().and_then(|word| word.parse::<u64>().ok());
            *slot = kibibytes.and_then(|kibibytes| kibibytes.checked_mul(1024));
        }
        reading.total = total.filter(|total| *total > 0)?;
        Some(reading)
    }

    /// What programs can still take: as the kernel says since 3.14, before that as `procps` estimated it.
    fn available_or_estimate(&self) -> Option<u64> {
        let estimate = || {
            let cache = self.free?.checked_add(self.buffers?)?.checked_add(self.cached?)?;
            cache.checked_add(self.reclaimable.unwrap_or(0))?.checked_sub(self.shared.unwrap_or(0))
        };
        self.available.or_else(estimate)
    }
}

/// Adds memory and swap by state, their sizes and shares. `used` is what is not available to programs, so that it agrees
/// with the share; `available` itself is there only where the kernel says it.
pub fn points(reading: &Reading, points: &mut Vec<Point>) {
    let used = reading.available_or_estimate().and_then(|available| reading.total.checked_sub(available));
    let states = [
        ("used", used),
        ("free", reading.free),
        ("cached", reading.cached),
        ("buffers", reading.buffers),
        ("available", reading.available),
    ];
    for (state, bytes) in states {
        let attributes = Attributes::none().with(attribute::MEMORY_STATE, state);
        points.extend(bytes.and_then(|bytes| Point::new(Metric::MemoryUsage, attributes, real(bytes))));
    }
    points.extend(Point::new(Metric::MemoryLimit, Attributes::none(), real(reading.total)));
    points.extend(used.and_then(|used| share(Metric::MemoryUtilization, used, reading.total)));

    let Some((total, free)) = reading.swap_total.zip(reading.swap_free) else { return };
    let Some(used) = total.checked_sub(free) else { return };
    for (state, bytes) in [("used", used), ("free", free)] {
        let attributes = Attributes::none().with(attribute::PAGING_STATE, state);
        points.extend(Point::new(Metric::PagingUsage, attributes, real(bytes)));
    }
    points.extend(share(Metric::PagingUtilization, used, total));
}

fn share(metric: Metric, part: u64, whole: u64) -> Option<Point> {
    (whole > 0).then(|| Point::new(metric, Attributes::none(), real(part) / real(whole)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Metric, String, f64)> {
        let mut out = Vec::new();
        points(&Reading::parse(text).unwrap(), &mut out);
        out.into_iter()
            .map(|point| {
                let state = point.series.attributes.0.into_values().next().unwrap_or_default();
                (point.series.metric, state, point.value)
            })
            .collect()
    }

    fn value(points: &[(Metric, String, f64)], metric: Metric, state: &str) -> Option<f64> {
        points.iter().find(|(found, of, _)| *found == metric && of == state).map(|(_, _, value)| *value)
    }

    const MODERN: &str = "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\nBuffers: 10 kB\nCached: 250 kB\n\
                          SwapTotal: 200 kB\nSwapFree: 150 kB\nShmem: 5 kB\n";

    #[test]
    fn memory_and_swap_are_read_in_bytes() {
        let points = read(MODERN);
        assert_eq!(value(&points, Metric::MemoryUtilization, ""), Some(0.4));
        assert_eq!(value(&points, Metric::MemoryUsage, "used"), Some(400.0 * 1024.0));
        assert_eq!(value(&points, Metric::MemoryUsage, "available"), Some(600.0 * 1024.0));
        assert_eq!(value(&points, Metric::PagingUsage, "used"), Some(50.0 * 1024.0));
        assert_eq!(value(&points, Metric::PagingUtilization, ""), Some(0.25));
    }

    #[test]
    fn an_old_kernel_that_does_not_say_what_is_available_gets_an_estimate_of_what_is_used() {
        let points = read(&MODERN.replace("MemAvailable: 600 kB\n", ""));
        assert_eq!(value(&points, Metric::MemoryUtilization, ""), Some(0.445));
        assert_eq!(value(&points, Metric::MemoryUsage, "available"), None);
    }

    #[test]
    fn no_swap_has_no_share() {
        let points = read("MemTotal: 1000 kB\nMemAvailable: 600 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
        assert_eq!(value(&points, Metric::PagingUsage, "used"), Some(0.0));
        assert_eq!(value(&points, Metric::PagingUtilization, ""), None);
    }

    #[test]
    fn a_damaged_line_costs_only_itself() {
        let points = read(
            &MODERN.replace("SwapFree: 150", "SwapFree: -1").replace("Cached: 250", "Cached: 99999999999999999999"),
        );
        assert_eq!(value(&points, Metric::PagingUsage, "used"), None);
        assert_eq!(value(&points, Metric::MemoryUsage, "cached"), None);
        assert_eq!(value(&points, Metric::MemoryUtilization, ""), Some(0.4));
    }

    #[test]
    fn more_available_than_there_is_memory_is_no_use_at_all() {
        let points = read("MemTotal: 1000 kB\nMemAvailable: 2000 kB\n");
        assert_eq!(value(&points, Metric::MemoryUtilization, ""), None);
    }

    #[test]
    fn without_its_size_there_is_no_reading() {
        assert_eq!(Reading::parse("MemFree: 1 kB\n"), None);
        assert_eq!(Reading::parse("MemTotal: 0 kB\n"), None);
    }
}
