//! Why a configuration cannot be read at all.

use std::path::PathBuf;

use hostrounds_core::text;

/// Why a configuration cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("There is no SSH configuration at {}.", shown(.0))]
    Missing(PathBuf),
    /// It is a directory, a device or a pipe.
    #[error("{} is not a file.", shown(.0))]
    NotAFile(PathBuf),
    /// It may not be read, or the disk fails.
    #[error("{} cannot be read: {error}.", shown(.path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is larger than [`crate::MAX_FILE`], or has with its includes more than [`crate::MAX_LINES`].
    #[error("{} is too large for an SSH configuration.", shown(.0))]
    TooLarge(PathBuf),
    /// It is somebody's key.
    #[error("{} holds a private key.", shown(.0))]
    PrivateKey(PathBuf),
    /// This user has no home directory or no name.
    #[error("The {0} of this user is not known.")]
    NobodyHere(&'static str),
}

impl ConfigError {
    /// A stable name in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "ssh_config_missing",
            Self::NotAFile(_) => "ssh_config_not_a_file",
            Self::Unreadable { .. } => "ssh_config_unreadable",
            Self::TooLarge(_) => "ssh_config_too_large",
            Self::PrivateKey(_) => "ssh_config_private_key",
            Self::NobodyHere(_) => "user_unknown",
        }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::NotAFile(_) | Self::PrivateKey(_) => {
                "Name the file that `ssh -F` would be given, or add the servers one by one."
            }
            Self::Unreadable { .. } => "Look at the permissions of the file and of the folders above it.",
            Self::TooLarge(_) => {
                "At most 1 MiB and 50,000 lines are read. Name a smaller file with the hosts that matter."
            }
            Self::NobodyHere(_) => "Set HOME, and look at the entry of this user in /etc/passwd.",
        }
    }
}

fn shown(path: &std::path::Path) -> String {
    text::neutralised(&path.to_string_lossy(), 1_000)
}
