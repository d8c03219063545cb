//! What can be asked.

use hostrounds_core::activity::Activity;
use hostrounds_core::alert::Alert;
use hostrounds_core::collection::Collection;
use hostrounds_core::history::{HistoryQuery, SeriesHistory};
use hostrounds_core::metric::{Metric, MetricInfo};
use hostrounds_core::server::{ServerId, Target};

use super::Hostrounds;
use super::view::{ApiError, Latest, ServerView, Settings, Snapshot, Trouble};

/// The most buckets that one series is answered with.
const MAX_POINTS: u32 = 100_000;
/// The most lines that one question is answered with.
const MAX_LINES: u32 = 10_000;
/// How much activity a snapshot holds.
const RECENT: u32 = 50;

impl Hostrounds {
    /// Everything that a window needs when it opens.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn snapshot(&self) -> Result<Snapshot, ApiError> {
        let engine = &self.engine;
        Ok(Snapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: engine.options.data_dir.display().to_string(),
            servers: self.servers(),
            queue: engine.queue_view().await?,
            alerts: engine.store.firing().await?,
            activity: engine.store.activity(None, None, RECENT).await?,
            settings: engine.settings(),
            troubles: engine.troubles.all(),
            schedule_held_elsewhere: engine.schedule_is_elsewhere(),
        })
    }

    /// All servers: this computer first, the others by name.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerView> {
        let mut views: Vec<ServerView> =
            self.engine.board.servers().into_iter().filter_map(|server| self.engine.pipeline.view(server.id)).collect();
        views.sort_by_key(|view| {
            (!matches!(view.server.target, Target::Local), view.server.name.to_lowercase(), view.server.id)
        });
        views
    }

    /// The server of that name, whatever the case of its letters.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`], with the names that there are.
    pub fn server_named(&self, name: &str) -> Result<ServerView, ApiError> {
        let views = self.servers();
        if let Some(view) = views.iter().find(|view| view.server.name.to_lowercase() == name.to_lowercase()) {
            return Ok(view.clone());
        }
        let names: Vec<&str> = views.iter().map(|view| view.server.name.as_str()).take(20).collect();
        Err(ApiError {
            message: format!("There is no server named `{name}`."),
            hint: format!("There are: {}.", names.join(", ")),
            ..ApiError::not_found("server")
        })
    }

    /// The newest of everything that is known of a server; nothing before its first observation.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`].
    pub async fn latest(&self, id: ServerId) -> Result<Option<Latest>, ApiError> {
        self.server(id)?;
        Ok(self.engine.board.latest(id))
    }

    /// The latest collections, newest first, of one server or all.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn collections(&self, server: Option<ServerId>, limit: u32) -> Result<Vec<Collection>, ApiError> {
        Ok(self.engine.store.collections(server, limit.min(MAX_LINES)).await?)
    }

    /// Stored values of all series of a metric that carry the attributes asked for.
    ///
    /// # Errors
    /// [`super::ErrorCode::Invalid`] for an empty range, no points or an attribute that the metric does not have;
    /// [`super::ErrorCode::NotFound`]; [`super::ErrorCode::Store`].
    pub async fn history(&self, query: HistoryQuery) -> Result<Vec<SeriesHistory>, ApiError> {
        self.server(query.server)?;
        if query.from >= query.to {
            return Err(ApiError::invalid_field("from", "The range must begin before it ends."));
        }
        if !(1..=MAX_POINTS).contains(&query.max_points) {
            return Err(ApiError::invalid_field("maxPoints", format!("Ask for 1 to {MAX_POINTS} points.")));
        }
        let info = query.metric.info();
        if let Some(unknown) = query.attributes.0.keys().find(|name| !info.attributes.contains(&name.as_str())) {
            let known = if info.attributes.is_empty() { "none".to_owned() } else { info.attributes.join(", ") };
            return Err(ApiError::invalid_field(
                "attributes",
                format!("`{}` has no attribute `{unknown}`. Its attributes: {known}.", info.name),
            ));
        }
        Ok(self.engine.store.range(&query).await?)
    }

    /// The latest alerts, newest first, of one server or all.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn alerts(&self, server: Option<ServerId>, limit: u32) -> Result<Vec<Alert>, ApiError> {
        Ok(self.engine.store.alerts(server, limit.min(MAX_LINES)).await?)
    }

    /// The alerts that are firing, newest first.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn firing(&self) -> Result<Vec<Alert>, ApiError> {
        Ok(self.engine.store.firing().await?)
    }

    /// The latest activity, newest first, of one server or all; `before` continues a list that ended with that number.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn activity(
        &self,
        server: Option<ServerId>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Activity>, ApiError> {
        Ok(self.engine.store.activity(server, before, limit.min(MAX_LINES)).await?)
    }

    /// The catalogue of metrics.
    #[must_use]
    pub fn metrics(&self) -> Vec<&'static MetricInfo> {
        Metric::ALL.iter().map(|metric| metric.info()).collect()
    }

    /// What is not usable at the moment.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        self.engine.troubles.all()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.engine.settings()
    }
}
