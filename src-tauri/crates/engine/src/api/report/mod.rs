//! Reports: what the store holds of a range, given to the `report` crate, written to a file that appears when it is complete.

mod gather;
mod unreachable;

use std::io::Write;

use hostrounds_core::server::{Server, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_export::{Destination, ExportError};
use hostrounds_report::data::Span;
use hostrounds_report::{Report, ReportError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::Hostrounds;
use super::export::fit_name;
use super::view::{ApiError, ErrorCode, Event};
use crate::clock;
use crate::failure::capitalised;

/// The most buckets of a chart: more cannot be told apart.
const POINTS_MOST: usize = 400;
/// The fewest, however many servers there are.
const POINTS_LEAST: usize = 100;
/// What all servers together may have for each of their charts, so that a report of hundreds stays a usable file.
const POINTS_TOGETHER: usize = 40_000;

/// How the name of a report ends.
pub const REPORT_ENDING: &str = "html";

/// What a report is asked to cover.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReportRequest {
    /// Which servers, in their order; all where none is named.
    pub servers: Vec<ServerId>,
    /// The first moment that counts.
    pub from: UnixMillis,
    /// The first moment that no longer counts.
    pub to: UnixMillis,
}

/// How a report ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "end", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ReportEnd {
    /// It is complete.
    Complete {
        /// The name of the file, without its folder; absent for a stream.
        file: Option<String>,
        /// How many servers it covers.
        servers: u32,
        /// Its size.
        #[ts(type = "number")]
        bytes: u64,
    },
    /// It was cancelled; no file is left.
    Cancelled,
    /// Whoever read the stream has seen enough.
    ReaderGone,
}

impl Hostrounds {
    /// Writes a report as one HTML file, and tells how far it has come under the name `id`, with which
    /// [`Self::cancel_export`] cancels it. Its moments are by the clock of this computer.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] for an empty range or a file that exists already; [`ErrorCode::NotFound`]; [`ErrorCode::Store`];
    /// [`ErrorCode::Export`] where the file or the stream does not take it.
    pub async fn report(
        &self,
        id: String,
        request: ReportRequest,
        destination: Destination,
    ) -> Result<ReportEnd, ApiError> {
        if request.from >= request.to {
            return Err(ApiError::invalid_field("from", "The range must begin before it ends."));
        }
        let servers = self.chosen(&request.servers)?;
        let running = self.engine.exports.begin(&id, &self.engine.cancel);
        let work = self.write_report(&id, &request, servers, destination, running.token());
        self.engine.tracked(work).await
    }

    async fn write_report(
        &self,
        id: &str,
        request: &ReportRequest,
        servers: Vec<Server>,
        destination: Destination,
        stop: CancellationToken,
    ) -> Result<ReportEnd, ApiError> {
        let file = match &destination {
            Destination::File { path, .. } => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Destination::Stream(_) => None,
        };
        // A place that cannot be written to is told before anything is read.
        let mut sink = destination.open()?;
        let count = servers.len();
        let gathered = self.gather(id, request, servers, &stop);
        let report = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(ReportEnd::Cancelled),
            report = gathered => report?,
        };
        let written = tokio::task::spawn_blocking(move || {
            let page = hostrounds_report::html(&report, &TimeZone::system()).map_err(Unwritten::Page)?;
            // What was cancelled while it was drawn leaves nothing behind.
            if stop.is_cancelled() {
                return Ok(None);
            }
            sink.write_all(page.as_bytes()).map_err(|error| Unwritten::Output(sink.failed(error)))?;
            sink.complete().map_err(Unwritten::Output)?;
            Ok(Some(page.len()))
        });
        match written.await.map_err(defect)? {
            Ok(Some(bytes)) => Ok(ReportEnd::Complete {
                file,
                servers: u32::try_from(count).unwrap_or(u32::MAX),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            }),
            Ok(None) => Ok(ReportEnd::Cancelled),
            Err(Unwritten::Output(error)) if error.is_closed_pipe() => Ok(ReportEnd::ReaderGone),
            Err(Unwritten::Output(error)) => Err(error.into()),
            Err(Unwritten::Page(error)) => Err(defect(error)),
        }
    }

    /// Reads what the report is about, server by server.
    async fn gather(
        &self,
        id: &str,
        request: &ReportRequest,
        servers: Vec<Server>,
        stop: &CancellationToken,
    ) -> Result<Report, ApiError> {
        let now = clock::now();
        let range = Span { from: request.from, to: request.to };
        let points = (POINTS_TOGETHER / servers.len().max(1)).clamp(POINTS_LEAST, POINTS_MOST);
        let mut report = Report {
            title: title(&servers),
            range,
            generated_at: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            servers: Vec::with_capacity(servers.len()),
        };
        let past = report.past();
        let all = servers.len() as f64;
        for (place, server) in servers.into_iter().enumerate() {
            if stop.is_cancelled() {
                break;
            }
            let facts = self.engine.board.latest(server.id).and_then(|latest| latest.facts).unwrap_or_default();
            report.servers.push(gather::server(&self.engine.store, server, facts, past, points).await?);
            self.engine.events.send(Event::Export { id: id.to_owned(), share: (place + 1) as f64 / all, values: 0 });
        }
        Ok(report)
    }
}

/// A report has the name of its server, where it is about one.
fn title(servers: &[Server]) -> String {
    match servers {
        [server] => format!("Report on {}", server.name),
        _ => "Server report".to_owned(),
    }
}

/// The name that the file of a report is offered: `report-web-2026-11-23.html`, by its last day.
#[must_use]
pub fn report_file_name(request: &ReportRequest, servers: &[(ServerId, &str)]) -> String {
    let name = match request.servers.as_slice() {
        [one] => servers.iter().find(|(id, _)| id == one).map(|(_, name)| *name),
        _ => None,
    };
    let day = Timestamp::from_millisecond(request.to.0.min(clock::now().0)).ok();
    let day = day.map(|day| day.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string());
    fit_name([Some("report"), name, day.as_deref()], REPORT_ENDING)
}

/// Why a report did not come to stand where it should.
enum Unwritten {
    Page(ReportError),
    Output(ExportError),
}

/// A defect of this program.
fn defect(error: impl std::fmt::Display) -> ApiError {
    let message = format!("{}.", capitalised(&error.to_string()));
    ApiError::new(ErrorCode::Export, message, "Report it with this message.")
}
