//! The readings of this computer, in the same metrics as those of a server.
//!
//! `sysinfo` reads what it knows on every system. On Linux the routine families are read from `/proc` by the parsers that
//! servers are read with: `sysinfo` does not tell CPU time by mode, cached memory, dropped packets, disk operations and file
//! handles, and one reading of the seven files costs less than its own of fewer values.

mod facts;
mod filesystems;
mod portable;
mod proc_files;
mod processes;
#[cfg(target_os = "linux")]
mod shell;
mod shell_families;

use hostrounds_core::observation::{Facts, Observation, Unavailable};
use hostrounds_core::probe::{Family, Rhythm};
use hostrounds_core::time::UnixMillis;

pub use shell_families::ShellFamilies;

/// This computer, with the counters of its latest reading.
#[derive(Debug)]
pub struct ThisComputer {
    routine: Routine,
    processes: processes::Processes,
    facts: Facts,
}

#[derive(Debug)]
enum Routine {
    ProcFiles(proc_files::ProcFiles),
    Portable(portable::Portable),
}

impl ThisComputer {
    /// Reads what never changes, and nothing else yet. Blocks for some milliseconds.
    #[must_use]
    pub fn new() -> Self {
        let routine = if cfg!(target_os = "linux") {
            Routine::ProcFiles(proc_files::ProcFiles::default())
        } else {
            Routine::Portable(portable::Portable::new())
        };
        Self { routine, processes: processes::Processes::new(), facts: facts::read() }
    }

    /// Whether there is nothing yet to take rates from: it is then read twice, a second apart, and the observation of the
    /// first reading is thrown away.
    #[must_use]
    pub fn needs_second_reading(&self) -> bool {
        match &self.routine {
            Routine::ProcFiles(files) => files.needs_second_reading(),
            Routine::Portable(portable) => portable.needs_second_reading(),
        }
    }

    /// Reads the routine families, and of `slow` the filesystems and the processes (the others are those of
    /// [`ShellFamilies`]), as of now, which is `at`. What is in `off` is not read. The facts are always in the observation.
    ///
    /// Blocks: for less than a millisecond without `slow`; with it, a filesystem that hangs can hold it up for any time.
    pub fn read(&mut self, at: UnixMillis, slow: &[Family], off: &[Family]) -> Observation {
        let mut observation = Observation::empty(at);
        let routine: Vec<Family> = Family::ALL
            .iter()
            .copied()
            .filter(|family| family.rhythm() == Rhythm::Routine && !off.contains(family))
            .collect();
        match &mut self.routine {
            Routine::ProcFiles(files) => files.read(&routine, &mut observation),
            Routine::Portable(portable) => portable.read(&routine, &mut observation),
        }
        let wanted = |family: Family| slow.contains(&family) && !off.contains(&family);
        if wanted(Family::Filesystems) {
            filesystems::read(&mut observation);
        }
        if wanted(Family::Processes) {
            self.processes.read(&mut observation);
        }
        observation.facts = Some(self.facts.clone());
        observation
    }
}

impl Default for ThisComputer {
    fn default() -> Self {
        Self::new()
    }
}

fn miss(observation: &mut Observation, family: Family, reason: impl Into<String>) {
    observation.unavailable.push(Unavailable::all(family, reason));
}
