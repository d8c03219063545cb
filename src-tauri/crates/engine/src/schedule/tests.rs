//! The schedule against sites that do as they are told, on a clock that does too.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Failure, Stage, StageTime, Trigger};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{Hop, Login, Server, ServerId, SshTarget, Target, Thresholds};
use hostrounds_core::time::UnixMillis;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::*;
use crate::failure::VisitError;
use crate::visit::{Call, News, Site};

/// What the next visit does.
#[derive(Clone)]
enum Act {
    Succeed,
    Take(Duration),
    Fail {
        retryable: bool,
    },
    /// The server refuses the login.
    Refuse,
    /// After that time the server asks what only a person can answer, and lets one in who is there.
    Ask(Duration),
    /// The server ends the connection when a password was sent.
    Undecided,
    /// Something takes long that the visit does not wait for.
    LeaveSomething,
}

/// A site that plays its acts, and succeeds once they are over.
struct PlayedSite {
    late: Option<Instant>,
    acts: Arc<Mutex<VecDeque<Act>>>,
    visiting: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[async_trait]
impl Site for PlayedSite {
    async fn visit(&mut self, call: Call<'_>, _stages: &mut Vec<StageTime>) -> Result<Observation, VisitError> {
        self.late = None;
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Succeed);
        let now = self.visiting.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let _leaving = Leaving(Arc::clone(&self.visiting));
        match act {
            Act::Succeed => Ok(Observation::empty(UnixMillis(0))),
            Act::Take(time) => {
                tokio::time::sleep(time).await;
                Ok(Observation::empty(UnixMillis(0)))
            }
            Act::Fail { retryable } => Err(failure("test", retryable).into()),
            Act::Refuse => Err(VisitError { failure: failure("login_refused", false), holds: true }),
            Act::Ask(_) if call.by_person => Ok(Observation::empty(UnixMillis(0))),
            Act::Ask(time) => {
                tokio::time::sleep(time).await;
                Err(VisitError { failure: failure("person_needed", false), holds: true })
            }
            Act::Undecided => Err(failure("login_undecided", false).into()),
            Act::LeaveSomething => {
                self.late = Some(Instant::now() + Duration::from_secs(7));
                Ok(Observation::empty(UnixMillis(0)))
            }
        }
    }

