//! The files of known hosts, judged as OpenSSH judges them.
//!
//! russh's own helper ignores `@revoked`, wildcards and several keys of a type, so lines are parsed with `ssh-key`
//! and matched here. Accepted keys go into the app's own file; the user's files are only read.

mod entry;
mod pattern;
mod record;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use russh::keys::{HashAlg, PublicKey};
use thiserror::Error;

use crate::endpoint::known_host_name;
use entry::Entry;
pub(crate) use record::Record;

/// Where accepted host keys are kept, and which other files are believed.
#[derive(Debug, Clone)]
pub struct KnownHosts {
    own: PathBuf,
    read_only: Vec<PathBuf>,
}

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
    /// The key stands there.
    Known,
    /// No key of this server stands there.
    Unknown(HostKeyOffer),
    /// Other keys of this server stand there, of whatever type.
    Changed(HostKeyOffer),
    /// The key is marked `@revoked` for this server.
    Revoked {
        /// The key that was shown.
        offer: HostKeyOffer,
        /// The line that says so.
        entry: KnownKey,
    },
}

/// A file of known hosts that is of no use.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KnownHostsError {
    /// The app's own file is there and cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The app's own file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// What was offered is no public key.
    #[error("this is not a public key: {reason}")]
    NotAKey {
        /// What was wrong with it.
        reason: String,
    },
    /// The name cannot be written into a file of known hosts.
    #[error("{host:?} cannot be written into a file of known hosts")]
    BadName {
        /// The name.
        host: String,
    },
    /// Another key of this server is known: this one is not accepted on top.
    #[error("{host} is known with another key ({}:{})", file.display(), line)]
    Contradicted {
        /// The name of the server.
        host: String,
        /// The file that says so.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// The key is marked as stolen or withdrawn: it is never accepted.
    #[error("this key of {host} is revoked ({}:{})", file.display(), line)]
    Revoked {
        /// The name of the server.
        host: String,
        /// The file that says so.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// What is known of the server is no longer what a person was shown.
    #[error("the known keys of {host} have changed since the new key was shown")]
    Outdated {
        /// The name of the server.
        host: String,
    },
}

impl KnownHostsError {
    /// One sentence that says what a person can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { path, .. } | Self::Write { path, .. } => {
                format!("Make the file yours and writable: `chmod 600 '{}'` as its owner.", path.display())
            }
            Self::NotAKey { .. } => "Connect again, and accept the key that is shown then.".into(),
            Self::BadName { .. } => "Correct the name of the host.".into(),
            Self::Contradicted { .. } => {
                "If the server was set up anew, compare both fingerprints and replace the old key.".into()
            }
            Self::Revoked { .. } => "Give the server a new host key; this one was withdrawn.".into(),
            Self::Outdated { .. } => "Connect again, and decide about the keys that are shown then.".into(),
        }
    }
}

impl HostKeyOffer {
    pub(crate) fn new(host: &str, key: &PublicKey) -> Self {
        let bare = PublicKey::new(key.key_data().clone(), "");
        Self {
            host: host.to_owned(),
            algorithm: algorithm_name(key),
            fingerprint: fingerprint(key),
            openssh: bare.to_openssh().unwrap_or_default(),
            replaces: Vec::new(),
        }
    }
}

impl KnownHosts {
    /// Accepted keys go into `own`; `read_only` files are believed but never written.
    pub fn new(own: PathBuf, read_only: Vec<PathBuf>) -> Self {
        Self { own, read_only }
    }

    /// The same with the files that OpenSSH reads: `known_hosts` and `known_hosts2` in `~/.ssh` and `/etc/ssh`.
    pub fn system(own: PathBuf) -> Self {
        let mut read_only = Vec::new();
        if let Some(home) = std::env::home_dir() {
            read_only.extend(["known_hosts", "known_hosts2"].map(|name| home.join(".ssh").join(name)));
        }
        read_only.extend(["ssh_known_hosts", "ssh_known_hosts2"].map(|name| Path::new("/etc/ssh").join(name)));
        Self::new(own, read_only)
    }

    /// Judges a key, given as `ssh-ed25519 AAAA...`, that a server at `host` and `port` showed.
    ///
    /// # Errors
    /// When `key` is not a public key, or the app's own file is there but cannot be read.
    pub fn judge(&self, host: &str, port: u16, key: &str) -> Result<Verdict, KnownHostsError> {
        let key = parse_key(key)?;
        Ok(self.record(host, port)?.judge(&key))
    }

