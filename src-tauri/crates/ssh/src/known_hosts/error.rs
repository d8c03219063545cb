//! Why a file of known hosts is of no use, or why a key does not get into it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A file of known hosts that cannot be used, or a key that it does not take.
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
