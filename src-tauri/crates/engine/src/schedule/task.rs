//! One task per server: it knows when the server is due, visits it, tries again, and never visits it twice at once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Failure, Trigger};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{LOCAL_INTERVAL, Server, ServerId};
use hostrounds_core::time::UnixMillis;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::desk::Desk;
use super::gate::Gate;
use super::rhythm;
use super::tries::{End, tries_of};
use crate::clock;
use crate::failure;
use crate::visit::{News, Site};

/// How often a collection is tried in all.
pub(crate) const TRIES: u32 = 3;
/// What a visit did not wait for is fetched apart, unless the next visit comes this soon and brings it along.
const SOON: Duration = Duration::from_secs(5);
/// How long saying goodbye to a server may take when the task ends.
const GOODBYE: Duration = Duration::from_secs(1);

/// What the whole schedule does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mode {
    /// This process keeps the schedule of the data directory.
    pub(crate) scheduling: bool,
    /// A person has paused it.
    pub(crate) paused: bool,
}

/// What a task is asked to do.
pub(crate) enum Command {
    /// Collect now, ahead of scheduled work. A collection that already runs serves as well.
    Collect {
        /// Tries in all.
        tries: u32,
        /// Told at once which collection it is.
        accepted: oneshot::Sender<CollectionId>,
        /// Told how it ended.
        ended: Option<oneshot::Sender<Ended>>,
    },
    /// The server has new settings; `reconnect` where its session or its credential no longer fits.
    Settings {
        /// The server as it is now.
        server: Box<Server>,
        /// Whether what is kept open must be opened anew.
        reconnect: bool,
    },
    /// What kept the server from being visited may be gone: it is due now, if the schedule visits it at all.
    Due,
    /// Somebody looks at the server, or no longer does.
    Live(bool),
    /// The computer has slept.
    Woke,
}

/// How a collection ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) collection: Collection,
    pub(crate) observation: Option<Observation>,
}

/// What takes note of collections: the queue, the store, the rules, the events.
#[async_trait]
pub(crate) trait Ledger: Send + Sync {
    /// A number for a new collection.
    fn next_id(&self) -> CollectionId;
    /// A collection is waiting, running or delayed now.
    fn changed(&self, collection: &Collection);
    /// When the server is visited next.
    fn scheduled(&self, server: ServerId, at: Option<UnixMillis>);
    /// The login was refused or needs a person: the schedule of the server stands still until it is released, which
    /// [`Edges::held`] tells.
    async fn held(&self, server: &Server, failure: &Failure);
    /// The schedule of a server goes on, if it was held.
    async fn released(&self, server: &Server);
    /// A collection has ended: observe, store, rules, notify, event, in this order.
    async fn ended(&self, server: &Server, collection: &Collection, observation: Option<&Observation>, news: News);
}

/// Makes the site of a server.
type SiteOf = Arc<dyn Fn(&Server) -> Box<dyn Site> + Send + Sync>;

/// What a task needs from around it.
#[derive(Clone)]
pub(crate) struct Edges {
    pub(crate) gate: Arc<Gate>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) mode: watch::Receiver<Mode>,
    /// The servers that nobody but a person logs in to: they have refused that, or ask for a person. Who holds a server, or
    /// lets it go on, says so here and nowhere else.
    pub(crate) held: watch::Receiver<BTreeSet<ServerId>>,
    pub(crate) site: SiteOf,
    /// The lock file of a server.
    pub(crate) lock: Arc<dyn Fn(ServerId) -> PathBuf + Send + Sync>,
}

impl Edges {
    /// Whether nobody but a person logs in to the server.
    fn holds(&self, server: &Server) -> bool {
        self.held.borrow().contains(&server.id)
    }

    /// Whether the schedule runs here and visits the server.
    fn schedules(&self, server: &Server) -> bool {
        let mode = *self.mode.borrow();
        mode.scheduling && !mode.paused && server.enabled && !self.holds(server)
    }
}

/// A running task.
pub(crate) struct TaskHandle {
    commands: mpsc::Sender<Command>,
    join: JoinHandle<()>,
}

