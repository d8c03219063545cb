//! The only place that wires: store, sites, schedule, alerts and notifications become one engine here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::CollectionState;
use hostrounds_core::footprint::Budget;
use hostrounds_core::retention::Retention;
use hostrounds_core::server::{SecretSlot, Server, ServerDraft, ServerId, Target};
use hostrounds_ssh::{HostKeyOffer, KnownHosts};
use hostrounds_store::{Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerting::Alerting;
use crate::api::backup;
use crate::api::error::store_trouble;
use crate::api::export::Exports;
use crate::api::import::Previews;
use crate::api::view::{ApiError, ErrorCode, Event, Latest, MissingSecret, SettingBounds, Settings, Trouble};
use crate::board::Board;
use crate::clock;
use crate::config_file::ConfigFile;
use crate::core_dumps;
use crate::credentials::{Credentials, Keyring, Noted, Secrets};
use crate::events::Events;
use crate::forecasts::Forecasts;
use crate::lock::Lock;
use crate::meter::Meter;
use crate::notify::{Clicked, Desktop, Notifier};
use crate::options::Options;
use crate::pipeline::Pipeline;
use crate::prompts::Prompts;
use crate::recorder::Recorder;
use crate::schedule::{Edges, Gate, Mode, Queue, Task, TaskHandle};
use crate::troubles::Troubles;
use crate::visit::{LocalSite, RemoteSite, Shared, Site};

pub(crate) const SETTINGS: &str = "settings";
const INSTALLATION: &str = "installation";
/// The code of the trouble of a lock file that cannot be used.
const SCHEDULE_UNUSABLE: &str = "schedule_lock_unusable";
/// How long another process may hold the lock that only wants to know who keeps the schedule.
const A_LOOK: Duration = Duration::from_millis(200);
/// How long the end of everything may take (product goal A9: 5 s in all).
const FAREWELL: Duration = Duration::from_secs(4);

/// Everything that runs, behind the facade of `api`.
pub(crate) struct Engine {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) board: Arc<Board>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) events: Events,
    pub(crate) troubles: Arc<Troubles>,
    pub(crate) alerting: Arc<Alerting>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) known_hosts: Arc<KnownHosts>,
    /// Host keys that were offered and may be accepted, by the id of the offer.
    pub(crate) offers: Mutex<HashMap<String, HostKeyOffer>>,
    /// What SSH configurations were shown to hold.
    pub(crate) previews: Previews<Vec<ServerDraft>>,
    /// What configuration files were shown to hold.
    pub(crate) config_previews: Previews<ConfigFile>,
    /// The exports that are under way.
    pub(crate) exports: Exports,
    pub(crate) mode: watch::Sender<Mode>,
    /// The tasks, held by whoever starts, stops or commands one.
    pub(crate) tasks: tokio::sync::Mutex<HashMap<ServerId, TaskHandle>>,
    settings: Mutex<Settings>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) prompts: Arc<Prompts>,
    pub(crate) schedule: Mutex<Schedule>,
    /// Secrets that a restored database noted and the keyring lacks.
    pub(crate) missing_secrets: tokio::sync::Mutex<Vec<MissingSecret>>,
    /// Says to others that the data is in use.
    data: Mutex<Option<Lock>>,
    pub(crate) queue_changed: Arc<Notify>,
    /// There may be something to give up of the history: what is kept of it was changed, or this process keeps it from now on.
    pub(crate) upkeep: Notify,
    pub(crate) cancel: CancellationToken,
    background: TaskTracker,
    /// The newest line of the activity log when another process last changed the store.
    pub(crate) followed: AtomicI64,
    /// Housekeeping runs.
    pub(crate) house_is_kept: AtomicBool,
    recorder: Mutex<Option<JoinHandle<()>>>,
    finish_recording: CancellationToken,
}

