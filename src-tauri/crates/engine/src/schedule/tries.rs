//! The tries of one collection: a place, a visit, and a delay before the next one.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use hostrounds_core::collection::{Collection, CollectionState, StageTime, Trigger};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::Target;

use super::desk::{Desk, Interrupt};
use super::gate::{Line, Place};
use super::rhythm;
use super::task::Edges;
use crate::clock;
use crate::failure::{self, VisitError};
use crate::lock::Lock;
use crate::visit::{Call, Site};

/// A collection that takes longer than this lets another one in at the gate.
const QUICK: Duration = Duration::from_millis(500);
/// How long another process may take for its collection of the same server.
const OTHER_PROCESS: Duration = Duration::from_secs(30);

/// How the tries of a collection ended without an observation.
pub(super) enum End {
    Failed { holds: bool },
    Cut { stop: bool },
}

/// Tries until there is an observation, no try is left, or the collection is cut off.
pub(super) async fn tries_of(
    edges: &Edges,
    site: &mut dyn Site,
    desk: &mut Desk,
    collection: &mut Collection,
) -> Result<Observation, End> {
    let ledger = edges.ledger.as_ref();
    let mut delays = rhythm::retry_delays(collection.max_attempts, rand::random::<f64>);
    let mut line = match &desk.failure {
        _ if collection.trigger == Trigger::Person => Line::Person,
        Some(_) => Line::Doubtful,
        None => Line::Schedule,
    };
    loop {
        collection.state = CollectionState::Waiting;
        collection.retry_at = None;
        ledger.changed(collection);
        let place = enter(edges, desk, &mut line).await?;

        collection.state = CollectionState::Active;
        collection.attempts += 1;
        collection.started_at = Some(clock::now());
        collection.stages.clear();
        ledger.changed(collection);
        let mut stages = std::mem::take(&mut collection.stages);
        let path = (edges.lock)(desk.server.id);
        let off = desk.server.families_off.clone();
        let by_person = desk.by_person;
        let call = Call { off: &off, by_person, whole: !desk.waiting.is_empty() };
        let visiting = holding(place, visit(site, call, path, &mut stages));
        let visited = desk.attend(ledger, false, visiting).await;
        collection.stages = stages;

        let VisitError { failure, holds } = match visited {
            Ok(Ok(observation)) => return Ok(observation),
            Ok(Err(error)) => error,
            Err(interrupt) => return Err(End::Cut { stop: matches!(interrupt, Interrupt::Stop) }),
        };
        if failure::needs_a_person(&failure) && !by_person && desk.by_person {
            // Somebody has come who can answer.
            collection.max_attempts = collection.max_attempts.max(collection.attempts + 1);
            line = Line::Person;
            continue;
        }
        let delay = if failure.retryable && !holds { delays.next() } else { None };
        collection.failure = Some(failure);
        let Some(delay) = delay else { return Err(End::Failed { holds }) };
        collection.state = CollectionState::Delayed;
        collection.retry_at = Some(clock::now().plus(delay));
        ledger.changed(collection);
        match desk.attend(ledger, true, tokio::time::sleep(delay)).await {
            Ok(()) => line = if desk.by_person { Line::Person } else { Line::Doubtful },
            Err(Interrupt::Now) => line = Line::Person,
            Err(interrupt) => return Err(End::Cut { stop: matches!(interrupt, Interrupt::Stop) }),
        }
    }
}

/// Waits for a place. This computer needs none: reading it takes milliseconds and opens no connection.
async fn enter(edges: &Edges, desk: &mut Desk, line: &mut Line) -> Result<Option<Place>, End> {
    if matches!(desk.server.target, Target::Local) {
        return Ok(None);
    }
    loop {
        match desk.attend(edges.ledger.as_ref(), *line != Line::Person, edges.gate.enter(*line)).await {
            Ok(place) => return Ok(Some(place)),
            Err(Interrupt::Now) => *line = Line::Person,
            Err(interrupt) => return Err(End::Cut { stop: matches!(interrupt, Interrupt::Stop) }),
        }
    }
}

/// Does `work` in a place. Others need not wait with what takes long, else a few servers that hang would hold up all.
async fn holding<T>(mut place: Option<Place>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Ok(done) = tokio::time::timeout(QUICK, work.as_mut()).await {
        return done;
    }
    if let Some(place) = &mut place {
        place.grow_slow();
    }
    work.await
}

async fn visit(
    site: &mut dyn Site,
    call: Call<'_>,
    lock: PathBuf,
    stages: &mut Vec<StageTime>,
) -> Result<Observation, VisitError> {
    let held = Lock::take(lock, OTHER_PROCESS).await.map_err(|error| failure::lock_unusable(&error))?;
    let _lock = held.ok_or_else(failure::collected_elsewhere)?;
    site.visit(call, stages).await
}
