//! Numbers as people read them. The one place for it, so that a notification, a table and a report say the same.

use std::time::Duration;

use crate::forecast::Forecast;
use crate::metric::Unit;

/// A value in its unit: `97 %`, `1.5 GiB`, `1.5 MiB/s`, `12`, `3.4/s`, `3 d 4 h`.
#[must_use]
pub fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ratio => percent(value),
        Unit::Bytes => bytes(value),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
        Unit::Count => number(value),
        Unit::PerSecond => format!("{}/s", number(value)),
        Unit::Celsius => format!("{} °C", number(value)),
        Unit::Flag => if value == 0.0 { "no" } else { "yes" }.to_owned(),
        Unit::Seconds => Duration::try_from_secs_f64(value).map_or_else(|_| "?".to_owned(), duration),
    }
}

/// A value beside others of its series: as [`value`] writes it, but numbers such as a load with the two digits that tell them
/// apart.
#[must_use]
pub fn value_of_series(unit: Unit, number: f64) -> String {
    if unit == Unit::Count && number.fract() != 0.0 { format!("{number:.2}") } else { value(unit, number) }
}

/// A ratio as percent: `97 %`, below ten with one digit after the point: `3.4 %`.
#[must_use]
pub fn percent(ratio: f64) -> String {
    format!("{} %", number(ratio * 100.0))
}

/// A ratio as percent beside a threshold that it has or has not reached: with as many digits as it takes for the number that
/// is shown to be on the right side. A ratio of 0.8997 is never shown as `90 %` beside a threshold of 90 %.
#[must_use]
pub fn percent_beside(ratio: f64, threshold: f64) -> String {
    let reached = ratio >= threshold;
    let shown = (0..=6_u8).map(|digits| format!("{:.*}", usize::from(digits), ratio * 100.0));
    let limit = threshold_percent(threshold);
    let honest = shown.into_iter().find(|text| text.parse::<f64>().is_ok_and(|percent| (percent >= limit) == reached));
    match honest {
        Some(text) => format!("{text} %"),
        None if reached => threshold_text(threshold),
        None => format!("just below {}", threshold_text(threshold)),
    }
}

/// A threshold as percent with the digits that a person gave it: `90 %`, `92.5 %`.
#[must_use]
pub fn threshold_text(threshold: f64) -> String {
    format!("{} %", threshold_percent(threshold))
}

/// Undoes the division that made a ratio of the percentage, without its rounding error (0.29 × 100 is not 29).
fn threshold_percent(ratio: f64) -> f64 {
    (ratio * 1e9).round() / 1e7
}

/// When a disk will be full, no more exactly than anybody knows it: `about 12 days (9 to 18)`, `about 30 hours (25 to 41)`,
/// `less than an hour`.
#[must_use]
pub fn forecast(forecast: &Forecast) -> String {
    let (unit, one, many) = match forecast.full_in {
        seconds if seconds < 3_600.0 => return "less than an hour".to_owned(),
        seconds if seconds < 2.0 * 86_400.0 => (3_600.0, "hour", "hours"),
        _ => (86_400.0, "day", "days"),
    };
    let shown = |seconds: f64| match seconds / unit {
        amount if amount < 4.95 => number(amount),
        amount => format!("{amount:.0}"),
    };
    let [earliest, middle, latest] = [forecast.earliest, forecast.full_in, forecast.latest].map(shown);
    let word = if middle == "1" { one } else { many };
    let range = if earliest == latest { String::new() } else { format!(" ({earliest} to {latest})") };
    format!("about {middle} {word}{range}")
}

/// Days as a person gave them: `1 day`, `2.5 days`.
#[must_use]
pub fn days(seconds: f64) -> String {
    let days = (seconds / 86.4).round() / 1e3;
    format!("{days} {}", if days == 1.0 { "day" } else { "days" })
}

/// Bytes in binary units: `512 B`, `1.5 KiB`, `12 GiB`.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    // What would be rounded to 1024 is shown as 1.0 of the next unit.
    if bytes < 1023.5 {
        return format!("{bytes:.0} B");
    }
    let mut scaled = bytes / 1024.0;
    let mut units = UNITS.iter().peekable();
    while let Some(unit) = units.next() {
        if scaled < 1023.5 || units.peek().is_none() {
            return format!("{} {unit}", number(scaled));
        }
        scaled /= 1024.0;
    }
    format!("{bytes:.0} B")
}

