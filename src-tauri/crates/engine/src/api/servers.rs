//! Servers: added, edited, removed; their secrets; the settings of the application.

use std::sync::Arc;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::{Server, ServerDraft, ServerId, Target};
use hostrounds_store::StoreError;

use super::Hostrounds;
use super::error::store_trouble;
use super::view::{ApiError, Event, ServerForm, ServerView, SettingBounds, Settings};
use super::{secrets, storage};
use crate::clock;
use crate::engine::Engine;
use crate::schedule::{Command, TaskHandle};

impl Hostrounds {
    /// Adds a server and, where this process keeps the schedule, visits it at once.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with every wrong field, [`ErrorCode::NameTaken`], [`ErrorCode::Keyring`], [`ErrorCode::Store`].
    /// After any of them nothing has changed.
    pub async fn add_server(&self, form: ServerForm) -> Result<ServerView, ApiError> {
        let engine = &self.engine;
        let draft = form.draft.checked().map_err(ApiError::invalid)?;
        if matches!(draft.target, Target::Local) {
            return Err(ApiError::local("added; it is there already"));
        }
        secrets::check(&draft, &form.secrets)?;
        let server = engine.store.add_server(&draft, clock::now()).await.map_err(|error| naming(error, &draft.name))?;
        let done = match engine.change_secrets(&server, form.secrets).await {
            Ok(done) => done,
            Err(error) => {
                engine.store.remove_server(server.id).await?;
                return Err(error);
            }
        };
        engine.server_was_added(&server).await;
        engine.log_secrets(&server, done).await;
        self.told(server.id)
    }

    /// Replaces the settings of a server.
    ///
    /// # Errors
    /// As [`Self::add_server`]; [`ErrorCode::NotFound`]; [`ErrorCode::LocalServer`] when this computer would become another
    /// one or the other way round.
    pub async fn update_server(&self, id: ServerId, form: ServerForm) -> Result<ServerView, ApiError> {
        let engine = &self.engine;
        let before = self.server(id)?;
        let draft = form.draft.checked().map_err(ApiError::invalid)?;
        let was_local = matches!(before.target, Target::Local);
        if was_local != matches!(draft.target, Target::Local) || (was_local && draft.name != before.name) {
            return Err(ApiError::local("renamed or exchanged for a server"));
        }
        let taken = engine
            .board
            .servers()
            .iter()
            .any(|other| other.id != id && other.name.to_lowercase() == draft.name.to_lowercase());
        if taken {
            return Err(ApiError::name_taken(&draft.name));
        }
        secrets::check(&draft, &form.secrets)?;
        engine.check_kept(&before, &draft, &form.secrets)?;
        let reconnect = secrets::changes_something(&form.secrets);
        let server =
            engine.store.update_server(id, &draft, clock::now()).await.map_err(|error| naming(error, &draft.name))?;
        let done = match engine.change_secrets(&server, form.secrets).await {
            Ok(done) => done,
            Err(error) => {
                engine.store.update_server(id, &ServerDraft::from(&before), clock::now()).await?;
                return Err(error);
            }
        };
        engine.server_was_changed(&before, &server, reconnect).await;
        engine.log_secrets(&server, done).await;
        engine.look_after_missing_secrets().await;
        self.told(id)
    }

    /// Switches the visits of a server on or off.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::Store`].
    pub async fn set_enabled(&self, id: ServerId, enabled: bool) -> Result<ServerView, ApiError> {
        let draft = ServerDraft { enabled, ..ServerDraft::from(&self.server(id)?) };
        self.update_server(id, ServerForm { draft, secrets: Vec::new() }).await
    }

    /// Removes a server with its history, its alerts and its secrets.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::LocalServer`] for this computer; [`ErrorCode::Store`]; [`ErrorCode::Keyring`]
    /// when only its secrets could not be removed.
    pub async fn remove_server(&self, id: ServerId) -> Result<(), ApiError> {
        let engine = &self.engine;
        let server = self.server(id)?;
        if matches!(server.target, Target::Local) {
            return Err(ApiError::local("removed"));
        }
        // Off the board first, so that nothing starts its task again.
        engine.board.remove(id);
        engine.stop_task(id).await;
        if let Err(error) = engine.store.remove_server(id).await {
            let secrets = engine.secrets.of(&server);
            engine.board.put(server, secrets);
            engine.restore(id).await?;
            engine.start_task(id).await;
            return Err(error.into());
        }
        engine.alerting.forget(id);
        engine.pipeline.forecasts.forget(id);
        engine.pipeline.meter.forget(id);
        engine.queue.schedule(id, None);
        engine.events.send(Event::ServerRemoved { id });
        engine.queue_changed.notify_one();
        let cleared = engine.forget_secrets(&server).await;
        engine.look_after_missing_secrets().await;
        engine.log(ActivityKind::ServerRemoved, Some(id), &format!("{} was removed", server.name)).await;
        cleared
    }

    /// Replaces the settings of the application.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with the fields that are outside their [`SettingBounds`]; [`ErrorCode::Store`].
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, ApiError> {
        check_settings(&settings)?;
        if self.engine.settings() != settings {
            self.engine.put_settings(&settings).await?;
            self.engine.settings_were_changed(settings.clone()).await;
        }
        Ok(settings)
    }

