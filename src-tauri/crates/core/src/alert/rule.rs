//! Which rules a server has.

use crate::alert::RuleKind;
use crate::metric::Metric;
use crate::server::Thresholds;

/// A condition that is checked on every observation: any series of `metric` at or above `threshold`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rule {
    /// Which rule of the server.
    pub kind: RuleKind,
    /// What it watches; a ratio.
    pub metric: Metric,
    /// From which value on it fires, as a ratio from 0 to 1.
    pub threshold: f64,
}

/// The rules that thresholds switch on. [`RuleKind::Unreachable`] is not among them: it needs no threshold and has no metric.
#[must_use]
pub fn rules(thresholds: &Thresholds) -> Vec<Rule> {
    [
        (RuleKind::Cpu, Metric::CpuUtilization, thresholds.cpu),
        (RuleKind::Memory, Metric::MemoryUtilization, thresholds.memory),
        (RuleKind::Disk, Metric::FilesystemUtilization, thresholds.disk),
    ]
    .into_iter()
    .filter_map(|(kind, metric, percent)| Some(Rule { kind, metric, threshold: percent? / 100.0 }))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_becomes_a_ratio_and_an_empty_threshold_no_rule() {
        let rules = rules(&Thresholds { cpu: Some(29.0), memory: None, disk: Some(90.0) });
        assert_eq!(
            rules,
            [
                Rule { kind: RuleKind::Cpu, metric: Metric::CpuUtilization, threshold: 0.29 },
                Rule { kind: RuleKind::Disk, metric: Metric::FilesystemUtilization, threshold: 0.9 },
            ]
        );
    }
}
