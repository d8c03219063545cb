//! Why a command was not carried out, and with which code the process ends then.

use std::io;
use std::process::ExitCode;

use hostrounds_core::collection::Failure;
use hostrounds_core::server::FieldError;
use hostrounds_engine::api::export::ExportError;
use hostrounds_engine::api::view::{ApiError, ErrorCode, Trouble};
use serde::Serialize;

/// The failures that lie with this computer.
const OURS: [&str; 5] =
    ["keyring_unavailable", "known_hosts_unusable", "lock_unusable", "collected_elsewhere", "internal"];

/// With whom the cause of failed visits lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Blame {
    /// With a server, or the way to it.
    Server,
    /// With this computer alone: the failure says nothing about the server.
    ThisComputer,
}

/// The end of a command that was not carried out, or not well.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The engine refused.
    Engine(ApiError),
    /// What was typed does not fit together.
    Usage {
        /// What does not fit.
        message: String,
        /// What would.
        hint: String,
    },
    /// Visits failed, and that has been told already.
    Failed(Blame),
    /// A server's host key is not, or must not be, accepted.
    HostKey {
        /// Why not.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The command was carried out, but something that it needs is in trouble.
    Troubles(Vec<Trouble>),
    /// This computer did not do what was asked of it.
    Machine {
        /// What did not work.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// A signal ended the command before it was done.
    Stopped,
    /// The output cannot be written.
    Output(io::Error),
}

/// How a problem is told with `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDocument<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) fields: &'a [FieldError],
}

impl Problem {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn host_key(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::HostKey { message: message.into(), hint: hint.into() }
    }

    /// What failed visits come to; nothing where none failed. A server that failed counts for more than this computer.
    pub(crate) fn of_failures<'a>(failures: impl IntoIterator<Item = &'a Failure>) -> Option<Self> {
        let blames = failures
            .into_iter()
            .map(|failure| if OURS.contains(&failure.code.as_str()) { Blame::ThisComputer } else { Blame::Server });
        blames.reduce(|one, other| if other == Blame::Server { other } else { one }).map(Self::Failed)
    }

    /// Whoever read the output has seen enough.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        let number = match self {
            Self::Failed(Blame::Server) | Self::HostKey { .. } => 1,
            Self::Usage { .. } => 2,
            Self::Engine(error) => match error.code {
                ErrorCode::Invalid
                | ErrorCode::NotFound
                | ErrorCode::NameTaken
                | ErrorCode::LocalServer
                | ErrorCode::ScheduleHeld
                | ErrorCode::InUse => 2,
                ErrorCode::HostKeyChanged => 1,
                ErrorCode::Keyring
                | ErrorCode::Store
                | ErrorCode::KnownHosts
                | ErrorCode::SshConfig
                | ErrorCode::Export => 3,
                ErrorCode::StoreDamaged | ErrorCode::Backup | ErrorCode::Config => 3,
            },
            // As a shell tells that a program was ended by Ctrl+C.
            Self::Stopped => 130,
            Self::Output(_) if self.is_closed_pipe() => 0,
            Self::Failed(Blame::ThisComputer) | Self::Troubles(_) | Self::Machine { .. } | Self::Output(_) => 3,
        };
        ExitCode::from(number)
    }

    /// The problem in words; nothing where it has been told already or nobody wants to know.
    pub(crate) fn words(&self) -> Option<ProblemDocument<'_>> {
        let plain = |code, message: &str, hint: &str| {
            Some(ProblemDocument { code, message: message.to_owned(), hint: hint.to_owned(), fields: &[] })
        };
        match self {
            Self::Failed(_) => None,
            Self::Output(_) if self.is_closed_pipe() => None,
            Self::Engine(error) => Some(ProblemDocument {
                code: code_name(error.code),
                message: error.message.clone(),
                hint: error.hint.clone(),
                fields: &error.fields,
            }),
            Self::Usage { message, hint } => plain("usage", message, hint),
            Self::HostKey { message, hint } => plain("host_key", message, hint),
            Self::Troubles(troubles) => troubles.first().map(|first| ProblemDocument {
                code: &first.code,
                message: troubles.iter().map(|trouble| trouble.message.as_str()).collect::<Vec<_>>().join(" "),
                hint: first.hint.clone(),
                fields: &[],
            }),
            Self::Machine { what, error } => {
                plain("machine", &format!("{what}: {error}."), "Look at the limits and the log of this computer.")
            }
            Self::Stopped => plain("stopped", "It was stopped before it was done.", "Nothing incomplete is left."),
            Self::Output(error) => plain(
                "output",
                &format!("The output cannot be written: {error}."),
                "Look at the free space and the permissions of where it goes.",
            ),
        }
    }
}

/// The name under which a code crosses to the window too.
fn code_name(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Invalid => "invalid",
        ErrorCode::NotFound => "not_found",
        ErrorCode::NameTaken => "name_taken",
        ErrorCode::LocalServer => "local_server",
        ErrorCode::Keyring => "keyring",
        ErrorCode::Store => "store",
        ErrorCode::ScheduleHeld => "schedule_held",
        ErrorCode::KnownHosts => "known_hosts",
        ErrorCode::HostKeyChanged => "host_key_changed",
        ErrorCode::SshConfig => "ssh_config",
        ErrorCode::Export => "export",
        ErrorCode::StoreDamaged => "store_damaged",
        ErrorCode::InUse => "in_use",
        ErrorCode::Backup => "backup",
        ErrorCode::Config => "config",
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self::Engine(error)
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Stream(error) => Self::Output(error),
            other => Self::Engine(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use hostrounds_core::collection::Stage;

    use super::*;

    #[test]
    fn the_names_of_codes_are_those_of_the_contract() {
        for code in [
            ErrorCode::Invalid,
            ErrorCode::NotFound,
            ErrorCode::NameTaken,
            ErrorCode::LocalServer,
            ErrorCode::Keyring,
            ErrorCode::Store,
            ErrorCode::ScheduleHeld,
            ErrorCode::KnownHosts,
            ErrorCode::HostKeyChanged,
            ErrorCode::SshConfig,
            ErrorCode::Export,
            ErrorCode::StoreDamaged,
            ErrorCode::InUse,
            ErrorCode::Backup,
            ErrorCode::Config,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code_name(code));
        }
    }

    #[test]
    fn a_server_that_failed_counts_for_more_than_this_computer() {
        let failure = |code: &str| Failure {
            code: code.into(),
            stage: Stage::Login,
            message: String::new(),
            hint: String::new(),
            remedy: None,
            hop: None,
            retryable: false,
        };
        let [ours, theirs] = [failure("keyring_unavailable"), failure("connection_refused")];
        let blame = |failures: &[&Failure]| match Problem::of_failures(failures.iter().copied()) {
            Some(Problem::Failed(blame)) => Some(blame),
            _ => None,
        };
        assert_eq!(blame(&[]), None);
        assert_eq!(blame(&[&ours, &ours]), Some(Blame::ThisComputer));
        assert_eq!(blame(&[&ours, &theirs]), Some(Blame::Server));
        assert_eq!(blame(&[&theirs, &ours]), Some(Blame::Server));
    }
}
