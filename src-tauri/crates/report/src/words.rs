//! Moments, numbers and names as a report writes them.

use std::time::Duration;

use hostrounds_core::format;
use hostrounds_core::text::neutralised;
use hostrounds_core::time::UnixMillis;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Where there is no number.
pub(crate) const NONE: &str = "–";

/// The longest sentence that is taken over from elsewhere.
const SENTENCE_MAX: usize = 1_000;

/// The moment by the clocks of `zone`; nothing where no calendar reaches that far.
pub(crate) fn zoned(at: UnixMillis, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone()))
}

/// `2026-11-23 14:30`.
pub(crate) fn moment(at: UnixMillis, zone: &TimeZone) -> String {
    zoned(at, zone).map_or_else(|| "?".to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

/// A share of time as percent, with as many digits as it takes not to call all what is not all, nor nothing what is something:
/// `99.98 %`, `100 %`, `< 0.1 %`.
pub(crate) fn share(ratio: f64) -> String {
    if ratio <= 0.0 {
        return "0 %".to_owned();
    }
    if ratio >= 1.0 {
        return "100 %".to_owned();
    }
    if ratio < 0.0005 {
        return "< 0.1 %".to_owned();
    }
    let shown = (1..=4_usize).map(|digits| format!("{:.digits$}", ratio * 100.0));
    let honest = shown.into_iter().find(|text| !text.starts_with("100"));
    honest.map_or_else(|| "> 99.9999 %".to_owned(), |text| format!("{text} %"))
}

/// Bytes that were added or, with a minus, freed: `+2.1 GiB`, `−300 MiB`, `±0 B`.
pub(crate) fn change(bytes: f64) -> String {
    let sign = match bytes {
        bytes if bytes >= 0.5 => "+",
        bytes if bytes <= -0.5 => "−",
        _ => "±",
    };
    format!("{sign}{}", format::bytes(bytes.abs()))
}

/// A span of time: `3 h 20 min`; less than a second is told as such.
pub(crate) fn length(length: Duration) -> String {
    if length < Duration::from_secs(1) { "< 1 s".to_owned() } else { format::duration(length) }
}

/// A sentence that others wrote, so that it can forge nothing.
pub(crate) fn sentence(text: &str) -> String {
    neutralised(text, SENTENCE_MAX)
}

/// `1 server`, `2 servers`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, "0 %")]
    #[case(0.0001, "< 0.1 %")]
    #[case(0.5, "50.0 %")]
    #[case(0.9994, "99.9 %")]
    #[case(0.9998, "99.98 %")]
    #[case(0.999_999_99, "> 99.9999 %")]
    #[case(1.0, "100 %")]
    fn a_share_is_never_rounded_to_all_or_nothing(#[case] ratio: f64, #[case] expected: &str) {
        assert_eq!(share(ratio), expected);
    }

    #[rstest]
    #[case(2.0 * 1024.0 * 1024.0, "+2 MiB")]
    #[case(-1536.0, "−1.5 KiB")]
    #[case(0.2, "±0 B")]
    fn a_change_has_a_sign(#[case] bytes: f64, #[case] expected: &str) {
        assert_eq!(change(bytes), expected);
    }
}
