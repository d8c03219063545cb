//! Keeps the history small and within what is to be kept, in the background: a step at a time, none of which holds up a
//! collection. Only the process that keeps the schedule does it.

use std::sync::Arc;
use std::time::Duration;

use hostrounds_core::format;
use hostrounds_core::observation::real;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::api::error::store_trouble;
use crate::api::view::Trouble;
use crate::clock;
use crate::engine::Engine;

/// How often the servers are looked through.
const ROUND: Duration = Duration::from_secs(20);
/// How often what is too old is looked for, and what the database takes.
const LIMITS_EVERY: Duration = Duration::from_secs(600);

/// The code of a history that cannot be made smaller. Nothing is lost by it.
const NOT_KEPT_UP: &str = "history_not_kept_up";
/// The code of a history that is larger than a person wants to leave unnoticed.
const LARGE: &str = "history_large";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The first moment that is still kept with so many days.
pub(crate) fn kept_since(now: UnixMillis, days: u32) -> UnixMillis {
    now.minus(DAY * days)
}

impl Engine {
    /// Seals the history and gives up what is not to be kept, from now on.
    pub(crate) async fn keep_up_history(self: Arc<Self>) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begun = false;
        let mut limits_at = None;
        loop {
            let changed = tokio::select! {
                _ = rounds.tick() => false,
                () = self.upkeep.notified() => true,
            };
            if !self.keeps_the_schedule() {
                continue;
            }
            let is_due = changed || limits_at.is_none_or(|at: Instant| at.elapsed() >= LIMITS_EVERY);
            if is_due {
                // Until it is done; what fails is tried again in the next round.
                limits_at = None;
            }
            let kept = async {
                // First, because it makes room: on a full disk nothing else can be done.
                match self.make_room(!begun, is_due).await {
                    Err(StoreError::Full { .. }) if self.store.spend_reserve().await => {
                        tracing::warn!("the disk is full: the reserve is spent, so that history can be given up");
                        self.make_room(!begun, is_due).await?;
                    }
                    made => made?,
                }
                if is_due {
                    limits_at = Some(Instant::now());
                }
                self.seal_all().await
            };
            let kept = kept.await;
            // A step that has failed may have left something half-done, too.
            begun = kept.is_ok();
            match kept {
                Ok(()) => self.troubles.settle(|code| code == NOT_KEPT_UP),
                Err(error) => {
                    tracing::warn!(%error, "the history is not kept up");
                    self.troubles.raise(Trouble { code: NOT_KEPT_UP.into(), ..store_trouble(&error) });
                }
            }
        }
    }

    /// Seals what is there of every server. One whose history is damaged does not keep the others waiting.
    async fn seal_all(&self) -> Result<(), StoreError> {
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
        self.sweep_all().await?;
        failed.map_or(Ok(()), Err)
    }

    async fn sweep_all(&self) -> Result<(), StoreError> {
        while self.store.sweep().await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Gives up what an earlier process or step has left half-done, and what is not to be kept.
    async fn make_room(&self, is_first: bool, is_due: bool) -> Result<(), StoreError> {
        if is_first {
            self.store.drop_unfinished().await?;
        }
        if is_due { self.keep_to_limits().await } else { Ok(()) }
    }

    /// Gives up what is too old or too much, points a large database out, and sets the reserve aside.
    async fn keep_to_limits(&self) -> Result<(), StoreError> {
        let retention = self.settings().retention;
        let now = clock::now();
        for server in self.board.servers() {
            if let Some(days) = self.days_of(server.id).await? {
                while self.store.expire(server.id, kept_since(now, days)).await? {
                    tokio::task::yield_now().await;
                }
            }
        }
        self.sweep_all().await?;
        if let Some(bytes) = retention.bytes {
            while self.store.shrink(bytes).await? {
                tokio::task::yield_now().await;
            }
        }
        while self.store.give_back().await? {
            tokio::task::yield_now().await;
        }
        let taken = self.store.storage(now).await?.file;
        match retention.warn_bytes {
            Some(most) if taken > most => self.troubles.raise(Trouble {
                code: LARGE.into(),
                message: format!("The history takes {} on this disk.", format::bytes(real(taken))),
                hint: "Keep less of it, or raise the limit from which this is pointed out: see Storage in the settings, or `hostrounds storage`.".into(),
            }),
            _ => self.troubles.settle(|code| code == LARGE),
        }
        self.store.keep_reserve().await
    }

    /// How many days the history of a server is kept; nothing where there is no limit.
    pub(crate) async fn days_of(&self, server: ServerId) -> Result<Option<u32>, StoreError> {
        Ok(self.store.keep_days(server).await?.or(self.settings().retention.days))
    }
}