/// A number with one digit after the point below ten (unless it is whole), and none from there on: `0.4`, `7`, `12`.
#[must_use]
pub fn number(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    if tenths.fract() == 0.0 || number.abs() >= 9.95 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// A span of time in its two largest units: `850 ms`, `12 s`, `5 min 3 s`, `3 h 20 min`, `12 d 4 h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 && duration.subsec_millis() > 0 {
        return format!("{} ms", duration.subsec_millis());
    }
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let shown: Vec<String> = parts
        .iter()
        .skip_while(|(amount, _)| *amount == 0)
        .take(2)
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| format!("{amount} {unit}"))
        .collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Unit::Ratio, 0.974, "97 %")]
    #[case(Unit::Ratio, 0.0341, "3.4 %")]
    #[case(Unit::Ratio, 0.0, "0 %")]
    #[case(Unit::Bytes, 0.0, "0 B")]
    #[case(Unit::Bytes, 1023.0, "1023 B")]
    #[case(Unit::Bytes, 1023.9, "1 KiB")]
    #[case(Unit::Bytes, 1536.0, "1.5 KiB")]
    #[case(Unit::Bytes, 1_073_741_823.0, "1 GiB")]
    #[case(Unit::Bytes, 12.0 * 1024.0 * 1024.0 * 1024.0, "12 GiB")]
    #[case(Unit::BytesPerSecond, 2_621_440.0, "2.5 MiB/s")]
    #[case(Unit::Count, 0.42, "0.4")]
    #[case(Unit::PerSecond, 9.96, "10/s")]
    #[case(Unit::Seconds, 0.85, "850 ms")]
    #[case(Unit::Seconds, 303.0, "5 min 3 s")]
    #[case(Unit::Seconds, 3_600.0, "1 h")]
    #[case(Unit::Seconds, 1_051_200.0, "12 d 4 h")]
    #[case(Unit::Seconds, 86_403.0, "1 d")]
    #[case(Unit::Seconds, f64::NAN, "?")]
    fn values_read_well(#[case] unit: Unit, #[case] number: f64, #[case] expected: &str) {
        assert_eq!(value(unit, number), expected);
    }

    #[rstest]
    #[case(0.97, 0.9, "97 %")]
    #[case(0.9, 0.9, "90 %")]
    #[case(0.8997, 0.9, "89.97 %")]
    #[case(0.895, 0.9, "89.5 %")]
    #[case(0.906, 0.9, "91 %")]
    #[case(0.9252, 0.925, "93 %")]
    #[case(0.9248, 0.925, "92 %")]
    #[case(0.29, 0.29, "29 %")]
    #[case(0.899_999_999_99, 0.9, "just below 90 %")]
    fn a_value_is_shown_on_its_side_of_the_threshold(
        #[case] ratio: f64,
        #[case] threshold: f64,
        #[case] expected: &str,
    ) {
        assert_eq!(percent_beside(ratio, threshold), expected);
    }

    #[test]
    fn loads_can_be_told_apart() {
        assert_eq!(value_of_series(Unit::Count, 0.424), "0.42");
        assert_eq!(value_of_series(Unit::Count, 3.0), "3");
        assert_eq!(value_of_series(Unit::Ratio, 0.424), "42 %");
    }

    #[rstest]
    #[case([9.2, 12.1, 18.0], "about 12 days (9 to 18)")]
    #[case([1.5, 2.0, 3.04], "about 2 days (1.5 to 3)")]
    #[case([4.9, 5.2, 5.4], "about 5 days (4.9 to 5)")]
    #[case([7.0, 7.1, 7.2], "about 7 days")]
    #[case([0.9, 1.25, 2.1], "about 30 hours (22 to 50)")]
    #[case([0.042, 0.042, 0.042], "about 1 hour")]
    #[case([0.0, 0.04, 3.0], "less than an hour")]
    fn a_forecast_says_no_more_than_is_known(#[case] in_days: [f64; 3], #[case] expected: &str) {
        let [earliest, full_in, latest] = in_days.map(|days| days * 86_400.0);
        assert_eq!(forecast(&Forecast { full_in, earliest, latest }), expected);
    }

    #[test]
    fn days_read_as_they_were_given() {
        assert_eq!([1.0, 3.0, 0.7].map(|it| days(it * 86_400.0)), ["1 day", "3 days", "0.7 days"]);
    }

    proptest! {
        #[test]
        fn a_value_below_its_threshold_never_looks_as_if_it_had_reached_it(percent in 1u32..=100, below in 1e-12f64..0.01) {
            let threshold = f64::from(percent) / 100.0;
            prop_assert_ne!(percent_beside(threshold - below, threshold), threshold_text(threshold));
        }

        #[test]
        fn any_number_can_be_shown(number: f64) {
            for unit in [Unit::Ratio, Unit::Bytes, Unit::BytesPerSecond, Unit::Count, Unit::PerSecond, Unit::Seconds] {
                prop_assert!(!value(unit, number).is_empty());
            }
        }
    }
}
