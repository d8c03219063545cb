//! The servers of an OpenSSH client configuration (`ssh_config(5)`, <https://man.openbsd.org/ssh_config>), as drafts that a
//! person looks at before anything is kept.
//!
//! Nothing is executed, looked up or dialled. What is not taken over is listed with its place and the reason, because an import
//! that silently loses a `Match` block would connect to the wrong place. `ssh -G` is the oracle of the tests.
//!
//! The crate `ssh2-config` (0.9) was tried and does not serve: of an option that stands twice in a block it takes the last one
//! where `ssh` takes the first, one line it does not know or one unreadable `Include` fails the whole file, `Match` leaks, it
//! keeps no line numbers, and of what an import needs it does not read `IdentityAgent`, `IdentitiesOnly`,
//! `PreferredAuthentications`, `ProxyCommand` and a second `CertificateFile`.

mod error;
mod expand;
mod host;
mod include;
mod jump;
mod line;
mod login;
mod reason;
mod source;
mod surroundings;

use std::path::{Path, PathBuf};

use hostrounds_core::server::ServerDraft;

pub use self::error::ConfigError;
pub use self::surroundings::Surroundings;

/// The largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 20;
/// The most files that are included, all levels together.
pub const MAX_INCLUDES: usize = 50;
/// The most lines that are read, all files together.
pub const MAX_LINES: usize = 50_000;
/// The most hosts that become candidates.
pub const MAX_HOSTS: usize = 1_000;
/// The most things that are listed as skipped; what is beyond is counted in the last one.
pub const MAX_SKIPPED: usize = 500;

/// What a configuration holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Configuration {
    /// The files that were read, in the order in which they were opened.
    pub files: Vec<PathBuf>,
    /// The servers that can be taken over, in the order of the files.
    pub candidates: Vec<Candidate>,
    /// What is not taken over.
    pub skipped: Vec<Skipped>,
}

/// A host alias that can become a server.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// The alias: the word behind `Host`.
    pub alias: String,
    /// What it becomes; it has passed [`ServerDraft::checked`].
    pub draft: ServerDraft,
    /// What a person should know of it, in sentences.
    pub notes: Vec<String>,
}

/// What is not taken over. All text is fit to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
    /// What stands there, cut at 200 characters; of what may be no line of a configuration only the keyword.
    pub text: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// Reads a configuration with everything that it includes.
///
/// # Errors
/// When the file itself cannot be read, or holds more than [`MAX_FILE`] or [`MAX_LINES`]. Included files that cannot be read
/// are listed as skipped.
pub fn read(file: &Path, surroundings: &Surroundings) -> Result<Configuration, ConfigError> {
    let source = source::Source::read(file, surroundings)?;
    Ok(host::candidates(source, surroundings))
}
