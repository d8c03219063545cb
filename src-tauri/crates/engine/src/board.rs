//! What is known of every server at this moment, without touching the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hostrounds_core::collection::{Collection, CollectionState, Failure};
use hostrounds_core::forecast::FilesystemForecast;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point, Tables};
use hostrounds_core::probe::{Family, Rhythm};
use hostrounds_core::server::{SecretSlot, Server, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::Newest;
use tokio::sync::watch;

use crate::api::view::{Latest, ServerState, ServerView, Summary};
use crate::failure::is_ours;

/// The newest of every server.
#[derive(Default)]
pub(crate) struct Board {
    entries: Mutex<BTreeMap<ServerId, Entry>>,
    held: watch::Sender<BTreeSet<ServerId>>,
}

struct Entry {
    server: Server,
    latest: Option<Latest>,
    /// How the latest collection that says something about the server went.
    outcome: Outcome,
    firing: u32,
    /// The secrets that the keyring holds for it.
    secrets: Vec<SecretSlot>,
    /// Its schedule stands still, since then and for that reason.
    hold: Option<(UnixMillis, Failure)>,
    /// The state in the view that the faces were last given.
    told: Option<ServerState>,
}

enum Outcome {
    Unknown,
    Observed,
    Retrying(Failure),
    Failed(Failure),
}

impl Board {
    /// Adds a server, or replaces its settings.
    pub(crate) fn put(&self, server: Server, secrets: Vec<SecretSlot>) {
        let mut entries = self.lock();
        match entries.get_mut(&server.id) {
            Some(entry) => {
                if entry.server.target != server.target {
                    entry.outcome = Outcome::Unknown;
                }
                entry.server = server;
                entry.secrets = secrets;
                entry.latest = entry.latest.take().map(|latest| without(latest, &entry.server.families_off));
            }
            None => {
                let fresh = Entry {
                    server,
                    latest: None,
                    outcome: Outcome::Unknown,
                    firing: 0,
                    secrets,
                    hold: None,
                    told: None,
                };
                entries.insert(fresh.server.id, fresh);
            }
        }
    }

    pub(crate) fn remove(&self, id: ServerId) {
        let mut entries = self.lock();
        entries.remove(&id);
        self.held.send_if_modified(|held| held.remove(&id));
    }

    /// What stands in the store: what an earlier run of the application or another process last observed, and why the
    /// latest collection failed if it did.
    ///
    /// Gives the newest values where they are newer than those before.
    pub(crate) fn restore(
        &self,
        id: ServerId,
        newest: Option<Newest>,
        failure: Option<Failure>,
        now: UnixMillis,
    ) -> Option<Latest> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&id)?;
        let before = entry.latest.as_ref().map(|latest| latest.at);
        if let Some(Newest { observation, read_at }) = newest
            && entry.latest.as_ref().is_none_or(|latest| latest.at < observation.at || is_ahead(latest.at, now))
        {
            entry.outcome = Outcome::Observed;
            let processes = observation.processes.or_else(|| entry.latest.as_ref().and_then(|it| it.processes.clone()));
            let unreadable: Vec<Family> =
                observation.unavailable.iter().filter(|it| !it.partial).map(|it| it.family).collect();
            let latest = Latest {
                at: observation.at,
                read_at,
                points: observation.points,
                processes,
                facts: observation.facts,
                tables: tables_of(observation.tables, |family| !unreadable.contains(&family)),
                unavailable: observation.unavailable,
            };
            entry.latest = Some(without(latest, &entry.server.families_off));
        }
        if let Some(failure) = failure {
            entry.outcome = Outcome::Failed(failure);
        }
        entry.latest.clone().filter(|latest| Some(latest.at) != before)
    }

    /// Takes a new observation; gives the newest of everything.
    pub(crate) fn observe(&self, id: ServerId, observation: &Observation) -> Option<Latest> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&id)?;
        entry.outcome = Outcome::Observed;
        entry.latest = Some(merged(entry.latest.take(), observation.clone()));
        entry.latest.clone()
    }

    /// Takes note of how a collection stands that did not observe anything.
    pub(crate) fn note(&self, collection: &Collection) {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(&collection.server) else { return };
        let Some(failure) = collection.failure.clone() else { return };
        if is_ours(&failure) && entry.outcome.failure().is_some_and(|known| !is_ours(known)) {
            // That the server was not reached stays known until it is observed.
            return;
        }
        match collection.state {
            CollectionState::Failed => entry.outcome = Outcome::Failed(failure),
            // A server that is known to be unreachable stays so until it is observed.
            CollectionState::Delayed if !matches!(entry.outcome, Outcome::Failed(_)) => {
                entry.outcome = Outcome::Retrying(failure);
            }
            _ => {}
        }
    }

    /// Holds a server, or lets it go on; says whether that is a change. One that is held already stays so since it was.
    pub(crate) fn set_hold(&self, id: ServerId, hold: Option<(UnixMillis, Failure)>) -> bool {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(&id) else { return false };
        let before = entry.hold.take().map(|(since, _)| since);
        entry.hold = hold.map(|(since, failure)| (before.unwrap_or(since), failure));
        let is_held = entry.hold.is_some();
        self.held.send_if_modified(|held| if is_held { held.insert(id) } else { held.remove(&id) })
    }

    pub(crate) fn is_held(&self, id: ServerId) -> bool {
        self.held.borrow().contains(&id)
    }

    /// The servers that are held, now and from now on.
    pub(crate) fn held(&self) -> watch::Receiver<BTreeSet<ServerId>> {
        self.held.subscribe()
    }

    pub(crate) fn set_firing(&self, firing: &HashMap<ServerId, u32>) {
        for (id, entry) in self.lock().iter_mut() {
            entry.firing = firing.get(id).copied().unwrap_or(0);
        }
    }

    pub(crate) fn server(&self, id: ServerId) -> Option<Server> {
        self.lock().get(&id).map(|entry| entry.server.clone())
    }

    pub(crate) fn servers(&self) -> Vec<Server> {
        self.lock().values().map(|entry| entry.server.clone()).collect()
    }

    pub(crate) fn latest(&self, id: ServerId) -> Option<Latest> {
        self.lock().get(&id).and_then(|entry| entry.latest.clone())
    }

    /// The newest forecasts of its filesystems, and of when they are.
    pub(crate) fn forecasts(&self, id: ServerId) -> Option<(UnixMillis, Vec<FilesystemForecast>)> {
        let entries = self.lock();
        let latest = entries.get(&id)?.latest.as_ref()?;
        Some((*latest.read_at.get(&Family::Filesystems)?, latest.tables.forecasts.clone()?))
    }

    pub(crate) fn failure(&self, id: ServerId) -> Option<Failure> {
        self.lock().get(&id).and_then(|entry| entry.outcome.failure().cloned())
    }

    /// The view of one server; from now on its state counts as told.
    pub(crate) fn view(
        &self,
        id: ServerId,
        now: UnixMillis,
        next: Option<UnixMillis>,
        over_budget: Vec<String>,
    ) -> Option<ServerView> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&id)?;
        let view = entry.view(now, next, over_budget);
        entry.told = Some(view.state);
        Some(view)
    }

    /// The servers whose state has changed by the mere passing of time.
    pub(crate) fn grown_stale(&self, now: UnixMillis) -> Vec<ServerId> {
        self.lock()
            .iter()
            .filter(|(_, entry)| entry.told.is_some_and(|told| told != entry.state(now)))
            .map(|(id, _)| *id)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServerId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outcome {
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Retrying(failure) | Self::Failed(failure) => Some(failure),
            Self::Unknown | Self::Observed => None,
        }
    }
}

