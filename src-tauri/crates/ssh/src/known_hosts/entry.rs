//! What a file of known hosts says about one host.

use std::path::{Path, PathBuf};

use russh::keys::PublicKey;

use super::line::{Line, Marker};
use super::offer::{KnownKey, algorithm_name, fingerprint};
use super::pattern::{Reach, reach};

/// Whose file a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The app's own.
    Own,
    /// The user's; read, never written.
    User,
    /// The computer's; read, never written.
    Global,
}

/// A line that speaks of the host that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) origin: Origin,
    pub(crate) file: PathBuf,
    pub(crate) number: usize,
    pub(crate) marker: Marker,
    pub(crate) reach: Reach,
    pub(crate) key: PublicKey,
}

impl Entry {
    pub(crate) fn known_key(&self) -> KnownKey {
        KnownKey {
            file: self.file.clone(),
            line: self.number,
            algorithm: algorithm_name(&self.key),
            fingerprint: fingerprint(&self.key),
        }
    }
}

/// The lines of `text` that speak of `name`. Keys are parsed only where the name fits: most lines of a large file speak
/// of others.
pub(crate) fn of_host(origin: Origin, file: &Path, text: &[u8], name: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let Some(line) = Line::split(line) else { continue };
        let Some(reach) = reach(line.hosts, name) else { continue };
        let Some(key) = line.key() else { continue };
        let (file, number) = (file.to_owned(), index.saturating_add(1));
        entries.push(Entry { origin, file, number, marker: line.marker, reach, key });
    }
    entries
}
