//! The configuration as a text file that people keep, compare and share: exported, looked at, and taken over.
//!
//! An import never deletes, and is all or nothing: while anything in the file is refused, nothing of it is taken over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::{SecretSlot, Server, ServerDraft, ServerId, Target};
use hostrounds_ssh::Verdict;
use tokio::task::spawn_blocking;

use super::Hostrounds;
use super::secrets;
use super::servers::{changes, check_settings};
use super::view::{
    ApiError, ConfigEntry, ConfigHostKey, ConfigImported, ConfigKind, ConfigOutcome, ConfigPreview, ErrorCode, Settings,
};
use crate::clock;
use crate::config_file::{self, ConfigFile, Section, ServerEntry};
use crate::engine::Engine;

/// The largest file that is read, in bytes. One server takes some 500.
const LARGEST: u64 = 16 << 20;

/// What an import would do.
struct Plan {
    entries: Vec<ConfigEntry>,
    host_keys: Vec<ConfigHostKey>,
    added: Vec<ServerDraft>,
    changed: Vec<(Server, ServerDraft)>,
    settings: Option<Settings>,
    offers: Vec<hostrounds_ssh::HostKeyOffer>,
}

impl Hostrounds {
    /// The configuration as text: settings, servers and accepted host keys, without any secret. The same configuration comes to
    /// the same text.
    ///
    /// # Errors
    /// [`ErrorCode::KnownHosts`] when the file of accepted host keys cannot be read.
    pub async fn config_text(&self) -> Result<String, ApiError> {
        let known_hosts = Arc::clone(&self.engine.known_hosts);
        let accepted = match spawn_blocking(move || known_hosts.accepted()).await {
            Ok(accepted) => accepted?,
            Err(error) => return Err(broke_off(&error)),
        };
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for offer in accepted {
            keys.entry(offer.host).or_default().push(offer.openssh);
        }
        for keys in keys.values_mut() {
            keys.sort();
            keys.dedup();
        }
        let drafts: Vec<ServerDraft> = self.engine.board.servers().iter().map(ServerDraft::from).collect();
        Ok(config_file::write(&self.engine.settings(), &drafts, &keys))
    }

    /// Writes the configuration into a file (0600); one of that name is replaced only where `overwrite`.
    ///
    /// # Errors
    /// [`ErrorCode::Config`] when the file is there already or cannot be written, and those of [`Self::config_text`].
    pub async fn export_config(&self, to: PathBuf, overwrite: bool) -> Result<String, ApiError> {
        let text = self.config_text().await?;
        let path = std::path::absolute(&to).unwrap_or(to);
        let shown = path.display().to_string();
        let written = spawn_blocking(move || hostrounds_store::write_file(&path, text.as_bytes(), overwrite)).await;
        match written {
            Ok(Ok(())) => Ok(shown),
            Ok(Err(error)) => Err(ApiError { code: ErrorCode::Config, ..super::backup::of_backup(error) }),
            Err(error) => Err(broke_off(&error)),
        }
    }

    /// What a configuration file would change. Nothing is changed.
    ///
    /// # Errors
    /// [`ErrorCode::Config`] when the file cannot be read, or is none of a version that is known.
    pub async fn look_at_config(&self, path: &Path) -> Result<ConfigPreview, ApiError> {
        let owned = path.to_owned();
        let text = match spawn_blocking(move || text_of(&owned)).await {
            Ok(text) => text.map_err(|error| unreadable(path, &error.to_string()))?,
            Err(error) => return Err(broke_off(&error)),
        };
        let file = config_file::read(&text).map_err(|error| unreadable(path, &error.to_string()))?;
        let plan = self.plan(&file).await?;
        let unknown = file.unknown.iter().map(|field| hostrounds_core::text::neutralised(field, 200)).collect();
        let id = self.engine.config_previews.keep(file);
        let Plan { entries, host_keys, .. } = plan;
        Ok(ConfigPreview { id, file: path.display().to_string(), entries, host_keys, unknown })
    }

