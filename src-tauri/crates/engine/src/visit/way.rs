//! The way to a server, with what every host on it is to be shown.

use std::path::PathBuf;

use hostrounds_core::collection::Failure;
use hostrounds_core::footprint::Footprint;
use hostrounds_core::server::{Hop, Login, SecretSlot, ServerId, SshTarget};
use hostrounds_ssh::{Credential, Deadlines, Endpoint, HostKeyOffer, KnownHosts, Prompter, Route, Session, StepDone};
use secrecy::SecretString;

use super::bill::of_a_failed_login;
use crate::api::view::{SecretChange, SecretEdit};
use crate::credentials::{CredentialError, Credentials, Secrets};
use crate::failure::{self, VisitError};

/// Where the secrets of a server come from: what a person has just typed goes before what the keyring holds.
pub(crate) struct Keys<'a> {
    pub(crate) credentials: &'a dyn Credentials,
    pub(crate) secrets: &'a Secrets,
    /// Absent for a server that is not saved.
    pub(crate) server: Option<ServerId>,
    pub(crate) edits: &'a [SecretEdit],
}

impl Keys<'_> {
    /// One secret for the way to `target`. The keyring, which may have to be unlocked, is left alone where it does not hold it.
    async fn get(&self, slot: &SecretSlot, target: &SshTarget) -> Result<Option<SecretString>, CredentialError> {
        match self.edits.iter().find(|edit| edit.slot == *slot).map(|edit| &edit.change) {
            Some(SecretChange::Set { value }) => return Ok(Some(value.clone())),
            Some(SecretChange::Clear) => return Ok(None),
            Some(SecretChange::Keep) | None => {}
        }
        match self.server {
            Some(server) if self.secrets.has(server, slot, target) => self.credentials.get(server, slot).await,
            _ => Ok(None),
        }
    }
}

/// A route that is ready to be followed, and what is to be said when exactly that turns out to be missing which the keyring did
/// not give.
pub(crate) struct Way {
    pub(crate) route: Route,
    keyring: Option<CredentialError>,
}

/// A connection that did not come about.
pub(crate) struct Refusal {
    pub(crate) error: VisitError,
    /// The key that was not accepted, if that is why.
    pub(crate) host_key: Option<HostKeyOffer>,
    /// What the server was made to spend. What its jump hosts spend is not counted for it.
    pub(crate) spent: Footprint,
}

impl Way {
    /// Gets the secrets together.
    ///
    /// A host that could take a password which is not there is tried with its other logins. A keyring that fails counts at once
    /// for a password; for a passphrase only when that turns out to be needed, since the key may have none.
    pub(crate) async fn prepare(target: &SshTarget, keys: &Keys<'_>) -> Result<Self, Failure> {
        let mut keyring = None;
        let mut jumps = Vec::with_capacity(target.jumps.len());
        for jump in &target.jumps {
            jumps.push(hop_of(jump, Some(jump.to_string()), target, keys, &mut keyring).await?);
        }
        let server = hop_of(&target.hop, None, target, keys, &mut keyring).await?;
        Ok(Self { route: Route { jumps, server }, keyring })
    }

    /// Follows the way. Without a `prompter`, a host that asks what only a person can answer is left before it got any answer.
    pub(crate) async fn connect(
        &self,
        known_hosts: &KnownHosts,
        prompter: Option<&dyn Prompter>,
        on_step: &mut (dyn FnMut(StepDone) + Send),
    ) -> Result<Session, Refusal> {
        let connected =
            hostrounds_ssh::connect(&self.route, known_hosts, &Deadlines::default(), prompter, on_step).await;
        connected.map_err(|error| {
            let VisitError { failure, holds } = failure::of_route(&error);
            let host_key = error.error.host_key().cloned();
            let spent = error.login.filter(|_| error.jump.is_none()).map(of_a_failed_login).unwrap_or_default();
            Refusal { error: VisitError { failure: self.explain(failure), holds }, host_key, spent }
        })
    }

    /// Looks at everything that is to be shown without going anywhere; says for people what was found.
    pub(crate) async fn check(&self) -> Result<String, Failure> {
        hostrounds_ssh::check(&self.route).await.map_err(|error| self.explain(failure::of_route(&error).failure))
    }

    /// The failure of the connection, or that of the keyring when it is the real cause.
    fn explain(&self, failure: Failure) -> Failure {
        match &self.keyring {
            Some(error) if failure.code == "key_passphrase_missing" => failure::of_credential(error),
            _ => failure,
        }
    }
}

async fn hop_of(
    hop: &Hop,
    jump: Option<String>,
    target: &SshTarget,
    keys: &Keys<'_>,
    keyring: &mut Option<CredentialError>,
) -> Result<hostrounds_ssh::Hop, Failure> {
    let mut credentials = Vec::with_capacity(hop.logins.len());
    for login in &hop.logins {
        credentials.push(match login {
            Login::Password => {
                let slot = SecretSlot::Password { jump: jump.clone() };
                match keys.get(&slot, target).await.map_err(|error| failure::of_credential(&error))? {
                    Some(password) => Credential::Password(password),
                    None => continue,
                }
            }
            Login::Key { path, certificate } => {
                let passphrase = match keys.get(&SecretSlot::Passphrase { path: path.clone() }, target).await {
                    Ok(passphrase) => passphrase,
                    Err(error) => {
                        keyring.get_or_insert(error);
                        None
                    }
                };
                Credential::Key { path: expanded(path), certificate: certificate.as_deref().map(expanded), passphrase }
            }
            Login::Agent { key, socket } => Credential::Agent {
                socket: socket.as_deref().map(expanded),
                key: key.as_deref().map(|key| expanded(key).display().to_string()),
            },
            Login::Prompts => Credential::Prompts,
        });
    }
    if credentials.is_empty() && !hop.logins.is_empty() {
        return Err(failure::password_missing(jump));
    }
    let endpoint = Endpoint { host: hop.host.clone(), port: hop.port, user: hop.user.clone() };
    Ok(hostrounds_ssh::Hop { endpoint, credentials })
}

/// The path with a leading `~/` replaced by the home directory.
pub(crate) fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}
