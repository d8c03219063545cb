//! The collections that have not ended, and the visits to come.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::api::view::{QueueCounts, ScheduledVisit};
use crate::clock;

/// The most visits to come that a view shows.
const SCHEDULED_SHOWN: usize = 100;

/// What stands in the queue at the moment.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: BTreeMap<CollectionId, Collection>,
    visits: BTreeMap<ServerId, UnixMillis>,
    last_id: i64,
}

impl Queue {
    /// A number for a new collection: microseconds since 1970, so that two processes on one store do not give the same one,
    /// and later ones are higher. It fits the integers that a browser can hold.
    pub(crate) fn next_id(&self) -> CollectionId {
        let mut state = self.lock();
        state.last_id = (state.last_id + 1).max(jiff::Timestamp::now().as_microsecond());
        CollectionId(state.last_id)
    }

    /// Keeps what a collection is now; one that has ended leaves the queue.
    pub(crate) fn put(&self, collection: &Collection) {
        let mut state = self.lock();
        match collection.state {
            CollectionState::Waiting | CollectionState::Active | CollectionState::Delayed => {
                state.open.insert(collection.id, collection.clone());
            }
            CollectionState::Completed | CollectionState::Failed | CollectionState::Cancelled => {
                state.open.remove(&collection.id);
            }
        }
    }

    /// When a server is visited next.
    pub(crate) fn schedule(&self, server: ServerId, at: Option<UnixMillis>) {
        let mut state = self.lock();
        match at {
            Some(at) => state.visits.insert(server, at),
            None => state.visits.remove(&server),
        };
    }

    /// When a server is visited next.
    pub(crate) fn next_visit(&self, server: ServerId) -> Option<UnixMillis> {
        self.lock().visits.get(&server).copied()
    }

    /// The collections that have not ended and that a person wants to see, newest first.
    pub(crate) fn open(&self) -> Vec<Collection> {
        self.lock().open.values().rev().filter(|collection| is_shown(collection)).cloned().collect()
    }

    /// How many stand in each state that is kept here.
    pub(crate) fn counts(&self) -> QueueCounts {
        let state = self.lock();
        let mut counts = QueueCounts { scheduled: count(state.visits.len()), ..QueueCounts::default() };
        for collection in state.open.values().filter(|collection| is_shown(collection)) {
            match collection.state {
                CollectionState::Waiting => counts.waiting += 1,
                CollectionState::Active => counts.active += 1,
                CollectionState::Delayed => counts.delayed += 1,
                CollectionState::Completed | CollectionState::Failed | CollectionState::Cancelled => {}
            }
        }
        counts
    }

    /// The next visits, soonest first. Those of this computer, every 2 s, are left out.
    pub(crate) fn scheduled(&self) -> Vec<ScheduledVisit> {
        let now = clock::now();
        let mut visits: Vec<ScheduledVisit> = self
            .lock()
            .visits
            .iter()
            .filter(|(server, at)| **server != ServerId::LOCAL && **at >= now)
            .map(|(server, at)| ScheduledVisit { server: *server, at: *at })
            .collect();
        visits.sort_by_key(|visit| visit.at);
        visits.truncate(SCHEDULED_SHOWN);
        visits
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a collection belongs into the view of the queue. Readings of this computer and of a server that somebody looks at
/// come every 2 s and would drown all others; they stand there only when they fail.
pub(crate) fn is_shown(collection: &Collection) -> bool {
    let quiet = collection.server == ServerId::LOCAL || collection.trigger == Trigger::Live;
    !quiet || collection.failure.is_some()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
