//! The native dialogs in which a person chooses a file. The window names no paths.

use std::path::PathBuf;

use rfd::AsyncFileDialog;
use tauri::AppHandle;
use tokio::sync::oneshot;

/// Asks where a file is to be saved. Whether one of that name may be replaced, the dialog asks itself.
pub(crate) async fn save(app: &AppHandle, title: &str, name: &str) -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new().set_title(title).set_file_name(name);
    choose(app, move || dialog.save_file()).await
}

/// Asks for a file to read.
pub(crate) async fn open(app: &AppHandle, title: &str) -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new().set_title(title);
    choose(app, move || dialog.pick_file()).await
}

// A dialog has to be made on the main thread; it is waited for elsewhere.
async fn choose<F>(app: &AppHandle, show: impl FnOnce() -> F + Send + 'static) -> Option<PathBuf>
where
    F: Future<Output = Option<rfd::FileHandle>> + Send + 'static,
{
    let (chosen, choice) = oneshot::channel();
    let shown = app.run_on_main_thread(move || {
        let dialog = show();
        tauri::async_runtime::spawn(async move {
            let _ = chosen.send(dialog.await);
        });
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a dialog could not be shown");
    }
    choice.await.ok().flatten().map(|file| file.path().to_owned())
}
