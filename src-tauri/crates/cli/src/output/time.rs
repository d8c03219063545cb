//! Moments as people read them: by the clock and the time zone of this computer.

use hostrounds_core::time::UnixMillis;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now, by the clock of this computer.
pub(crate) fn now() -> UnixMillis {
    UnixMillis(Timestamp::now().as_millisecond())
}

/// `2026-11-23 20:39:24`.
pub(crate) fn local(at: UnixMillis) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S")
}

/// `20:39:24`.
pub(crate) fn clock(at: UnixMillis) -> String {
    formatted(at, "%H:%M:%S")
}

/// The day in UTC that begins then: `2026-11-23`.
pub(crate) fn utc_day(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| "?".to_owned(), |day| day.strftime("%Y-%m-%d").to_string())
}

fn formatted(at: UnixMillis, format: &str) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| "?".to_owned(),
        |timestamp| timestamp.to_zoned(TimeZone::system()).strftime(format).to_string(),
    )
}
