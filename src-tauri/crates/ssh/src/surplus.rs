//! How much a server sends that nobody wants, and when that is too much.
//!
//! What belongs to no shell of ours, such as data for a channel that was closed, is decrypted and thrown away. A server
//! that sends it without end would keep one core busy for as long as its session stays, so the session is ended then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Bytes that nobody wants and that are borne in a row: what may still be under way when a channel is closed is a window
/// of 2 MiB for each shell.
pub(crate) const BORNE: u64 = 16 << 20;
/// What a packet takes on the wire beyond the data in it, at most: headers, padding of up to 255 bytes, and a MAC.
const AROUND: u64 = 384;

/// The bytes of one connection that are nobody's.
#[derive(Debug, Default)]
pub(crate) struct Surplus {
    bytes: AtomicU64,
    is_counted: AtomicBool,
    waiting: AtomicUsize,
}

impl Surplus {
    /// From now on it is counted: before, while keys are exchanged and during the login, deadlines are enough.
    pub(crate) fn count(&self) {
        self.is_counted.store(true, Ordering::Relaxed);
    }

    /// So many bytes have come over the wire.
    ///
    /// # Errors
    /// When they are too many.
    pub(crate) fn came(&self, bytes: usize) -> io::Result<()> {
        if !self.is_counted.load(Ordering::Relaxed) || self.waiting.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before.saturating_add(bytes as u64) <= BORNE {
            return Ok(());
        }
        let most = BORNE >> 20;
        Err(io::Error::other(format!("the server sent more than {most} MiB that nobody had asked for")))
    }

    /// So many of them were somebody's.
    pub(crate) fn wanted(&self, bytes: usize) {
        let whole = (bytes as u64).saturating_add(AROUND);
        let less = |surplus: u64| Some(surplus.saturating_sub(whole));
        // The closure never declines.
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Somebody waits for an answer, and has a deadline: until the guard is dropped, that deadline is enough, and what came
    /// before is forgotten.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }
}

/// Somebody waits for an answer.
pub(crate) struct Waiting(Arc<Surplus>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 1 << 20;

    #[test]
    fn what_is_wanted_is_no_surplus_and_a_deadline_is_enough() {
        let surplus = Arc::new(Surplus::default());
        let flood = |pieces: usize| (0..pieces).try_for_each(|_| surplus.came(PIECE));
        flood(100).unwrap();
        surplus.count();
        for _ in 0..100 {
            surplus.came(PIECE).unwrap();
            surplus.wanted(PIECE - 100);
        }
        flood(16).unwrap();
        let waiting = surplus.wait();
        flood(100).unwrap();
        drop(waiting);
        flood(16).unwrap();
        assert!(flood(1).unwrap_err().to_string().contains("16 MiB that nobody had asked for"));
    }
}
