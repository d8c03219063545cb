//! One line of a file of known hosts.

use std::path::{Path, PathBuf};

use russh::keys::PublicKey;
use russh::keys::ssh_key::known_hosts::{Entry as Line, Marker};

use super::{KnownKey, algorithm_name, fingerprint, pattern};

/// A line that speaks of the host that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) file: PathBuf,
    pub(crate) number: usize,
    pub(crate) revoked: bool,
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

/// The lines of `bytes` that speak of `name`. Lines that make no sense are passed over, as ssh does. So are
/// authorities: they vouch for certificates, and a server here always shows a plain key.
pub(crate) fn of_host(file: &Path, bytes: &[u8], name: &str) -> Vec<Entry> {
    let text = String::from_utf8_lossy(bytes);
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(line) = parse(line) else { continue };
        if line.marker() == Some(&Marker::CertAuthority) || !pattern::matches(line.host_patterns(), name) {
            continue;
        }
        entries.push(Entry {
            file: file.to_owned(),
            number: index.saturating_add(1),
            revoked: line.marker() == Some(&Marker::Revoked),
            key: line.public_key().clone(),
        });
    }
    entries
}

/// ssh allows any run of blanks and tabs between the fields, the parser a single blank; comments are of no interest.
fn parse(line: &str) -> Option<Line> {
    let fields = if line.trim_start().starts_with('@') { 4 } else { 3 };
    let words: Vec<&str> = line.split_whitespace().take(fields).collect();
    let first = words.first()?;
    if first.starts_with('#') || words.len() < fields {
        return None;
    }
    words.join(" ").parse().ok()
}
