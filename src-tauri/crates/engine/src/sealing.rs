//! Keeps the history small, in the background: a step at a time, none of which holds up a collection.

use std::sync::Arc;
use std::time::Duration;

use hostrounds_store::StoreError;
use tokio::time::{MissedTickBehavior, interval};

use crate::api::error::store_trouble;
use crate::api::view::Trouble;
use crate::engine::Engine;

/// How often the servers are looked through.
const ROUND: Duration = Duration::from_secs(20);

/// The code of a history that cannot be made smaller. Nothing is lost by it.
const NOT_SEALED: &str = "history_not_sealed";

impl Engine {
    /// Seals the history of every server from now on, as long as this process keeps the schedule.
    pub(crate) fn start_sealing(self: &Arc<Self>) {
        self.spawn(Arc::clone(self).seal_in_rounds());
    }

    async fn seal_in_rounds(self: Arc<Self>) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What an earlier process has left half-done is given up once.
        let mut begun = false;
        loop {
            rounds.tick().await;
            if !self.keeps_the_schedule() {
                continue;
            }
            match self.seal_once(&mut begun).await {
                Ok(()) => self.troubles.settle(|code| code == NOT_SEALED),
                Err(error) => {
                    tracing::warn!(%error, "the history is not sealed");
                    self.troubles.raise(Trouble { code: NOT_SEALED.into(), ..store_trouble(&error) });
                }
            }
        }
    }

    /// One look at every server. One whose history is damaged does not keep the others waiting.
    async fn seal_once(&self, begun: &mut bool) -> Result<(), StoreError> {
        if !*begun {
            self.store.drop_unfinished().await?;
            *begun = true;
        }
        let mut failed = None;
        for server in self.board.servers() {
            let sealed = async {
                while self.store.seal(server.id).await? {
                    tokio::task::yield_now().await;
                }
                Ok::<(), StoreError>(())
            };
            if let Err(error) = sealed.await {
                failed = Some(error);
            }
        }
        while self.store.sweep().await? {
            tokio::task::yield_now().await;
        }
        failed.map_or(Ok(()), Err)
    }
}
