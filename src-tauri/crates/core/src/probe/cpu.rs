//! CPU time from `/proc/stat`: total, by mode and per core.
//!
//! Read by hand: `procfs_core::KernelStats` drops the numbers of the CPUs (they have holes where one is offline) and fails as
//! a whole where one line of the file is damaged.

use std::collections::BTreeMap;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Point, real};
use crate::probe::MAX_PARTS;
use crate::rate;

/// The file that it is read from.
pub const PATH: &str = "/proc/stat";

/// The modes in the order of the columns of the file. The two columns after them (guest time) are part of `user` and `nice`
/// already.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const IDLE: usize = 3;
const IOWAIT: usize = 4;

/// Ticks since boot, by mode. Modes that the kernel is too old to know are absent.
type Ticks = [Option<u64>; MODES.len()];

/// The counters of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// When the system was started, in seconds since 1970 by its own clock.
    pub booted: Option<u64>,
    total: Ticks,
    /// By the number of the CPU; those that are online.
    cores: BTreeMap<u32, Ticks>,
    /// Whether there were more than [`MAX_PARTS`].
    pub is_cut: bool,
}

impl Reading {
    /// What the content of [`PATH`] says; nothing where it has no usable line for all CPUs together.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut booted = None;
        let mut total = None;
        let mut cores = BTreeMap::new();
        let mut is_cut = false;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("cpu") => total = ticks(words),
                Some("btime") => booted = words.next().and_then(|word| word.parse().ok()),
                Some(word) => {
                    if let Some(number) = word.strip_prefix("cpu").and_then(|number| number.parse().ok())
                        && let Some(ticks) = ticks(words)
                    {
                        is_cut |= cores.len() >= MAX_PARTS;
                        if !is_cut {
                            cores.insert(number, ticks);
                        }
                    }
                }
                None => {}
            }
        }
        Some(Self { booted, total: total?, cores, is_cut })
    }
}

fn ticks<'a>(words: impl Iterator<Item = &'a str>) -> Option<Ticks> {
    let mut ticks = Ticks::default();
    for (slot, word) in ticks.iter_mut().zip(words) {
        *slot = Some(word.parse().ok()?);
    }
    ticks.get(IDLE).copied().flatten().map(|_| ticks)
}

/// Adds how the time since `before` was spent, and the number of CPUs. Without an earlier reading of the same boot there
/// is only the number.
pub fn points(before: Option<&Reading>, now: &Reading, points: &mut Vec<Point>) {
    if let Ok(count @ 1..) = u32::try_from(now.cores.len()) {
        points.extend(Point::new(Metric::CpuCount, Attributes::none(), f64::from(count)));
    }
    let Some(before) = before.filter(|before| rate::same_boot(before.booted, now.booted)) else { return };

    if let Some(spent) = Spent::between(&before.total, &now.total) {
        points.extend(Point::new(Metric::CpuUtilization, Attributes::none(), spent.busy()));
        for (mode, share) in MODES.iter().zip(spent.shares()) {
            let attributes = Attributes::none().with(attribute::CPU_MODE, *mode);
            points.extend(share.and_then(|share| Point::new(Metric::CpuModeUtilization, attributes, share)));
        }
    }
    for (number, ticks) in &now.cores {
        if let Some(spent) = before.cores.get(number).and_then(|before| Spent::between(before, ticks)) {
            let attributes = Attributes::none().with(attribute::CPU_NUMBER, number.to_string());
            points.extend(Point::new(Metric::CpuCoreUtilization, attributes, spent.busy()));
        }
    }
}

/// How many ticks went into each mode, and into all of them: at least one.
struct Spent {
    by_mode: Ticks,
    total: f64,
}

impl Spent {
    /// Nothing where no tick passed or a counter went backwards. Only iowait may do that on a healthy kernel (`proc(5)`): it
    /// is then left out alone.
    fn between(before: &Ticks, now: &Ticks) -> Option<Self> {
        let mut by_mode = Ticks::default();
        for (mode, ((before, now), slot)) in before.iter().zip(now).zip(&mut by_mode).enumerate() {
            let Some((before, now)) = before.zip(*now) else { continue };
            match rate::growth(before, now) {
                None if mode == IOWAIT => {}
                None => return None,
                growth => *slot = growth,
            }
        }
        let total: f64 = by_mode.iter().flatten().map(|ticks| real(*ticks)).sum();
        (total > 0.0).then_some(Self { by_mode, total })
    }

