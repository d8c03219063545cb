//! Writes what collections yield. Collections that end together are written together, and a store that fails for a while
//! loses nothing: what could not be written waits here, within bounds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hostrounds_core::collection::Collection;
use hostrounds_core::footprint::FootprintDay;
use hostrounds_core::observation::Observation;
use hostrounds_store::{Record, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::error;
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
        let writer = Writer { store, troubles, waiting: VecDeque::new(), lost: 0 };
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

    async fn try_first(&self, size: usize) -> Result<(), StoreError> {
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
        self.store.record(&batch).await
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
