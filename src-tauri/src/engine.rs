//! The engine, opened once. Where it cannot be opened the window shows why, and whatever the person asks for next tries again: a
//! store that was locked or full may be usable by then. It is closed only while its data is replaced.

use std::path::PathBuf;

use hostrounds_engine::api::{ApiError, ErrorCode, Hostrounds, Options};
use tauri::AppHandle;
use tokio::sync::RwLock;

use crate::{events, tray};

/// What the commands of the window reach.
pub(crate) struct Engine {
    app: AppHandle,
    data_dir: Option<PathBuf>,
    opened: RwLock<Option<Hostrounds>>,
}

impl Engine {
    /// An engine with its data in `data_dir`, by default where the platform keeps it. Nothing is opened yet.
    pub(crate) fn new(app: AppHandle, data_dir: Option<PathBuf>) -> Self {
        Self { app, data_dir, opened: RwLock::default() }
    }

    /// The engine, opened and with its schedule running.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(crate) async fn ready(&self) -> Result<Hostrounds, ApiError> {
        if let Some(opened) = self.opened().await {
            return Ok(opened);
        }
        let mut opened = self.opened.write().await;
        if let Some(opened) = opened.as_ref() {
            return Ok(opened.clone());
        }
        let fresh = self.open().await;
        if let Err(error) = &fresh {
            tracing::error!(code = ?error.code, "{} {}", error.message, error.hint);
        }
        let fresh = fresh?;
        *opened = Some(fresh.clone());
        Ok(fresh)
    }

    /// The engine, if it is open.
    pub(crate) async fn opened(&self) -> Option<Hostrounds> {
        self.opened.read().await.clone()
    }

    /// Closes the engine, replaces its data, and opens it again, whatever came of that. Commands wait meanwhile.
    ///
    /// # Errors
    /// Why the data could not be replaced.
    pub(crate) async fn replace_data<T, F>(&self, replace: impl FnOnce(Options) -> F + Send) -> Result<T, ApiError>
    where
        T: Send,
        F: Future<Output = Result<T, ApiError>> + Send,
    {
        let options = self.options()?;
        let mut opened = self.opened.write().await;
        if let Some(running) = opened.take() {
            running.shutdown().await;
        }
        let replaced = replace(options).await;
        // Where it cannot be opened, the next command says why.
        *opened = self.open().await.ok();
        replaced
    }

    fn options(&self) -> Result<Options, ApiError> {
        self.data_dir.clone().or_else(Options::default_data_dir).map(Options::at).ok_or_else(homeless)
    }

    async fn open(&self) -> Result<Hostrounds, ApiError> {
        let hostrounds = Hostrounds::open(self.options()?).await?;
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
