//! What can go wrong on a visit, as one [`Failure`] with its stage, its cause and the remedy.

use std::time::Duration;

use hostrounds_core::collection::{Failure, Stage};
use hostrounds_ssh::{ConnectError, RouteError, ShellError, Step};

use crate::credentials::CredentialError;
use crate::quote::quoted;

/// The code of a keyring that cannot be used, as a failure and as a trouble.
pub(crate) const KEYRING_UNAVAILABLE: &str = "keyring_unavailable";

/// The stage that a step of the SSH crate is.
pub(crate) fn stage_of(step: Step) -> Stage {
    match step {
        Step::Resolve => Stage::Resolve,
        Step::Connect => Stage::Connect,
        Step::KeyExchange => Stage::KeyExchange,
        Step::HostKey => Stage::HostKey,
        Step::Login => Stage::Login,
        Step::Shell => Stage::Shell,
    }
}

/// A visit that observed nothing.
#[derive(Clone, Debug)]
pub(crate) struct VisitError {
    /// Why.
    pub(crate) failure: Failure,
    /// The login was refused, or needs a person: trying again by itself would only get the account or this computer locked out.
    pub(crate) holds: bool,
}

impl From<Failure> for VisitError {
    fn from(failure: Failure) -> Self {
        Self { failure, holds: false }
    }
}

pub(crate) fn of_route(error: &RouteError) -> VisitError {
    let failure = of_connect(&error.error, error.jump.as_ref().map(ToString::to_string));
    VisitError { holds: error.error.refuses_login() || needs_a_person(&failure), failure }
}

/// `hop` is the jump host at which it failed.
pub(crate) fn of_connect(error: &ConnectError, hop: Option<String>) -> Failure {
    // A key file is read and an agent is asked when the login comes to it; for a person they are the credential.
    let stage = if is_credential(error.code()) { Stage::Credential } else { stage_of(error.step()) };
    Failure {
        code: error.code().to_owned(),
        stage,
        message: match &hop {
            Some(hop) => format!("Jump host {hop}: {error}"),
            None => capitalised(&error.to_string()),
        },
        hint: error.hint(),
        remedy: error.remedy(),
        hop,
        retryable: error.retryable(),
    }
}

/// `server` is the name of the server.
pub(crate) fn of_shell(error: &ShellError, stage: Stage, server: &str) -> Failure {
    let restricts = matches!(error, ShellError::ForcedCommand { .. }) && !server.is_empty();
    let kit = restricts.then(|| format!("hostrounds server restrict {}", quoted(server)));
    Failure {
        code: error.code().to_owned(),
        stage,
        message: capitalised(&error.to_string()),
        hint: match &kit {
            Some(kit) => format!("{} `{kit}` prints that command.", error.hint()),
            None => error.hint(),
        },
        remedy: kit.or_else(|| error.remedy()),
        hop: None,
        retryable: error.retryable(),
    }
}

