//! What happens by itself, once a second or less: values grow stale, finished collections are given up, the computer wakes,
//! and other processes change the same store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use hostrounds_core::collection::Failure;
use hostrounds_store::StoreError;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::api::error::store_trouble;
use crate::api::view::{Event, QueueView, Trouble};
use crate::clock;
use crate::engine::{Engine, ServerChanges};
use crate::schedule::{Command, LeftQueue, TRIES, TaskHandle};

const TICK: Duration = Duration::from_secs(1);
/// How often finished collections are given up, in ticks.
const TRIM_EVERY: u32 = 60;
/// How often old days of footprints are given up, in ticks.
const TRIM_DAYS_EVERY: u32 = 3600;
/// How often the schedule is asked for that another process keeps, in ticks.
const SCHEDULE_EVERY: u32 = 5;
/// The wall clock was this far ahead of the monotonic one: the computer has slept.
const SLEPT: Duration = Duration::from_secs(20);
/// The view of the queue is told at most this often.
const QUEUE_REST: Duration = Duration::from_millis(500);

/// The code of a store that cannot be asked what another process has changed.
const NOT_FOLLOWED: &str = "store_not_followed";

/// The setting under which the process that keeps the schedule leaves its queue for others to see.
pub(crate) const QUEUE: &str = "queue";

impl Engine {
    /// Keeps house from now on, once.
    pub(crate) fn start_housekeeping(self: &Arc<Self>) {
        if self.house_is_kept.swap(true, Ordering::Relaxed) {
            return;
        }
        self.spawn(Arc::clone(self).keep_house());
        self.spawn(Arc::clone(self).tell_queue());
        self.spawn(Arc::clone(self).keep_up_history());
    }

    async fn keep_house(self: Arc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clocks = (Instant::now(), SystemTime::now());
        let mut trusted = self.trusted_at();
        let mut tick: u32 = 0;
        loop {
            ticks.tick().await;
            for id in self.board.grown_stale(clock::now()) {
                self.pipeline.tell(id);
            }
            let (monotonic, wall) = std::mem::replace(&mut clocks, (Instant::now(), SystemTime::now()));
            if clocks.1.duration_since(wall).unwrap_or_default() > monotonic.elapsed() + SLEPT {
                self.wake().await;
            }
            let now_trusted = self.trusted_at();
            if std::mem::replace(&mut trusted, now_trusted) != now_trusted {
                // Another process has accepted a host key, or a visit has learned one.
                self.nudge_untrusted(|| Command::Due).await;
            }
            let kept = async {
                if self.store.changed_elsewhere().await? {
                    self.follow().await?;
                }
                if tick.is_multiple_of(TRIM_EVERY) {
                    self.store.trim_collections(clock::now()).await?;
                }
                if tick.is_multiple_of(TRIM_DAYS_EVERY) {
                    self.store.trim_footprints(clock::now()).await?;
                }
                Ok::<(), StoreError>(())
            };
            match kept.await {
                Ok(()) => self.troubles.settle(|code| code == NOT_FOLLOWED),
                Err(error) => self.troubles.raise(Trouble { code: NOT_FOLLOWED.into(), ..store_trouble(&error) }),
            }
            if tick.is_multiple_of(SCHEDULE_EVERY) && self.wants_the_schedule() && self.take_schedule().await.is_ok() {
                tracing::info!("the schedule is kept here from now on");
                self.events.send(Event::Missed);
            }
            tick = tick.wrapping_add(1);
        }
    }

    /// When a host key was last accepted.
    fn trusted_at(&self) -> Option<SystemTime> {
        std::fs::metadata(self.options.known_hosts()).and_then(|file| file.modified()).ok()
    }

    async fn wake(&self) {
        tracing::info!("the computer has slept; every server is visited once, spread out");
        for task in self.tasks.lock().await.values() {
            task.send(Command::Woke).await;
        }
    }

