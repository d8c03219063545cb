//! Which rules a server has.

use crate::alert::RuleKind;
use crate::metric::Metric;
use crate::server::Thresholds;

/// On which side of its threshold a rule fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// From the threshold upwards.
    Above,
    /// From the threshold downwards.
    Below,
}

/// A condition that is checked on every observation: any series of `metric` at `threshold` or beyond it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rule {
    /// Which rule of the server.
    pub kind: RuleKind,
    /// What it watches.
    pub metric: Metric,
    /// From which value on it fires, in the unit of the metric.
    pub threshold: f64,
    /// In which direction.
    pub side: Side,
}

/// A forecast is no measurement: an alert ends only when the time left is so many times its threshold, so that it does not
/// come and go with every hour.
const CLEAR: f64 = 1.5;

const SECONDS_PER_DAY: f64 = 86_400.0;

impl Rule {
    /// Whether an alert on `value` fires; one that does already may go on longer.
    #[must_use]
    pub fn fires(&self, value: f64, already: bool) -> bool {
        match self.side {
            Side::Above => value >= self.threshold,
            Side::Below if already => value <= self.threshold * CLEAR,
            Side::Below => value <= self.threshold,
        }
    }

    /// The value that is nearer to firing.
    #[must_use]
    pub fn worse(&self, one: f64, other: f64) -> f64 {
        match self.side {
            Side::Above => one.max(other),
            Side::Below => one.min(other),
        }
    }
}

/// The rules that thresholds switch on. [`RuleKind::Unreachable`] is not among them: it needs no threshold and has no metric.
#[must_use]
pub fn rules(thresholds: &Thresholds) -> Vec<Rule> {
    let share = |kind, metric, percent: Option<f64>| {
        percent.map(|percent| Rule { kind, metric, threshold: percent / 100.0, side: Side::Above })
    };
    [
        share(RuleKind::Cpu, Metric::CpuUtilization, thresholds.cpu),
        share(RuleKind::Memory, Metric::MemoryUtilization, thresholds.memory),
        share(RuleKind::Disk, Metric::FilesystemUtilization, thresholds.disk),
        thresholds.disk_full_in.map(|days| Rule {
            kind: RuleKind::DiskFullIn,
            metric: Metric::FilesystemFullIn,
            threshold: days * SECONDS_PER_DAY,
            side: Side::Below,
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_in_the_unit_of_its_metric_and_an_empty_one_no_rule() {
        let of = |kind, metric, threshold, side| Rule { kind, metric, threshold, side };
        let rules = rules(&Thresholds { cpu: Some(29.0), memory: None, disk: Some(90.0), disk_full_in: Some(2.0) });
        assert_eq!(
            rules,
            [
                of(RuleKind::Cpu, Metric::CpuUtilization, 0.29, Side::Above),
                of(RuleKind::Disk, Metric::FilesystemUtilization, 0.9, Side::Above),
                of(RuleKind::DiskFullIn, Metric::FilesystemFullIn, 172_800.0, Side::Below),
            ]
        );
    }

    #[test]
    fn a_forecast_must_get_clearly_better_before_its_alert_ends() {
        let [rule] = rules(&Thresholds { cpu: None, memory: None, disk: None, disk_full_in: Some(2.0) })[..] else {
            panic!("one rule")
        };
        assert_eq!([1.9, 2.1].map(|days| rule.fires(days * SECONDS_PER_DAY, false)), [true, false]);
        assert_eq!([2.9, 3.1].map(|days| rule.fires(days * SECONDS_PER_DAY, true)), [true, false]);
    }
}