impl Entry {
    fn state(&self, now: UnixMillis) -> ServerState {
        if !self.server.enabled {
            return ServerState::Disabled;
        }
        if self.hold.is_some() {
            return ServerState::Held;
        }
        match (&self.outcome, &self.latest) {
            (Outcome::Failed(failure), _) if !is_ours(failure) => ServerState::Unreachable,
            (Outcome::Retrying(_), _) => ServerState::Retrying,
            (_, None) => ServerState::NotObserved,
            (_, Some(latest)) if is_ahead(latest.at, now) => ServerState::Stale,
            (_, Some(latest)) if now.since(latest.at) > stale_after(self.server.interval) => ServerState::Stale,
            (_, Some(_)) => ServerState::Up,
        }
    }

    fn view(&self, now: UnixMillis, next_visit: Option<UnixMillis>, over_budget: Vec<String>) -> ServerView {
        ServerView {
            server: self.server.clone(),
            state: self.state(now),
            summary: self.latest.as_ref().map(|latest| summary(&latest.points)),
            last_seen: self.latest.as_ref().map(|latest| latest.at),
            next_visit,
            failure: self.outcome.failure().or(self.hold.as_ref().map(|(_, failure)| failure)).cloned(),
            firing: self.firing,
            secrets: self.secrets.clone(),
            held_since: self.hold.as_ref().map(|(since, _)| *since),
            over_budget,
        }
    }
}

