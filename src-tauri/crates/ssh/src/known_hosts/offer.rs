//! A key that a server shows, and what the files say about it.

use std::path::PathBuf;

use russh::keys::{HashAlg, PublicKey};

/// A server's key, as it is shown to a person who may accept it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyOffer {
    /// The name it would be filed under: `host`, or `[host]:port` when the port is not 22.
    pub host: String,
    /// Type of the key, as OpenSSH names it: `ssh-ed25519`.
    pub algorithm: String,
    /// `SHA256:` and 43 characters, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Type and key, as they stand in a file of known hosts.
    pub openssh: String,
    /// The keys that are known of the server and that this one would take the place of; empty when none is.
    pub replaces: Vec<KnownKey>,
}

/// A key that is written in a file of known hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// The file it stands in.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Type of the key, as OpenSSH names it.
    pub algorithm: String,
    /// `SHA256:` and 43 characters.
    pub fingerprint: String,
}

/// What the files say about a server's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key stands there, or an authority that stands there vouches for it.
    Known,
    /// No key of this server stands there.
    Unknown(HostKeyOffer),
    /// Other keys of this server stand there, of whatever type.
    Changed(HostKeyOffer),
    /// The key, or the authority that signed its certificate, is marked `@revoked` for this server.
    Revoked {
        /// The key that was shown.
        offer: HostKeyOffer,
        /// The line that says so.
        entry: KnownKey,
    },
}

impl HostKeyOffer {
    pub(crate) fn new(host: &str, key: &PublicKey) -> Self {
        Self {
            host: host.to_owned(),
            algorithm: algorithm_name(key),
            fingerprint: fingerprint(key),
            openssh: bare(key),
            replaces: Vec::new(),
        }
    }
}

/// Type and key without a comment, as they stand in a file of known hosts.
pub(crate) fn bare(key: &PublicKey) -> String {
    PublicKey::new(key.key_data().clone(), "").to_openssh().unwrap_or_default()
}

pub(crate) fn algorithm_name(key: &PublicKey) -> String {
    key.algorithm().to_string()
}

pub(crate) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
