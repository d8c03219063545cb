//! The engine for the length of one command.

use std::path::PathBuf;
use std::time::Duration;

use hostrounds_engine::api::view::{Event, Trouble};
use hostrounds_engine::api::{EventStream, Hostrounds, Options};

use crate::problem::Problem;
use crate::prompts;

/// How long saying goodbye may take; the product promises 5 s.
const FAREWELL: Duration = Duration::from_millis(4_800);

/// Whether native notifications are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notifications {
    /// By commands that stay.
    Sent,
    /// A command that ends at once tells its own user what it found.
    Silent,
}

/// Where the data is: what was asked for, or the directory that the platform has.
pub(crate) fn options(place: Option<PathBuf>) -> Result<Options, Problem> {
    place.or_else(Options::default_data_dir).map(Options::at).ok_or_else(|| {
        Problem::usage("This user has no home directory for the data.", "Say where it goes with --data-dir DIR.")
    })
}

/// An open engine.
pub(crate) struct Session {
    pub(crate) engine: Hostrounds,
    events: EventStream,
}

impl Session {
    /// Opens the data directory: the one that was asked for, or that of the platform.
    pub(crate) async fn open(place: Option<PathBuf>, notifications: Notifications) -> Result<Self, Problem> {
        let options = Options { notify: notifications == Notifications::Sent, ..options(place)? };
        let engine = Hostrounds::open(options).await?;
        let events = engine.events();
        tokio::spawn(prompts::answer(engine.clone(), engine.events()));
        Ok(Self { engine, events })
    }

    /// Writes what is still to be written and ends everything. A store that did not take it is a problem, even when the
    /// command itself went well.
    pub(crate) async fn close(mut self) -> Result<(), Problem> {
        if tokio::time::timeout(FAREWELL, self.engine.shutdown()).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
        let mut unusable: Vec<Trouble> = Vec::new();
        while let Some(event) = at_hand(&mut self.events).await {
            if let Event::Troubles { troubles } = event {
                unusable = troubles.into_iter().filter(|trouble| trouble.code.starts_with("store_")).collect();
            }
        }
        if unusable.is_empty() { Ok(()) } else { Err(Problem::Troubles(unusable)) }
    }

    /// Closes, and gives what the command came to; a failing close only counts where the command went well.
    pub(crate) async fn close_with<T>(self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        let closed = self.close().await;
        let done = outcome?;
        closed?;
        Ok(done)
    }
}

/// The next event, if there is one already.
async fn at_hand(events: &mut EventStream) -> Option<Event> {
    tokio::select! {
        biased;
        event = events.next() => event,
        () = std::future::ready(()) => None,
    }
}
