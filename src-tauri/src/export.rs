//! Where exports and reports go: the person chooses it in the dialog of the desktop, and the window never learns of it.

use hostrounds_core::server::ServerId;
use hostrounds_engine::api::export::{Destination, ExportEnd, ExportRequest, Exported, file_name, with_extension};
use hostrounds_engine::api::report::{REPORT_ENDING, ReportEnd, ReportRequest, report_file_name};
use hostrounds_engine::api::{ApiError, Hostrounds};
use tauri::AppHandle;

use crate::dialog;

/// Asks for a file and exports into it; nothing where none was chosen, or the export was cancelled.
///
/// # Errors
/// What the engine refuses; `export` where no dialog can be shown.
pub(crate) async fn into_chosen_file(
    app: &AppHandle,
    hostrounds: &Hostrounds,
    id: String,
    request: ExportRequest,
) -> Result<Option<Exported>, ApiError> {
    let views = hostrounds.servers();
    let servers: Vec<(ServerId, &str)> = views.iter().map(|view| (view.server.id, view.server.name.as_str())).collect();
    let Some(chosen) = dialog::save(app, "Export", file_name(&request, &servers), request.format.extension()).await?
    else {
        return Ok(None);
    };
    // What was chosen may be replaced: the dialog has asked. A name that only got its ending here was not asked about.
    let path = with_extension(&chosen, request.format.extension());
    let replace = path == chosen;
    match hostrounds.export(id, request, Destination::File { path, replace }).await? {
        ExportEnd::Complete(exported) => Ok(Some(exported)),
        ExportEnd::Cancelled | ExportEnd::ReaderGone => Ok(None),
    }
}

/// Asks for a file and writes a report into it; nothing where none was chosen.
///
/// # Errors
/// As [`into_chosen_file`].
pub(crate) async fn report_into_chosen_file(
    app: &AppHandle,
    hostrounds: &Hostrounds,
    id: String,
    request: ReportRequest,
) -> Result<Option<ReportEnd>, ApiError> {
    let views = hostrounds.servers();
    let servers: Vec<(ServerId, &str)> = views.iter().map(|view| (view.server.id, view.server.name.as_str())).collect();
    let name = report_file_name(&request, &servers);
    let Some(chosen) = dialog::save(app, "Report", name, REPORT_ENDING).await? else { return Ok(None) };
    let path = with_extension(&chosen, REPORT_ENDING);
    let replace = path == chosen;
    hostrounds.report(id, request, Destination::File { path, replace }).await.map(Some)
}
