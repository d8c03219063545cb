//! The vertical axis: from nothing to a round number above the largest value, in the unit of the metric.

use hostrounds_core::format;
use hostrounds_core::metric::Unit;

use super::axis::{Axis, Tick};

/// The most steps between the ticks.
const STEPS: f64 = 4.0;
/// The largest number that is drawn; beyond it nothing could be told apart.
const LARGEST: f64 = 1e18;

/// From 0 to at least `largest`. Ratios always go to 100 %, so that a quiet server looks quiet.
pub(crate) fn value_axis(unit: Unit, largest: f64) -> Axis {
    let largest = if largest.is_finite() { largest.clamp(0.0, LARGEST) } else { LARGEST };
    let step = match unit {
        Unit::Ratio if largest <= 1.0 => 0.25,
        Unit::Bytes | Unit::BytesPerSecond => binary_step(largest),
        _ => decimal_step(largest),
    };
    let top = if unit == Unit::Ratio { largest.max(1.0) } else { largest };
    let steps = (top / step - 1e-9).ceil().clamp(1.0, 10.0);
    let mut ticks = Vec::new();
    let mut place = 0.0;
    while place <= steps {
        let at = place * step;
        ticks.push(Tick { at, label: label(unit, at) });
        place += 1.0;
    }
    Axis { range: 0.0..steps * step, ticks }
}

fn label(unit: Unit, at: f64) -> String {
    match unit {
        _ if at == 0.0 && unit != Unit::Ratio => "0".to_owned(),
        Unit::Ratio => format::percent(at),
        _ => format::value(unit, at),
    }
}

/// The smallest of 1, 2, 4 ... 512 B, KiB, MiB ... that needs no more than [`STEPS`]; at least 256 B.
fn binary_step(largest: f64) -> f64 {
    let mut step = 256.0;
    while step * STEPS < largest {
        step *= 2.0;
    }
    step
}

/// The smallest of 0.5, 1, 2, 5, 10, 20, 50 ... that needs no more than [`STEPS`].
fn decimal_step(largest: f64) -> f64 {
    let mut power = 1.0;
    let mut step = 0.5;
    while step * STEPS < largest {
        step = if step < power {
            power
        } else if step < power * 2.0 {
            power * 2.0
        } else if step < power * 5.0 {
            power * 5.0
        } else {
            power *= 10.0;
            power
        };
    }
    step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn labels(unit: Unit, largest: f64) -> String {
        value_axis(unit, largest).ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" | ")
    }

    #[rstest]
    #[case(Unit::Ratio, 0.03, "0 % | 25 % | 50 % | 75 % | 100 %")]
    #[case(Unit::Ratio, 1.7, "0 % | 50 % | 100 % | 150 % | 200 %")]
    #[case(Unit::Bytes, 6e9, "0 | 2 GiB | 4 GiB | 6 GiB")]
    #[case(Unit::BytesPerSecond, 0.0, "0 | 256 B/s")]
    #[case(Unit::BytesPerSecond, 1500.0, "0 | 512 B/s | 1 KiB/s | 1.5 KiB/s")]
    #[case(Unit::Count, 0.0, "0 | 0.5")]
    #[case(Unit::Count, 0.7, "0 | 0.5 | 1")]
    #[case(Unit::Count, 3.2, "0 | 1 | 2 | 3 | 4")]
    #[case(Unit::Count, 70.0, "0 | 20 | 40 | 60 | 80")]
    #[case(Unit::PerSecond, 800.0, "0 | 200/s | 400/s | 600/s | 800/s")]
    fn ticks_are_round(#[case] unit: Unit, #[case] largest: f64, #[case] expected: &str) {
        assert_eq!(labels(unit, largest), expected);
    }

    proptest! {
        #[test]
        fn any_value_has_its_place(largest: f64) {
            for unit in [Unit::Ratio, Unit::Bytes, Unit::BytesPerSecond, Unit::Count, Unit::PerSecond, Unit::Seconds] {
                let axis = value_axis(unit, largest);
                prop_assert!((2..=11).contains(&axis.ticks.len()), "{}", axis.ticks.len());
                prop_assert!(axis.range.end.is_finite() && axis.range.end > 0.0);
                if (0.0..1e18).contains(&largest) {
                    prop_assert!(axis.range.end >= largest * 0.999_999);
                }
            }
        }
    }
}