    async fn late(&mut self) {
        match self.late {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    async fn leave(&mut self) {}
}

fn failure(code: &str, retryable: bool) -> Failure {
    Failure {
        code: code.into(),
        stage: Stage::Connect,
        message: "refused".into(),
        hint: String::new(),
        remedy: None,
        hop: None,
        retryable,
    }
}

struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A ledger that passes on what it is told, with the time.
struct Book {
    ended: mpsc::UnboundedSender<(Instant, Collection)>,
    changed: mpsc::UnboundedSender<(Instant, Collection)>,
    holds: Arc<Mutex<Vec<bool>>>,
    held: watch::Sender<BTreeSet<ServerId>>,
    ids: AtomicI64,
}

#[async_trait]
impl Ledger for Book {
    fn next_id(&self) -> CollectionId {
        CollectionId(self.ids.fetch_add(1, Ordering::SeqCst))
    }

    fn changed(&self, collection: &Collection) {
        let _ = self.changed.send((Instant::now(), collection.clone()));
    }

    fn scheduled(&self, _server: ServerId, _at: Option<UnixMillis>) {}

    async fn held(&self, server: &Server, _failure: &Failure) {
        self.holds.lock().unwrap().push(true);
        self.held.send_if_modified(|held| held.insert(server.id));
    }

    async fn released(&self, server: &Server) {
        if self.held.send_if_modified(|held| held.remove(&server.id)) {
            self.holds.lock().unwrap().push(false);
        }
    }

    async fn ended(&self, _: &Server, collection: &Collection, _: Option<&Observation>, _: News) {
        let _ = self.ended.send((Instant::now(), collection.clone()));
    }
}

struct Theatre {
    acts: Arc<Mutex<VecDeque<Act>>>,
    most: Arc<AtomicUsize>,
    /// Whether the server was held (true) or released (false), in order.
    holds: Arc<Mutex<Vec<bool>>>,
    held: watch::Sender<BTreeSet<ServerId>>,
    mode: watch::Sender<Mode>,
    ended: mpsc::UnboundedReceiver<(Instant, Collection)>,
    changed: mpsc::UnboundedReceiver<(Instant, Collection)>,
    edges: Edges,
    began: Instant,
    _locks: tempfile::TempDir,
}

impl Theatre {
    fn new(places: u32) -> Self {
        let acts = Arc::new(Mutex::new(VecDeque::new()));
        let (visiting, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let holds = Arc::default();
        let held = watch::Sender::new(BTreeSet::new());
        let (ended_sender, ended) = mpsc::unbounded_channel();
        let (changed_sender, changed) = mpsc::unbounded_channel();
        let (mode, mode_receiver) = watch::channel(Mode { scheduling: true, paused: false });
        let locks = tempfile::tempdir().unwrap();
        let folder = locks.path().to_owned();
        let edges = Edges {
            gate: Gate::new(places),
            ledger: Arc::new(Book {
                ended: ended_sender,
                changed: changed_sender,
                holds: Arc::clone(&holds),
                held: held.clone(),
                ids: AtomicI64::new(1),
            }),
            mode: mode_receiver,
            held: held.subscribe(),
            site: {
                let (acts, most) = (Arc::clone(&acts), Arc::clone(&most));
                Arc::new(move |_| {
                    Box::new(PlayedSite {
                        late: None,
                        acts: Arc::clone(&acts),
                        visiting: Arc::clone(&visiting),
                        most: Arc::clone(&most),
                    })
                })
            },
            lock: Arc::new(move |id| -> PathBuf { folder.join(id.0.to_string()) }),
        };
        Self { acts, most, holds, held, mode, ended, changed, edges, began: Instant::now(), _locks: locks }
    }

    fn play(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    fn start(&self, id: i64) -> TaskHandle {
        Task::start(server(id), None, self.edges.clone())
    }

    /// Another process holds a server, or lets it go on.
    fn hold(&self, id: i64, holds: bool) {
        let id = ServerId(id);
        self.held.send_if_modified(|held| if holds { held.insert(id) } else { held.remove(&id) });
    }

    fn holds(&self) -> Vec<bool> {
        self.holds.lock().unwrap().clone()
    }

    /// The next collection that ends, with the whole seconds since the beginning.
    async fn next(&mut self) -> (u64, Collection) {
        let (at, collection) = self.ended.recv().await.unwrap();
        (at.duration_since(self.began).as_secs(), collection)
    }

    async fn until(&mut self, state: CollectionState) -> (u64, Collection) {
        loop {
            let (at, collection) = self.changed.recv().await.unwrap();
            if collection.state == state {
                return (at.duration_since(self.began).as_secs(), collection);
            }
        }
    }
}

fn server(id: i64) -> Server {
    Server {
        id: ServerId(id),
        name: format!("server-{id}"),
        target: Target::Ssh(SshTarget::direct(Hop {
            host: "h".into(),
            port: 22,
            user: "u".into(),
            logins: vec![Login::agent()],
        })),
        enabled: true,
        interval: 60,
        thresholds: Thresholds::default(),
        families_off: vec![],
        environment: None,
        tags: vec![],
        created_at: UnixMillis(0),
    }
}

async fn collect(task: &TaskHandle) -> (CollectionId, oneshot::Receiver<Ended>) {
    let (accepted, id) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    task.send(Command::Collect { tries: TRIES, accepted, ended: Some(ended) }).await;
    (id.await.unwrap(), end)
}

#[tokio::test(start_paused = true)]
async fn the_first_visit_is_at_once_and_then_one_each_interval() {
    let mut theatre = Theatre::new(5);
    let _task = theatre.start(1);
    for expected in [0, 60, 120] {
        let (at, collection) = theatre.next().await;
        assert_eq!(
            (at, collection.state, collection.trigger),
            (expected, CollectionState::Completed, Trigger::Schedule)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_collection_is_tried_three_times_in_all() {
    let mut theatre = Theatre::new(5);
    theatre.play(vec![Act::Fail { retryable: true }; 3]);
    let _task = theatre.start(1);
    let (first, delayed) = theatre.until(CollectionState::Delayed).await;
    assert_eq!((first, delayed.attempts), (0, 1));
    assert!(delayed.retry_at.is_some());
    let (second, delayed) = theatre.until(CollectionState::Delayed).await;
    assert_eq!((second, delayed.attempts), (5, 2));
    let (third, failed) = theatre.next().await;
    assert!((15..=16).contains(&third), "{third}");
    assert_eq!((failed.state, failed.attempts), (CollectionState::Failed, 3));
    // The rhythm stays: the next visit is one interval after the failed one was due.
    let (next, collection) = theatre.next().await;
    assert_eq!((next, collection.state), (60, CollectionState::Completed));
}

#[tokio::test(start_paused = true)]
async fn what_trying_cannot_mend_is_not_tried_again() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Fail { retryable: false }]);
    let _task = theatre.start(1);
    let (at, failed) = theatre.next().await;
    assert_eq!((at, failed.state, failed.attempts), (0, CollectionState::Failed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_person_need_not_wait_for_the_next_try() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Fail { retryable: true }]);
    let task = theatre.start(1);
    let (_, delayed) = theatre.until(CollectionState::Delayed).await;
    let (id, end) = collect(&task).await;
    assert_eq!(id, delayed.id, "the collection that waits serves as well");
    assert_eq!(end.await.unwrap().collection.state, CollectionState::Completed);
    assert_eq!(theatre.next().await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_never_visited_twice_at_once() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Take(Duration::from_secs(10))]);
    let task = theatre.start(1);
    let (_, active) = theatre.until(CollectionState::Active).await;
    let (first, first_end) = collect(&task).await;
    let (second, second_end) = collect(&task).await;
    assert_eq!((first, second), (active.id, active.id));
    assert_eq!(first_end.await.unwrap().collection.id, active.id);
    assert_eq!(second_end.await.unwrap().collection.id, active.id);
    assert_eq!(theatre.most.load(Ordering::SeqCst), 1);
    assert_eq!(theatre.next().await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_places_run_at_once_and_people_go_first() {
    let mut theatre = Theatre::new(2);
    theatre.play(vec![Act::Take(Duration::from_millis(400)); 6]);
    let mut tasks: Vec<TaskHandle> = (1..=5).map(|id| theatre.start(id)).collect();
    let mut waiting = Vec::new();
    while waiting.len() < 5 {
        waiting.push(theatre.until(CollectionState::Waiting).await.1.server);
    }
    let last = tasks.pop().unwrap();
    let (_, end) = collect(&last).await;
    assert_eq!(end.await.unwrap().collection.server, ServerId(5));
    let mut ended = Vec::new();
    for _ in 0..5 {
        ended.push(theatre.next().await.1.server);
    }
    let of_five = ended.iter().position(|server| *server == ServerId(5)).unwrap();
    assert!((2..4).contains(&of_five), "it goes ahead of those that waited longer: {ended:?}");
    assert_eq!(theatre.most.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn servers_that_hang_hold_up_nobody_else() {
    let mut theatre = Theatre::new(2);
    theatre.play(vec![Act::Take(Duration::from_secs(10)); 6]);
    let _hanging: Vec<TaskHandle> = (1..=6).map(|id| theatre.start(id)).collect();
    let mut active = 0;
    while active < 6 {
        assert!(theatre.until(CollectionState::Active).await.0 <= 1, "no more than half a second for each two");
        active += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_of_the_process_makes_no_burst() {
    let mut theatre = Theatre::new(5);
    let _task = theatre.start(1);
    assert_eq!(theatre.next().await.0, 0);
    tokio::time::advance(Duration::from_secs(600)).await;
    let (once, _) = theatre.next().await;
    assert!((600..=610).contains(&once), "one visit soon after the stall: {once}");
    let (next, _) = theatre.next().await;
    assert!(next - once >= 59, "and the next a whole interval later: {once} {next}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_schedule_visits_nobody_but_whom_a_person_asks_for() {
    let mut theatre = Theatre::new(5);
    let task = theatre.start(1);
    theatre.next().await;
    theatre.mode.send_modify(|mode| mode.paused = true);
    tokio::time::advance(Duration::from_secs(300)).await;
    let (_, end) = collect(&task).await;
    assert_eq!(end.await.unwrap().collection.trigger, Trigger::Person);
    assert_eq!(theatre.next().await.1.trigger, Trigger::Person);
    theatre.mode.send_modify(|mode| mode.paused = false);
    let (at, collection) = theatre.next().await;
    assert_eq!(collection.trigger, Trigger::Schedule);
    assert!(at >= 300);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_looks_is_served_every_two_seconds() {
    let mut theatre = Theatre::new(5);
    let task = theatre.start(1);
    theatre.next().await;
    task.send(Command::Live(true)).await;
    for expected in [0, 2, 4] {
        let (at, collection) = theatre.next().await;
        assert_eq!((at, collection.trigger), (expected, Trigger::Live));
    }
    task.send(Command::Live(false)).await;
    assert_eq!(theatre.next().await.1.trigger, Trigger::Schedule);
}

#[tokio::test(start_paused = true)]
async fn the_end_cuts_off_what_runs_and_says_so() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Take(Duration::from_secs(3600))]);
    let task = theatre.start(1);
    theatre.until(CollectionState::Active).await;
    task.stop().await;
    let (at, collection) = theatre.next().await;
    assert_eq!((at, collection.state), (0, CollectionState::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_disabled_is_left_alone_and_visited_at_once_when_enabled() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Succeed, Act::Take(Duration::from_secs(30))]);
    let task = theatre.start(1);
    theatre.next().await;
    theatre.until(CollectionState::Active).await;
    theatre.until(CollectionState::Active).await;
    let disabled = Server { enabled: false, ..server(1) };
    task.send(Command::Settings { server: Box::new(disabled), reconnect: false }).await;
    let (at, cut) = theatre.next().await;
    assert_eq!((at, cut.state), (60, CollectionState::Cancelled));
    tokio::time::advance(Duration::from_secs(600)).await;
    task.send(Command::Settings { server: Box::new(server(1)), reconnect: false }).await;
    let (at, collection) = theatre.next().await;
    assert_eq!((at, collection.state), (660, CollectionState::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_not_repeated_every_two_seconds_because_somebody_looks() {
    let mut theatre = Theatre::new(5);
    theatre.play(vec![Act::Fail { retryable: false }; 2]);
    let task = theatre.start(1);
    task.send(Command::Live(true)).await;
    assert_eq!(theatre.next().await.1.state, CollectionState::Failed);
    let (at, again) = theatre.next().await;
    assert_eq!((at, again.trigger), (60, Trigger::Schedule));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_tried_once_and_then_stands_still_until_a_person_acts() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Refuse, Act::Refuse]);
    let task = theatre.start(1);
    let (_, failed) = theatre.next().await;
    assert_eq!((failed.state, failed.attempts), (CollectionState::Failed, 1));
    task.send(Command::Live(true)).await;
    task.send(Command::Woke).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;

    // The next collection is that of the person, and since it is refused again, nothing follows.
    let (_, end) = collect(&task).await;
    assert_eq!(end.await.unwrap().collection.state, CollectionState::Failed);
    assert_eq!(theatre.next().await.0, 3600);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(theatre.holds(), [true, true]);

    task.send(Command::Live(false)).await;
    let (_, end) = collect(&task).await;
    assert_eq!(end.await.unwrap().collection.state, CollectionState::Completed);
    assert_eq!(theatre.next().await.0, 7200);
    assert_eq!(theatre.holds(), [true, true, false]);
    let (at, collection) = theatre.next().await;
    assert_eq!(collection.trigger, Trigger::Schedule);
    assert!((7200..=7260).contains(&at), "the schedule goes on: {at}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_another_kind_neither_holds_nor_releases() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Refuse, Act::Fail { retryable: false }, Act::Succeed]);
    let task = theatre.start(1);
    theatre.next().await;
    collect(&task).await;
    theatre.next().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    collect(&task).await;
    assert_eq!(theatre.next().await.0, 600, "nothing came in between");
    assert_eq!(theatre.holds(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn new_settings_or_another_process_let_a_held_server_go_on() {
    for how in 0..4 {
        let mut theatre = Theatre::new(5);
        theatre.hold(1, true);
        let task = theatre.start(1);
        tokio::time::sleep(Duration::from_secs(600)).await;
        let renamed = Server { name: "other".into(), ..server(1) };
        task.send(Command::Settings { server: Box::new(renamed), reconnect: false }).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        let mut moved = server(1);
        if let Target::Ssh(ssh) = &mut moved.target {
            ssh.hop.port = 23;
        }
        match how {
            0 => theatre.hold(1, false),
            1 => task.send(Command::Settings { server: Box::new(moved), reconnect: false }).await,
            2 => task.send(Command::Settings { server: Box::new(server(1)), reconnect: true }).await,
            _ => {
                let disabled = Server { enabled: false, ..server(1) };
                task.send(Command::Settings { server: Box::new(disabled), reconnect: false }).await;
                task.send(Command::Settings { server: Box::new(server(1)), reconnect: false }).await;
            }
        }
        let (at, collection) = theatre.next().await;
        assert_eq!((at, collection.trigger), (1200, Trigger::Schedule), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_visit_did_not_wait_for_is_fetched_when_it_is_there_and_shifts_nothing() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::LeaveSomething]);
    let _task = theatre.start(1);
    for expected in [0, 7, 60, 120] {
        assert_eq!(theatre.next().await.0, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_late_waits_for_a_visit_that_comes_soon_anyway() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Succeed, Act::LeaveSomething]);
    let task = theatre.start(1);
    theatre.next().await;
    tokio::time::sleep(Duration::from_secs(51)).await;
    collect(&task).await;
    for expected in [51, 60, 120] {
        assert_eq!(theatre.next().await.0, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_late_is_not_fetched_where_nobody_is_to_be_visited() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Succeed, Act::LeaveSomething]);
    let task = theatre.start(1);
    theatre.next().await;
    theatre.mode.send_modify(|mode| mode.paused = true);
    collect(&task).await;
    assert_eq!(theatre.next().await.1.trigger, Trigger::Person);
    tokio::time::sleep(Duration::from_secs(600)).await;
    collect(&task).await;
    assert_eq!(theatre.next().await.0, 600, "nothing came in between");
}

#[tokio::test(start_paused = true)]
async fn a_person_who_joins_a_collection_is_there_for_its_questions() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Ask(Duration::from_secs(3)), Act::Ask(Duration::ZERO)]);
    let task = theatre.start(1);
    let (_, active) = theatre.until(CollectionState::Active).await;
    let (id, end) = collect(&task).await;
    assert_eq!(id, active.id);
    let Ended { collection, .. } = end.await.unwrap();
    assert_eq!((collection.state, collection.attempts), (CollectionState::Completed, 2));
    assert!(theatre.holds().is_empty());

    // Nobody is taken to be there for the next one.
    theatre.play([Act::Ask(Duration::ZERO)]);
    assert_eq!(theatre.next().await.0, 3);
    assert_eq!(theatre.next().await.1.state, CollectionState::Failed);
    assert_eq!(theatre.holds(), [true]);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_comes_between_two_tries_is_there_for_the_next_one() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Fail { retryable: true }, Act::Ask(Duration::ZERO)]);
    let task = theatre.start(1);
    theatre.until(CollectionState::Delayed).await;
    let (_, end) = collect(&task).await;
    let Ended { collection, .. } = end.await.unwrap();
    assert_eq!((collection.state, collection.attempts), (CollectionState::Completed, 2));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_stays_undecided_twice_in_a_row_is_not_tried_a_third_time() {
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Undecided, Act::Succeed, Act::Undecided, Act::Undecided]);
    let task = theatre.start(1);
    for expected in [0, 60, 120, 180] {
        assert!(theatre.holds().is_empty());
        assert_eq!(theatre.next().await.0, expected);
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(theatre.holds(), [true]);
    collect(&task).await;
    assert_eq!(theatre.next().await.0, 780, "nothing came in between");

    // The first of the two may have been before a restart.
    let mut theatre = Theatre::new(5);
    theatre.play([Act::Undecided]);
    let _task = Task::start(server(1), Some(failure("login_undecided", false)), theatre.edges.clone());
    theatre.next().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(theatre.holds(), [true]);
}

#[tokio::test(start_paused = true)]
async fn what_is_due_at_once_is_still_up_to_the_schedule() {
    let mut theatre = Theatre::new(5);
    let task = theatre.start(1);
    theatre.next().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    task.send(Command::Due).await;
    let (at, collection) = theatre.next().await;
    assert_eq!((at, collection.trigger), (10, Trigger::Schedule));

    theatre.mode.send_modify(|mode| mode.paused = true);
    task.send(Command::Due).await;
    tokio::time::sleep(Duration::from_secs(590)).await;
    collect(&task).await;
    assert_eq!(theatre.next().await.0, 600, "nothing came in between");

    theatre.mode.send_modify(|mode| mode.paused = false);
    theatre.hold(1, true);
    task.send(Command::Due).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    collect(&task).await;
    assert_eq!(theatre.next().await.0, 1200, "nothing came in between");
}

#[tokio::test(start_paused = true)]
async fn settings_that_touch_no_login_release_nobody_and_those_that_do_release_what_was_held_just_before() {
    let theatre = Theatre::new(5);
    theatre.hold(1, true);
    let task = theatre.start(1);
    let tagged = Server { tags: vec!["x".into()], ..server(1) };
    task.send(Command::Settings { server: Box::new(tagged), reconnect: false }).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(theatre.holds().is_empty());
    task.send(Command::Settings { server: Box::new(server(1)), reconnect: true }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(theatre.holds(), [false]);
}
