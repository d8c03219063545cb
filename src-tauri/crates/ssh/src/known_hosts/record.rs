//! What is known of one server, taken before its key is seen, so that the key exchange can ask for a known type.

use russh::keys::{Algorithm, PublicKey};

use super::entry::Entry;
use super::{HostKeyOffer, Verdict};

/// The lines that speak of one server.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    name: String,
    entries: Vec<Entry>,
    portless: Vec<Entry>,
}

impl Record {
    pub(crate) fn new(name: &str, entries: Vec<Entry>) -> Self {
        Self { name: name.to_owned(), entries, portless: Vec::new() }
    }

    pub(crate) fn add_portless(&mut self, entries: Vec<Entry>) {
        self.portless.extend(entries);
    }

    pub(crate) fn judge(&self, key: &PublicKey) -> Verdict {
        let offer = HostKeyOffer::new(&self.name, key);
        let same = |entry: &&Entry| entry.key.key_data() == key.key_data();
        // Withdrawn is withdrawn: no other line makes the key good again.
        if let Some(entry) = self.all().filter(|entry| entry.revoked).find(same) {
            return Verdict::Revoked { offer, entry: entry.known_key() };
        }
        if self.all().filter(|entry| !entry.revoked).any(|entry| same(&entry)) {
            return Verdict::Known;
        }
        let known: Vec<_> = self.entries.iter().filter(|entry| !entry.revoked).map(Entry::known_key).collect();
        if known.is_empty() {
            Verdict::Unknown(offer)
        } else {
            Verdict::Changed(HostKeyOffer { replaces: known, ..offer })
        }
    }

    /// Whether a key of this type is known, so that a server with several keys shows one that can be judged.
    pub(crate) fn knows_type(&self, algorithm: &Algorithm) -> bool {
        self.all().filter(|entry| !entry.revoked).any(|entry| match (entry.key.algorithm(), algorithm) {
            // An RSA key signs with any of the RSA algorithms.
            (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
            (known, wanted) => known == *wanted,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(&self.portless)
    }
}
