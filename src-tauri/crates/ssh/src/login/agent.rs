//! Keys and certificates that an ssh-agent holds.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Certificate, PublicKey};
use russh::{AgentAuthError, MethodKind};
use tokio::net::UnixStream;

use super::attempt::{Answer, Attempt, Cause, Halt, within};
use super::{certificate, key};
use crate::connect_error::ConnectError;
use crate::known_hosts::fingerprint;

/// How a fingerprint begins.
const FINGERPRINT: &str = "SHA256:";

/// Opens the agent that listens on `socket`, or the one of this session.
pub(super) async fn open(socket: Option<PathBuf>) -> Result<AgentClient<UnixStream>, ConnectError> {
    let named = socket.or_else(|| std::env::var_os("SSH_AUTH_SOCK").filter(|name| !name.is_empty()).map(PathBuf::from));
    let Some(path) = named else {
        return Err(ConnectError::AgentUnavailable { reason: "SSH_AUTH_SOCK is not set".into() });
    };
    AgentClient::connect_uds(&path)
        .await
        .map_err(|error| ConnectError::AgentUnavailable { reason: format!("{}: {error}", path.display()) })
}

/// What the agent holds, or only what belongs to `wanted`; never nothing. Certificates stand before the plain key.
pub(super) async fn identities(
    agent: &mut AgentClient<UnixStream>,
    wanted: Option<&str>,
) -> Result<Vec<AgentIdentity>, ConnectError> {
    let wanted = wanted.map(|key| Ok::<_, ConnectError>((key, fingerprint_of(key)?))).transpose()?;
    let mut held = agent.request_identities().await.map_err(|error| unavailable(&error))?;
    if held.is_empty() {
        return Err(ConnectError::AgentEmpty);
    }
    if let Some((key, wanted)) = wanted {
        held.retain(|identity| fingerprint(&identity.public_key()) == wanted);
        held.sort_by_key(|identity| matches!(identity, AgentIdentity::PublicKey { .. }));
        if held.is_empty() {
            return Err(ConnectError::AgentKeyMissing { key: key.to_owned() });
        }
    }
    Ok(held)
}

/// The fingerprint that a key is asked for by: itself, or that of a file.
fn fingerprint_of(key: &str) -> Result<String, ConnectError> {
    let unreadable = |reason: String| ConnectError::AgentKeyUnreadable { key: key.to_owned(), reason };
    let key = key.trim();
    if let Some(hash) = key.strip_prefix(FINGERPRINT) {
        return Ok(format!("{FINGERPRINT}{}", hash.trim_end_matches('=')));
    }
    let named = Path::new(key);
    let beside = PathBuf::from(format!("{key}.pub"));
    let file = if beside.is_file() { beside.as_path() } else { named };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    let public = PublicKey::from_openssh(text.trim()).ok();
    let public = public.or_else(|| {
        let certificate = Certificate::from_openssh(text.trim()).ok()?;
        Some(PublicKey::new(certificate.public_key().clone(), ""))
    });
    public.map(|public| fingerprint(&public)).ok_or_else(|| unreadable("it is not a public key".into()))
}

fn unavailable(error: &russh::keys::Error) -> ConnectError {
    ConnectError::AgentUnavailable { reason: format!("it does not answer properly: {error}") }
}

impl Attempt<'_, '_> {
    pub(super) async fn with_agent(&mut self, socket: Option<PathBuf>, wanted: Option<&str>) -> Result<Answer, Halt> {
        let last = self.stages.last();
        let mut agent = within(last, open(socket)).await?.map_err(Halt::Unusable)?;
        if let Some(binding) = self.handle.agent_session_binding() {
            // Only keys bound to a destination need it, and only OpenSSH's agent knows it.
            let _ = within(last, agent.bind_session(binding, false)).await?;
        }
        let identities = within(last, identities(&mut agent, wanted)).await?.map_err(Halt::Unusable)?;
        let mut answer = Err(Halt::Unusable(ConnectError::AgentEmpty));
        for identity in identities {
            if self.is_exhausted() || !self.offers(MethodKind::PublicKey) {
                break;
            }
            answer = self.with_identity(&mut agent, identity).await;
            match &answer {
                Ok(Answer::Refused) => {}
                Err(Halt::Unusable(_)) => {}
                Ok(Answer::In | Answer::Further) | Err(Halt::Over(_)) => break,
            }
        }
        answer
    }

    async fn with_identity(
        &mut self,
        agent: &mut AgentClient<UnixStream>,
        identity: AgentIdentity,
    ) -> Result<Answer, Halt> {
        let public = identity.public_key().into_owned();
        let (last, user) = (self.stages.last(), self.user().to_owned());
        let hash = self.rsa_hash(&public).await?;
        let (label, cause, outcome) = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                let label = format!("the agent's key {}", key::described(&public));
                let showing = self.handle.authenticate_publickey_with(user, key, hash, agent);
                (label, Cause::Key { remedy: "ssh-add -L".into() }, within(last, showing).await?)
            }
            AgentIdentity::Certificate { certificate, .. } => {
                let name = format!("of the agent for the key {}", fingerprint(&public));
                certificate::is_timely(&certificate, &name, SystemTime::now()).map_err(Halt::Unusable)?;
                let label = format!("the agent's certificate: {}", certificate::described(&certificate));
                let cause = certificate::cause(&certificate, &name, &user);
                let showing = self.handle.authenticate_certificate_with(user, certificate, hash, agent);
                (label, cause, within(last, showing).await?)
            }
        };
        let result = match outcome {
            Ok(result) => Ok(result),
            Err(AgentAuthError::Send(_)) => Err(self.broken(&russh::Error::SendError)),
            // An agent may decline to sign with one key, and sign with the next.
            Err(AgentAuthError::Key(error)) => {
                let reason = format!("it does not sign with {label}: {error}");
                return Err(Halt::Unusable(ConnectError::AgentUnavailable { reason }));
            }
        };
        Ok(self.judged(label, cause, result).await?)
    }
}
