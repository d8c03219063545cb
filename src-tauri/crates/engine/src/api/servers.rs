//! Servers: added, edited, removed; their secrets; the settings of the application.

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
        engine.board.put(server.clone(), engine.secrets.of(&server));
        engine.start_task(server.id).await;
        engine.log(ActivityKind::ServerAdded, Some(server.id), &format!("{} was added", server.name)).await;
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
        engine.board.put(server.clone(), engine.secrets.of(&server));
        engine.hand_over_settings(server.clone(), reconnect).await;
        if reconnect || before.target != server.target || (server.enabled && !before.enabled) {
            engine.pipeline.release(&server).await;
        }
        if before.enabled
            && !server.enabled
            && let Err(error) = engine.alerting.ended(&server).await
        {
            engine.troubles.raise(store_trouble(&error));
        }
        for (kind, message) in changes(&before, &server) {
            engine.log(kind, Some(id), &message).await;
        }
        engine.log_secrets(&server, done).await;
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
        engine.log(ActivityKind::ServerRemoved, Some(id), &format!("{} was removed", server.name)).await;
        cleared
    }

    /// Replaces the settings of the application.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with the fields that are outside their [`SettingBounds`]; [`ErrorCode::Store`].
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, ApiError> {
        let SettingBounds { least_concurrency: least, most_concurrency: most, .. } = SettingBounds::default();
        if !(least..=most).contains(&settings.concurrency) {
            let message = format!("{least} to {most} collections can run at a time.");
            return Err(ApiError::invalid_field("concurrency", message));
        }
        storage::checked(&settings.retention)?;
        settings.budget.checked().map_err(ApiError::invalid)?;
        let before = self.engine.settings();
        if before != settings {
            self.engine.put_settings(settings.clone()).await?;
            let mut changes = Vec::new();
            if before.concurrency != settings.concurrency {
                changes.push(format!("{} collections at a time", settings.concurrency));
            }
            if before.notifications != settings.notifications {
                changes.push(format!("notifications {}", if settings.notifications { "on" } else { "off" }));
            }
            if before.budget != settings.budget {
                changes.push("the budget of a server".to_owned());
                for server in self.engine.board.servers() {
                    self.engine.pipeline.tell(server.id);
                }
            }
            if before.retention != settings.retention {
                changes.push(format!("the history is kept {}", settings.retention.words()));
                self.engine.upkeep.notify_one();
            }
            self.engine.log(ActivityKind::SettingChanged, None, &format!("Settings: {}", changes.join(", "))).await;
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

/// What changed between two versions of a server, as lines of the activity log.
fn changes(before: &Server, after: &Server) -> Vec<(ActivityKind, String)> {
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
