//! What a channel has received, between the session's task that fills it and the shell that reads it.
//!
//! The session's task hands bytes over here directly and never waits, so that a shell nobody reads cannot hold up
//! its siblings; what nobody asked for is dropped on the spot, except a little for error messages.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::frame::{Collector, Progress, VARIABLE};
use crate::surplus::BORNE;
use crate::text::printable;

/// Bytes of stderr, and of noise, that are kept for messages.
const KEPT: usize = 400;

/// Why nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The server has refused to run `sh`.
    Refused,
    /// The channel was closed by the other side.
    Closed,
    /// The answer was larger than this many bytes.
    TooLarge(usize),
    /// The connection is gone.
    Disconnected(String),
    /// More was printed than is borne while nobody waited for anything.
    Flooded,
    /// A question was sent only in part, and what follows would be taken for its rest.
    Garbled,
}

/// How the program at the other end ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this status.
    Status(u32),
    /// By a signal; in words for people.
    Signal(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(how) => f.write_str(how),
        }
    }
}

/// Whether a shell may go on to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It may.
    Fair,
    /// It has printed too much that nobody had asked for, and is of no further use.
    Flood,
}

/// Why no question can be asked now.
pub(crate) enum Unwilling {
    Busy,
    Ended(End),
}

#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    outstanding: Option<Collector>,
    limit: usize,
    /// Whether somebody waits for an answer, and will not do so for ever.
    awaited: bool,
    /// Bytes that have come since nobody does.
    unasked: u64,
    complete: Option<Vec<u8>>,
    noise: Vec<u8>,
    stderr: Vec<u8>,
    exit: Option<Exit>,
    end: Option<End>,
}

impl Inbox {
    /// Bytes of standard output have come.
    pub(crate) fn stdout(&self, bytes: &[u8]) -> Flow {
        let mut state = self.state();
        if state.end.is_some() {
            return Flow::Fair;
        }
        if state.floods(bytes.len()) {
            return Flow::Flood;
        }
        let limit = state.limit;
        let Some(collector) = &mut state.outstanding else { return Flow::Fair };
        let progress = collector.feed(bytes);
        let noisy = !collector.has_begun();
        match progress {
            Progress::More => {
                if noisy {
                    let room = KEPT.saturating_sub(state.noise.len());
                    state.noise.extend(bytes.iter().take(room));
                }
                return Flow::Fair;
            }
            Progress::Complete(answer) => {
                state.outstanding = None;
                state.complete = Some(answer);
            }
            Progress::TooLarge => {
                state.outstanding = None;
                state.end = Some(End::TooLarge(limit));
            }
        }
        state.awaited = false;
        drop(state);
        self.changed.notify_one();
        Flow::Fair
    }

    /// Bytes of standard error have come.
    pub(crate) fn stderr(&self, bytes: &[u8]) -> Flow {
        let mut state = self.state();
        if state.end.is_none() && state.floods(bytes.len()) {
            return Flow::Flood;
        }
        let tail = bytes.get(bytes.len().saturating_sub(KEPT)..).unwrap_or_default();
        state.stderr.extend_from_slice(tail);
        let surplus = state.stderr.len().saturating_sub(KEPT);
        state.stderr.drain(..surplus);
        Flow::Fair
    }

    /// How the shell ended.
    pub(crate) fn exit(&self, how: Exit) {
        self.state().exit = Some(how);
    }

    /// Whether what runs there is no shell: it echoes what it is told, or has done what it had to do and ended well,
    /// without a word to the question.
    pub(crate) fn is_no_shell(&self) -> bool {
        let state = self.state();
        let echoes = state.noise.windows(VARIABLE.len()).any(|window| window == VARIABLE.as_bytes());
        echoes || state.exit == Some(Exit::Status(0))
    }

    /// Nothing more will come. The first reason stays.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(end);
            state.outstanding = None;
        }
        drop(state);
        self.changed.notify_one();
    }

    /// From now on the stream is searched for this answer.
    pub(crate) fn expect(&self, collector: Collector, limit: usize) -> Result<(), Unwilling> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Err(Unwilling::Ended(end.clone()));
        }
        if state.outstanding.is_some() {
            return Err(Unwilling::Busy);
        }
        state.outstanding = Some(collector);
        state.limit = limit;
        (state.awaited, state.unasked) = (true, 0);
        state.complete = None;
        state.stderr.clear();
        Ok(())
    }

    /// Waits for the answer that was expected, or for the end. Can be given up at any moment.
    pub(crate) async fn answer(&self) -> Result<Vec<u8>, End> {
        loop {
            {
                let mut state = self.state();
                if let Some(answer) = state.complete.take() {
                    return Ok(answer);
                }
                if let Some(end) = &state.end {
                    return Err(end.clone());
                }
            }
            self.changed.notified().await;
        }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.complete = None;
        state.awaited = false;
        if let Some(collector) = &mut state.outstanding {
            collector.forget();
        }
    }

    /// The last of stderr since the question, and how the shell ended.
    pub(crate) fn complaint(&self) -> String {
        let state = self.state();
        joined(&[&printable(&state.stderr, KEPT), &told(state.exit.as_ref())])
    }

    /// The same with what was printed before the first answer.
    pub(crate) fn complaint_at_start(&self) -> String {
        let state = self.state();
        let noise = printable(&state.noise, KEPT);
        joined(&[&noise, &printable(&state.stderr, KEPT), &told(state.exit.as_ref())])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts bytes that have come. Whether they are too many, so that this was the end.
    fn floods(&mut self, bytes: usize) -> bool {
        if self.awaited {
            return false;
        }
        self.unasked = self.unasked.saturating_add(bytes as u64);
        if self.unasked <= BORNE {
            return false;
        }
        self.end = Some(End::Flooded);
        self.outstanding = None;
        true
    }
}

fn told(exit: Option<&Exit>) -> String {
    exit.map(ToString::to_string).unwrap_or_default()
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_endless_stderr_only_the_end_is_kept() {
        let inbox = Inbox::default();
        for _ in 0..1000 {
            inbox.stderr(&[b'e'; 1000]);
            inbox.stderr(b"ee");
        }
        inbox.stderr(b" the reason");
        assert!(inbox.complaint().ends_with("the reason"));
        assert!(inbox.state().stderr.len() <= KEPT);
    }

    #[test]
    fn a_flood_that_nobody_waits_for_is_the_end() {
        let (inbox, piece) = (Inbox::default(), vec![b'x'; 1 << 20]);
        for _ in 0..8 {
            assert_eq!((inbox.stdout(&piece), inbox.stderr(&piece)), (Flow::Fair, Flow::Fair));
        }
        assert_eq!(inbox.stdout(b"x"), Flow::Flood);
        assert!(matches!(inbox.state().end, Some(End::Flooded)));
    }

    #[test]
    fn what_nobody_asked_for_is_not_kept() {
        let inbox = Inbox::default();
        for _ in 0..1000 {
            inbox.stdout(&[b'x'; 1000]);
        }
        let state = inbox.state();
        assert!(state.noise.is_empty() && state.complete.is_none());
    }
}