    /// Takes over what a preview showed: settings and servers in one transaction, and then, where that was said, its host keys,
    /// which are trusted from then on. What has been changed here meanwhile is compared anew. Servers that are new are visited
    /// at once where this process keeps the schedule and they are not disabled.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when there is no such preview; [`ErrorCode::Config`] while anything is refused, and then nothing
    /// has changed; [`ErrorCode::Store`]; [`ErrorCode::KnownHosts`] when only the host keys could not be written.
    pub async fn import_config(&self, preview: String, with_host_keys: bool) -> Result<ConfigImported, ApiError> {
        let engine = &self.engine;
        let file = engine.config_previews.get(&preview).ok_or_else(|| ApiError::not_found("preview"))?;
        let plan = self.plan(&file).await?;
        refuse(&plan, with_host_keys)?;
        let updates: Vec<(ServerId, ServerDraft)> =
            plan.changed.iter().map(|(before, draft)| (before.id, draft.clone())).collect();
        let (added, changed) = engine.import_into_store(&plan.added, &updates, plan.settings.as_ref()).await?;
        let told = ConfigImported {
            added: count(&added),
            changed: count(&changed),
            settings: plan.settings.is_some(),
            host_keys: if with_host_keys { count(&plan.offers) } else { 0 },
        };
        if let Some(settings) = plan.settings {
            engine.settings_were_changed(settings).await;
        }
        for server in &added {
            engine.server_was_added(server).await;
        }
        for ((before, _), server) in plan.changed.iter().zip(&changed) {
            // Secrets that no login can use any more go; none come with a file.
            let done = engine.change_secrets(server, Vec::new()).await?;
            engine.server_was_changed(before, server, false).await;
            engine.log_secrets(server, done).await;
        }
        engine.look_after_missing_secrets().await;
        if with_host_keys {
            engine.accept_all(plan.offers).await?;
        }
        if told != ConfigImported::default() {
            let ConfigImported { added, changed, host_keys, .. } = &told;
            let message = format!(
                "A configuration was taken over: {added} servers added, {changed} changed, {host_keys} host keys accepted"
            );
            engine.log(ActivityKind::ConfigImported, None, &message).await;
        }
        Ok(told)
    }

    /// Compares a file with what is here.
    async fn plan(&self, file: &ConfigFile) -> Result<Plan, ApiError> {
        let present = self.engine.board.servers();
        let mut plan = Plan {
            entries: Vec::new(),
            host_keys: Vec::new(),
            added: Vec::new(),
            changed: Vec::new(),
            settings: None,
            offers: Vec::new(),
        };
        if let Some(section) = &file.settings {
            plan.settings(section.entry.clone(), &self.engine.settings());
        }
        if let (Some(section), Some(local)) = (&file.local, present.iter().find(|it| it.id == ServerId::LOCAL)) {
            let draft = section.entry.clone().map(|entry| config_file::local_draft(entry, &ServerDraft::from(local)));
            plan.server(ConfigKind::Local, &local.name, draft, Some(local));
        }
        let mut seen = Vec::new();
        for section in &file.servers {
            let key = section.name.to_lowercase();
            let known = present.iter().find(|server| server.id != ServerId::LOCAL && server.name.to_lowercase() == key);
            let draft = if seen.contains(&key) {
                Err("Another server of this file has the same name.".to_owned())
            } else {
                draft_of(section, known)
            };
            seen.push(key);
            plan.server(ConfigKind::Server, &section.name, draft, known);
        }
        self.judge_host_keys(file, &mut plan).await?;
        Ok(plan)
    }

    async fn judge_host_keys(&self, file: &ConfigFile, plan: &mut Plan) -> Result<(), ApiError> {
        let known_hosts = Arc::clone(&self.engine.known_hosts);
        let keys: Vec<(String, String)> =
            file.host_keys.iter().flat_map(|(host, keys)| keys.iter().map(|key| (host.clone(), key.clone()))).collect();
        let judged = spawn_blocking(move || {
            keys.into_iter().map(|(host, key)| (known_hosts.judge_named(&host, &key), host, key)).collect::<Vec<_>>()
        });
        let judged = judged.await.map_err(|error| broke_off(&error))?;
        let known: Vec<String> = judged
            .iter()
            .filter(|(verdict, ..)| matches!(verdict, Ok(Verdict::Known)))
            .map(|it| it.1.clone())
            .collect();
        for (verdict, host, key) in judged {
            let refused = |reason: String| (ConfigOutcome::Refused, Some(reason));
            let (outcome, reason) = match verdict {
                Ok(Verdict::Known) => (ConfigOutcome::Same, None),
                Ok(Verdict::Unknown(offer)) => {
                    plan.offers.push(offer);
                    (ConfigOutcome::Added, None)
                }
                // Learned from the server itself, which has to prove that they are its own.
                Ok(Verdict::Changed(_)) if known.contains(&host) => {
                    (ConfigOutcome::Same, Some("Another key of the file is known already.".into()))
                }
                Ok(Verdict::Changed(_)) => refused(
                    "Another key of this host is known. Compare both: `hostrounds server trust NAME --replace`.".into(),
                ),
                Ok(Verdict::Revoked { .. }) => refused("This key is revoked.".into()),
                Err(error) => refused(format!("{error}.")),
            };
            let mut words = key.split_whitespace();
            let algorithm = words.next().unwrap_or_default().to_owned();
            let fingerprint = hostrounds_ssh::fingerprint_of(&key).unwrap_or_default();
            plan.host_keys.push(ConfigHostKey { host, algorithm, fingerprint, outcome, reason });
        }
        Ok(())
    }
}

