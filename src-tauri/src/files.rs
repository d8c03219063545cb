//! What a person chose to restore, looked at before it is done: the window names it by an id.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hostrounds_engine::api::{ApiError, ErrorCode};

/// The backup that was chosen last.
#[derive(Default)]
pub(crate) struct Chosen {
    last: Mutex<(u32, PathBuf)>,
}

impl Chosen {
    /// Keeps a path; answers with the id that stands for it until another one is chosen.
    pub(crate) fn keep(&self, path: PathBuf) -> u32 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (last.0.wrapping_add(1), path);
        last.0
    }

    /// The path for which the id stands.
    ///
    /// # Errors
    /// Another one was chosen since.
    pub(crate) fn get(&self, id: u32) -> Result<PathBuf, ApiError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 == id && id != 0 {
            return Ok(last.1.clone());
        }
        Err(ApiError {
            code: ErrorCode::NotFound,
            message: "This backup was not chosen, or another one was since.".to_owned(),
            hint: "Choose it again.".to_owned(),
            fields: Vec::new(),
        })
    }
}