/// Whether a stamp lies in the future because the clock was set back since: it says nothing about how old the values are.
fn is_ahead(at: UnixMillis, now: UnixMillis) -> bool {
    at.since(now) > Duration::from_secs(5)
}

/// Values are stale after one and a half intervals. A second is added, because the visit itself takes its time.
fn stale_after(interval: u32) -> Duration {
    Duration::from_secs(u64::from(interval)).mul_f64(1.5) + Duration::from_secs(1)
}

/// The new observation, with the values of slow families that it did not read from before.
fn merged(before: Option<Latest>, new: Observation) -> Latest {
    let read: BTreeSet<Family> = new.points.iter().map(|point| point.series.metric.info().family).collect();
    let tried: BTreeSet<Family> = new.unavailable.iter().map(|it| it.family).chain(read.iter().copied()).collect();
    let mut latest = Latest {
        at: new.at,
        read_at: read.into_iter().map(|family| (family, new.at)).collect(),
        points: new.points,
        processes: new.processes,
        facts: new.facts,
        tables: new.tables,
        unavailable: new.unavailable,
    };
    let Some(before) = before else { return latest };
    let stays = |family: Family| matches!(family.rhythm(), Rhythm::Slow { .. }) && !tried.contains(&family);
    latest.points.extend(before.points.into_iter().filter(|point| stays(point.series.metric.info().family)));
    latest.unavailable.extend(before.unavailable.into_iter().filter(|unavailable| stays(unavailable.family)));
    latest.read_at.extend(before.read_at.into_iter().filter(|(family, _)| stays(*family)));
    latest.processes = latest.processes.or(before.processes);
    latest.facts = latest.facts.or(before.facts);
    latest.tables = latest.tables.or(tables_of(before.tables, stays));
    latest
}

/// The tables of the families for which `stays` holds.
fn tables_of(tables: Tables, stays: impl Fn(Family) -> bool) -> Tables {
    Tables {
        units: tables.units.filter(|_| stays(Family::Units)),
        users: tables.users.filter(|_| stays(Family::Users)),
        containers: tables.containers.filter(|_| stays(Family::Containers)),
        updates: tables.updates.filter(|_| stays(Family::Updates)),
        reboot: tables.reboot.filter(|_| stays(Family::Reboot)),
        forecasts: tables.forecasts.filter(|_| stays(Family::Filesystems)),
    }
}

/// What is known, without families that are switched off since it was read.
fn without(mut latest: Latest, off: &[Family]) -> Latest {
    let stays = |family: Family| !off.contains(&family);
    latest.points.retain(|point| stays(point.series.metric.info().family));
    latest.unavailable.retain(|unavailable| stays(unavailable.family));
    latest.read_at.retain(|family, _| stays(*family));
    latest.processes = latest.processes.filter(|_| stays(Family::Processes));
    latest.tables = tables_of(latest.tables, stays);
    latest
}

/// The few values that overviews show.
fn summary(points: &[Point]) -> Summary {
    let plain = |metric: Metric| {
        points
            .iter()
            .find(|point| point.series.metric == metric && point.series.attributes == Attributes::none())
            .map(|point| point.value)
    };
    let network = |direction: &str| {
        points
            .iter()
            .filter(|point| {
                point.series.metric == Metric::NetworkIo
                    && point.series.attributes.get(attribute::NETWORK_DIRECTION) == Some(direction)
                    && point.series.attributes.get(attribute::INTERFACE) != Some("lo")
            })
            .map(|point| point.value)
            .reduce(|sum, value| sum + value)
    };
    let fullest = points
        .iter()
        .filter(|point| point.series.metric == Metric::FilesystemUtilization)
        .max_by(|a, b| a.value.total_cmp(&b.value));
    Summary {
        cpu: plain(Metric::CpuUtilization),
        memory: plain(Metric::MemoryUtilization),
        disk: fullest.map(|point| point.value),
        disk_mountpoint: fullest
            .and_then(|point| point.series.attributes.get(attribute::MOUNTPOINT))
            .map(str::to_owned),
        load: plain(Metric::Load1),
        network_receive: network("receive"),
        network_transmit: network("transmit"),
        uptime: plain(Metric::Uptime),
    }
}

