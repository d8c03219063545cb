//! Colours, where there is a terminal that shows them and nobody has switched them off.

use std::io::IsTerminal;

/// How words are set off on one stream.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// The style of a stream: plain where it is no terminal, where `NO_COLOR` is set (<https://no-color.org>) or `TERM` is `dumb`.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self { coloured: stream.is_terminal() && !refused }
    }

    /// No colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { coloured: false }
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.set(text, "1")
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.set(text, "2")
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.set(text, "32")
    }

    pub(crate) fn doubtful(self, text: &str) -> String {
        self.set(text, "33")
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.set(text, "31")
    }

    fn set(self, text: &str, code: &str) -> String {
        if self.coloured && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