    /// Tells the faces how a server is now, and returns the same.
    fn told(&self, id: ServerId) -> Result<ServerView, ApiError> {
        self.engine.pipeline.tell(id);
        self.engine.pipeline.view(id).ok_or_else(|| ApiError::not_found("server"))
    }
}

impl Engine {
    /// Takes up a server that is new in the store.
    pub(super) async fn server_was_added(self: &Arc<Self>, server: &Server) {
        self.board.put(server.clone(), self.secrets.of(server));
        self.start_task(server.id).await;
        self.log(ActivityKind::ServerAdded, Some(server.id), &format!("{} was added", server.name)).await;
        // The task of one that is switched off has nothing to say.
        self.pipeline.tell(server.id);
    }

    /// Follows a server that was changed in the store. `reconnect`: its secrets are other ones.
    pub(super) async fn server_was_changed(&self, before: &Server, server: &Server, reconnect: bool) {
        self.board.put(server.clone(), self.secrets.of(server));
        self.hand_over_settings(server.clone(), reconnect).await;
        if reconnect || before.target != server.target || (server.enabled && !before.enabled) {
            self.pipeline.release(server).await;
        }
        if before.enabled
            && !server.enabled
            && let Err(error) = self.alerting.ended(server).await
        {
            self.troubles.raise(store_trouble(&error));
        }
        for (kind, message) in changes(before, server) {
            self.log(kind, Some(server.id), &message).await;
        }
        self.pipeline.tell(server.id);
    }

    /// Follows settings that were changed in the store.
    pub(super) async fn settings_were_changed(&self, settings: Settings) {
        let before = self.settings();
        let changes = settings_changes(&before, &settings);
        let budget = before.budget != settings.budget;
        if before.retention != settings.retention {
            self.upkeep.notify_one();
        }
        self.apply_settings(settings);
        if budget {
            for server in self.board.servers() {
                self.pipeline.tell(server.id);
            }
        }
        self.log(ActivityKind::SettingChanged, None, &format!("Settings: {}", changes.join(", "))).await;
    }

    /// Hands new settings to the task of a server.
    pub(crate) async fn hand_over_settings(&self, server: Server, reconnect: bool) {
        let sender = self.tasks.lock().await.get(&server.id).map(TaskHandle::sender);
        if let Some(sender) = sender
            && sender.send(Command::Settings { server: Box::new(server), reconnect }).await.is_err()
        {
            tracing::debug!("a task that has ended was sent new settings");
        }
    }
}

fn naming(error: StoreError, name: &str) -> ApiError {
    match error {
        StoreError::NameTaken { .. } => ApiError::name_taken(name),
        other => other.into(),
    }
}

/// Whether the settings can be as they are.
pub(super) fn check_settings(settings: &Settings) -> Result<(), ApiError> {
    let SettingBounds { least_concurrency: least, most_concurrency: most, .. } = SettingBounds::default();
    if !(least..=most).contains(&settings.concurrency) {
        let message = format!("{least} to {most} collections can run at a time.");
        return Err(ApiError::invalid_field("concurrency", message));
    }
    storage::checked(&settings.retention)?;
    settings.budget.checked().map_err(ApiError::invalid)?;
    Ok(())
}

/// What changed between two versions of the settings, in words.
pub(super) fn settings_changes(before: &Settings, after: &Settings) -> Vec<String> {
    let mut changes = Vec::new();
    if before.concurrency != after.concurrency {
        changes.push(format!("{} collections at a time", after.concurrency));
    }
    if before.notifications != after.notifications {
        changes.push(format!("notifications {}", if after.notifications { "on" } else { "off" }));
    }
    if before.budget != after.budget {
        changes.push("the budget of a server".to_owned());
    }
    if before.retention != after.retention {
        changes.push(format!("the history is kept {}", after.retention.words()));
    }
    changes
}

/// What changed between two versions of a server, as lines of the activity log.
pub(super) fn changes(before: &Server, after: &Server) -> Vec<(ActivityKind, String)> {
    let mut lines = Vec::new();
    let settings = |server: &Server| Server { enabled: true, ..server.clone() };
    if settings(before) != settings(after) {
        let mut what = Vec::new();
        if before.name != after.name {
            what.push(format!("renamed from {}", before.name));
        }
        if before.target != after.target {
            what.push("connection".to_owned());
        }
        if before.interval != after.interval {
            what.push(format!("interval {} s to {} s", before.interval, after.interval));
        }
        if before.thresholds != after.thresholds {
            what.push("thresholds".to_owned());
        }
        if before.families_off != after.families_off {
            what.push("metrics".to_owned());
        }
        if before.environment != after.environment || before.tags != after.tags {
            what.push("environment or tags".to_owned());
        }
        lines.push((ActivityKind::ServerChanged, format!("{} was changed: {}", after.name, what.join(", "))));
    }
    match (before.enabled, after.enabled) {
        (true, false) => lines.push((ActivityKind::ServerDisabled, format!("{} was disabled", after.name))),
        (false, true) => lines.push((ActivityKind::ServerEnabled, format!("{} was enabled", after.name))),
        _ => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;

    #[test]
    fn an_error_code_for_a_taken_name_names_the_field() {
        let error = naming(StoreError::NameTaken { name: "web".into() }, "web");
        assert_eq!(error.code, ErrorCode::NameTaken);
        assert_eq!(error.fields.first().map(|field| field.field.as_str()), Some("name"));
    }
}