/// Who keeps the schedule of the data directory.
#[derive(Default)]
pub(crate) enum Schedule {
    /// Nobody asked for it.
    #[default]
    Idle,
    /// This process.
    Held(#[expect(dead_code, reason = "the lock ends when it is dropped")] Lock),
    /// Another process; it is tried again until it is free.
    HeldElsewhere,
    /// Nobody can: the lock file cannot be used. It is tried again too.
    Unusable,
}

impl Engine {
    /// Opens the store and reads what is known. Nothing is visited yet.
    pub(crate) async fn open(options: Options) -> Result<Arc<Self>, ApiError> {
        core_dumps::forbid();
        let (notifier, clicks): (Option<Arc<dyn Notifier>>, _) = if options.notify {
            let (desktop, clicks) = Desktop::new();
            (Some(Arc::new(desktop)), Some(clicks))
        } else {
            (None, None)
        };
        let share = backup::share_data(&options)?;
        let store = Store::open(&options.database()).await?;
        let installation = match store.setting::<String>(INSTALLATION).await? {
            Some(installation) => installation,
            None => {
                let fresh = format!("{:032x}", rand::random::<u128>());
                store.put_setting(INSTALLATION, &fresh).await?;
                fresh
            }
        };
        let engine = Self::assemble(options, store, Arc::new(Keyring::new(installation)), notifier).await?;
        *lock(&engine.data) = share;
        if let Some(mut clicks) = clicks {
            let events = engine.events.clone();
            engine.spawn(async move {
                while let Some(Clicked { server, at }) = clicks.recv().await {
                    events.send(Event::ShowServer { id: server, at });
                }
            });
        }
        Ok(engine)
    }

    /// The engine from its parts. Tests hand in other credentials and another notifier.
    pub(crate) async fn assemble(
        options: Options,
        store: Store,
        credentials: Arc<dyn Credentials>,
        notifier: Option<Arc<dyn Notifier>>,
    ) -> Result<Arc<Self>, ApiError> {
        let settings = store.setting::<Settings>(SETTINGS).await?.unwrap_or_default();
        let events = Events::new();
        let troubles = Arc::new(Troubles::new(events.clone()));
        let board = Arc::new(Board::default());
        let queue = Arc::new(Queue::default());
        let queue_changed = Arc::new(Notify::new());
        let alerting = Arc::new(Alerting {
            store: store.clone(),
            board: Arc::clone(&board),
            events: events.clone(),
            troubles: Arc::clone(&troubles),
            notifier,
            told: AtomicI64::default(),
            holding: Mutex::default(),
            notify: AtomicBool::new(settings.notifications),
            sending: TaskTracker::new(),
        });
        let finish_recording = CancellationToken::new();
        let (recorder, recording) = Recorder::start(store.clone(), Arc::clone(&troubles), finish_recording.clone());
        let cancel = CancellationToken::new();
        let pipeline = Arc::new(Pipeline {
            board: Arc::clone(&board),
            queue: Arc::clone(&queue),
            recorder,
            alerting: Arc::clone(&alerting),
            events: events.clone(),
            troubles: Arc::clone(&troubles),
            store: store.clone(),
            meter: Meter::new(settings.budget),
            forecasts: Arc::new(Forecasts::new(store.clone(), cancel.clone())),
            holding: tokio::sync::Mutex::default(),
            queue_changed: Arc::clone(&queue_changed),
        });
        let known_hosts = Arc::new(KnownHosts::system(options.known_hosts()));
        let engine = Arc::new(Self {
            gate: Gate::new(settings.concurrency),
            options,
            store,
            board,
            queue,
            prompts: Prompts::new(events.clone()),
            events,
            troubles,
            alerting,
            pipeline,
            credentials,
            known_hosts,
            offers: Mutex::default(),
            previews: Previews::default(),
            exports: Exports::default(),
            config_previews: Previews::default(),
            mode: watch::Sender::new(Mode::default()),
            tasks: tokio::sync::Mutex::default(),
            settings: Mutex::new(settings),
            secrets: Arc::default(),
            schedule: Mutex::default(),
            missing_secrets: tokio::sync::Mutex::default(),
            data: Mutex::default(),
            queue_changed,
            upkeep: Notify::new(),
            cancel,
            background: TaskTracker::new(),
            followed: AtomicI64::default(),
            house_is_kept: AtomicBool::new(false),
            recorder: Mutex::new(Some(recording)),
            finish_recording,
        });
        engine.read_servers().await?;
        engine.pipeline.read_holds().await?;
        engine.alerting.start().await?;
        if let Some(newest) = engine.store.activity(None, None, 1).await?.first() {
            engine.followed.store(newest.id, Ordering::Relaxed);
        }
        engine.take_over_carried().await?;
        Ok(engine)
    }

