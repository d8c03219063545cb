//! How far a long command is, on one line of a terminal that is drawn anew.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use hostrounds_engine::api::backup::CopyProgress;

use crate::output::Output;

/// Silent where stderr is no terminal, and with `--json`.
pub(crate) struct Progress {
    what: &'static str,
    shown: Option<Mutex<Option<u64>>>,
}

impl Progress {
    pub(crate) fn new(what: &'static str, output: &Output) -> Self {
        let is_seen = !output.json && io::stderr().is_terminal();
        Self { what, shown: is_seen.then(Mutex::default) }
    }

    /// Shows how far it is, where that is a percent more than before.
    pub(crate) fn show(&self, progress: CopyProgress) {
        let percent = progress.written.saturating_mul(100).checked_div(progress.expected).unwrap_or(100);
        if let Some(Ok(mut shown)) = self.shown.as_ref().map(Mutex::lock)
            && *shown != Some(percent)
        {
            *shown = Some(percent);
            let _ = write!(io::stderr(), "\r{} {percent} %", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Ok(shown)) = self.shown.as_ref().map(Mutex::lock)
            && shown.is_some()
        {
            let _ = write!(io::stderr(), "\r{:width$}\r", "", width = self.what.len() + 6);
        }
    }
}