impl TaskHandle {
    /// Hands a command to the task. A task that has ended no longer takes any.
    pub(crate) async fn send(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("a task that has ended was sent a command");
        }
    }

    /// A way to send without holding on to the handle.
    pub(crate) fn sender(&self) -> mpsc::Sender<Command> {
        self.commands.clone()
    }

    /// Cuts off what runs and waits until the task has ended.
    pub(crate) async fn stop(self) {
        drop(self.commands);
        if let Err(error) = self.join.await {
            tracing::error!(%error, "a server's task ended unexpectedly");
        }
    }
}

/// The task of one server.
pub(crate) struct Task {
    edges: Edges,
    site: Box<dyn Site>,
    desk: Desk,
    due: Instant,
    /// The server was held when that was last looked at.
    was_held: bool,
}

impl Task {
    /// Starts the task of a server. It visits the server at once and then on its interval, while the mode says so and the server
    /// is not held. `failure` is why its latest collection failed, if it did.
    pub(crate) fn start(server: Server, failure: Option<Failure>, edges: Edges) -> TaskHandle {
        let (commands, receiver) = mpsc::channel(16);
        let now = Instant::now();
        let task = Self {
            site: (edges.site)(&server),
            edges,
            desk: Desk {
                server,
                commands: receiver,
                live: false,
                live_due: now,
                new_settings: None,
                running: None,
                waiting: Vec::new(),
                woke: false,
                is_due: false,
                by_person: false,
                failure,
                barred: false,
            },
            due: now,
            was_held: false,
        };
        TaskHandle { commands, join: tokio::spawn(task.work()) }
    }

