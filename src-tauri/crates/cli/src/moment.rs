//! Moments as people type them.

use hostrounds_core::time::UnixMillis;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Zoned};

use crate::problem::Problem;

/// What can be typed; told whenever something else was.
pub(crate) const FORMS: &str =
    "Write `now`, an age such as `-24h`, `-90m` or `-7d`, `2026-11-23`, `2026-11-23 14:30` or `2026-11-23T14:30:00Z`.";

/// The moment that an option means.
pub(crate) fn of_option(option: &str, text: &str, now: &Zoned) -> Result<UnixMillis, Problem> {
    parsed(text, now).map_err(|message| Problem::usage(format!("{option}: {message}"), ""))
}

/// The moment that `text` means. `now` decides what ages count from and which time zone dates without one are in.
pub(crate) fn parsed(text: &str, now: &Zoned) -> Result<UnixMillis, String> {
    let text = text.trim();
    let moment = if text.eq_ignore_ascii_case("now") {
        Some(now.timestamp())
    } else if let Some(age) = text.strip_prefix('-') {
        before(age, now)
    } else {
        text.parse::<Timestamp>().ok().or_else(|| in_zone(text, now.time_zone()))
    };
    moment
        .map(|moment| UnixMillis(moment.as_millisecond()))
        .ok_or_else(|| format!("`{}` is no moment. {FORMS}", crate::output::safe(text)))
}

/// The moment `age` ago. Days are those of the calendar: 23 h where a clock was set forward in between.
fn before(age: &str, now: &Zoned) -> Option<Timestamp> {
    let starts_with_digit = age.starts_with(|c: char| c.is_ascii_digit());
    let span: Span = starts_with_digit.then(|| age.parse().ok()).flatten()?;
    let length = span.to_duration(SpanRelativeTo::from(now)).ok()?;
    if length < SignedDuration::ZERO {
        return None;
    }
    Some(now.checked_sub(span).ok()?.timestamp())
}

fn in_zone(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let minute = || DateTime::strptime("%Y-%m-%d %H:%M", text).ok();
    let day = || Date::strptime("%Y-%m-%d", text).ok().map(|date| date.at(0, 0, 0, 0));
    let moment = text.parse::<DateTime>().ok().or_else(minute).or_else(day)?;
    moment.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-23T12:00:00+01:00[Europe/Berlin]".parse().unwrap()
    }

    fn told(text: &str) -> String {
        let moment = parsed(text, &now()).unwrap();
        Timestamp::from_millisecond(moment.0).unwrap().to_string()
    }

    #[test]
    fn every_form_is_understood() {
        for (text, expected) in [
            ("now", "2026-11-23T11:00:00Z"),
            (" NOW ", "2026-11-23T11:00:00Z"),
            ("-24h", "2026-11-22T11:00:00Z"),
            ("-90m", "2026-11-23T09:30:00Z"),
            ("-7d", "2026-11-16T11:00:00Z"),
            ("-1d 12h", "2026-11-21T23:00:00Z"),
            ("-2w", "2026-11-09T11:00:00Z"),
            ("-45s", "2026-11-23T10:59:15Z"),
            ("2026-11-23", "2026-11-22T23:00:00Z"),
            ("2026-11-23 14:30", "2026-11-23T13:30:00Z"),
            ("2026-11-23 14:30:15", "2026-11-23T13:30:15Z"),
            ("2026-11-23T14:30", "2026-11-23T13:30:00Z"),
            ("2026-11-23T14:30:00Z", "2026-11-23T14:30:00Z"),
            ("2026-11-23T14:30:00+05:00", "2026-11-23T09:30:00Z"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let spring: Zoned = "2026-03-29T12:00:00+02:00[Europe/Berlin]".parse().unwrap();
        let moment = parsed("-1d", &spring).unwrap();
        assert_eq!(Timestamp::from_millisecond(moment.0).unwrap().to_string(), "2026-03-28T11:00:00Z");
    }

    #[test]
    fn what_is_no_moment_is_refused_with_the_forms() {
        for text in [
            "",
            "yesterday",
            "-",
            "--5h",
            "-5",
            "-5 parsecs",
            "2026-13-01",
            "2026-02-30",
            "24h",
            "12:30",
            "-99999999999999y",
        ] {
            let error = parsed(text, &now()).unwrap_err();
            assert!(error.contains("-24h"), "{text}: {error}");
        }
    }
}
