//! What the engine tells its faces.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::broadcast;

use crate::api::view::Event;

/// How many events a slow face may lag behind before it is told to start over.
const BACKLOG: usize = 1024;

/// Where events are sent.
#[derive(Clone)]
pub(crate) struct Events {
    sender: broadcast::Sender<Event>,
    last_activity: Arc<AtomicI64>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), last_activity: Arc::default() }
    }

    pub(crate) fn send(&self, event: Event) {
        if let Event::Activity { entry } = &event {
            self.last_activity.fetch_max(entry.id, Ordering::Relaxed);
        }
        // Nobody listens while no face is open.
        let _ = self.sender.send(event);
    }

    /// Takes note that the activity log goes up to `id`; says whether the faces were told less.
    pub(crate) fn missed_activity(&self, id: i64) -> bool {
        self.last_activity.fetch_max(id, Ordering::Relaxed) < id
    }

    pub(crate) fn stream(&self) -> EventStream {
        EventStream { receiver: self.sender.subscribe() }
    }
}

/// The events from the moment of subscription on.
pub struct EventStream {
    receiver: broadcast::Receiver<Event>,
}

impl EventStream {
    /// The next event; [`Event::Missed`] when this receiver was too slow. Nothing once the engine is gone.
    pub async fn next(&mut self) -> Option<Event> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
