//! Proving to a server who we are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::UnixStream;

use crate::client::{Client, Shared};
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::key_file;
use crate::known_hosts::fingerprint;
use crate::step::Step;

/// Keys of an agent that are tried. sshd hangs up after six failures (`MaxAuthTries`), and each is in its log.
const AGENT_KEYS: usize = 5;
/// Rounds of questions that a server may ask before it has to decide.
const PROMPT_ROUNDS: usize = 4;

/// Logs in, and says for people what did it.
pub(crate) async fn login(
    handle: &mut Handle<Client>,
    shared: &Shared,
    user: &str,
    credential: &Credential,
) -> Result<String, ConnectError> {
    let mut attempt = Attempt { handle, shared, user };
    match credential {
        Credential::Password(password) => attempt.with_password(password).await,
        Credential::Key { path, passphrase } => attempt.with_key(path, passphrase.clone()).await,
        Credential::Agent { socket } => attempt.with_agent(socket.clone()).await,
    }
}

/// Looks at a credential without a server: whether the key file can be read and opened, whether the agent holds a key. Says
/// for people what was found.
///
/// # Errors
/// Those of [`crate::connect`] that have to do with key files and agents.
pub async fn check(credential: &Credential) -> Result<String, ConnectError> {
    match credential {
        Credential::Password(_) => Ok("password".into()),
        Credential::Key { path, passphrase } => {
            let key = load_key(path, passphrase.clone()).await?;
            Ok(format!("{}, {}", path.display(), described(key.public_key())))
        }
        Credential::Agent { socket } => {
            let identities = open_agent(socket.clone()).await?.request_identities().await;
            match identities.map_err(|error| agent_unavailable(&error))?.len() {
                0 => Err(ConnectError::AgentEmpty),
                1 => Ok("the SSH agent holds one key".into()),
                keys => Ok(format!("the SSH agent holds {keys} keys")),
            }
        }
    }
}

async fn load_key(path: &Path, passphrase: Option<SecretString>) -> Result<PrivateKey, ConnectError> {
    let file = path.to_owned();
    let loaded = tokio::task::spawn_blocking(move || key_file::load(&file, passphrase.as_ref())).await;
    loaded.map_err(|error| ConnectError::KeyFileUnreadable { path: path.to_owned(), reason: error.to_string() })?
}

struct Attempt<'a> {
    handle: &'a mut Handle<Client>,
    shared: &'a Shared,
    user: &'a str,
}