impl Plan {
    fn settings(&mut self, entry: Result<config_file::SettingsEntry, String>, present: &Settings) {
        let outcome = entry.map(|entry| config_file::settings(entry, present)).and_then(|wanted| {
            check_settings(&wanted).map_err(|error| error.message)?;
            Ok(wanted)
        });
        let (outcome, details) = match outcome {
            Err(reason) => (ConfigOutcome::Refused, vec![reason]),
            Ok(wanted) if wanted == *present => (ConfigOutcome::Same, Vec::new()),
            Ok(wanted) => {
                let details = super::servers::settings_changes(present, &wanted);
                self.settings = Some(wanted);
                (ConfigOutcome::Changed, details)
            }
        };
        self.entries.push(ConfigEntry {
            kind: ConfigKind::Settings,
            name: "settings".into(),
            outcome,
            details,
            secrets: Vec::new(),
        });
    }

    fn server(&mut self, kind: ConfigKind, name: &str, draft: Result<ServerDraft, String>, known: Option<&Server>) {
        let checked = draft.and_then(|draft| {
            draft.checked().map_err(|fields| {
                fields.iter().map(|it| format!("{}: {}", it.field, it.message)).collect::<Vec<_>>().join(" ")
            })
        });
        let mut secrets = Vec::new();
        let (outcome, details) = match (checked, known) {
            (Err(reason), _) => (ConfigOutcome::Refused, vec![reason]),
            (Ok(draft), None) => {
                secrets = passwords(&draft.target);
                let Target::Ssh(ssh) = &draft.target else { return };
                let details = vec![ssh.hop.to_string()];
                self.added.push(draft);
                (ConfigOutcome::Added, details)
            }
            (Ok(draft), Some(before)) if ServerDraft::from(before) == draft => (ConfigOutcome::Same, Vec::new()),
            (Ok(draft), Some(before)) => {
                if before.target != draft.target {
                    secrets = passwords(&draft.target);
                }
                let details = changes(before, &with(before, &draft));
                self.changed.push((before.clone(), draft));
                (ConfigOutcome::Changed, details.into_iter().map(|(_, message)| message).collect())
            }
        };
        let name = hostrounds_core::text::neutralised(name, 100);
        self.entries.push(ConfigEntry { kind, name, outcome, details, secrets });
    }
}

/// The server as the draft makes it.
fn with(before: &Server, draft: &ServerDraft) -> Server {
    let ServerDraft { name, target, enabled, interval, thresholds, families_off, environment, tags } = draft.clone();
    Server { name, target, enabled, interval, thresholds, families_off, environment, tags, ..before.clone() }
}

fn draft_of(section: &Section<ServerEntry>, known: Option<&Server>) -> Result<ServerDraft, String> {
    config_file::server_draft(section.entry.clone()?, known.map(ServerDraft::from).as_ref())
}

/// The passwords that its logins need, in words: no file holds them.
fn passwords(target: &Target) -> Vec<String> {
    let Target::Ssh(ssh) = target else { return Vec::new() };
    let slots = ssh.secret_slots().into_iter().filter(|slot| matches!(slot, SecretSlot::Password { .. }));
    slots.map(|slot| secrets::name(&slot)).collect()
}

fn refuse(plan: &Plan, with_host_keys: bool) -> Result<(), ApiError> {
    let entries = plan.entries.iter().filter(|entry| entry.outcome == ConfigOutcome::Refused);
    let mut refused: Vec<String> =
        entries.map(|entry| format!("{}: {}", entry.name, entry.details.join(" "))).collect();
    if with_host_keys {
        let keys = plan.host_keys.iter().filter(|key| key.outcome == ConfigOutcome::Refused);
        refused.extend(keys.map(|key| format!("{}: {}", key.host, key.reason.as_deref().unwrap_or_default())));
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Config,
        format!("Some of the file cannot be taken over. {}", refused.join(" ")),
        "Correct the file; nothing was changed.",
    ))
}

fn text_of(path: &Path) -> std::io::Result<String> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    if found.len() > LARGEST {
        return Err(std::io::Error::other("it is too large to be a configuration"));
    }
    std::fs::read_to_string(path)
}

fn unreadable(path: &Path, why: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Config,
        format!("`{}` cannot be taken over: {}", path.display(), why.trim_end()),
        "Choose a file that `hostrounds config export` has written, or correct it.",
    )
}

fn broke_off(error: &tokio::task::JoinError) -> ApiError {
    ApiError::new(ErrorCode::Config, format!("The work broke off: {error}."), "Try again.")
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

impl Engine {
    async fn import_into_store(
        &self,
        added: &[ServerDraft],
        changed: &[(ServerId, ServerDraft)],
        settings: Option<&Settings>,
    ) -> Result<(Vec<Server>, Vec<Server>), ApiError> {
        let setting = settings.map(|settings| (crate::engine::SETTINGS, settings));
        Ok(self.store.import(added, changed, setting, clock::now()).await?)
    }

    /// Accepts host keys that were judged to be new.
    async fn accept_all(&self, offers: Vec<hostrounds_ssh::HostKeyOffer>) -> Result<(), ApiError> {
        let known_hosts = Arc::clone(&self.known_hosts);
        match spawn_blocking(move || known_hosts.accept_all(&offers)).await {
            Ok(accepted) => Ok(accepted?),
            Err(error) => Err(broke_off(&error)),
        }
    }
}