    /// Puts the servers of the store on the board, with what was last observed of each. Gives those that are new here, those
    /// that have changed and those that are gone.
    pub(crate) async fn read_servers(&self) -> Result<ServerChanges, StoreError> {
        let secrets = self.store.secrets().await?;
        let with_secrets = |server: Server| (server.id, (self.secrets.noted(server.id), server));
        let known: HashMap<ServerId, (Noted, Server)> = self.board.servers().into_iter().map(with_secrets).collect();
        self.secrets.replace(secrets);
        let mut changes = ServerChanges::default();
        let stored = self.store.servers().await?;
        for server in &stored {
            match known.get(&server.id) {
                None => changes.added.push(server.clone()),
                Some((noted, before)) => {
                    let reconnect = before.target != server.target || *noted != self.secrets.noted(server.id);
                    if !reconnect && before == server {
                        continue;
                    }
                    changes.changed.push((server.clone(), reconnect));
                }
            }
            self.board.put(server.clone(), self.secrets.of(server));
        }
        for server in &changes.added {
            self.restore(server.id).await?;
            self.read_footprint(server.id).await?;
        }
        let known = known.into_values().map(|(_, server)| server);
        changes.removed = known.filter(|server| stored.iter().all(|other| other.id != server.id)).collect();
        for server in &changes.removed {
            self.board.remove(server.id);
        }
        Ok(changes)
    }

    /// Takes over what a server was made to spend today.
    pub(crate) async fn read_footprint(&self, id: ServerId) -> Result<(), StoreError> {
        let now = clock::now();
        if let Some(today) = self.store.footprint(id, now, 1).await?.pop() {
            self.pipeline.meter.restore(id, now, today.footprint);
        }
        Ok(())
    }

    /// Puts on the board what the store knows of a server.
    pub(crate) async fn restore(&self, id: ServerId) -> Result<Option<Latest>, StoreError> {
        let newest_values = self.store.latest(id).await?;
        let seen = newest_values.as_ref().map(|newest| newest.observation.at);
        let newest = self.store.collections(Some(id), 1).await?.pop();
        let failure = newest
            .filter(|collection| collection.state == CollectionState::Failed && collection.ended_at > seen)
            .and_then(|collection| collection.failure);
        Ok(self.board.restore(id, newest_values, failure, clock::now()))
    }

    /// Takes the schedule of the data directory, if no other process has it, and starts the task of every server.
    pub(crate) async fn start_schedule(self: &Arc<Self>) -> Result<(), ApiError> {
        let taken = self.take_schedule().await;
        self.start_housekeeping();
        for server in self.board.servers() {
            self.start_task(server.id).await;
        }
        taken
    }

