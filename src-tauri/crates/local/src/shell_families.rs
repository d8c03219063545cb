//! The families of this computer that a shell reads: see [`ShellFamilies`].

use hostrounds_core::observation::Observation;
use hostrounds_core::probe::{Family, Rhythm};
use hostrounds_core::time::UnixMillis;

/// The slow families that [`crate::ThisComputer`] does not read by itself: whatever asks programs, which may take long or hang,
/// and what costs more than a file or two.
///
/// Apart from it, because it blocks: for some milliseconds a family as a rule, for 20 s where a program hangs. It belongs on a
/// thread of its own, and the rhythm of the rest goes on meanwhile. It remembers counters from one reading to the next.
#[derive(Debug, Default)]
pub struct ShellFamilies {
    #[cfg(target_os = "linux")]
    readings: hostrounds_core::probe::remote::Remote,
}

impl ShellFamilies {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a family is read here.
    #[must_use]
    pub fn include(family: Family) -> bool {
        family.rhythm() != Rhythm::Routine && !matches!(family, Family::Filesystems | Family::Processes)
    }

    /// Reads those of `families` that are [included](Self::include), one after the other, as of now, which is `at`. One that
    /// cannot be read is named in [`Observation::unavailable`]. Facts are not among it.
    pub fn read(&mut self, at: UnixMillis, families: &[Family]) -> Observation {
        let mut observation = Observation::empty(at);
        for family in families.iter().copied().filter(|family| Self::include(*family)) {
            if let Err(reason) = self.family(family, &mut observation) {
                crate::miss(&mut observation, family, reason);
            }
        }
        // What it costs here is no cost of a server.
        observation.spent = None;
        observation
    }

    #[cfg(target_os = "linux")]
    fn family(&mut self, family: Family, observation: &mut Observation) -> Result<(), String> {
        use hostrounds_core::probe::remote;

        use crate::shell;

        let nonce = format!("{:032x}", rand::random::<u128>());
        let answer = shell::answer(&remote::slow_command(&[family], false, &nonce), shell::DEADLINE)?;
        self.readings.slow(&answer, &[family], &nonce, observation);
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn family(&mut self, _: Family, _: &mut Observation) -> Result<(), String> {
        Err("Not read on this operating system yet.".to_owned())
    }
}
