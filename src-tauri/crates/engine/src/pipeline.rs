//! The one direction: what a collection yields goes to the store, then to the rules, then to the notifications and events.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Failure, Stage, Trigger};
use hostrounds_core::footprint::{Footprint, FootprintDay};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{Login, Server, ServerId, Target};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Hold, Store, StoreError};
use tokio::sync::{Mutex, Notify};

use crate::alerting::Alerting;
use crate::api::error::store_trouble;
use crate::api::view::{Event, ServerView, Trouble};
use crate::board::Board;
use crate::clock;
use crate::events::Events;
use crate::failure::{self, KEYRING_UNAVAILABLE};
use crate::forecasts::Forecasts;
use crate::meter::Meter;
use crate::recorder::Recorder;
use crate::schedule::{Ledger, Queue, TRIES};
use crate::troubles::Troubles;
use crate::visit::News;

/// Where collections go.
pub(crate) struct Pipeline {
    pub(crate) board: Arc<Board>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) recorder: Recorder,
    pub(crate) alerting: Arc<Alerting>,
    pub(crate) events: Events,
    pub(crate) troubles: Arc<Troubles>,
    pub(crate) store: Store,
    pub(crate) meter: Meter,
    pub(crate) forecasts: Arc<Forecasts>,
    /// Held by whoever changes or reads who is held: the store and the board agree for everybody else.
    pub(crate) holding: Mutex<()>,
    /// The view of the queue is to be told anew.
    pub(crate) queue_changed: Arc<Notify>,
}

impl Pipeline {
    /// A keyring, an agent or a network of this computer that fails is a trouble of its own, not an outage of a server.
    fn note_trouble(&self, server: &Server, collection: &Collection) {
        match &collection.failure {
            Some(failure) if failure::is_trouble(failure) => self.troubles.raise(Trouble {
                code: failure.code.clone(),
                message: failure.message.clone(),
                hint: failure.hint.clone(),
            }),
            // A new login to a server over SSH needed all of them.
            None if collection.stages.iter().any(|stage| stage.stage == Stage::Login) => {
                let uses_agent = matches!(&server.target, Target::Ssh(ssh)
                    if ssh.hops().flat_map(|hop| &hop.logins).any(|login| matches!(login, Login::Agent { .. })));
                self.troubles.settle(|code| match code {
                    KEYRING_UNAVAILABLE => !uses_agent,
                    "agent_unavailable" | "agent_empty" => uses_agent,
                    "known_hosts_unusable" | "network_unreachable" | "name_lookup_failed" => true,
                    _ => false,
                });
            }
            _ => {}
        }
    }

    /// The view of a server as it is now.
    pub(crate) fn view(&self, id: ServerId) -> Option<ServerView> {
        let now = clock::now();
        self.board.view(id, now, self.queue.next_visit(id), self.meter.over_budget(id, now))
    }

    /// Tells the faces how a server is now.
    pub(crate) fn tell(&self, id: ServerId) {
        if let Some(view) = self.view(id) {
            self.events.send(Event::Server { view: Box::new(view) });
        }
    }
}

impl Pipeline {
    /// Lets the schedule of a server go on, if it was held, here or by another process. While the store cannot be written it
    /// stays held: the store would say so again at the next look.
    pub(crate) async fn release(&self, server: &Server) {
        let turn = self.holding.lock().await;
        let is_news = match self.store.release(server.id).await {
            Ok(was_held) => {
                if was_held {
                    self.log(ActivityKind::ServerResumed, server, &format!("{} goes on", server.name)).await;
                }
                self.board.set_hold(server.id, None)
            }
            Err(error) => {
                self.troubles.raise(store_trouble(&error));
                false
            }
        };
        drop(turn);
        if is_news {
            self.tell(server.id);
        }
    }

    /// Takes over from the store which servers are held; gives those for which that is a change.
    pub(crate) async fn read_holds(&self) -> Result<Vec<ServerId>, StoreError> {
        let _turn = self.holding.lock().await;
        let mut holds: HashMap<ServerId, Hold> =
            self.store.holds().await?.into_iter().map(|hold| (hold.server, hold)).collect();
        let mut changed = Vec::new();
        for server in self.board.servers() {
            let hold = holds.remove(&server.id).map(|hold| (hold.since, hold.failure));
            if self.board.set_hold(server.id, hold) {
                changed.push(server.id);
            }
        }
        Ok(changed)
    }

