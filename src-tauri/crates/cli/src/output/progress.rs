//! How far something that takes its time has come.

use std::io::{self, IsTerminal, Write};

use super::Output;

/// How far it is, on a terminal that shows nothing else meanwhile.
pub(crate) struct Progress {
    shown: bool,
    wanted: bool,
}

impl Progress {
    pub(crate) fn new(output: &Output) -> Self {
        Self { shown: false, wanted: !output.json && io::stderr().is_terminal() }
    }

    /// The done part, from 0 to 1, and further words about it.
    pub(crate) fn show(&mut self, share: f64, words: &str) {
        if self.wanted {
            self.shown = true;
            Self::write(&format!("\r\u{1b}[K{:.0} %{words}. Ctrl+C cancels.", (share * 100.0).floor()));
        }
    }

    pub(crate) fn clear(&self) {
        if self.shown {
            Self::write("\r\u{1b}[K");
        }
    }

    /// A stderr that is gone is nobody's loss.
    fn write(text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}
