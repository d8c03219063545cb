//! Values and tables, exported to a file that appears when it is complete, or into a stream.
//!
//! The history is read and written window by window, so that an export of years takes the memory of one of hours. What is read
//! waits for what is written.

mod history;
mod read;
mod readings;
mod request;
mod running;
mod tables;

use std::path::Path;
use std::time::Duration;

use hostrounds_core::server::{Server, ServerId};
pub use hostrounds_export::ExportError;
use hostrounds_export::Written;
pub use hostrounds_export::{Cell, Column, Destination, Format, Table, Writer};
use hostrounds_store::StoreError;
pub use request::{ExportEnd, ExportRequest, ExportSubject, ExportTable, Exported};
pub(crate) use running::Exports;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::readings::{Readings, Survey, Wanted};
use super::Hostrounds;
use super::view::{ApiError, ErrorCode, Event};
use crate::engine::Engine;
use crate::failure::capitalised;

/// Progress is told no more often than this.
const TOLD_EVERY: Duration = Duration::from_millis(100);

impl Hostrounds {
    /// Exports, and tells how far it has come under the name `id`, with which it can be cancelled. A file stands at its place
    /// only once it is complete.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] for an empty range, no metric, an attribute that a metric does not have or a file that exists
    /// already; [`ErrorCode::NotFound`]; [`ErrorCode::Store`]; [`ErrorCode::Export`] where the file or the stream does not take
    /// it.
    pub async fn export(
        &self,
        id: String,
        request: ExportRequest,
        destination: Destination,
    ) -> Result<ExportEnd, ApiError> {
        let engine = &self.engine;
        let running = engine.exports.begin(&id, &engine.cancel);
        let file = match &destination {
            Destination::File { path, .. } => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Destination::Stream(_) => None,
        };
        let run = Run { engine, id: &id, stop: running.token(), waits: file.is_some(), told: None, rows: 0 };
        let exporting = async {
            match request.subject {
                ExportSubject::History { servers, metrics, attributes, from, to } => {
                    let mut all = Vec::new();
                    for server in self.chosen(&servers)? {
                        let metrics = metrics.clone();
                        let wanted = Wanted { server: server.id, metrics, attributes: attributes.clone(), from, to };
                        all.push((server.name, wanted));
                    }
                    self.check(&all)?;
                    run.history(request.format, destination, &metrics, all).await
                }
                ExportSubject::Table { table, servers } => {
                    let table = self.table(table, &servers).await?;
                    run.table(request.format, destination, table).await
                }
            }
        };
        match engine.tracked(exporting).await {
            Ok(Written { rows, sheets }) => {
                Ok(ExportEnd::Complete(Exported { file, rows, sheets: u32::try_from(sheets).unwrap_or(u32::MAX) }))
            }
            Err(Stop::Cancelled) => Ok(ExportEnd::Cancelled),
            Err(Stop::ReaderGone) => Ok(ExportEnd::ReaderGone),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Cancels a running export. One that has ended, or never was, is left alone.
    pub fn cancel_export(&self, id: &str) {
        self.engine.exports.cancel(id);
    }

    /// The servers with these numbers; all where none is named.
    pub(super) fn chosen(&self, servers: &[ServerId]) -> Result<Vec<Server>, ApiError> {
        if servers.is_empty() {
            return Ok(self.servers().into_iter().map(|view| view.server).collect());
        }
        servers.iter().map(|id| self.server(*id)).collect()
    }

    fn check(&self, all: &[(String, Wanted)]) -> Result<(), ApiError> {
        for (_, wanted) in all {
            if wanted.metrics.is_empty() {
                return Err(ApiError::invalid_field("metrics", "Name at least one metric."));
            }
            for query in wanted.queries(wanted.from, wanted.to, 1) {
                self.check_query(&query)?;
            }
        }
        Ok(())
    }
}

/// The name that a file of this export is offered: `web-system.cpu.utilization.csv`. Fit for every filesystem.
#[must_use]
pub fn file_name(request: &ExportRequest, servers: &[(ServerId, &str)]) -> String {
    let (what, of) = match &request.subject {
        ExportSubject::History { metrics, servers, .. } => {
            (metrics.first().map_or("history", |metric| metric.info().name), servers)
        }
        ExportSubject::Table { table, servers } => (table.name(), servers),
    };
    let name = match of.as_slice() {
        [one] => servers.iter().find(|(id, _)| id == one).map(|(_, name)| *name),
        _ => None,
    };
    fit_name([name, Some(what)], request.format.extension())
}

/// A name of a file from words, fit for every filesystem.
pub(super) fn fit_name<'a>(words: impl IntoIterator<Item = Option<&'a str>>, ending: &str) -> String {
    let stem = words.into_iter().flatten().collect::<Vec<_>>().join("-");
    let fit = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let stem: String = stem.chars().map(fit).take(120).collect();
    format!("{}.{ending}", stem.trim_start_matches('.'))
}

/// A path with that ending, where it has none.
#[must_use]
pub fn with_extension(path: &Path, ending: &str) -> std::path::PathBuf {
    if path.extension().is_some() { path.to_owned() } else { path.with_extension(ending) }
}

/// Why an export is not complete.
enum Stop {
    Cancelled,
    ReaderGone,
    Failed(ApiError),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Self {
        if error.is_closed_pipe() { Self::ReaderGone } else { Self::Failed(error.into()) }
    }
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        let message = format!("{}.", capitalised(&error.to_string()));
        match error {
            ExportError::Exists(_) | ExportError::NotAFile(_) => {
                Self { hint: error.hint().into(), ..Self::invalid_field("output", message) }
            }
            _ => Self::new(ErrorCode::Export, message, error.hint()),
        }
    }
}

