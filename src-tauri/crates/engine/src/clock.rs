//! The wall clock, for stamps only: rhythm is kept on tokio's monotonic clock.

use hostrounds_core::time::UnixMillis;

/// The time now.
pub(crate) fn now() -> UnixMillis {
    UnixMillis(jiff::Timestamp::now().as_millisecond())
}