    /// Tries to become the one that keeps the schedule. Until that succeeds, housekeeping tries again.
    pub(crate) async fn take_schedule(&self) -> Result<(), ApiError> {
        let path = self.options.schedule_lock();
        let taken = Lock::take(path.clone(), A_LOOK).await;
        let unusable = |code: &str| code == SCHEDULE_UNUSABLE;
        match taken {
            Ok(Some(held)) => {
                *lock(&self.schedule) = Schedule::Held(held);
                self.mode.send_modify(|mode| mode.scheduling = true);
                self.troubles.settle(unusable);
                self.queue_changed.notify_one();
                self.upkeep.notify_one();
                Ok(())
            }
            Ok(None) => {
                *lock(&self.schedule) = Schedule::HeldElsewhere;
                self.troubles.settle(unusable);
                Err(ApiError::schedule_held())
            }
            Err(error) => {
                *lock(&self.schedule) = Schedule::Unusable;
                let trouble = Trouble {
                    code: SCHEDULE_UNUSABLE.into(),
                    message: format!("The lock file `{}` cannot be used: {error}.", path.display()),
                    hint:
                        "Nothing is visited on a schedule. Check the owner and the permissions of the data directory."
                            .into(),
                };
                self.troubles.raise(trouble.clone());
                Err(ApiError::new(ErrorCode::Store, trouble.message, trouble.hint))
            }
        }
    }

    pub(crate) fn schedule_is_elsewhere(&self) -> bool {
        matches!(*lock(&self.schedule), Schedule::HeldElsewhere)
    }

    /// Whether this process keeps the schedule.
    pub(crate) fn keeps_the_schedule(&self) -> bool {
        matches!(*lock(&self.schedule), Schedule::Held(_))
    }

    /// Whether this process was asked to keep the schedule, and does not.
    pub(crate) fn wants_the_schedule(&self) -> bool {
        matches!(*lock(&self.schedule), Schedule::HeldElsewhere | Schedule::Unusable)
    }

    /// Whether another process keeps the schedule, also where this one never asked for it.
    pub(crate) fn somebody_else_keeps_the_schedule(&self) -> bool {
        match *lock(&self.schedule) {
            Schedule::Held(_) | Schedule::Unusable => false,
            Schedule::HeldElsewhere => true,
            Schedule::Idle => matches!(Lock::try_take(&self.options.schedule_lock()), Ok(None)),
        }
    }

    /// Runs `work` until it ends or the engine does.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        self.background.spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Work that the end of the engine waits for. It has to end by itself once [`Self::cancel`] is cancelled.
    pub(crate) fn tracked<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        self.background.track_future(work)
    }

    /// Starts the task of a server; one that runs already stays, and for a server that is gone none is started.
    pub(crate) async fn start_task(self: &Arc<Self>, id: ServerId) {
        let mut tasks = self.tasks.lock().await;
        // Looked at under the lock, so that neither a removal nor the end of everything can come in between.
        if self.cancel.is_cancelled() || tasks.contains_key(&id) {
            return;
        }
        if let Some(server) = self.board.server(id) {
            tasks.insert(id, Task::start(server, self.board.failure(id), self.edges()));
        }
    }

    /// Ends the task of a server and waits until it has ended.
    pub(crate) async fn stop_task(&self, id: ServerId) {
        let task = self.tasks.lock().await.remove(&id);
        if let Some(task) = task {
            task.stop().await;
        }
    }