/// An export under way.
struct Run<'a> {
    engine: &'a Engine,
    id: &'a str,
    stop: CancellationToken,
    /// Whether a write that is under way is waited for when the export is cancelled: a file goes away with it, while the reader
    /// of a stream may never read on.
    waits: bool,
    told: Option<Instant>,
    rows: u64,
}

impl Run<'_> {
    async fn history(
        mut self,
        format: Format,
        destination: Destination,
        metrics: &[hostrounds_core::metric::Metric],
        servers: Vec<(String, Wanted)>,
    ) -> Result<Written, Stop> {
        let mut writer = self.open(format, destination).await?;
        let count = servers.len() as f64;
        if format == Format::Xlsx {
            for (place, (name, wanted)) in servers.iter().enumerate() {
                writer = self.wide(writer, name, wanted, |share| (place as f64 + share) / count).await?;
            }
        } else {
            let attributes = history::attributes_of(metrics);
            let columns = history::long_columns(&attributes);
            writer = self.write(writer, move |writer| writer.table("history", &columns)).await?;
            for (place, (name, wanted)) in servers.iter().enumerate() {
                let mut readings = Readings::new(&self.engine.store, wanted);
                while let Some(window) = readings.next().await? {
                    self.tell((place as f64 + readings.share()) / count, window.values.len());
                    let (name, attributes) = (name.clone(), attributes.clone());
                    let rows = move |writer: &mut Writer| history::write_long(writer, &name, &attributes, &window);
                    writer = self.write(writer, rows).await?;
                }
            }
        }
        self.finish(writer).await
    }

    /// A sheet for one server. Its columns have to be known before its rows, so the range is gone through twice.
    async fn wide(
        &mut self,
        mut writer: Writer,
        name: &str,
        wanted: &Wanted,
        share: impl Fn(f64) -> f64,
    ) -> Result<Writer, Stop> {
        let mut survey = Survey::new(&self.engine.store, wanted);
        while survey.step().await? {
            self.tell(share(survey.share() / 4.0), 0);
            self.check()?;
        }
        let series = std::sync::Arc::new(survey.series());
        let (sheet, columns) = (name.to_owned(), history::wide_columns(&series));
        writer = self.write(writer, move |writer| writer.table(&sheet, &columns)).await?;
        let mut readings = Readings::new(&self.engine.store, wanted);
        while let Some(window) = readings.next().await? {
            self.tell(share(0.25 + readings.share() * 0.75), window.values.len());
            let series = std::sync::Arc::clone(&series);
            writer = self.write(writer, move |writer| history::write_wide(writer, &series, &window)).await?;
        }
        Ok(writer)
    }

    async fn table(self, format: Format, destination: Destination, table: Table) -> Result<Written, Stop> {
        let writer = self.open(format, destination).await?;
        let writer = self.write(writer, move |writer| writer.whole(&table)).await?;
        self.finish(writer).await
    }

    async fn open(&self, format: Format, destination: Destination) -> Result<Writer, Stop> {
        self.blocking(move || Writer::open(format, destination)).await
    }

    async fn write(
        &self,
        mut writer: Writer,
        rows: impl FnOnce(&mut Writer) -> Result<(), ExportError> + Send + 'static,
    ) -> Result<Writer, Stop> {
        self.blocking(move || rows(&mut writer).map(|()| writer)).await
    }

    async fn finish(self, writer: Writer) -> Result<Written, Stop> {
        let stop = self.stop.clone();
        self.blocking(move || writer.finish_unless(|| stop.is_cancelled())).await?.ok_or(Stop::Cancelled)
    }

    /// Work that waits for a disk or a pipe, on a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ExportError> + Send + 'static,
    ) -> Result<T, Stop> {
        self.check()?;
        let working = tokio::task::spawn_blocking(work);
        let done = if self.waits {
            working.await
        } else {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Stop::Cancelled),
                done = working => done,
            }
        };
        match done {
            Ok(done) => Ok(done?),
            Err(error) => {
                let message = format!("The export broke off: {error}.");
                Err(ApiError::new(ErrorCode::Export, message, "Try again, or export as CSV.").into())
            }
        }
    }

    fn check(&self) -> Result<(), Stop> {
        if self.stop.is_cancelled() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// Tells how far it has come, from 0 to 1, and that so many values more are on their way into the file.
    fn tell(&mut self, share: f64, values: usize) {
        self.rows += values as u64;
        if self.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
            self.told = Some(Instant::now());
            self.engine.events.send(Event::Export { id: self.id.to_owned(), share, values: self.rows });
        }
    }
}
