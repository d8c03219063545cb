//! The dialogs of the desktop in which a person chooses a file. The window never learns of a path before that.

use std::path::PathBuf;

use hostrounds_engine::api::{ApiError, ErrorCode};
use rfd::{AsyncFileDialog, FileHandle};
use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

/// Asks where a file is to be saved; nothing where nowhere was chosen. Whether one of that name may be replaced, the dialog has
/// asked.
///
/// # Errors
/// [`ErrorCode::Export`] where no dialog can be shown.
pub(crate) async fn save(
    app: &AppHandle,
    title: &str,
    name: String,
    ending: &str,
) -> Result<Option<PathBuf>, ApiError> {
    let dialog = in_documents(app, title).set_file_name(name).add_filter(ending.to_uppercase(), &[ending]);
    choose(app, move || dialog.save_file()).await
}

/// Asks for a file that is there; nothing where none was chosen.
///
/// # Errors
/// As [`save`].
pub(crate) async fn open(app: &AppHandle, title: &str) -> Result<Option<PathBuf>, ApiError> {
    let dialog = in_documents(app, title);
    choose(app, move || dialog.pick_file()).await
}

fn in_documents(app: &AppHandle, title: &str) -> AsyncFileDialog {
    let dialog = AsyncFileDialog::new().set_title(title);
    match app.path().document_dir().ok().filter(|folder| folder.is_dir()) {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}

// Desktops show dialogs from the thread that shows the window, and the answer comes from there later.
async fn choose<F>(app: &AppHandle, show: impl FnOnce() -> F + Send + 'static) -> Result<Option<PathBuf>, ApiError>
where
    F: Future<Output = Option<FileHandle>> + Send + 'static,
{
    let (shown, showing) = oneshot::channel();
    app.run_on_main_thread(move || drop(shown.send(show()))).map_err(|error| no_dialog(&error))?;
    let chosen = showing.await.map_err(|error| no_dialog(&error))?.await;
    Ok(chosen.map(|file| file.path().to_owned()))
}

fn no_dialog(error: &dyn std::error::Error) -> ApiError {
    ApiError {
        code: ErrorCode::Export,
        message: format!("The desktop shows no dialog to choose a file in: {error}."),
        hint: "Use the command line: `hostrounds --help`.".to_owned(),
        fields: Vec::new(),
    }
}
