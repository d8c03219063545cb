//! `--cpu 85 --memory off --disk-full-in 3`: from where on an alert fires.

use clap::Args;
use hostrounds_core::server::Thresholds;

/// A number, or nothing where the alert is switched off.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Threshold(Option<f64>);

/// The thresholds that are named; the others stay.
#[derive(Args)]
pub(super) struct ThresholdArguments {
    /// Alert when the CPU is used this much, 1 to 100, or `off`
    #[arg(long, value_name = "PERCENT|off", value_parser = threshold)]
    cpu: Option<Threshold>,
    /// Alert when the memory is used this much, 1 to 100, or `off`
    #[arg(long, value_name = "PERCENT|off", value_parser = threshold)]
    memory: Option<Threshold>,
    /// Alert when any mounted filesystem is used this much, 1 to 100, or `off`
    #[arg(long, value_name = "PERCENT|off", value_parser = threshold)]
    disk: Option<Threshold>,
    /// Alert when a filesystem will be full within so many days, or `off`
    #[arg(long, value_name = "DAYS", value_parser = days)]
    disk_full_in: Option<Threshold>,
}

impl ThresholdArguments {
    pub(super) fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none() && self.disk.is_none() && self.disk_full_in.is_none()
    }

    pub(super) fn over(&self, kept: Thresholds) -> Thresholds {
        let chosen = |new: Option<Threshold>, kept| new.map_or(kept, |Threshold(number)| number);
        Thresholds {
            cpu: chosen(self.cpu, kept.cpu),
            memory: chosen(self.memory, kept.memory),
            disk: chosen(self.disk, kept.disk),
            disk_full_in: chosen(self.disk_full_in, kept.disk_full_in),
        }
    }
}

/// Whether the percentage can be accepted is the engine's to say.
fn threshold(text: &str) -> Result<Threshold, String> {
    number_or_off(text.trim_end_matches('%')).ok_or("a percentage from 1 to 100 is wanted, or `off`".to_owned())
}

/// The same of the number of days.
fn days(text: &str) -> Result<Threshold, String> {
    number_or_off(text.trim_end_matches('d')).ok_or("a number of days from 0.5 to 100 is wanted, or `off`".to_owned())
}

fn number_or_off(text: &str) -> Option<Threshold> {
    if text.eq_ignore_ascii_case("off") {
        return Some(Threshold(None));
    }
    text.trim().parse().ok().map(|number| Threshold(Some(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_percentage_or_off() {
        for (text, expected) in [("90", Some(90.0)), ("92.5%", Some(92.5)), ("85 %", Some(85.0)), ("OFF", None)] {
            assert_eq!(threshold(text).unwrap(), Threshold(expected), "{text}");
        }
        assert!(threshold("high").is_err());
        for (text, expected) in [("3", Some(3.0)), ("1.5d", Some(1.5)), ("off", None)] {
            assert_eq!(days(text).unwrap(), Threshold(expected), "{text}");
        }
        assert!(days("a week").is_err());
    }

    #[test]
    fn what_is_not_named_stays() {
        let named = ThresholdArguments {
            cpu: Some(Threshold(None)),
            memory: Some(Threshold(Some(50.0))),
            disk: None,
            disk_full_in: Some(Threshold(Some(7.0))),
        };
        let expected = Thresholds { cpu: None, memory: Some(50.0), disk: Some(90.0), disk_full_in: Some(7.0) };
        assert_eq!(named.over(Thresholds::default()), expected);
    }
}
