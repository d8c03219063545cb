//! Values as text, the same in every format that is text.

use hostrounds_core::time::UnixMillis;
use jiff::Timestamp;

/// RFC 3339 in UTC with milliseconds: `2026-11-23T19:39:24.120Z`. A moment beyond the calendar is its milliseconds.
pub(crate) fn moment(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |moment| moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

/// Text that a spreadsheet takes for text, also when it is typed in or read from a file: a name must not be run as a formula.
pub(crate) fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}