    fn edges(self: &Arc<Self>) -> Edges {
        let options = self.options.clone();
        let shared = Shared {
            credentials: Arc::clone(&self.credentials),
            secrets: Arc::clone(&self.secrets),
            known_hosts: Arc::clone(&self.known_hosts),
            prompts: Arc::clone(&self.prompts),
            board: Arc::clone(&self.board),
        };
        Edges {
            gate: Arc::clone(&self.gate),
            ledger: Arc::clone(&self.pipeline) as _,
            mode: self.mode.subscribe(),
            held: self.board.held(),
            site: Arc::new(move |server| -> Box<dyn Site> {
                match &server.target {
                    Target::Local => Box::new(LocalSite::new()),
                    Target::Ssh(target) => Box::new(RemoteSite::new(server.id, target.clone(), shared.clone())),
                }
            }),
            lock: Arc::new(move |id| options.server_lock(id.0)),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Keeps the settings; they are taken over by whoever calls.
    pub(crate) async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        match self.store.put_setting(SETTINGS, settings).await {
            // Someone who wants less kept must be able to say so on a full disk.
            Err(StoreError::Full { .. }) if self.store.spend_reserve().await => {
                self.store.put_setting(SETTINGS, settings).await
            }
            put => put,
        }
    }

    /// Takes over the settings that another process has changed.
    pub(crate) async fn read_settings(&self) -> Result<(), StoreError> {
        let settings = self.store.setting::<Settings>(SETTINGS).await?.unwrap_or_default();
        if settings != self.settings() {
            self.apply_settings(settings);
        }
        Ok(())
    }

    pub(crate) fn apply_settings(&self, settings: Settings) {
        self.gate.resize(settings.concurrency);
        self.alerting.notify.store(settings.notifications, Ordering::Relaxed);
        self.pipeline.meter.set_budget(settings.budget);
        *lock(&self.settings) = settings.clone();
        self.events.send(Event::Settings { settings });
        self.queue_changed.notify_one();
    }

    /// Takes note of which secrets of a server the keyring holds now. Only what is new is written, so that what another process
    /// notes at the same time stays.
    pub(crate) async fn note_secrets(&self, id: ServerId, noted: Noted) -> Result<(), StoreError> {
        let before = self.secrets.noted(id);
        let is_new = |(slot, place): &(&SecretSlot, &Option<String>)| before.get(slot) != Some(place);
        let kept: Vec<_> = noted.iter().filter(is_new).map(|(slot, place)| (slot.clone(), place.clone())).collect();
        let gone: Vec<_> = before.keys().filter(|slot| !noted.contains_key(slot)).cloned().collect();
        if !kept.is_empty() || !gone.is_empty() {
            self.store.note_secrets(id, &kept, &gone).await?;
            self.secrets.put(id, noted);
        }
        Ok(())
    }

    /// Writes a line of the activity log and tells the faces. What it speaks of is done already, so a log that cannot be
    /// written is a trouble, and no reason to call that failed.
    pub(crate) async fn log(&self, kind: ActivityKind, server: Option<ServerId>, message: &str) {
        match self.store.log(clock::now(), kind, server, message).await {
            Ok(entry) => self.events.send(Event::Activity { entry }),
            Err(error) => self.troubles.raise(store_trouble(&error)),
        }
    }

    /// Ends everything: running collections are cut off and recorded as cancelled, what is to be written is written.
    pub(crate) async fn shutdown(&self) {
        if self.cancel.is_cancelled() {
            return;
        }
        self.cancel.cancel();
        let farewell = async {
            let tasks: Vec<TaskHandle> = self.tasks.lock().await.drain().map(|(_, task)| task).collect();
            let mut ending: tokio::task::JoinSet<()> = tasks.into_iter().map(TaskHandle::stop).collect();
            while ending.join_next().await.is_some() {}
            self.background.close();
            self.background.wait().await;
            self.finish_recording.cancel();
            let recorder = lock(&self.recorder).take();
            if let Some(recorder) = recorder
                && let Err(error) = recorder.await
            {
                tracing::error!(%error, "the recorder ended unexpectedly");
            }
            self.pipeline.keep_charges().await;
            if let Err(error) = self.store.trim_collections(clock::now()).await {
                tracing::warn!(%error, "finished collections were not given up");
            }
            self.alerting.sending.close();
            self.alerting.sending.wait().await;
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
        self.store.close().await;
        *lock(&self.schedule) = Schedule::Idle;
        *lock(&self.data) = None;
    }
}

/// How the servers of the store differ from those on the board.
#[derive(Default)]
pub(crate) struct ServerChanges {
    pub(crate) added: Vec<Server>,
    /// With whether one must log in anew: its connection or its secrets are other ones.
    pub(crate) changed: Vec<(Server, bool)>,
    pub(crate) removed: Vec<Server>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { concurrency: 5, notifications: true, budget: Budget::default(), retention: Retention::default() }
    }
}

impl Default for SettingBounds {
    fn default() -> Self {
        Self { least_concurrency: 1, most_concurrency: 64, most_budget: Budget::MOST }
    }
}

/// A mutex whose holder panicked still guards good data here: every change under these locks is a single step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
