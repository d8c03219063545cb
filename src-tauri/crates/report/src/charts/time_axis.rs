//! The horizontal axis: time, with ticks where the clocks and calendars of a time zone are round.

use hostrounds_core::time::UnixMillis;
use jiff::civil::{DateTime, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Span as Step, ToSpan, Unit as Part};

use super::axis::{Axis, Tick};
use crate::data::Span;
use crate::words::zoned;

/// The most ticks: their labels must not touch.
const MOST: usize = 8;

/// What ticks may stand apart, and what is written at them.
fn steps() -> Vec<(Step, &'static str)> {
    let mut steps: Vec<(Step, &'static str)> = Vec::new();
    steps.extend([1, 5, 15, 30].map(|seconds| (seconds.seconds(), "%H:%M:%S")));
    steps.extend([1, 5, 10, 15, 30].map(|minutes| (minutes.minutes(), "%H:%M")));
    steps.extend([1, 2, 3, 6, 12].map(|hours| (hours.hours(), "%H:%M")));
    steps.extend([1, 2].map(|days| (days.days(), "%b %-d")));
    steps.extend([1, 2].map(|weeks| (weeks.weeks(), "%b %-d")));
    steps.extend([1, 2, 3, 6].map(|months| (months.months(), "%b")));
    steps.extend([1, 2, 5, 10, 20, 50, 100, 500, 1000].map(|years| (years.years(), "%Y")));
    steps
}

/// The range as the clocks of `zone` show it. A range beyond every calendar has no ticks.
pub(crate) fn time_axis(range: Span, zone: &TimeZone) -> Axis {
    let ticks = steps().into_iter().find_map(|(step, format)| ticks(range, zone, step, format)).unwrap_or_default();
    Axis { range: position(range.from)..position(range.to), ticks }
}

/// Where a moment is on the axis. Milliseconds of this era are exact.
pub(crate) fn position(at: UnixMillis) -> f64 {
    at.0 as f64
}

/// The ticks that stand `step` apart; nothing where they would be too many.
///
/// They are steps of the clock on the wall and not of time: on the day on which clocks are set forward, the one of 06:00 stands an
/// hour nearer to midnight.
fn ticks(range: Span, zone: &TimeZone, step: Step, format: &str) -> Option<Vec<Tick>> {
    let mut clock = round_before(zoned(range.from, zone)?.datetime(), step)?;
    let mut ticks: Vec<Tick> = Vec::new();
    loop {
        let Ok(moment) = clock.to_zoned(zone.clone()) else { break };
        let at = UnixMillis(moment.timestamp().as_millisecond());
        if at >= range.to {
            break;
        }
        // Where clocks are set forward, two of them can be the same moment.
        let is_new = ticks.last().is_none_or(|last| last.at < position(at));
        if at >= range.from && is_new {
            if ticks.len() == MOST {
                return None;
            }
            ticks.push(Tick { at: position(at), label: label(moment.datetime(), format) });
        }
        let Ok(next) = clock.checked_add(step) else { break };
        clock = next;
    }
    Some(ticks)
}

/// Midnight is told by its date, January by its year.
fn label(clock: DateTime, format: &str) -> String {
    let format = match format {
        "%H:%M" if clock.time() == Time::midnight() => "%b %-d",
        "%b" if clock.month() == 1 => "%Y",
        other => other,
    };
    clock.strftime(format).to_string()
}

/// A round moment by the clock, not after `clock`, from which `step` leads to other round ones.
fn round_before(clock: DateTime, step: Step) -> Option<DateTime> {
    let day = clock.date();
    let months = i64::from(step.get_months());
    let round = if step.get_years() != 0 {
        let years = step.get_years();
        date(day.year().div_euclid(years) * years, 1, 1).to_datetime(Time::midnight())
    } else if months != 0 {
        let months = i8::try_from(months).ok()?;
        date(day.year(), (day.month() - 1) / months * months + 1, 1).to_datetime(Time::midnight())
    } else if step.get_weeks() != 0 {
        let monday = day.checked_sub(i32::from(day.weekday().since(Weekday::Monday)).days()).ok()?;
        monday.to_datetime(Time::midnight())
    } else {
        // Every step of less than a day is a part of one; days are counted from the first of the range.
        let midnight = day.to_datetime(Time::midnight());
        let length = step.total((Part::Second, midnight)).ok()? as i64;
        let passed = midnight.until((Part::Second, clock)).ok()?.get_seconds();
        midnight.checked_add((passed / length * length).seconds()).ok()?
    };
    Some(round)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn shown(from: &str, to: &str, zone: &str) -> String {
        let moment = |text: &str| UnixMillis(text.parse::<Timestamp>().unwrap().as_millisecond());
        let axis = time_axis(Span { from: moment(from), to: moment(to) }, &TimeZone::get(zone).unwrap());
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" | ")
    }

    #[rstest]
    #[case(
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:30Z",
        "12:00:00 | 12:00:05 | 12:00:10 | 12:00:15 | 12:00:20 | 12:00:25"
    )]
    #[case("2026-11-23T12:07:00Z", "2026-11-23T13:07:00Z", "12:10 | 12:20 | 12:30 | 12:40 | 12:50 | 13:00")]
    #[case(
        "2026-11-23T12:30:00Z",
        "2026-11-24T12:30:00Z",
        "15:00 | 18:00 | 21:00 | Nov 24 | 03:00 | 06:00 | 09:00 | 12:00"
    )]
    #[case(
        "2026-11-23T12:30:00Z",
        "2026-11-30T12:30:00Z",
        "Nov 24 | Nov 25 | Nov 26 | Nov 27 | Nov 28 | Nov 29 | Nov 30"
    )]
    #[case("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "Nov 2 | Nov 9 | Nov 16 | Nov 23 | Nov 30")]
    #[case("2026-01-15T00:00:00Z", "2027-01-15T00:00:00Z", "Mar | May | Jul | Sep | Nov | 2027")]
    #[case("2006-01-15T00:00:00Z", "2027-01-15T00:00:00Z", "2010 | 2015 | 2020 | 2025")]
    fn ticks_stand_at_round_moments(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        assert_eq!(shown(from, to, "UTC"), expected);
    }

    #[test]
    fn the_zone_decides_what_is_round() {
        let kathmandu = shown("2026-11-23T12:00:00Z", "2026-11-23T18:00:00Z", "Asia/Kathmandu");
        assert_eq!(kathmandu, "18:00 | 19:00 | 20:00 | 21:00 | 22:00 | 23:00");
    }

    #[test]
    fn days_of_23_and_25_hours_keep_their_midnights() {
        for (from, to) in
            [("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"), ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")]
        {
            let moment = |text: &str| UnixMillis(text.parse::<Timestamp>().unwrap().as_millisecond());
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let axis = time_axis(Span { from: moment(from), to: moment(to) }, &zone);
            for tick in &axis.ticks {
                let clock = zoned(UnixMillis(tick.at as i64), &zone).unwrap();
                assert_eq!((clock.hour() % 6, clock.minute()), (0, 0), "{tick:?}");
            }
            let hours = axis.ticks.windows(2).map(|pair| (pair[1].at - pair[0].at) / 3_600_000.0);
            let odd = if from.contains("-03-") { 5.0 } else { 7.0 };
            assert!(hours.clone().any(|hours| hours == odd), "{:?}", hours.collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_hour_that_the_clock_skips_has_one_tick() {
        let berlin = shown("2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z", "Europe/Berlin");
        assert_eq!(berlin, "01:00 | 01:30 | 03:00 | 03:30 | 04:00 | 04:30 | 05:00 | 05:30");
    }

    proptest! {
        #[test]
        fn any_range_has_ticks_in_order_that_do_not_touch(from: i64, length in 1i64..) {
            let range = Span { from: UnixMillis(from), to: UnixMillis(from.saturating_add(length)) };
            let axis = time_axis(range, &TimeZone::UTC);
            prop_assert!(axis.ticks.len() <= MOST);
            prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
        }

        #[test]
        fn a_range_of_these_days_has_at_least_two(from in 0i64..4_000_000_000_000, minutes in 1i64..50_000_000) {
            let range = Span { from: UnixMillis(from), to: UnixMillis(from + minutes * 60_000) };
            let axis = time_axis(range, &TimeZone::get("America/New_York").unwrap());
            prop_assert!(axis.ticks.len() >= 2, "{:?}", axis.ticks);
        }
    }
}
