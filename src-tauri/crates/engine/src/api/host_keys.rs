//! Host keys: shown, accepted, replaced; and what servers ask during a login.

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::Stage;
use hostrounds_core::server::{Hop, ServerId, SshTarget, Target};
use hostrounds_ssh::{HostKeyOffer as SshOffer, KnownKey, Prompter, StepDone};
use secrecy::SecretString;

use super::Hostrounds;
use super::view::{ApiError, ErrorCode, HostKeyCheck, HostKeyOffer, KnownHostKey};
use crate::engine::{Engine, lock};
use crate::failure;
use crate::visit::{Keys, Refusal, Way};

impl Hostrounds {
    /// Asks a server for its host key, and says whether it is accepted already. Nobody logs in there; jump hosts before it are
    /// passed as in a visit.
    ///
    /// # Errors
    /// [`ErrorCode::LocalServer`]; [`ErrorCode::NotFound`].
    pub async fn host_key(&self, id: ServerId) -> Result<HostKeyCheck, ApiError> {
        let Target::Ssh(target) = self.server(id)?.target else { return Err(ApiError::local("asked for a host key")) };
        let engine = &self.engine;
        // Nothing is shown to the server before its key is accepted, and nothing is needed to see it.
        let target = SshTarget { hop: Hop { logins: Vec::new(), ..target.hop }, ..target };
        let way = match Way::prepare(&target, &engine.keys(Some(id), &[])).await {
            Ok(way) => way,
            Err(failure) => return Ok(HostKeyCheck { accepted: None, offer: None, failure: Some(failure) }),
        };
        let asker = engine.prompts.of(Some(id));
        let mut fingerprint = None;
        let connected = way
            .connect(&engine.known_hosts, Some(&asker as &dyn Prompter), &mut |done: StepDone| {
                if failure::stage_of(done.step) == Stage::HostKey && done.jump.is_none() {
                    fingerprint = Some(done.detail);
                }
            })
            .await;
        Ok(match (connected, fingerprint) {
            (Ok(session), known) => {
                session.close().await;
                HostKeyCheck { accepted: Some(known.unwrap_or_default()), offer: None, failure: None }
            }
            (Err(_), Some(known)) => HostKeyCheck { accepted: Some(known), offer: None, failure: None },
            (Err(Refusal { error, host_key, .. }), None) => HostKeyCheck {
                accepted: None,
                offer: host_key.map(|key| engine.offer(key)),
                failure: Some(error.failure),
            },
        })
    }

    /// Accepts the host key of a server that nobody has accepted yet. Servers that waited for it are visited at once.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for an unknown offer; [`ErrorCode::HostKeyChanged`] where another key is known already;
    /// [`ErrorCode::KnownHosts`] when the file cannot be written.
    pub async fn accept_host_key(&self, offer: String) -> Result<(), ApiError> {
        let key = self.engine.offered(&offer)?;
        if !key.replaces.is_empty() {
            return Err(ApiError::new(
                ErrorCode::HostKeyChanged,
                format!("{} is known with another host key.", key.host),
                "Compare both fingerprints. If the server was set up anew, replace the old key.",
            ));
        }
        self.engine.known_hosts.accept(&key)?;
        let message = format!("The {} host key {} of {} was accepted", key.algorithm, key.fingerprint, key.host);
        self.engine.settle_offer(&offer, ActivityKind::HostKeyAccepted, &message).await;
        Ok(())
    }

    /// Puts the host key that a server shows now in the place of the one that is known. Servers that waited for it are visited
    /// at once.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for an unknown offer; [`ErrorCode::HostKeyChanged`] where the known keys have changed since the
    /// offer, or the key is revoked; [`ErrorCode::KnownHosts`] when the file cannot be written.
    pub async fn replace_host_key(&self, offer: String) -> Result<(), ApiError> {
        let key = self.engine.offered(&offer)?;
        self.engine.known_hosts.replace(&key)?;
        let before: Vec<&str> = key.replaces.iter().map(|known| known.fingerprint.as_str()).collect();
        let message = format!(
            "The host key of {} was replaced: {} {} in the place of {}",
            key.host,
            key.algorithm,
            key.fingerprint,
            before.join(", ")
        );
        self.engine.settle_offer(&offer, ActivityKind::HostKeyReplaced, &message).await;
        Ok(())
    }

    /// Answers what a server asks during a login, in the order of its questions; nothing gives the login up.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where the login has ended; [`ErrorCode::Invalid`] where the number of answers is not that of the
    /// questions.
    pub async fn answer_prompt(&self, id: String, answers: Option<Vec<SecretString>>) -> Result<(), ApiError> {
        self.engine.prompts.answer(&id, answers)
    }
}

impl Engine {
    /// Where the secrets of a server come from.
    pub(super) fn keys<'a>(&'a self, server: Option<ServerId>, edits: &'a [super::view::SecretEdit]) -> Keys<'a> {
        Keys { credentials: self.credentials.as_ref(), secrets: &self.secrets, server, edits }
    }

    /// Remembers the host key that an attempt was refused for, so that a person can accept or replace it by the id of
    /// the offer. The same key is offered under the same id.
    pub(super) fn offer(&self, key: SshOffer) -> HostKeyOffer {
        let mut offers = lock(&self.offers);
        let known = offers.iter().find(|(_, offered)| **offered == key).map(|(id, _)| id.clone());
        let id = known.unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        let offer = HostKeyOffer {
            id: id.clone(),
            host: key.host.clone(),
            algorithm: key.algorithm.clone(),
            fingerprint: key.fingerprint.clone(),
            replaces: key.replaces.iter().map(known_key).collect(),
        };
        offers.insert(id, key);
        offer
    }

    fn offered(&self, offer: &str) -> Result<SshOffer, ApiError> {
        lock(&self.offers).get(offer).cloned().ok_or_else(|| ApiError::not_found("offer of a host key"))
    }

    async fn settle_offer(&self, offer: &str, kind: ActivityKind, message: &str) {
        lock(&self.offers).remove(offer);
        self.log(kind, None, message).await;
        self.collect_untrusted().await;
    }
}

fn known_key(key: &KnownKey) -> KnownHostKey {
    KnownHostKey {
        algorithm: key.algorithm.clone(),
        fingerprint: key.fingerprint.clone(),
        file: key.file.display().to_string(),
        line: u32::try_from(key.line).unwrap_or(u32::MAX),
    }
}