    /// Takes over what another process has changed in the store.
    async fn follow(self: &Arc<Self>) -> Result<(), StoreError> {
        self.read_settings().await?;
        let ServerChanges { added, changed, removed } = self.read_servers().await?;
        let mut is_news = !(added.is_empty() && changed.is_empty() && removed.is_empty());
        for server in removed {
            self.stop_task(server.id).await;
            self.alerting.forget(server.id);
            self.pipeline.forecasts.forget(server.id);
            self.queue.schedule(server.id, None);
            self.events.send(Event::ServerRemoved { id: server.id });
        }
        for server in added {
            self.start_task(server.id).await;
        }
        for (server, reconnect) in changed {
            self.hand_over_settings(server, reconnect).await;
        }
        for id in self.pipeline.read_holds().await? {
            self.pipeline.tell(id);
        }
        if self.schedule_is_elsewhere() {
            self.mirror().await?;
        } else {
            self.alerting.catch_up().await?;
        }
        self.alerting.count().await?;
        let newest = self.store.activity(None, None, 1).await?.first().map_or(0, |entry| entry.id);
        if self.followed.swap(newest, Ordering::Relaxed) != newest {
            is_news = true;
            // It may have changed what is kept of the history.
            self.upkeep.notify_one();
        }
        if is_news {
            // What the other process did stands only in the store: the faces read it anew.
            self.events.send(Event::Missed);
        }
        Ok(())
    }

    /// Shows what the process observes that keeps the schedule, and its queue.
    async fn mirror(&self) -> Result<(), StoreError> {
        if let Some(left) = self.left_queue().await? {
            self.queue.replace_visits(&left.scheduled);
        }
        for server in self.board.servers() {
            if let Some(latest) = self.restore(server.id).await? {
                self.events.send(Event::Latest { id: server.id, latest: Box::new(latest) });
                self.read_footprint(server.id).await?;
            }
            self.pipeline.tell(server.id);
        }
        self.queue_changed.notify_one();
        Ok(())
    }

    /// A person has accepted or replaced a host key: the servers that wait for one are visited for that person.
    pub(crate) async fn collect_untrusted(&self) {
        self.nudge_untrusted(|| Command::Collect { tries: TRIES, accepted: oneshot::channel().0, ended: None }).await;
    }

    /// Hands a command to the tasks of the servers that wait for a host key to be accepted or replaced.
    async fn nudge_untrusted(&self, command: impl Fn() -> Command) {
        let waits = |failure: Failure| matches!(failure.code.as_str(), "host_key_unknown" | "host_key_changed");
        for server in self.board.servers() {
            if !server.enabled || !self.board.failure(server.id).is_some_and(waits) {
                continue;
            }
            let sender = self.tasks.lock().await.get(&server.id).map(TaskHandle::sender);
            if let Some(sender) = sender {
                // A task that has ended, or whose line of commands is full, is not nudged.
                let _ = sender.try_send(command());
            }
        }
    }

    async fn tell_queue(self: Arc<Self>) {
        let mut left = None;
        loop {
            self.queue_changed.notified().await;
            let told = async {
                if !self.schedule_is_elsewhere() {
                    let now = self.queue.left(self.mode.borrow().paused);
                    if left.as_ref() != Some(&now) {
                        self.store.put_setting(QUEUE, &now).await?;
                        left = Some(now);
                    }
                }
                let queue = Box::new(self.queue_view().await?);
                self.events.send(Event::Queue { queue });
                Ok::<(), StoreError>(())
            };
            if let Err(error) = told.await {
                self.troubles.raise(store_trouble(&error));
            }
            tokio::time::sleep(QUEUE_REST).await;
        }
    }

    /// What the process that keeps the schedule has left of its queue. One of another version may have left something else.
    async fn left_queue(&self) -> Result<Option<LeftQueue>, StoreError> {
        match self.store.setting::<LeftQueue>(QUEUE).await {
            Err(StoreError::Value { .. }) => Ok(None),
            other => other,
        }
    }

    /// The queue as it is now: that of this process, or the one that the keeper of the schedule has left.
    pub(crate) async fn queue_view(&self) -> Result<QueueView, StoreError> {
        let left = if self.somebody_else_keeps_the_schedule() { self.left_queue().await? } else { None };
        let left = left.unwrap_or_else(|| self.queue.left(self.mode.borrow().paused));
        let mut counts = left.counts();
        (counts.completed, counts.failed) = self.store.collection_counts().await?;
        let mut collections = left.open;
        collections.extend(self.store.queued_collections(QUEUE_SHOWN).await?);
        collections.sort_by_key(|collection| std::cmp::Reverse(collection.id));
        collections.dedup_by_key(|collection| collection.id);
        collections.truncate(QUEUE_SHOWN as usize);
        Ok(QueueView {
            paused: left.paused,
            concurrency: self.settings().concurrency,
            counts,
            collections,
            scheduled: left.scheduled,
        })
    }
}

/// The most collections that a view of the queue shows.
const QUEUE_SHOWN: u32 = 200;
