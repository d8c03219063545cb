//! What is known of one server, taken before its key is seen, so that the key exchange can ask for a known type.

use std::time::SystemTime;

use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, Certificate, PublicKey, PublicKeyOrCertificate};

use super::certificate;
use super::entry::{Entry, Origin};
use super::line::Marker;
use super::offer::{HostKeyOffer, Verdict, fingerprint};
use super::pattern::Reach;

/// The lines that speak of one server.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    name: String,
    exact: Vec<Entry>,
    /// As ssh does: where nothing is known of the host on this port, what is known of it without a port counts.
    portless: Vec<Entry>,
    overruled: Vec<String>,
}

/// The host in `[host]:port`; `None` where a name has no port.
pub(crate) fn portless(name: &str) -> Option<&str> {
    name.strip_prefix('[').and_then(|rest| rest.rsplit_once("]:")).map(|(host, _)| host)
}

impl Record {
    /// `exact` speaks of `name`, which is `host` or `[host]:port`; `portless` of the host alone. Keys whose fingerprint
    /// is among `overruled` are not the server's any more, whoever says so.
    pub(crate) fn new(name: &str, exact: Vec<Entry>, portless: Vec<Entry>, overruled: Vec<String>) -> Self {
        let stands = |entry: &Entry| entry.marker != Marker::Plain || !overruled.contains(&fingerprint(&entry.key));
        Self {
            name: name.to_owned(),
            exact: exact.into_iter().filter(stands).collect(),
            portless: portless.into_iter().filter(stands).collect(),
            overruled,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What OpenSSH's `check_host_key` says: of the certificate first, if there is one, and where nobody who is trusted
    /// vouches for it, of the key inside.
    pub(crate) fn judge(&self, shown: &PublicKeyOrCertificate) -> Verdict {
        let key = shown.public_key();
        let of_certificate = shown.certificate().and_then(|certificate| self.judge_certificate(certificate, &key));
        of_certificate.unwrap_or_else(|| self.judge_key(&key))
    }

    fn judge_certificate(&self, certificate: &Certificate, key: &PublicKey) -> Option<Verdict> {
        let authority = certificate.signature_key();
        for lines in [&self.exact, &self.portless] {
            let revoked = [key.key_data(), authority].into_iter().find_map(|key| find(lines, Marker::Revoked, key));
            if let Some(entry) = revoked {
                return Some(self.revoked(key, entry));
            }
            if find(lines, Marker::Authority, authority).is_some() {
                let host = portless(&self.name).unwrap_or(&self.name);
                return certificate::holds(certificate, host, SystemTime::now()).then_some(Verdict::Known);
            }
        }
        None
    }

    fn judge_key(&self, key: &PublicKey) -> Verdict {
        for lines in [&self.exact, &self.portless] {
            // Withdrawn is withdrawn: no other line makes the key good again.
            if let Some(entry) = find(lines, Marker::Revoked, key.key_data()) {
                return self.revoked(key, entry);
            }
            if find(lines, Marker::Plain, key.key_data()).is_some() {
                return Verdict::Known;
            }
            if lines.iter().any(|entry| entry.marker == Marker::Plain) {
                break;
            }
        }
        let offer = HostKeyOffer::new(&self.name, key);
        let plain = self.exact.iter().filter(|entry| entry.marker == Marker::Plain);
        let replaces: Vec<_> = plain.map(Entry::known_key).collect();
        if replaces.is_empty() { Verdict::Unknown(offer) } else { Verdict::Changed(HostKeyOffer { replaces, ..offer }) }
    }

    fn revoked(&self, key: &PublicKey, entry: &Entry) -> Verdict {
        Verdict::Revoked { offer: HostKeyOffer::new(&self.name, key), entry: entry.known_key() }
    }

    /// The place of a type of key among those that are asked for, so that a server with several keys shows one that can
    /// be judged: types that are known of it come first, then those that are known of its host without the port.
    pub(crate) fn rank(&self, algorithm: &Algorithm) -> usize {
        let knows = |lines: &&Vec<Entry>| {
            let mut plain = lines.iter().filter(|entry| entry.marker == Marker::Plain);
            plain.any(|entry| match (entry.key.algorithm(), algorithm) {
                // An RSA key signs with any of the RSA algorithms.
                (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
                (known, wanted) => known == *wanted,
            })
        };
        let tiers = [&self.exact, &self.portless];
        tiers.iter().position(knows).unwrap_or(tiers.len())
    }

    /// Whether a certificate of this server could be judged at all.
    pub(crate) fn has_authority(&self) -> bool {
        self.exact.iter().chain(&self.portless).any(|entry| entry.marker == Marker::Authority)
    }

    /// Whether further keys of the server may be learned from a session whose own key is `key`: OpenSSH's rules for
    /// `UpdateHostKeys` (ssh_config(5)). The key must stand under the very name of the server in the app's or the
    /// user's file; the computer's files and authorities are in the care of somebody who is not to be bypassed.
    pub(crate) fn learns_by(&self, key: &PublicKey) -> bool {
        let by_name = |entry: &Entry| {
            entry.marker == Marker::Plain
                && entry.key.key_data() == key.key_data()
                && entry.reach != Reach::Wild
                && entry.origin != Origin::Global
        };
        !self.has_authority() && self.judge_key(key) == Verdict::Known && self.exact.iter().any(by_name)
    }

    /// Those of `keys` that nothing is known about yet, for good or ill.
    pub(crate) fn new_among<'a>(&self, keys: &'a [PublicKey]) -> Vec<&'a PublicKey> {
        let is_revoked = |key: &PublicKey| find(&self.portless, Marker::Revoked, key.key_data()).is_some();
        let is_known = |key: &PublicKey| self.exact.iter().any(|entry| entry.key.key_data() == key.key_data());
        let is_overruled = |key: &PublicKey| self.overruled.contains(&fingerprint(key));
        keys.iter().filter(|key| !is_known(key) && !is_revoked(key) && !is_overruled(key)).collect()
    }

    /// The lines of the app's own file that speak of this server alone, with keys that are not among `keys`.
    pub(crate) fn own_lines_without(&self, keys: &[PublicKey]) -> impl Iterator<Item = &Entry> {
        self.exact.iter().filter(|entry| {
            entry.origin == Origin::Own
                && entry.marker == Marker::Plain
                && entry.reach == Reach::One
                && !keys.iter().any(|key| key.key_data() == entry.key.key_data())
        })
    }
}

fn find<'a>(entries: &'a [Entry], marker: Marker, key: &KeyData) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.marker == marker && entry.key.key_data() == key)
}
