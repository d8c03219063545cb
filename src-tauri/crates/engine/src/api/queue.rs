//! The queue: collect now, pause, resume, clean, retry; and the live view.

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::ServerId;
use tokio::sync::oneshot;

use super::Hostrounds;
use super::view::{ApiError, ErrorCode, QueueView};
use crate::schedule::{Command, Ended, TRIES, TaskHandle};

impl Hostrounds {
    /// The queue as it is now; where another process keeps the schedule, the one that it left in the store.
    ///
    /// # Errors
    /// [`ErrorCode::Store`] when the store fails.
    pub async fn queue(&self) -> Result<QueueView, ApiError> {
        Ok(self.engine.queue_view().await?)
    }

    /// Collects a server now, ahead of scheduled work, also while the schedule is paused. A collection of it that already
    /// runs serves as well.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn collect(&self, id: ServerId) -> Result<CollectionId, ApiError> {
        self.enqueue(id, TRIES, None).await
    }

    /// Collects every enabled server now.
    ///
    /// # Errors
    /// None at present; servers that are removed meanwhile are left out.
    pub async fn collect_all(&self) -> Result<Vec<CollectionId>, ApiError> {
        let mut ids = Vec::new();
        for server in self.engine.board.servers() {
            if server.enabled {
                match self.collect(server.id).await {
                    Ok(id) => ids.push(id),
                    Err(error) if error.code == ErrorCode::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(ids)
    }

    /// Collects a server now and waits for the end, with `tries` in all. The collection says how it went; the observation is
    /// there where it went well.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn collect_and_wait(
        &self,
        id: ServerId,
        tries: u32,
    ) -> Result<(Collection, Option<Observation>), ApiError> {
        let (sender, ended) = oneshot::channel();
        self.enqueue(id, tries, Some(sender)).await?;
        let Ended { collection, observation } = ended.await.map_err(|_| ApiError::not_found("server"))?;
        Ok((collection, observation))
    }

    async fn enqueue(
        &self,
        id: ServerId,
        tries: u32,
        ended: Option<oneshot::Sender<Ended>>,
    ) -> Result<CollectionId, ApiError> {
        self.server(id)?;
        self.engine.start_task(id).await;
        let sender = self.engine.tasks.lock().await.get(&id).map(TaskHandle::sender);
        let gone = || ApiError::not_found("server");
        let sender = sender.ok_or_else(gone)?;
        let (accepted, answer) = oneshot::channel();
        sender.send(Command::Collect { tries, accepted, ended }).await.map_err(|_| gone())?;
        drop(sender);
        answer.await.map_err(|_| gone())
    }

    /// Stops starting scheduled collections. Those that run go on; what a person asks for still runs.
    ///
    /// # Errors
    /// [`ErrorCode::ScheduleHeld`] when another process keeps the schedule.
    pub async fn pause(&self) -> Result<(), ApiError> {
        self.set_paused(true, ActivityKind::QueuePaused, "The schedule was paused").await
    }

    /// Starts scheduled collections again. What was missed is not made up for.
    ///
    /// # Errors
    /// [`ErrorCode::ScheduleHeld`] when another process keeps the schedule.
    pub async fn resume(&self) -> Result<(), ApiError> {
        self.set_paused(false, ActivityKind::QueueResumed, "The schedule was resumed").await
    }

    async fn set_paused(&self, paused: bool, kind: ActivityKind, message: &str) -> Result<(), ApiError> {
        if self.engine.somebody_else_keeps_the_schedule() {
            return Err(ApiError::schedule_held());
        }
        let changed = self.engine.mode.send_if_modified(|mode| std::mem::replace(&mut mode.paused, paused) != paused);
        if changed {
            self.engine.queue_changed.notify_one();
            self.engine.log(kind, None, message).await;
        }
        Ok(())
    }

    /// Removes all ended collections from the queue. The history stays.
    ///
    /// # Errors
    /// [`ErrorCode::Store`] when the store fails.
    pub async fn clean(&self) -> Result<(), ApiError> {
        let removed = self.engine.store.clean_collections().await?;
        self.engine.queue_changed.notify_one();
        let message = format!("The queue was cleaned of {removed} ended collections");
        self.engine.log(ActivityKind::QueueCleaned, None, &message).await;
        Ok(())
    }

    /// Collects again the server of a collection that failed or was cancelled.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when the collection is no longer kept or its server was removed; [`ErrorCode::Invalid`] when it
    /// did not fail; [`ErrorCode::Store`].
    pub async fn retry(&self, id: CollectionId) -> Result<CollectionId, ApiError> {
        let collection = self.engine.store.collection(id).await?.ok_or_else(|| ApiError::not_found("collection"))?;
        if !matches!(collection.state, CollectionState::Failed | CollectionState::Cancelled) {
            return Err(ApiError::invalid_field("id", "Only a failed collection can be retried."));
        }
        self.collect(collection.server).await
    }

    /// Says that somebody looks at a server, or no longer does: meanwhile it is read every 2 s.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn set_live(&self, id: ServerId, live: bool) -> Result<(), ApiError> {
        self.server(id)?;
        if live {
            // Whoever looks also wants to know what another process changes.
            self.engine.start_housekeeping();
            self.engine.start_task(id).await;
        }
        if let Some(task) = self.engine.tasks.lock().await.get(&id) {
            task.send(Command::Live(live)).await;
        }
        Ok(())
    }
}