#[cfg(test)]
mod tests {
    use hostrounds_core::collection::Stage;
    use hostrounds_core::observation::Unavailable;
    use hostrounds_core::server::{Target, Thresholds};

    use super::*;

    const ID: ServerId = ServerId(7);

    fn board() -> Board {
        let board = Board::default();
        board.put(
            Server {
                id: ID,
                name: "web".into(),
                target: Target::Local,
                enabled: true,
                interval: 60,
                thresholds: Thresholds::default(),
                families_off: vec![],
                environment: None,
                tags: vec![],
                created_at: UnixMillis(0),
            },
            vec![],
        );
        board
    }

    fn observation(at: i64, points: &[(Metric, Attributes, f64)]) -> Observation {
        let mut observation = Observation::empty(UnixMillis(at));
        observation.points = points
            .iter()
            .filter_map(|(metric, attributes, value)| Point::new(*metric, attributes.clone(), *value))
            .collect();
        observation
    }

    fn mount(path: &str) -> Attributes {
        Attributes::none().with(attribute::MOUNTPOINT, path)
    }

    fn failure(code: &str) -> Failure {
        Failure {
            code: code.into(),
            stage: Stage::Connect,
            message: String::new(),
            hint: String::new(),
            remedy: None,
            hop: None,
            retryable: true,
        }
    }

    fn state(board: &Board, at: i64) -> ServerState {
        board.view(ID, UnixMillis(at), None, vec![]).unwrap().state
    }

    #[test]
    fn fresh_values_grow_stale_after_one_and_a_half_intervals() {
        let board = board();
        assert_eq!(state(&board, 0), ServerState::NotObserved);
        board.observe(ID, &observation(1_000, &[(Metric::CpuUtilization, Attributes::none(), 0.5)]));
        assert_eq!(state(&board, 1_000), ServerState::Up);
        assert!(board.grown_stale(UnixMillis(91_000)).is_empty());
        assert_eq!(board.grown_stale(UnixMillis(93_000)), [ID]);
        assert_eq!(state(&board, 93_000), ServerState::Stale);
        assert!(board.grown_stale(UnixMillis(94_000)).is_empty());
    }

    fn stored(at: i64) -> Newest {
        let observation = observation(at, &[(Metric::CpuUtilization, Attributes::none(), 0.5)]);
        Newest { read_at: BTreeMap::from([(Family::Cpu, observation.at)]), observation }
    }

    #[test]
    fn what_the_store_holds_counts_by_its_age() {
        let board = board();
        board.restore(ID, Some(stored(1_000)), None, UnixMillis(2_000));
        assert_eq!(state(&board, 2_000), ServerState::Up);
        assert_eq!(state(&board, 100_000), ServerState::Stale);
        board.restore(ID, None, Some(failure("connection_refused")), UnixMillis(2_000));
        assert_eq!(state(&board, 2_000), ServerState::Unreachable);
    }

    #[test]
    fn values_from_before_the_clock_was_set_back_are_not_fresh() {
        let board = board();
        board.restore(ID, Some(stored(3_600_000)), None, UnixMillis(3_600_000));
        assert_eq!(state(&board, 1_000), ServerState::Stale);
        assert!(board.restore(ID, Some(stored(1_000)), None, UnixMillis(2_000)).is_some());
        assert_eq!(state(&board, 2_000), ServerState::Up);
    }

    #[test]
    fn a_keyring_that_fails_is_no_outage_of_the_server() {
        let board = board();
        board.restore(ID, None, Some(failure("keyring_unavailable")), UnixMillis(0));
        assert_eq!(state(&board, 2_000), ServerState::NotObserved);
    }