impl Attempt<'_> {
    /// Asks which methods there are before it sends anything: a password is not shown to a server that does not take
    /// passwords, and no failed attempt gets into the server's log for it.
    async fn with_password(&mut self, password: &SecretString) -> Result<String, ConnectError> {
        let offered = match self.handle.authenticate_none(self.user).await {
            Ok(AuthResult::Success) => return Ok("no credential was asked for".into()),
            Ok(AuthResult::Failure { remaining_methods, .. }) => self.alive(remaining_methods).await?,
            Err(error) => return Err(self.broken(&error)),
        };
        if offered.contains(&MethodKind::Password) {
            let answer = self.handle.authenticate_password(self.user, password.expose_secret()).await;
            return match answer.map_err(|error| self.broken(&error))? {
                AuthResult::Success => Ok("password".into()),
                AuthResult::Failure { remaining_methods, partial_success } => {
                    let methods = self.decided(remaining_methods).await?;
                    Err(if partial_success { self.incomplete("the password", &methods) } else { self.wrong_password() })
                }
            };
        }
        if offered.contains(&MethodKind::KeyboardInteractive) {
            return self.with_prompts(password).await;
        }
        Err(self.refused("password", &offered))
    }

    async fn with_prompts(&mut self, password: &SecretString) -> Result<String, ConnectError> {
        let mut answered = false;
        let mut reply = self.handle.authenticate_keyboard_interactive_start(self.user, None).await;
        for _ in 0..PROMPT_ROUNDS {
            let answers = match reply.map_err(|error| self.broken(&error))? {
                KeyboardInteractiveAuthResponse::Success => return Ok("password (keyboard-interactive)".into()),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    let methods = self.decided(remaining_methods).await?;
                    return Err(match (partial_success, answered) {
                        (true, _) => self.incomplete("the password", &methods),
                        (false, true) => self.wrong_password(),
                        (false, false) => self.refused("keyboard-interactive", &methods),
                    });
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                    // PAM ends a conversation with a round without questions.
                    [] => Vec::new(),
                    [prompt] if !prompt.echo && !answered => {
                        answered = true;
                        vec![password.expose_secret().to_owned()]
                    }
                    // Asked again after an answer: the server gives another chance to someone who has another password.
                    [prompt] if !prompt.echo => return Err(self.wrong_password()),
                    prompts => return Err(ConnectError::LoginPrompts { prompts: prompts.len() }),
                },
            };
            reply = self.handle.authenticate_keyboard_interactive_respond(answers).await;
        }
        Err(self.wrong_password())
    }

    async fn with_key(&mut self, path: &Path, passphrase: Option<SecretString>) -> Result<String, ConnectError> {
        let key = load_key(path, passphrase).await?;
        let hash = self.rsa_hash(key.public_key()).await?;
        let label = described(key.public_key());
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        match self.handle.authenticate_publickey(self.user, key).await.map_err(|error| self.broken(&error))? {
            AuthResult::Success => Ok(format!("key {label}")),
            AuthResult::Failure { remaining_methods, partial_success } => {
                let methods = self.decided(remaining_methods).await?;
                let tried = format!("the key {label}");
                Err(if partial_success { self.incomplete(&tried, &methods) } else { self.refused(&tried, &methods) })
            }
        }
    }

    async fn with_agent(&mut self, socket: Option<PathBuf>) -> Result<String, ConnectError> {
        let mut agent = open_agent(socket).await?;
        if let Some(binding) = self.handle.agent_session_binding() {
            // Only keys bound to a destination need it, and only OpenSSH's agent knows it.
            let _ = agent.bind_session(binding, false).await;
        }
        let identities = agent.request_identities().await.map_err(|error| agent_unavailable(&error))?;
        if identities.is_empty() {
            return Err(ConnectError::AgentEmpty);
        }
        let mut offered = MethodSet::empty();
        let mut tried = Vec::new();
        for identity in identities.iter().take(AGENT_KEYS) {
            let key = identity.public_key().into_owned();
            let hash = self.rsa_hash(&key).await?;
            let outcome = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    self.handle.authenticate_publickey_with(self.user, key.clone(), hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.handle.authenticate_certificate_with(self.user, certificate.clone(), hash, &mut agent).await
                }
            };
            let label = described(&key);
            match outcome {
                Ok(AuthResult::Success) => return Ok(format!("agent key {label}")),
                Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                    offered = self.decided(remaining_methods).await?;
                    if partial_success {
                        return Err(self.incomplete(&format!("the agent's key {label}"), &offered));
                    }
                    tried.push(label);
                }
                // An agent may decline to sign with one key, and sign with the next.
                Err(error) => tried.push(format!("{label} (the agent does not sign: {error})")),
            }
        }
        Err(self.refused(&format!("the agent's keys {}", tried.join(", ")), &offered))
    }

    /// RSA keys are never used with SHA-1. A server that does not say what it takes is offered what every server since
    /// 2016 takes.
    async fn rsa_hash(&self, key: &PublicKey) -> Result<Option<HashAlg>, ConnectError> {
        if !key.algorithm().is_rsa() {
            return Ok(None);
        }
        let told = self.handle.best_supported_rsa_hash().await.map_err(|error| self.broken(&error))?;
        Ok(Some(told.flatten().unwrap_or(HashAlg::Sha256)))
    }

    /// russh reports a connection that broke as a refusal that names no method.
    async fn alive(&self, methods: MethodSet) -> Result<MethodSet, ConnectError> {
        if methods.is_empty() && self.handle.is_closed() {
            self.shared.ended().await;
            return Err(self.gone("it was closed"));
        }
        Ok(methods)
    }

    /// The same after a credential was shown. A server that says goodbye then has refused it, and must not be shown it
    /// again: that is how accounts get locked.
    async fn decided(&self, methods: MethodSet) -> Result<MethodSet, ConnectError> {
        match self.alive(methods).await {
            Err(_) if self.shared.farewell().is_some_and(|farewell| farewell.said) => Ok(MethodSet::empty()),
            outcome => outcome,
        }
    }

    fn broken(&self, error: &russh::Error) -> ConnectError {
        self.gone(&error.to_string())
    }

    fn gone(&self, reason: &str) -> ConnectError {
        let reason = self.shared.reason().unwrap_or_else(|| reason.to_owned());
        ConnectError::Disconnected { step: Step::Login, reason }
    }

    fn refused(&self, tried: &str, methods: &MethodSet) -> ConnectError {
        ConnectError::LoginRefused { user: self.user.to_owned(), tried: tried.to_owned(), methods: names(methods) }
    }

    fn incomplete(&self, tried: &str, methods: &MethodSet) -> ConnectError {
        ConnectError::LoginIncomplete { user: self.user.to_owned(), tried: tried.to_owned(), methods: names(methods) }
    }

    fn wrong_password(&self) -> ConnectError {
        ConnectError::PasswordWrong { user: self.user.to_owned() }
    }
}

async fn open_agent(socket: Option<PathBuf>) -> Result<AgentClient<UnixStream>, ConnectError> {
    let named = socket.or_else(|| std::env::var_os("SSH_AUTH_SOCK").filter(|name| !name.is_empty()).map(PathBuf::from));
    let Some(path) = named else {
        return Err(ConnectError::AgentUnavailable { reason: "SSH_AUTH_SOCK is not set".into() });
    };
    AgentClient::connect_uds(&path)
        .await
        .map_err(|error| ConnectError::AgentUnavailable { reason: format!("{}: {error}", path.display()) })
}

fn agent_unavailable(error: &russh::keys::Error) -> ConnectError {
    ConnectError::AgentUnavailable { reason: format!("it does not answer properly: {error}") }
}

fn described(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), fingerprint(key))
}

fn names(methods: &MethodSet) -> Vec<String> {
    methods.iter().map(|method| <&str>::from(method).to_owned()).collect()
}