    fn busy(&self) -> f64 {
        let modes = self.by_mode.iter().enumerate().filter(|(mode, _)| ![IDLE, IOWAIT].contains(mode));
        modes.filter_map(|(_, ticks)| *ticks).map(real).sum::<f64>() / self.total
    }

    fn shares(&self) -> impl Iterator<Item = Option<f64>> {
        self.by_mode.iter().map(|ticks| ticks.map(|ticks| real(ticks) / self.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Reading {
        Reading::parse(text).unwrap()
    }

    fn between(before: &str, now: &str) -> Vec<(String, f64)> {
        let mut out = Vec::new();
        points(Some(&reading(before)), &reading(now), &mut out);
        out.into_iter()
            .map(|point| {
                let attribute = point.series.attributes.0.into_values().next().unwrap_or_default();
                (format!("{} {attribute}", point.series.metric.info().label), point.value)
            })
            .collect()
    }

    fn value(points: &[(String, f64)], name: &str) -> Option<f64> {
        points.iter().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    #[test]
    fn time_is_shared_out_by_mode_and_core() {
        let before =
            "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 300 50 0 0 0 0 0\ncpu1 0 0 0 500 0 0 0 0 0 0\nbtime 7\n";
        let now =
            "cpu  150 0 60 920 60 5 5 0 20 0\ncpu0 150 0 60 310 60 5 5 0 20 0\ncpu1 0 0 0 610 0 0 0 0 0 0\nbtime 7\n";
        let points = between(before, now);
        assert_eq!(value(&points, "CPU "), Some(0.35));
        assert_eq!(value(&points, "CPU by mode user"), Some(0.25));
        assert_eq!(value(&points, "CPU by mode iowait"), Some(0.05));
        assert_eq!(value(&points, "CPU by mode steal"), Some(0.0));
        assert_eq!(value(&points, "CPU per core 0"), Some(0.7778));
        assert_eq!(value(&points, "CPU per core 1"), Some(0.0));
        assert_eq!(value(&points, "CPUs "), Some(2.0));
    }

    #[test]
    fn an_offline_core_leaves_the_numbers_of_the_others() {
        let before = "cpu 0 0 0 0\ncpu0 0 0 0 0\ncpu2 0 0 0 0\n";
        let now = "cpu 10 0 0 10\ncpu0 0 0 0 10\ncpu2 10 0 0 0\ncpu3 5 0 0 5\n";
        let points = between(before, now);
        assert_eq!(value(&points, "CPU per core 2"), Some(1.0));
        assert_eq!(value(&points, "CPU per core 3"), None, "it has just come online");
    }

    #[test]
    fn modes_that_an_old_kernel_does_not_know_are_absent() {
        let points = between("cpu 0 0 0 0\n", "cpu 10 0 0 30\n");
        assert_eq!(value(&points, "CPU "), Some(0.25));
        assert_eq!(value(&points, "CPU by mode iowait"), None);
    }

    #[test]
    fn iowait_may_go_backwards_alone() {
        let points = between("cpu 0 0 0 0 90 0 0 0\n", "cpu 10 0 0 30 80 0 0 0\n");
        assert_eq!(value(&points, "CPU "), Some(0.25));
        assert_eq!(value(&points, "CPU by mode iowait"), None);
    }

    #[test]
    fn a_counter_that_went_backwards_is_a_gap() {
        assert_eq!(value(&between("cpu 50 0 0 0\n", "cpu 10 0 0 30\n"), "CPU "), None);
    }

    #[test]
    fn a_reboot_is_a_gap_even_where_every_counter_grew() {
        assert_eq!(value(&between("cpu 1 0 0 1\nbtime 100\n", "cpu 9 0 0 9\nbtime 900\n"), "CPU "), None);
    }

    #[test]
    fn no_tick_between_two_readings_is_not_idle() {
        assert_eq!(value(&between("cpu 1 0 0 1\n", "cpu 1 0 0 1\n"), "CPU "), None);
    }

    #[test]
    fn without_a_total_there_is_no_reading() {
        assert_eq!(Reading::parse("cpu0 1 2 3 4\n"), None);
        assert_eq!(Reading::parse("cpu 1 2 x 4\n"), None);
        assert_eq!(Reading::parse("cpu 1 2\n"), None);
    }
}