    /// Writes the offered key into the app's own file, mode 0600 in a directory of mode 0700. Once is enough: a key
    /// that is known already is not written again.
    ///
    /// # Errors
    /// When the key contradicts what is known (changed or revoked keys are never accepted), when the offer is not a
    /// proper one, or when the file cannot be written.
    pub fn accept(&self, offer: &HostKeyOffer) -> Result<(), KnownHostsError> {
        let key = parse_key(&offer.openssh)?;
        if !pattern::is_plain_name(&offer.host) {
            return Err(KnownHostsError::BadName { host: offer.host.clone() });
        }
        let mut file = self.open_own().map_err(|source| self.write_error(source))?;
        // Two programs may accept at the same time: whoever holds the lock reads and appends as one.
        file.lock().map_err(|source| self.write_error(source))?;
        match self.record_of_name(&offer.host)?.judge(&key) {
            Verdict::Known => Ok(()),
            Verdict::Unknown(offer) => append(&mut file, &format!("{} {}", offer.host, offer.openssh))
                .map_err(|source| self.write_error(source)),
            Verdict::Changed(offer) => {
                let (file, line) = offer.replaces.first().map(|key| (key.file.clone(), key.line)).unwrap_or_default();
                Err(KnownHostsError::Contradicted { host: offer.host, file, line })
            }
            Verdict::Revoked { offer, entry } => {
                Err(KnownHostsError::Revoked { host: offer.host, file: entry.file, line: entry.line })
            }
        }
    }

    /// Puts the offered key in the place of those it [replaces](HostKeyOffer::replaces). Those of the app's own file
    /// are removed; those of other files stay where they are and no longer count for this server, which is written
    /// down in the app's own file.
    ///
    /// # Errors
    /// When the key is revoked, when other keys are known than the offer names, when the offer is not a proper one, or
    /// when the file cannot be written.
    pub fn replace(&self, offer: &HostKeyOffer) -> Result<(), KnownHostsError> {
        self.accept(offer)
    }

    /// Everything the files say about one server.
    pub(crate) fn record(&self, host: &str, port: u16) -> Result<Record, KnownHostsError> {
        let mut record = self.record_of_name(&known_host_name(host, port))?;
        if port != 22 {
            // As ssh does: a key filed without the port is good on every port, but proves nothing against another.
            record.add_portless(self.entries(&known_host_name(host, 22))?);
        }
        Ok(record)
    }

    fn record_of_name(&self, name: &str) -> Result<Record, KnownHostsError> {
        Ok(Record::new(name, self.entries(name)?))
    }

    fn entries(&self, name: &str) -> Result<Vec<Entry>, KnownHostsError> {
        let mut entries = Vec::new();
        match fs::read(&self.own) {
            Ok(bytes) => entries.extend(entry::of_host(&self.own, &bytes, name)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(KnownHostsError::Read { path: self.own.clone(), source }),
        }
        for path in &self.read_only {
            // A file of someone else's that cannot be read is passed over, as ssh does: fewer keys are known then.
            if let Ok(bytes) = fs::read(path) {
                entries.extend(entry::of_host(path, &bytes, name));
            }
        }
        Ok(entries)
    }

    fn write_error(&self, source: io::Error) -> KnownHostsError {
        KnownHostsError::Write { path: self.own.clone(), source }
    }

    fn open_own(&self) -> io::Result<File> {
        if let Some(folder) = self.own.parent() {
            create_private_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.own)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file)
    }
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// One write, so that a reader never sees half a line, and a line that lost its end is not lengthened.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let mut before = Vec::new();
    file.read_to_end(&mut before)?;
    let gap = if before.last().is_none_or(|byte| *byte == b'\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{line}\n").as_bytes())?;
    file.sync_all()
}

fn parse_key(key: &str) -> Result<PublicKey, KnownHostsError> {
    PublicKey::from_openssh(key).map_err(|error| KnownHostsError::NotAKey { reason: error.to_string() })
}

fn algorithm_name(key: &PublicKey) -> String {
    key.algorithm().to_string()
}

pub(crate) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
