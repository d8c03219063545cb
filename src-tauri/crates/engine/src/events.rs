//! What the engine tells its faces.

use tokio::sync::broadcast;

use crate::api::view::Event;

/// How many events a slow face may lag behind before it is told to start over.
const BACKLOG: usize = 1024;

/// Where events are sent.
#[derive(Clone)]
pub(crate) struct Events {
    sender: broadcast::Sender<Event>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn send(&self, event: Event) {
        // Nobody listens while no face is open.
        let _ = self.sender.send(event);
    }

    /// Whether any face is open.
    pub(crate) fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
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