    #[test]
    fn slow_families_keep_their_values_until_they_are_read_again() {
        let board = board();
        board.observe(
            ID,
            &observation(
                0,
                &[(Metric::FilesystemUtilization, mount("/"), 0.4), (Metric::Load1, Attributes::none(), 1.0)],
            ),
        );
        let latest = board.observe(ID, &observation(1, &[(Metric::CpuUtilization, Attributes::none(), 0.1)])).unwrap();
        let metrics: Vec<Metric> = latest.points.iter().map(|point| point.series.metric).collect();
        assert_eq!(metrics, [Metric::CpuUtilization, Metric::FilesystemUtilization]);
        let read_at = [(Family::Cpu, UnixMillis(1)), (Family::Filesystems, UnixMillis(0))];
        assert_eq!(latest.read_at, BTreeMap::from(read_at));

        let latest =
            board.observe(ID, &observation(2, &[(Metric::FilesystemUtilization, mount("/var"), 0.6)])).unwrap();
        assert_eq!(latest.points.len(), 1);

        let mut hung = observation(3, &[(Metric::CpuUtilization, Attributes::none(), 0.1)]);
        hung.unavailable.push(Unavailable::all(Family::Filesystems, "hangs"));
        let latest = board.observe(ID, &hung).unwrap();
        assert_eq!(latest.points.len(), 1);
        assert_eq!(latest.unavailable.len(), 1);
    }

    #[test]
    fn tables_stay_until_their_family_is_read_again_or_switched_off() {
        let board = board();
        let mut first = observation(0, &[(Metric::Load1, Attributes::none(), 1.0)]);
        first.tables.reboot = Some(vec!["linux-image".into()]);
        first.tables.updates = Some(vec![]);
        board.observe(ID, &first);
        let latest = board.observe(ID, &observation(1, &[(Metric::Load1, Attributes::none(), 1.0)])).unwrap();
        assert_eq!(latest.tables, first.tables);

        let mut gone = observation(2, &[(Metric::Load1, Attributes::none(), 1.0)]);
        gone.unavailable.push(Unavailable::all(Family::Updates, "no package tool"));
        let latest = board.observe(ID, &gone).unwrap();
        assert_eq!((latest.tables.updates, latest.tables.reboot.is_some()), (None, true));

        let off = Server { families_off: vec![Family::Reboot, Family::Load], ..board.server(ID).unwrap() };
        board.put(off, vec![]);
        let latest = board.latest(ID).unwrap();
        assert_eq!((latest.tables.reboot, latest.points.len(), latest.read_at.len()), (None, 0, 0));
    }

    #[test]
    fn a_held_server_says_so_until_it_goes_on() {
        let board = board();
        assert!(board.set_hold(ID, Some((UnixMillis(5), failure("login_refused")))));
        assert!(!board.set_hold(ID, Some((UnixMillis(6), failure("login_refused")))));
        let view = board.view(ID, UnixMillis(9), None, vec![]).unwrap();
        assert_eq!((view.state, view.held_since), (ServerState::Held, Some(UnixMillis(5))));
        assert_eq!(view.failure.unwrap().code, "login_refused", "also after a restart");
        board.observe(ID, &observation(9, &[(Metric::Load1, Attributes::none(), 1.0)]));
        assert!(board.set_hold(ID, None));
        assert_eq!(state(&board, 9), ServerState::Up);
    }

    #[test]
    fn a_summary_says_nothing_of_what_was_not_read() {
        assert_eq!(summary(&[]), Summary::default());
        let network = |name: &str, direction: &str| {
            Attributes::none().with(attribute::INTERFACE, name).with(attribute::NETWORK_DIRECTION, direction)
        };
        let observation = observation(
            0,
            &[
                (Metric::NetworkIo, network("lo", "receive"), 1e9),
                (Metric::NetworkIo, network("eth0", "receive"), 5.0),
                (Metric::NetworkIo, network("eth1", "receive"), 7.0),
                (Metric::FilesystemUtilization, mount("/"), 0.4),
                (Metric::FilesystemUtilization, mount("/var"), 0.9),
            ],
        );
        let summary = summary(&observation.points);
        assert_eq!(summary.network_receive, Some(12.0));
        assert_eq!(summary.network_transmit, None);
        assert_eq!(summary.disk, Some(0.9));
        assert_eq!(summary.disk_mountpoint.as_deref(), Some("/var"));
    }
}
