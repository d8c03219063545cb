//! The routine families on Linux: the files of `/proc` and the parsers that servers are read with.

use std::fs;

use hostrounds_core::observation::Observation;
use hostrounds_core::probe::routine::{Files, PATHS, Routine};
use hostrounds_core::probe::{Family, disk_io, file_handles, load, memory, network, pressure};

/// The counters of the latest reading.
#[derive(Debug, Default)]
pub(crate) struct ProcFiles {
    routine: Routine,
}

impl ProcFiles {
    pub(crate) fn needs_second_reading(&self) -> bool {
        self.routine.needs_second_reading()
    }

    /// Adds `families`. The files of others are left alone, except those that the rates of all are reckoned with.
    pub(crate) fn read(&mut self, families: &[Family], observation: &mut Observation) {
        let wanted = |path| family(path).is_none_or(|family| families.contains(&family));
        let contents = PATHS.map(|path| (path, wanted(path).then(|| fs::read(path).ok()).flatten()));
        let texts = contents.each_ref().map(|(path, bytes)| (path, bytes.as_deref().map(String::from_utf8_lossy)));
        let mut files = Files::default();
        for (path, text) in &texts {
            if let Some(text) = text {
                files.set(path, text);
            }
        }
        self.routine.read(&files, families, observation);
    }
}

/// The only family that needs a file; nothing where several do.
fn family(path: &str) -> Option<Family> {
    match path {
        load::PATH => Some(Family::Load),
        memory::PATH => Some(Family::Memory),
        disk_io::PATH => Some(Family::DiskIo),
        network::PATH => Some(Family::Network),
        file_handles::PATH => Some(Family::FileHandles),
        pressure::CPU | pressure::MEMORY | pressure::IO => Some(Family::Pressure),
        _ => None,
    }
}
