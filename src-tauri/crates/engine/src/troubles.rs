//! What the application needs and cannot use at the moment: the store, the keyring, the notification daemon.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::view::{Event, Trouble};
use crate::events::Events;

/// The list of troubles, each under its code at most once.
pub(crate) struct Troubles {
    list: Mutex<Vec<Trouble>>,
    events: Events,
}

impl Troubles {
    pub(crate) fn new(events: Events) -> Self {
        Self { list: Mutex::new(Vec::new()), events }
    }

    /// Takes note of a trouble; the faces are told when it is a new one or has changed.
    pub(crate) fn raise(&self, trouble: Trouble) {
        let mut list = self.lock();
        if list.contains(&trouble) {
            return;
        }
        tracing::warn!(code = trouble.code, "{}", trouble.message);
        list.retain(|other| other.code != trouble.code);
        list.push(trouble);
        self.events.send(Event::Troubles { troubles: list.clone() });
    }

    /// The troubles for which `is_over` holds are over.
    pub(crate) fn settle(&self, is_over: impl Fn(&str) -> bool) {
        let mut list = self.lock();
        let before = list.len();
        list.retain(|trouble| !is_over(&trouble.code));
        if list.len() != before {
            self.events.send(Event::Troubles { troubles: list.clone() });
        }
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<Trouble> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