    /// An observation with what is to be expected of the filesystems that it has read.
    async fn with_forecasts<'a>(
        &self,
        server: &Server,
        collection: &Collection,
        observation: &'a Observation,
    ) -> Cow<'a, Observation> {
        let kept = self.board.forecasts(server.id);
        self.forecasts.add(server.id, observation, kept, collection.trigger == Trigger::Person).await
    }

    /// Adds what a server was made to spend; gives what is to be kept now.
    async fn charge(&self, server: &Server, spent: Footprint) -> Option<FootprintDay> {
        if spent == Footprint::default() {
            return None;
        }
        let now = clock::now();
        let mut kept = self.meter.add(server.id, now, spent);
        if let Some(over) = self.meter.warning(server.id, now) {
            // Noted in the row of today, which must be there for that.
            kept = match kept {
                None => self.meter.take(server.id, now),
                kept => kept,
            };
            if let Some(day) = kept.take()
                && let Err(error) = self.store.spend(server.id, day).await
            {
                self.troubles.raise(store_trouble(&error));
            }
            match self.store.warn_of_footprint(server.id, now).await {
                Ok(true) => {
                    let message =
                        format!("{} was made to spend more than its budget: {}", server.name, over.join("; "));
                    self.log(ActivityKind::BudgetExceeded, server, &message).await;
                }
                Ok(false) => {}
                Err(error) => self.troubles.raise(store_trouble(&error)),
            }
        }
        kept
    }

    /// The same outside of a collection.
    pub(crate) async fn charge_at_once(&self, server: &Server, spent: Footprint) {
        if let Some(day) = self.charge(server, spent).await
            && let Err(error) = self.store.spend(server.id, day).await
        {
            self.troubles.raise(store_trouble(&error));
        }
        self.tell(server.id);
    }

    /// Keeps what of a server stands in memory only.
    pub(crate) async fn keep_charge(&self, server: &Server) -> Result<(), StoreError> {
        match self.meter.take(server.id, clock::now()) {
            Some(day) => self.store.spend(server.id, day).await,
            None => Ok(()),
        }
    }

    /// Keeps what stands in memory only, for the end.
    pub(crate) async fn keep_charges(&self) {
        for (id, day) in self.meter.drain(clock::now()) {
            if let Err(error) = self.store.spend(id, day).await {
                tracing::warn!(%error, "the footprint of the last minute was not kept");
            }
        }
    }

    /// A line of the activity log. What it speaks of has happened already, so a log that cannot be written is only a trouble.
    async fn log(&self, kind: ActivityKind, server: &Server, message: &str) {
        match self.store.log(clock::now(), kind, Some(server.id), message).await {
            Ok(entry) => self.events.send(Event::Activity { entry }),
            Err(error) => self.troubles.raise(store_trouble(&error)),
        }
    }
}

#[async_trait]
impl Ledger for Pipeline {
    fn next_id(&self) -> CollectionId {
        self.queue.next_id()
    }

    fn changed(&self, collection: &Collection) {
        self.queue.put(collection);
        if collection.state == CollectionState::Delayed {
            self.board.note(collection);
            self.tell(collection.server);
        }
        if collection.server != ServerId::LOCAL && collection.trigger != Trigger::Live {
            self.queue_changed.notify_one();
        }
    }

    fn scheduled(&self, server: ServerId, at: Option<UnixMillis>) {
        let before = self.queue.next_visit(server);
        self.queue.schedule(server, at);
        // The next visit moves by the milliseconds that a task needs to look at its clock; that is no news.
        let is_news = match (before, at) {
            (Some(before), Some(at)) => before.0.abs_diff(at.0) > 500,
            (before, at) => before != at,
        };
        if is_news && server != ServerId::LOCAL {
            self.tell(server);
            self.queue_changed.notify_one();
        }
    }

    async fn held(&self, server: &Server, failure: &Failure) {
        let _turn = self.holding.lock().await;
        let since = clock::now();
        let hold = Hold { server: server.id, since, failure: failure.clone() };
        if let Err(error) = self.store.hold(&hold).await {
            self.troubles.raise(store_trouble(&error));
        }
        if self.board.set_hold(server.id, Some((since, failure.clone()))) {
            let message = format!("{} is left alone until somebody acts: {}", server.name, failure.message);
            self.log(ActivityKind::ServerHeld, server, &message).await;
        }
    }

    async fn released(&self, server: &Server) {
        if self.board.is_held(server.id) {
            self.release(server).await;
        }
    }