    async fn work(mut self) {
        loop {
            self.take_settings().await;
            if !self.desk.server.enabled {
                // A person may have asked for one collection; nobody is to stay logged in for it.
                self.site.leave().await;
            }
            if std::mem::take(&mut self.desk.woke) {
                self.due = rhythm::after_stall(Instant::now(), self.interval(), rand::random());
            }
            let is_held = self.edges.holds(&self.desk.server);
            let resumed = std::mem::replace(&mut self.was_held, is_held) && !is_held;
            if std::mem::take(&mut self.desk.is_due) || resumed {
                self.due = Instant::now();
            }
            let next = next_run(&self.edges, &self.desk, self.due);
            announce(&self.edges, &self.desk, next);
            let comes_soon = || next.is_some_and(|(at, _)| at < Instant::now() + SOON);
            let may_fetch = self.edges.schedules(&self.desk.server);
            let wake = next.map_or_else(|| Instant::now() + Duration::from_secs(3600), |(at, _)| at);
            tokio::select! {
                biased;
                command = self.desk.commands.recv() => {
                    let Some(command) = command else { break };
                    if let Some(tries) = self.desk.take(command, self.edges.ledger.as_ref())
                        && self.run(Trigger::Person, tries).await.is_err() { break }
                }
                changed = self.edges.mode.changed() => if changed.is_err() { break },
                changed = self.edges.held.changed() => if changed.is_err() { break },
                () = tokio::time::sleep_until(wake), if next.is_some() => {
                    let Some((_, trigger)) = next else { continue };
                    if trigger == Trigger::Schedule && rhythm::was_stalled(self.due, Instant::now()) {
                        self.due = rhythm::after_stall(Instant::now(), self.interval(), rand::random());
                        continue;
                    }
                    if self.run(trigger, TRIES).await.is_err() { break }
                }
                () = self.site.late(), if may_fetch && !comes_soon() => {
                    if !comes_soon() && self.run(Trigger::Schedule, TRIES).await.is_err() { break }
                }
            }
        }
        announce(&self.edges, &self.desk, None);
        // A server that does not answer must not hold up the end of the application.
        if tokio::time::timeout(GOODBYE, self.site.leave()).await.is_err() {
            tracing::debug!(server = self.desk.server.id.0, "the session did not end in time");
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.desk.server.interval))
    }

    async fn take_settings(&mut self) {
        let Some((server, reconnect)) = self.desk.new_settings.take() else { return };
        let old = std::mem::replace(&mut self.desk.server, server);
        let now = Instant::now();
        let logs_in_anew = reconnect || old.target != self.desk.server.target;
        if logs_in_anew {
            self.site.leave().await;
            self.site = (self.edges.site)(&self.desk.server);
        }
        if logs_in_anew || (!old.enabled && self.desk.server.enabled) {
            self.due = now;
            self.desk.failure = None;
            // What it was held for, maybe only just now, was the fault of the settings before.
            self.edges.ledger.released(&self.desk.server).await;
        }
        if old.interval != self.desk.server.interval {
            self.due = self.due.min(now + self.interval());
        }
    }

    /// One collection with all its tries. An error means that the task is to end.
    async fn run(&mut self, trigger: Trigger, tries: u32) -> Result<(), ()> {
        let Self { edges, site, desk, due, was_held } = self;
        desk.by_person |= trigger == Trigger::Person;
        let id = desk.running.unwrap_or_else(|| edges.ledger.next_id());
        desk.running = Some(id);
        let mut collection = Collection {
            id,
            server: desk.server.id,
            trigger,
            state: CollectionState::Waiting,
            queued_at: clock::now(),
            started_at: None,
            ended_at: None,
            retry_at: None,
            attempts: 0,
            max_attempts: tries,
            stages: Vec::new(),
            failure: None,
            points: 0,
        };
        edges.ledger.changed(&collection);
        let outcome = tries_of(edges, site.as_mut(), desk, &mut collection).await;

        let (observation, stop) = match outcome {
            Ok(observation) => {
                collection.state = CollectionState::Completed;
                collection.failure = None;
                collection.points = u32::try_from(observation.points.len()).unwrap_or(u32::MAX);
                edges.ledger.released(&desk.server).await;
                // It has just been visited.
                *was_held = false;
                desk.failure = None;
                (Some(observation), false)
            }
            Err(End::Failed { holds }) => {
                collection.state = CollectionState::Failed;
                let before = std::mem::replace(&mut desk.failure, collection.failure.clone());
                let undecided = |failure: &Failure| failure::is_undecided_login(failure);
                let twice = before.as_ref().is_some_and(undecided) && desk.failure.as_ref().is_some_and(undecided);
                if let Some(failure) = desk.failure.as_ref().filter(|_| holds || twice) {
                    edges.ledger.held(&desk.server, failure).await;
                }
                (None, false)
            }
            Err(End::Cut { stop }) => {
                collection.state = CollectionState::Cancelled;
                (None, stop)
            }
        };
        desk.barred = collection.failure.as_ref().is_some_and(|failure| !failure.retryable);
        collection.ended_at = Some(clock::now());
        collection.retry_at = None;
        let now = Instant::now();
        desk.live_due = now.max(desk.live_due + Duration::from_secs(u64::from(LOCAL_INTERVAL)));
        // What a visit brings along that comes too early for the schedule changes nothing about it.
        if now >= *due {
            *due = rhythm::next_due(*due, now, Duration::from_secs(u64::from(desk.server.interval)));
        }
        // Before the end is told, so that it is told together with the next visit.
        announce(edges, desk, next_run(edges, desk, *due));
        edges.ledger.ended(&desk.server, &collection, observation.as_ref(), site.news()).await;
        desk.running = None;
        desk.by_person = false;
        for waiting in desk.waiting.drain(..) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(Ended { collection: collection.clone(), observation: observation.clone() });
        }
        if stop { Err(()) } else { Ok(()) }
    }
}

/// What is due next, and why; nothing while neither the schedule nor anybody's looking asks for it.
fn next_run(edges: &Edges, desk: &Desk, due: Instant) -> Option<(Instant, Trigger)> {
    let scheduled = edges.schedules(&desk.server).then_some((due, Trigger::Schedule));
    let is_looked_at = desk.live && desk.server.enabled && !edges.holds(&desk.server) && !desk.barred;
    let live = is_looked_at.then_some((desk.live_due, Trigger::Live));
    match (scheduled, live) {
        (Some(scheduled), Some(live)) => Some(if live.0 < scheduled.0 { live } else { scheduled }),
        (scheduled, live) => scheduled.or(live),
    }
}

/// Takes note of when the server is visited next.
fn announce(edges: &Edges, desk: &Desk, next: Option<(Instant, Trigger)>) {
    let at = next.map(|(at, _)| clock::now().plus(at.saturating_duration_since(Instant::now())));
    edges.ledger.scheduled(desk.server.id, at);
}
