//! What a form says about the secrets of a server, carried out whole or not at all.

use std::collections::BTreeSet;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::{SecretSlot, Server, ServerDraft, Target};
use secrecy::{ExposeSecret, SecretString};

use super::view::{ApiError, SecretChange, SecretEdit, Trouble};
use crate::credentials::CredentialError;
use crate::engine::Engine;
use crate::failure::{KEYRING_UNAVAILABLE, capitalised};

/// What was done to a secret.
pub(super) struct Done {
    slot: SecretSlot,
    what: &'static str,
}

/// A secret as it was before, to be put back.
struct Before {
    slot: SecretSlot,
    secret: Option<SecretString>,
}

/// Whether the edits change anything.
pub(super) fn change_something(edits: &[SecretEdit]) -> bool {
    edits.iter().any(|edit| !matches!(edit.change, SecretChange::Keep))
}

/// A secret is for a login that uses one, and not empty.
pub(super) fn check(draft: &ServerDraft, edits: &[SecretEdit]) -> Result<(), ApiError> {
    let usable = usable(&draft.target);
    for edit in edits {
        let SecretChange::Set { value } = &edit.change else { continue };
        if !usable.contains(&edit.slot) {
            let message = format!("No login of this server uses the {}.", name(&edit.slot));
            return Err(ApiError::invalid_field("secrets", message));
        }
        if value.expose_secret().is_empty() {
            return Err(ApiError::invalid_field("secrets", format!("The {} is empty.", name(&edit.slot))));
        }
    }
    Ok(())
}

fn usable(target: &Target) -> Vec<SecretSlot> {
    match target {
        Target::Ssh(ssh) => ssh.secret_slots(),
        Target::Local => Vec::new(),
    }
}

/// A secret, as people call it.
fn name(slot: &SecretSlot) -> String {
    match slot {
        SecretSlot::Password { jump: None } => "password".to_owned(),
        SecretSlot::Password { jump: Some(jump) } => format!("password of the jump host {jump}"),
        SecretSlot::Passphrase { path } => format!("passphrase of {path}"),
    }
}

impl Engine {
    /// Carries out what a form says. Where any of it fails, what was done is undone.
    ///
    /// Secrets that no login can use any more are removed afterwards. A keyring that fails then is a trouble and no reason to
    /// refuse the settings; such a secret stays noted, and the next change tries again.
    pub(super) async fn change_secrets(&self, server: &Server, edits: Vec<SecretEdit>) -> Result<Vec<Done>, ApiError> {
        let mut noted: BTreeSet<SecretSlot> = self.secrets.of(server.id).into_iter().collect();
        let was_noted = noted.clone();
        let mut undo = Vec::new();
        let mut done = Vec::new();
        for SecretEdit { slot, change } in edits {
            match self.change_secret(server, &slot, change, &was_noted, &mut undo).await {
                Ok(Some(true)) => {
                    noted.insert(slot.clone());
                    done.push(Done { slot, what: "put into the keyring" });
                }
                Ok(Some(false)) => {
                    noted.remove(&slot);
                    done.push(Done { slot, what: "removed from the keyring" });
                }
                Ok(None) => {}
                Err(error) => {
                    self.put_back(server, undo).await;
                    return Err(error.into());
                }
            }
        }
        let usable = usable(&server.target);
        let kept: BTreeSet<SecretSlot> = noted.iter().filter(|slot| usable.contains(slot)).cloned().collect();
        let stale: Vec<SecretSlot> = noted.difference(&kept).cloned().collect();
        if noted != was_noted
            && let Err(error) = self.note_secrets(server.id, noted.clone()).await
        {
            self.put_back(server, undo).await;
            return Err(error.into());
        }
        for slot in stale {
            match self.credentials.clear(server.id, &slot).await {
                Ok(()) => {
                    noted.remove(&slot);
                    done.push(Done { slot, what: "removed from the keyring" });
                }
                Err(error) => self.troubles.raise(Trouble {
                    code: KEYRING_UNAVAILABLE.into(),
                    message: capitalised(&error.to_string()),
                    hint: error.hint().into(),
                }),
            }
        }
        self.note_secrets(server.id, noted).await?;
        Ok(done)
    }

    /// Whether the secret is there now, or nothing where that is as it was.
    async fn change_secret(
        &self,
        server: &Server,
        slot: &SecretSlot,
        change: SecretChange,
        noted: &BTreeSet<SecretSlot>,
        undo: &mut Vec<Before>,
    ) -> Result<Option<bool>, CredentialError> {
        let value = match change {
            SecretChange::Keep => return Ok(None),
            SecretChange::Clear if !noted.contains(slot) => return Ok(None),
            SecretChange::Clear => None,
            SecretChange::Set { value } => Some(value),
        };
        let secret = match noted.contains(slot) {
            true => match self.credentials.get(server.id, slot).await {
                Err(CredentialError::Damaged) => None,
                before => before?,
            },
            false => None,
        };
        let is_set = value.is_some();
        match value {
            Some(value) => self.credentials.set(server.id, slot, value).await?,
            None => self.credentials.clear(server.id, slot).await?,
        }
        undo.push(Before { slot: slot.clone(), secret });
        Ok(Some(is_set))
    }

    async fn put_back(&self, server: &Server, before: Vec<Before>) {
        for Before { slot, secret } in before.into_iter().rev() {
            let undone = match secret {
                Some(secret) => self.credentials.set(server.id, &slot, secret).await,
                None => self.credentials.clear(server.id, &slot).await,
            };
            if let Err(error) = undone {
                tracing::warn!(%error, "a secret could not be put back");
            }
        }
    }

    /// Removes every secret of a server that is gone.
    pub(super) async fn forget_secrets(&self, server: &Server) -> Result<(), ApiError> {
        let mut noted: BTreeSet<SecretSlot> = self.secrets.of(server.id).into_iter().collect();
        for slot in noted.clone() {
            let cleared = self.credentials.clear(server.id, &slot).await;
            if cleared.is_ok() {
                noted.remove(&slot);
            }
            self.note_secrets(server.id, noted.clone()).await?;
            cleared?;
        }
        Ok(())
    }

    pub(super) async fn log_secrets(&self, server: &Server, done: Vec<Done>) {
        for Done { slot, what } in done {
            let message = format!("{}: the {} was {what}", server.name, name(&slot));
            self.log(ActivityKind::CredentialChanged, Some(server.id), &message).await;
        }
    }
}
