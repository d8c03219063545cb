//! What can be asked.

use hostrounds_core::activity::Activity;
use hostrounds_core::alert::Alert;
use hostrounds_core::collection::Collection;
use hostrounds_core::footprint::FootprintDay;
use hostrounds_core::history::{HistoryQuery, SeriesHistory};
use hostrounds_core::metric::{Metric, MetricInfo};
use hostrounds_core::server::{ServerId, Target};
use hostrounds_store::KeptTest;

use super::Hostrounds;
use super::view::{
    ApiError, ConnectionTest, FootprintReport, Latest, ServerView, SettingBounds, Settings, Snapshot, Trouble,
};
use crate::clock;

/// The most buckets that one series is answered with.
const MAX_POINTS: u32 = 100_000;
/// The most lines that one question is answered with.
const MAX_LINES: u32 = 10_000;
/// How much activity a snapshot holds.
const RECENT: u32 = 50;

/// Start-up files that take more than this many milliseconds of CPU are pointed out.
const SLOW_START_UP: f64 = 50.0;

/// Milliseconds of CPU that start-up files took per shell on the latest day on which one was started, where they are too many.
fn slow_start_up(days: &[FootprintDay]) -> Option<f64> {
    let latest = days.iter().map(|day| day.footprint).find(|footprint| footprint.channels > 0)?;
    let millis = latest.start_up * 1000.0 / f64::from(latest.channels);
    (millis > SLOW_START_UP).then_some(millis)
}

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
            bounds: SettingBounds::default(),
            prompts: engine.prompts.all(),
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
        self.check_query(&query)?;
        Ok(self.engine.store.range(&query).await?)
    }

    /// Whether the history can be asked so.
    pub(super) fn check_query(&self, query: &HistoryQuery) -> Result<(), ApiError> {
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
        Ok(())
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

    /// The latest connection tests of a server with its saved settings, newest first; at most 50 are kept.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`]; [`super::ErrorCode::Store`] when the store fails.
    pub async fn connection_tests(&self, id: ServerId, limit: u32) -> Result<Vec<ConnectionTest>, ApiError> {
        self.server(id)?;
        let kept = self.engine.store.tests(id, limit).await?;
        Ok(kept.into_iter().map(|KeptTest { id, at, report }| ConnectionTest { id, at, report }).collect())
    }

    /// What a server was made to spend on the latest `days` days; 400 are kept.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`]; [`super::ErrorCode::Store`] when the store fails.
    pub async fn footprint(&self, id: ServerId, days: u32) -> Result<FootprintReport, ApiError> {
        let server = self.server(id)?;
        let engine = &self.engine;
        let now = clock::now();
        engine.pipeline.keep_charge(&server).await?;
        let days = engine.store.footprint(id, now, days.max(1)).await?;
        Ok(FootprintReport {
            slow_start_up: slow_start_up(&days),
            days,
            budget: engine.settings().budget,
            over_budget: engine.pipeline.meter.over_budget(id, now),
        })
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
