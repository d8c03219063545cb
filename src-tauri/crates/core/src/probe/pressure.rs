//! Pressure stall information: the share of time in which tasks had to wait for CPU, memory or disks, from
//! `/proc/pressure/*` (Linux 4.20; <https://docs.kernel.org/accounting/psi.html>).

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Point};

/// What waits for CPUs.
pub const CPU: &str = "/proc/pressure/cpu";
/// What waits for memory.
pub const MEMORY: &str = "/proc/pressure/memory";
/// What waits for disks.
pub const IO: &str = "/proc/pressure/io";

/// The files, with the resource that each is about.
pub const FILES: [(&str, &str); 3] = [("cpu", CPU), ("memory", MEMORY), ("io", IO)];

/// Why there is nothing to read where the files are missing, or (as kernels before 5.2 have it) cannot be read.
pub const MISSING: &str = "The kernel does not keep it: it is older than 4.20, or pressure stall information is off \
                           (it is switched on by the boot option psi=1).";

/// The shares of one resource.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pressure {
    /// At least one task waited; 0 to 1.
    pub some: f64,
    /// All tasks waited; 0 to 1. Absent for the CPU where the kernel is older than 5.13.
    pub full: Option<f64>,
}

/// What the content of one file says of the last ten seconds; nothing where it does not say it.
#[must_use]
pub fn parse(text: &str) -> Option<Pressure> {
    let share = |kind: &str| {
        let words = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
        let percent: f64 = words.split_ascii_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
    };
    Some(Pressure { some: share("some")?, full: share("full") })
}

/// Adds the shares of one resource.
pub fn points(resource: &str, pressure: Pressure, points: &mut Vec<Point>) {
    for (kind, share) in [("some", Some(pressure.some)), ("full", pressure.full)] {
        let attributes = Attributes::none().with(attribute::RESOURCE, resource).with(attribute::PRESSURE_KIND, kind);
        points.extend(share.and_then(|share| Point::new(Metric::Pressure, attributes, share)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_averages_of_ten_seconds_are_read() {
        let text = "some avg10=12.50 avg60=0.71 avg300=0.18 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(parse(text), Some(Pressure { some: 0.125, full: Some(0.0025) }));
    }

    #[test]
    fn older_kernels_say_only_some_of_the_cpu() {
        assert_eq!(parse("some avg10=0.00 avg60=0 avg300=0 total=1\n"), Some(Pressure { some: 0.0, full: None }));
    }

    #[test]
    fn damage_is_nothing() {
        for text in
            ["", "full avg10=0.00\n", "some avg60=1\n", "some avg10=-1\n", "some avg10=NaN\n", "some avg10=101\n"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
