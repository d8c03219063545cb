//! The collections that have not ended, and the visits to come.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use serde::{Deserialize, Serialize};

use crate::api::view::{QueueCounts, ScheduledVisit};

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
        let state = self.lock();
        let retry = state.open.values().find(|collection| collection.server == server).and_then(|open| open.retry_at);
        retry.or_else(|| state.visits.get(&server).copied())
    }

    /// Replaces all visits to come by those of the process that keeps the schedule.
    pub(crate) fn replace_visits(&self, visits: &[ScheduledVisit]) {
        self.lock().visits = visits.iter().map(|visit| (visit.server, visit.at)).collect();
    }

    /// What stands here and nowhere else, as a person wants to see it.
    pub(crate) fn left(&self, paused: bool) -> LeftQueue {
        let state = self.lock();
        let open = state.open.values().rev().filter(|collection| is_shown(collection)).cloned().collect();
        // Those of this computer come every 2 s.
        let mut scheduled: Vec<ScheduledVisit> = state
            .visits
            .iter()
            .filter(|(server, _)| **server != ServerId::LOCAL)
            .map(|(server, at)| ScheduledVisit { server: *server, at: *at })
            .collect();
        scheduled.sort_by_key(|visit| visit.at);
        scheduled.truncate(SCHEDULED_SHOWN);
        LeftQueue { paused, visits: count(state.visits.len()), open, scheduled }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a queue that stands only in the memory of the process that keeps the schedule. It is left in the store, so that
/// other processes can show it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct LeftQueue {
    pub(crate) paused: bool,
    /// How many visits are to come.
    visits: u32,
    /// Collections that have not ended, newest first.
    pub(crate) open: Vec<Collection>,
    /// The next visits, soonest first.
    pub(crate) scheduled: Vec<ScheduledVisit>,
}

impl LeftQueue {
    /// How many stand in each state that is kept here.
    pub(crate) fn counts(&self) -> QueueCounts {
        let of =
            |state: CollectionState| count(self.open.iter().filter(|collection| collection.state == state).count());
        QueueCounts {
            waiting: of(CollectionState::Waiting),
            active: of(CollectionState::Active),
            delayed: of(CollectionState::Delayed),
            scheduled: self.visits,
            ..QueueCounts::default()
        }
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
