//! The exports that are under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::engine::lock;

/// How each export can be cancelled, by the name that its caller gave it.
#[derive(Default)]
pub(crate) struct Exports {
    running: Arc<Mutex<HashMap<String, CancellationToken>>>,
}

/// An export that is known until this is dropped.
pub(crate) struct Running {
    id: String,
    token: CancellationToken,
    running: Arc<Mutex<HashMap<String, CancellationToken>>>,
}

impl Exports {
    /// Notes an export, which ends with the engine at the latest.
    pub(crate) fn begin(&self, id: &str, engine: &CancellationToken) -> Running {
        let token = engine.child_token();
        lock(&self.running).insert(id.to_owned(), token.clone());
        Running { id: id.to_owned(), token, running: Arc::clone(&self.running) }
    }

    pub(super) fn cancel(&self, id: &str) {
        if let Some(token) = lock(&self.running).get(id) {
            token.cancel();
        }
    }
}

impl Running {
    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}
