//! Writes what collections yield. Collections that end together are written together, and a store that fails for a while
//! loses nothing: what could not be written waits here, within bounds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hostrounds_core::collection::Collection;
use hostrounds_core::footprint::FootprintDay;
use hostrounds_core::observation::Observation;
use hostrounds_core::server::ServerId;
use hostrounds_store::{Record, SERIES_MOST, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::error;
use crate::api::view::Trouble;
use crate::troubles::Troubles;

/// How many collections are written in one transaction at most.
const BATCH: usize = 256;
/// How many points wait for a store that fails; the oldest collections go first. A point takes some 100 bytes.
const BUFFER: usize = 500_000;
/// How long after a failure the store is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Where collections that ended are handed in.
#[derive(Clone)]
pub(crate) struct Recorder {
    entries: mpsc::Sender<Entry>,
}

struct Entry {
    collection: Collection,
    observation: Option<Observation>,
    spent: Option<FootprintDay>,
    /// Answered once it is written, or buffered because it cannot be.
    settled: Option<oneshot::Sender<()>>,
}

impl Recorder {
    /// The recorder and its task. Once `finish` is cancelled, the task writes what it was handed and ends.
    pub(crate) fn start(store: Store, troubles: Arc<Troubles>, finish: CancellationToken) -> (Self, JoinHandle<()>) {
        let (entries, receiver) = mpsc::channel(BATCH);
        let writer = Writer { store, troubles, waiting: VecDeque::new(), lost: 0, full: BTreeSet::new() };
        (Self { entries }, tokio::spawn(writer.work(receiver, finish)))
    }

    /// Hands in a collection that has ended; returns once it is durable, or buffered where the store fails.
    pub(crate) async fn record(
        &self,
        collection: Collection,
        observation: Option<Observation>,
        spent: Option<FootprintDay>,
    ) {
        let (settled, answer) = oneshot::channel();
        let entry = Entry { collection, observation, spent, settled: Some(settled) };
        if self.entries.send(entry).await.is_err() || answer.await.is_err() {
            tracing::error!("the recorder has ended before the collections");
        }
    }
}

struct Writer {
    store: Store,
    troubles: Arc<Troubles>,
    waiting: VecDeque<Entry>,
    lost: u64,
    /// Servers of which there are as many series as are kept.
    full: BTreeSet<ServerId>,
}

impl Writer {
    async fn work(mut self, mut entries: mpsc::Receiver<Entry>, finish: CancellationToken) {
        loop {
            tokio::select! {
                () = finish.cancelled() => {
                    while let Ok(entry) = entries.try_recv() {
                        self.waiting.push_back(entry);
                    }
                    break;
                }
                entry = entries.recv() => {
                    let Some(entry) = entry else { break };
                    self.waiting.push_back(entry);
                    while self.waiting.len() < BATCH && let Ok(more) = entries.try_recv() {
                        self.waiting.push_back(more);
                    }
                }
                () = tokio::time::sleep(RETRY), if !self.waiting.is_empty() => {}
            }
            self.write().await;
        }
        self.write().await;
        if !self.waiting.is_empty() {
            tracing::error!(collections = self.waiting.len(), "the store still fails; these collections are lost");
        }
    }

    async fn write(&mut self) {
        while !self.waiting.is_empty() {
            let size = self.waiting.len().min(BATCH);
            match self.try_first(size).await {
                Ok(()) => self.settle_first(size),
                Err(error) if concerns_one_record(&error) => match self.try_first(1).await {
                    Ok(()) => self.settle_first(1),
                    Err(error) if concerns_one_record(&error) => {
                        // Such as one from before 1970: it could never be kept, and must not keep the others waiting.
                        tracing::error!(%error, "a collection cannot be kept");
                        self.settle_first(1);
                    }
                    Err(error) => return self.hold(&error),
                },
                Err(error) => return self.hold(&error),
            }
        }
        self.troubles.settle(|code| code.starts_with("store_"));
    }

    async fn try_first(&mut self, size: usize) -> Result<(), StoreError> {
        let batch: Vec<Record<'_>> = self
            .waiting
            .iter()
            .take(size)
            .map(|entry| Record {
                collection: &entry.collection,
                observation: entry.observation.as_ref(),
                spent: entry.spent,
            })
            .collect();
        let full = self.store.record(&batch).await?;
        if !full.is_subset(&self.full) {
            self.full.extend(full);
            self.tell_of_full().await;
        }
        Ok(())
    }

    /// Says, once for each server, that no further names of its parts are kept.
    async fn tell_of_full(&mut self) {
        let servers = match self.store.servers().await {
            Ok(servers) => servers,
            Err(error) => {
                tracing::warn!(%error, "told with the next collection: a server has too many series");
                self.full.clear();
                return;
            }
        };
        let full = servers.iter().filter(|server| self.full.contains(&server.id)).map(|server| server.name.as_str());
        self.troubles.raise(Trouble {
            code: "series_full".into(),
            message: format!(
                "{SERIES_MOST} series are kept of {}, and no new ones any more: its parts are named anew again and again.",
                full.collect::<Vec<_>>().join(", ")
            ),
            hint: "Look at what the server calls its filesystems, devices and containers, and switch off the metric that has a new name each time; to start afresh, remove the server and add it again."
                .into(),
        });
    }

    fn settle_first(&mut self, size: usize) {
        for entry in self.waiting.drain(..size) {
            entry.settle();
        }
    }

    /// Keeps what could not be written, lets the collections go on, and says so.
    fn hold(&mut self, error: &StoreError) {
        for entry in &mut self.waiting {
            entry.settled.take().map(|settled| settled.send(()));
        }
        let mut points: usize = self.waiting.iter().map(Entry::size).sum();
        while points > BUFFER
            && let Some(oldest) = self.waiting.pop_front()
        {
            points -= oldest.size();
            self.lost += 1;
        }
        let mut trouble = error::store_trouble(error);
        if self.lost > 0 {
            trouble.message.push_str(" The oldest unwritten collections were given up.");
        }
        self.troubles.raise(trouble);
    }
}

impl Entry {
    /// How many points it holds; the collection itself counts as one.
    fn size(&self) -> usize {
        1 + self.observation.as_ref().map_or(0, |observation| observation.points.len())
    }

    fn settle(mut self) {
        if let Some(settled) = self.settled.take() {
            // Whoever handed it in may have been cut off.
            let _ = settled.send(());
        }
    }
}

/// Whether an error goes away with the one record that is at fault.
fn concerns_one_record(error: &StoreError) -> bool {
    matches!(error, StoreError::OutOfRange { .. } | StoreError::Value { .. })
}

#[cfg(test)]
mod tests {
    use hostrounds_core::collection::{CollectionId, CollectionState, Trigger};
    use hostrounds_core::metric::{Metric, attribute};
    use hostrounds_core::observation::{Attributes, Point, Series};
    use hostrounds_core::time::UnixMillis;

    use super::*;
    use crate::events::Events;

    #[tokio::test]
    async fn a_server_whose_parts_are_named_anew_again_and_again_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("hostrounds.db")).await.unwrap();
        let troubles = Arc::new(Troubles::new(Events::new()));
        let (recorder, _task) = Recorder::start(store, Arc::clone(&troubles), CancellationToken::new());
        let mut collection = Collection {
            id: CollectionId(1),
            server: ServerId::LOCAL,
            trigger: Trigger::Live,
            state: CollectionState::Completed,
            queued_at: UnixMillis(1),
            started_at: None,
            ended_at: Some(UnixMillis(1)),
            retry_at: None,
            attempts: 1,
            max_attempts: 1,
            stages: Vec::new(),
            failure: None,
            points: 0,
        };
        let named = |names: std::ops::Range<i64>| {
            let series = |name: i64| Series {
                metric: Metric::DiskIo,
                attributes: Attributes::none().with(attribute::DEVICE, name.to_string()),
            };
            names.map(|name| Point { series: series(name), value: 1.0 }).collect::<Vec<_>>()
        };
        for (at, names, told) in
            [(1, 0..SERIES_MOST, 0), (2, 0..SERIES_MOST, 0), (3, 5..SERIES_MOST + 9, 1), (4, -9..9, 1)]
        {
            let observation = Observation { points: named(names), ..Observation::empty(UnixMillis(at)) };
            collection.id = CollectionId(at);
            recorder.record(collection.clone(), Some(observation), None).await;
            assert_eq!(troubles.all().len(), told, "{at}");
        }
        let trouble = troubles.all().pop().unwrap();
        assert_eq!(trouble.code, "series_full");
        assert!(trouble.message.contains("local"), "{}", trouble.message);
    }
}
