//! The end: the engine is given time to bring what runs to its end, and then the process goes, whatever happens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager};
use tokio::time::timeout;

use crate::engine::Engine;

const PATIENCE: Duration = Duration::from_secs(5);

/// How far the end has come.
#[derive(Default)]
pub(crate) struct Progress {
    begun: AtomicBool,
    done: AtomicBool,
}

/// Begins the end when it is first asked for, and says whether it has still to be waited for.
pub(crate) fn must_wait(app: &AppHandle) -> bool {
    let progress = app.state::<Progress>();
    if progress.done.load(Ordering::Acquire) {
        return false;
    }
    if !progress.begun.swap(true, Ordering::AcqRel) {
        tauri::async_runtime::spawn(finish(app.clone()));
    }
    true
}

async fn finish(app: AppHandle) {
    if let Some(hostrounds) = app.state::<Engine>().opened().await
        && timeout(PATIENCE, hostrounds.shutdown()).await.is_err()
    {
        tracing::warn!("collections were still running after {} s and were cut off", PATIENCE.as_secs());
    }
    tracing::info!("stopped");
    app.state::<Progress>().done.store(true, Ordering::Release);
    app.exit(0);
}

/// Ends the application when the session or a terminal asks for it.
#[cfg(unix)]
pub(crate) async fn on_signals(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "the application will not end cleanly on SIGTERM");
            return;
        }
    }
    app.exit(0);
}

#[cfg(not(unix))]
pub(crate) async fn on_signals(app: AppHandle) {
    if tokio::signal::ctrl_c().await.is_ok() {
        app.exit(0);
    }
}
