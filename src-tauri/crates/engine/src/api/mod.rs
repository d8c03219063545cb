//! What the window and the command line see of the engine: one facade, DTOs and error codes.
//!
//! Every method is whole in itself: it checks what it is given, changes the store, the keyring and the schedule as needed,
//! writes the activity log and tells the other faces through events.

mod connection;
pub(crate) mod error;
pub mod export;
mod files;
mod host_keys;
pub(crate) mod import;
mod queue;
mod read;
pub mod report;
mod restrict;
mod secrets;
mod servers;
mod storage;
pub mod view;

use std::sync::Arc;

use hostrounds_core::server::{Server, ServerId};
pub use view::{ApiError, ErrorCode, Event};

use crate::engine::Engine;
pub use crate::events::EventStream;
pub use crate::options::Options;

/// The engine, as its faces use it. Clones share it.
#[derive(Clone)]
pub struct Hostrounds {
    engine: Arc<Engine>,
}

impl Hostrounds {
    /// Opens the data directory. Nothing is visited until [`Self::start_schedule`] or a command asks for it.
    ///
    /// # Errors
    /// [`ErrorCode::Store`] when the store cannot be opened; the message and the hint say why and what to do.
    pub async fn open(options: Options) -> Result<Self, ApiError> {
        Ok(Self { engine: Engine::open(options).await? })
    }

    /// Visits every enabled server at once and then on its interval.
    ///
    /// # Errors
    /// [`ErrorCode::ScheduleHeld`] when another process keeps the schedule of this data directory. This process then still
    /// collects what a person asks for, and takes the schedule over when it becomes free.
    pub async fn start_schedule(&self) -> Result<(), ApiError> {
        self.engine.start_schedule().await
    }

    /// The events from now on. Subscribe before asking for a snapshot, so that nothing is missed in between.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.engine.events.stream()
    }

    /// Ends everything within 5 s. Running collections are cut off; nothing is half-written.
    pub async fn shutdown(&self) {
        self.engine.shutdown().await;
    }

    fn server(&self, id: ServerId) -> Result<Server, ApiError> {
        self.engine.board.server(id).ok_or_else(|| ApiError::not_found("server"))
    }
}