pub(crate) fn of_credential(error: &CredentialError) -> Failure {
    Failure {
        code: KEYRING_UNAVAILABLE.into(),
        stage: Stage::Credential,
        message: capitalised(&error.to_string()),
        hint: error.hint().to_owned(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

/// `jump` is the jump host that takes it.
pub(crate) fn password_missing(jump: Option<String>) -> Failure {
    let host = jump.as_ref().map_or_else(|| "this server".to_owned(), |jump| format!("the jump host {jump}"));
    Failure {
        code: "password_missing".into(),
        stage: Stage::Credential,
        message: format!("No password is kept for {host}."),
        hint: "Edit the server and enter the password, or choose a key file or the SSH agent.".into(),
        remedy: None,
        hop: jump,
        retryable: false,
    }
}

pub(crate) fn deadline(stage: Stage, after: Duration) -> Failure {
    Failure {
        code: "collection_timeout".into(),
        stage,
        message: format!("The collection was not over after {} s.", after.as_secs()),
        hint: "Look at the load of the server and at the connection to it.".into(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

pub(crate) fn nothing_read(reason: &str) -> Failure {
    Failure {
        code: "nothing_read".into(),
        stage: Stage::Probe,
        message: format!("No metric could be read: {reason}"),
        hint: "Log in by hand as this user and run `tail -n +1 /proc/stat`; only Linux servers with /proc can be read."
            .into(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

pub(crate) fn collected_elsewhere() -> Failure {
    Failure {
        code: "collected_elsewhere".into(),
        stage: Stage::Probe,
        message: "Another Hostrounds process is collecting this server and did not finish.".into(),
        hint: "Wait for it, or end the other `hostrounds` process that uses the same data directory.".into(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

pub(crate) fn lock_unusable(error: &std::io::Error) -> Failure {
    Failure {
        code: "lock_unusable".into(),
        stage: Stage::Probe,
        message: format!("The lock file of this server cannot be used: {error}"),
        hint: "Check the owner, the permissions and the free space of the data directory.".into(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

pub(crate) fn crashed(detail: &str) -> Failure {
    Failure {
        code: "internal".into(),
        stage: Stage::Probe,
        message: format!("Reading this computer ended unexpectedly: {detail}"),
        hint: "Start the application again, and report this message if it comes back.".into(),
        remedy: None,
        hop: None,
        retryable: true,
    }
}

/// Whether a code speaks of what this computer shows to prove who it is.
fn is_credential(code: &str) -> bool {
    ["key_file_", "key_passphrase_", "agent_", "certificate_"].iter().any(|family| code.starts_with(family))
        && code != "certificate_wrong_principal"
}

/// Whether the server asked what only a person can answer, and got no answer.
pub(crate) fn needs_a_person(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "person_needed" | "prompts_declined" | "prompts_timeout" | "login_grace_over")
}

/// Whether a password or answers were sent and the server never said what it makes of them. Once is bad luck; a server that
/// does so again refuses without a word, and may count it.
pub(crate) fn is_undecided_login(failure: &Failure) -> bool {
    failure.code == "login_undecided"
}

/// Whether the cause lies with this computer, its settings or the person before it, so that the failure says nothing about the
/// server.
pub(crate) fn is_ours(failure: &Failure) -> bool {
    is_trouble(failure)
        || is_credential(&failure.code)
        || needs_a_person(failure)
        || matches!(
            failure.code.as_str(),
            "password_missing"
                | "no_credential"
                | "too_many_jumps"
                | "collected_elsewhere"
                | "lock_unusable"
                | "internal"
        )
}

/// Whether the cause touches many servers at once and is to be told once, not per server.
pub(crate) fn is_trouble(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        KEYRING_UNAVAILABLE
            | "agent_unavailable"
            | "agent_empty"
            | "known_hosts_unusable"
            | "network_unreachable"
            | "name_lookup_failed"
    )
}

/// `text` with its first letter in upper case: errors start in lower case, sentences do not.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str) -> Failure {
        Failure { code: code.into(), ..deadline(Stage::Login, Duration::ZERO) }
    }

    #[test]
    fn what_this_computer_lacks_says_nothing_about_the_server() {
        for code in [
            "certificate_expired",
            "certificate_not_yet_valid",
            "certificate_unusable",
            "certificate_other_key",
            "agent_key_missing",
            "agent_key_unreadable",
            "key_file_missing",
        ] {
            assert!(is_credential(code) && is_ours(&failure(code)), "{code}");
        }
        for code in ["certificate_wrong_principal", "login_refused", "login_undecided"] {
            assert!(!is_credential(code) && !is_ours(&failure(code)), "{code}");
        }
    }

    #[test]
    fn a_server_that_needs_a_person_is_held_and_not_down() {
        for code in ["person_needed", "prompts_declined", "prompts_timeout", "login_grace_over"] {
            assert!(needs_a_person(&failure(code)) && is_ours(&failure(code)), "{code}");
        }
    }

    #[test]
    fn the_kit_is_named_with_the_server_that_it_is_for() {
        let error = ShellError::ForcedCommand { printed: "no".into() };
        let failure = of_shell(&error, Stage::Shell, "it's web");
        assert_eq!(failure.remedy.as_deref(), Some(r"hostrounds server restrict 'it'\''s web'"));
        assert!(failure.hint.ends_with(r"`hostrounds server restrict 'it'\''s web'` prints that command."));
        assert_eq!(of_shell(&error, Stage::Shell, "").remedy, None, "a server that has no name yet");
        let refused = ShellError::ChannelRefused { reason: String::new() };
        assert_eq!(of_shell(&refused, Stage::Shell, "web").remedy.as_deref(), Some("MaxSessions 10"));
    }
}