    async fn ended(&self, server: &Server, collection: &Collection, observation: Option<&Observation>, news: News) {
        let observation = match observation {
            Some(observation) => Some(self.with_forecasts(server, collection, observation).await),
            None => None,
        };
        let observation = observation.as_deref();
        let latest = observation.and_then(|observation| self.board.observe(server.id, observation));
        self.board.note(collection);

        let spent = self.charge(server, news.spent).await;
        self.recorder.record(collection.clone(), observation.cloned(), spent).await;
        let alerted = match (observation, &collection.failure) {
            (Some(observation), _) => self.alerting.observed(server, observation).await,
            (None, Some(failure)) if is_verdict(collection) => self.alerting.failed(server, failure).await,
            (None, _) => Ok(()),
        };
        if let Err(error) = alerted {
            self.troubles.raise(store_trouble(&error));
        }

        self.note_trouble(server, collection);
        for fingerprint in news.learned_host_keys {
            let message =
                format!("{} has announced the host key {fingerprint} and proved that it holds it", server.name);
            self.log(ActivityKind::HostKeyLearned, server, &message).await;
        }

        self.queue.put(collection);
        if let Some(latest) = latest {
            self.events.send(Event::Latest { id: server.id, latest: Box::new(latest) });
        }
        self.tell(server.id);
        if crate::schedule::is_shown(collection) {
            self.queue_changed.notify_one();
        }
    }
}

/// Whether a failed collection says that the server cannot be reached: all the tries of a whole run were made, or no further
/// try could have helped. This computer is always reached.
fn is_verdict(collection: &Collection) -> bool {
    collection.state == CollectionState::Failed
        && collection.server != ServerId::LOCAL
        && collection.failure.as_ref().is_some_and(|failure| {
            !failure::is_ours(failure) && (collection.max_attempts >= TRIES || !failure.retryable)
        })
}

#[cfg(test)]
mod tests {
    use hostrounds_core::server::{Hop, ServerDraft, SshTarget, Thresholds};

    use super::*;
    use crate::credentials::Keyring;
    use crate::engine::Engine;
    use crate::options::Options;

    fn refused() -> Failure {
        Failure {
            code: "login_refused".into(),
            stage: Stage::Login,
            message: "refused".into(),
            hint: String::new(),
            remedy: None,
            hop: None,
            retryable: false,
        }
    }

    fn draft() -> ServerDraft {
        ServerDraft {
            name: "web".into(),
            target: Target::Ssh(SshTarget::direct(Hop {
                host: "web".into(),
                port: 22,
                user: "ops".into(),
                logins: vec![Login::agent()],
            })),
            enabled: true,
            interval: 60,
            thresholds: Thresholds::default(),
            families_off: vec![],
            environment: None,
            tags: vec![],
        }
    }

    async fn engine() -> (Arc<Engine>, Server, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { data_dir: folder.path().to_owned(), notify: false };
        let store = Store::open(&options.database()).await.unwrap();
        let server = store.add_server(&draft(), clock::now()).await.unwrap();
        let engine = Engine::assemble(options, store, Arc::new(Keyring::new("test".into())), None).await.unwrap();
        (engine, server, folder)
    }

    /// Whether the server is held, for the store and for the board.
    async fn held(engine: &Engine, server: &Server) -> (bool, bool) {
        (!engine.store.holds().await.unwrap().is_empty(), engine.board.is_held(server.id))
    }

    /// Starts some work while somebody else changes who is held, gives it time, and says whether it came in between.
    async fn comes_in_between<T: Send + 'static>(
        engine: &Arc<Engine>,
        server: &Server,
        work: impl Future<Output = T> + Send + 'static,
    ) -> bool {
        let turn = engine.pipeline.holding.lock().await;
        let before = held(engine, server).await;
        let work = tokio::spawn(work);
        for _ in 0..20 {
            engine.store.log(clock::now(), ActivityKind::QueuePaused, None, "time passes").await.unwrap();
        }
        let came = work.is_finished() || held(engine, server).await != before;
        drop(turn);
        work.await.unwrap();
        came
    }

    #[tokio::test]
    async fn whoever_changes_or_reads_who_is_held_does_so_alone() {
        let (engine, server, _folder) = engine().await;
        let (pipeline, of) = (Arc::clone(&engine.pipeline), server.clone());
        assert!(!comes_in_between(&engine, &server, async move { pipeline.held(&of, &refused()).await }).await);
        assert_eq!(held(&engine, &server).await, (true, true));
        let pipeline = Arc::clone(&engine.pipeline);
        assert!(!comes_in_between(&engine, &server, async move { pipeline.read_holds().await }).await);
        let (pipeline, of) = (Arc::clone(&engine.pipeline), server.clone());
        assert!(!comes_in_between(&engine, &server, async move { pipeline.released(&of).await }).await);
        assert_eq!(held(&engine, &server).await, (false, false));
        engine.shutdown().await;
    }

    #[tokio::test]
    async fn a_hold_that_another_process_has_made_is_released_too() {
        let (engine, server, _folder) = engine().await;
        engine.store.hold(&Hold { server: server.id, since: clock::now(), failure: refused() }).await.unwrap();
        engine.pipeline.release(&server).await;
        assert_eq!(held(&engine, &server).await, (false, false));
        engine.shutdown().await;
    }
}
