//! The routine families on Linux: the files of `/proc` and the parsers that servers are read with.

use std::fs;

use hostrounds_core::observation::Observation;
use hostrounds_core::probe::routine::{Files, PATHS, Routine};

/// The counters of the latest reading.
#[derive(Debug, Default)]
pub(crate) struct ProcFiles {
    routine: Routine,
}

impl ProcFiles {
    pub(crate) fn needs_second_reading(&self) -> bool {
        self.routine.needs_second_reading()
    }

    pub(crate) fn read(&mut self, observation: &mut Observation) {
        let contents = PATHS.map(|path| (path, fs::read(path).ok()));
        let texts = contents.each_ref().map(|(path, bytes)| (path, bytes.as_deref().map(String::from_utf8_lossy)));
        let mut files = Files::default();
        for (path, text) in &texts {
            if let Some(text) = text {
                files.set(path, text);
            }
        }
        self.routine.read(&files, hostrounds_core::probe::Family::ALL, observation);
    }
}
