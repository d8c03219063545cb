//! Why an answer did not come, and what a person can do about it.

use std::time::Duration;

use thiserror::Error;

use crate::quote::quoted;
use crate::step::Step;
use crate::surplus::BORNE;

/// A shell that could not be opened, or a question that was not answered.
///
/// Text from the server inside a message is bounded and holds no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShellError {
    /// The account has no usable `sh`.
    #[error("the account has no usable shell: {printed}")]
    Unavailable {
        /// The account.
        user: String,
        /// What was printed instead, and how it ended.
        printed: String,
    },
    /// The server lets the account in and runs no command for it.
    #[error("the server runs no command for {user}")]
    ExecRefused {
        /// The account.
        user: String,
    },
    /// Something else than a shell runs for this key or account, and does not know what it is asked.
    #[error("a forced command runs instead of a shell, and does not answer{}", said(printed))]
    ForcedCommand {
        /// What it printed, and how it ended.
        printed: String,
    },
    /// The server does not let another channel open.
    #[error("the server opens no further channel: {reason}")]
    ChannelRefused {
        /// What the server said.
        reason: String,
    },
    /// `sh` did not come up in time.
    #[error("no shell after {} s{}", after.as_secs_f32(), said(printed))]
    StartTimeout {
        /// How long was waited.
        after: Duration,
        /// What was printed meanwhile.
        printed: String,
    },
    /// No complete answer in time. The shell stays usable: it answers [`ShellError::StillBusy`] until the old answer
    /// is complete.
    #[error("no answer within {} s{}", after.as_secs_f32(), said(stderr))]
    Timeout {
        /// How long was waited.
        after: Duration,
        /// The end of what was written to stderr.
        stderr: String,
    },
    /// An earlier question is still being answered.
    #[error("an earlier command still runs on the server")]
    StillBusy,
    /// The answer was larger than allowed. The shell is closed.
    #[error("the answer is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit that was given.
        max_bytes: usize,
    },
    /// Something in the shell printed on and on while no question was under way. The shell is closed.
    #[error("the shell printed more than {} MiB that nobody had asked for", BORNE >> 20)]
    Flooded,
    /// The shell ended.
    #[error("the shell ended{}", said(stderr))]
    Ended {
        /// The end of what was written to stderr, and the exit status when it was told.
        stderr: String,
    },
    /// The connection is gone.
    #[error("the connection was lost: {reason}")]
    Disconnected {
        /// The server's farewell, or what the operating system said.
        reason: String,
    },
}

impl ShellError {
    /// Always the last stage.
    pub fn step(&self) -> Step {
        Step::Shell
    }

    /// A stable name of the case, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "shell_unavailable",
            Self::ExecRefused { .. } => "exec_refused",
            Self::ForcedCommand { .. } => "forced_command",
            Self::ChannelRefused { .. } => "channel_refused",
            Self::StartTimeout { .. } => "shell_timeout",
            Self::Timeout { .. } => "answer_timeout",
            Self::StillBusy => "still_busy",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Flooded => "shell_flooded",
            Self::Ended { .. } => "shell_ended",
            Self::Disconnected { .. } => "disconnected",
        }
    }

    /// One sentence that says what a person can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Unavailable { .. } => "Give the account a login shell on the server, or use another account.",
            Self::ExecRefused { .. } => {
                "Allow the account to run commands: look at its line in authorized_keys and at the server's settings for it."
            }
            Self::ForcedCommand { .. } => {
                "Remove `command=` from the key's line in authorized_keys (or `ForceCommand` from the sshd_config), or have it run what Hostrounds needs to read metrics."
            }
            Self::ChannelRefused { .. } => "Raise `MaxSessions` in the server's sshd_config.",
            Self::StartTimeout { .. } => {
                "Log in by hand and see what the account's start-up files wait for (.bashrc, .cshrc, config.fish)."
            }
            Self::Timeout { .. } => "Check the server's load and its network mounts; a hanging NFS mount stops `df`.",
            Self::StillBusy => "Wait, or look for a hanging command on the server.",
            Self::TooLarge { .. } => "Switch off the metric that answers too much, or look at what the server sends.",
            Self::Flooded => "Look for what the account's start-up files leave running in the background, or for a command that never ends.",
            Self::Ended { .. } => "Look at the server's log; the shell may have been killed for want of memory.",
            Self::Disconnected { .. } => "Check the network and the server; the connection is opened anew.",
        }
        .into()
    }

    /// A command to run on the server or a line for its configuration, as it can be copied, if there is one that fits.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Unavailable { user, .. } => Some(format!("chsh -s /bin/sh -- {}", quoted(user))),
            Self::ChannelRefused { .. } => Some("MaxSessions 10".into()),
            Self::ForcedCommand { .. }
            | Self::ExecRefused { .. }
            | Self::StartTimeout { .. }
            | Self::Timeout { .. }
            | Self::StillBusy
            | Self::TooLarge { .. }
            | Self::Flooded
            | Self::Ended { .. }
            | Self::Disconnected { .. } => None,
        }
    }

    /// Whether the same can succeed when tried again soon, on this shell or a new one.
    pub fn retryable(&self) -> bool {
        !matches!(
            self,
            Self::Unavailable { .. } | Self::ExecRefused { .. } | Self::ForcedCommand { .. } | Self::TooLarge { .. }
        )
    }

    /// Whether the shell that answered so is of no further use.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Timeout { .. } | Self::StillBusy)
    }
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
