//! The engine, opened once. Where it cannot be opened the window shows why, and whatever the person asks for next tries again: a
//! store that was locked or full may be usable by then.

use std::path::PathBuf;

use hostrounds_engine::api::{ApiError, ErrorCode, Hostrounds, Options};
use tauri::AppHandle;
use tokio::sync::OnceCell;

use crate::{events, tray};

/// What the commands of the window reach.
pub(crate) struct Engine {
    app: AppHandle,
    data_dir: Option<PathBuf>,
    opened: OnceCell<Hostrounds>,
}

impl Engine {
    /// An engine with its data in `data_dir`, by default where the platform keeps it. Nothing is opened yet.
    pub(crate) fn new(app: AppHandle, data_dir: Option<PathBuf>) -> Self {
        Self { app, data_dir, opened: OnceCell::new() }
    }

    /// The engine, opened and with its schedule running.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(crate) async fn ready(&self) -> Result<&Hostrounds, ApiError> {
        let opened = self.opened.get_or_try_init(|| self.open()).await;
        if let Err(error) = &opened {
            tracing::error!(code = ?error.code, "{} {}", error.message, error.hint);
        }
        opened
    }

    /// The engine, if it was ever opened.
    pub(crate) fn opened(&self) -> Option<&Hostrounds> {
        self.opened.get()
    }

    async fn open(&self) -> Result<Hostrounds, ApiError> {
        let data_dir = self.data_dir.clone().or_else(Options::default_data_dir).ok_or_else(homeless)?;
        let hostrounds = Hostrounds::open(Options::at(data_dir)).await?;
        // Subscribed to before the schedule starts, so that none of its first events is missed.
        let stream = hostrounds.events();
        if let Err(error) = hostrounds.start_schedule().await {
            tracing::warn!(code = ?error.code, "{} {}", error.message, error.hint);
        }
        tray::show(&self.app);
        tauri::async_runtime::spawn(events::forward(self.app.clone(), stream));
        Ok(hostrounds)
    }
}

fn homeless() -> ApiError {
    ApiError {
        code: ErrorCode::Store,
        message: "You have no home directory in which the history could be kept.".to_owned(),
        hint: "Start Hostrounds with --data-dir and a folder that you can write to.".to_owned(),
        fields: Vec::new(),
    }
}
