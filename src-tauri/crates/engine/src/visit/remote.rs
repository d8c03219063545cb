//! A server over SSH: one session that stays, one shell for the routine, and one for each lane beside it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Failure, Stage, StageTime};
use hostrounds_core::observation::{Facts, Observation, Unavailable};
use hostrounds_core::probe::{Family, Lane, remote};
use hostrounds_core::server::{ServerId, SshTarget};
use hostrounds_ssh::{KnownHosts, Limits, Prompter, Session, Shell, ShellError};
use tokio::time::{Instant, timeout, timeout_at};

use super::ask::{ask_facts, ask_routine, refused_families, take_in, unread_reason};
use super::bill::{Bill, ShellCpu};
use super::lane::{LaneShell, SIDE_LANES, What, limits, nonce};
use super::rhythms::Rhythms;
use super::way::{Keys, Way};
use super::{ALL_LANES, Call, FIRST_READINGS_APART, News, Pace, Site, stage_time};
use crate::board::Board;
use crate::clock;
use crate::credentials::{Credentials, Secrets};
use crate::failure::{self, VisitError};
use crate::prompts::Prompts;

/// What a whole visit may take on a session that stands.
const VISIT: Duration = Duration::from_secs(15);
/// For how long the lanes are waited for otherwise, counted from the begin of the visit: what is late comes with the next one.
const GRACE: Duration = Duration::from_secs(2);

/// For how long families are read that have no shell of their own, counted from the begin of the visit.
const CROWDED: Duration = Duration::from_secs(13);
/// Up to this time between two collections it is worth while to let a reader take the place of the routine shell.
const READER_PAYS: Duration = Duration::from_secs(60);

/// What asks the package manager of a server: seconds of its CPU, for what changes rarely.
const REMEMBERED: [Family; 2] = [Family::Updates, Family::Reboot];

/// What the sites of all servers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) known_hosts: Arc<KnownHosts>,
    pub(crate) prompts: Arc<Prompts>,
    pub(crate) board: Arc<Board>,
}

/// A server over SSH as a site.
pub(crate) struct RemoteSite {
    server: ServerId,
    target: SshTarget,
    shared: Shared,
    open: Option<Open>,
    readings: remote::Remote,
    rhythms: Rhythms,
    pace: Pace,
    news: News,
    /// When what is much work was read before was taken over, or could not be.
    has_remembered: bool,
    /// Families that have hung on a shell which the server lets nobody replace.
    given_up: Vec<(Family, String)>,
}

/// What stands while a session stands.
struct Open {
    session: Arc<Session>,
    routine: Shell,
    routine_cpu: ShellCpu,
    lanes: Vec<LaneShell>,
    /// Lanes for which the server opens no channel: their families are asked for on the routine shell, after everything else.
    crowded: Vec<Lane>,
    /// What the shell told of the system as it was opened, until it is told.
    facts: Option<Facts>,
    facts_read: bool,
    /// Whether the routine shell was asked to let a reader take its place.
    reader_asked: bool,
    /// A reader has taken its place, which answers nothing else.
    has_reader: bool,
    /// The routine shell answers nothing any more.
    is_stuck: bool,
    last_read: Option<Instant>,
    /// How many of the host keys that the server proved to hold were told.
    told_host_keys: usize,
    bill: Bill,
}

impl RemoteSite {
    pub(crate) fn new(server: ServerId, target: SshTarget, shared: Shared) -> Self {
        Self {
            server,
            target,
            shared,
            open: None,
            readings: remote::Remote::new(),
            rhythms: Rhythms::default(),
            pace: Pace::default(),
            news: News::default(),
            has_remembered: false,
            given_up: Vec::new(),
        }
    }

    async fn connect(&mut self, by_person: bool, stages: &mut Vec<StageTime>) -> Result<Open, VisitError> {
        let began = Instant::now();
        let Shared { credentials, secrets, known_hosts, prompts, .. } = &self.shared;
        let keys = Keys { credentials: credentials.as_ref(), secrets, server: Some(self.server), edits: &[] };
        let way = Way::prepare(&self.target, &keys).await?;
        stages.push(stage_time(Stage::Credential, None, began.elapsed()));

        let asker = by_person.then(|| prompts.of(Some(self.server)));
        let prompter = asker.as_ref().map(|asker| asker as &dyn Prompter);
        let mut step_began = Instant::now();
        let connected = way
            .connect(known_hosts, prompter, &mut |done| {
                step_began = Instant::now();
                let hop = done.jump.as_ref().map(ToString::to_string);
                stages.push(StageTime { hop, ..stage_time(failure::stage_of(done.step), None, done.elapsed) });
            })
            .await;
        let session = match connected {
            Ok(session) => session,
            Err(refusal) => {
                let Failure { stage, hop, .. } = refusal.error.failure.clone();
                stages.push(StageTime { hop, ..stage_time(stage, None, step_began.elapsed()) });
                self.news.spent = self.news.spent.plus(refusal.spent);
                return Err(refusal.error);
            }
        };

        let began = Instant::now();
        let mut bill = Bill::of_a_login();
        let nonce = nonce();
        let opened = session.shell(&opening_script(&nonce)).await;
        let mut routine = match opened {
            Ok(shell) => shell,
            Err(error) => {
                self.news.spent = self.news.spent.plus(bill.settle(&session));
                session.close().await;
                return Err(failure::of_shell(&error, Stage::Shell, &self.name()).into());
            }
        };
        bill.started(routine.start_up());
        let routine_cpu = ShellCpu::default();
        let mut opening = Observation::empty(clock::now());
        self.readings.slow(&routine.take_printed(), &[], &nonce, &mut opening);
        bill.used(&routine_cpu, opening.spent.take());
        if let Some(facts) = &opening.facts {
            self.remember(facts);
        }
        stages.push(stage_time(Stage::Shell, None, began.elapsed()));
        let session = Arc::new(session);
        let lanes = SIDE_LANES.map(|lane| LaneShell::new(lane, Arc::clone(&session))).into();
        Ok(Open {
            session,
            routine,
            routine_cpu,
            lanes,
            crowded: Vec::new(),
            facts_read: opening.facts.is_some(),
            facts: opening.facts,
            reader_asked: false,
            has_reader: false,
            is_stuck: false,
            last_read: None,
            told_host_keys: 0,
            bill,
        })
    }

    /// The name of the server, as a person may have to type it.
    fn name(&self) -> String {
        self.shared.board.server(self.server).map(|server| server.name).unwrap_or_default()
    }

    /// Takes over when the families were read that are much work for a server, where the latest values are of this very system:
    /// another process, or this one before a restart, may just have asked for them.
    fn remember(&mut self, facts: &Facts) {
        if std::mem::replace(&mut self.has_remembered, true) {
            return;
        }
        let Some(latest) = self.shared.board.latest(self.server) else { return };
        let same = |before: &Facts| before.hostname == facts.hostname && before.kernel == facts.kernel;
        if facts.hostname.is_some() && latest.facts.as_ref().is_some_and(same) {
            for family in REMEMBERED {
                if let Some(at) = latest.read_at.get(&family) {
                    self.rhythms.was_read(family, clock::now().since(*at));
                }
            }
        }
    }

    /// Reads what is due on a session that stands.
    async fn read(&mut self, call: Call<'_>, stages: &mut Vec<StageTime>) -> Result<Observation, ReadError> {
        let Some(open) = &mut self.open else { return Err(ReadError::Gone) };
        let began = Instant::now();
        let cold = self.readings.needs_second_reading();
        let families = call.routine();

        let mut first = Observation { facts: open.facts.take(), ..Observation::empty(clock::now()) };
        let mut after_pause = Vec::new();
        let mut crowded = Vec::new();
        for lane in open.lanes.iter_mut().filter(|lane| lane.is_free()) {
            let due = self.rhythms.due(lane.lane(), call.off);
            if due.is_empty() {
                continue;
            }
            if open.crowded.contains(&lane.lane()) {
                crowded.extend(due);
            } else if cold && lane.lane() == Lane::Steady {
                lane.rehearse(&due);
                after_pause = due;
            } else {
                lane.ask(&due);
            }
        }
        if !open.facts_read {
            ask_facts(&mut open.routine, &mut self.readings, &mut first).await?;
            open.bill.used(&open.routine_cpu, first.spent.take());
            open.facts_read = true;
        }
        if cold {
            ask_routine(&mut open.routine, &mut self.readings, &families, &mut first).await?;
            open.bill.used(&open.routine_cpu, first.spent.take());
            tokio::time::sleep(FIRST_READINGS_APART).await;
            for lane in open.lanes.iter_mut().filter(|lane| lane.lane() == Lane::Steady) {
                lane.ask(&after_pause);
            }
        }
        // A reader that stays costs the server its start; it pays where collections follow each other quickly.
        let is_quick = open.last_read.replace(began).is_some_and(|last| began.duration_since(last) <= READER_PAYS);
        if is_quick && !open.reader_asked && open.crowded.is_empty() {
            open.reader_asked = true;
            let answer = open.routine.ask(remote::reader_command(), limits(Lane::Routine)).await?;
            open.has_reader = remote::reads_on(&answer);
        }
        self.pace.keep().await;
        let mut observation = Observation::empty(clock::now());
        observation.facts = first.facts;
        ask_routine(&mut open.routine, &mut self.readings, &families, &mut observation).await?;
        open.bill.used(&open.routine_cpu, observation.spent.take());

        let until = began + if call.whole { ALL_LANES } else { GRACE };
        for lane in &mut open.lanes {
            while let Ok(Some(answer)) = timeout_at(until, lane.answer()).await {
                if let (What::Families, [family]) = (answer.what, answer.families.as_slice()) {
                    stages.push(stage_time(Stage::Probe, Some(*family), answer.took));
                }
                if let Some(start_up) = answer.start_up {
                    open.bill.started(start_up);
                }
                let refused = refused_families(&answer);
                let cpu = answer.cpu.clone();
                take_in(&mut self.readings, &mut self.rhythms, lane, answer, &mut observation);
                open.bill.used(&cpu, observation.spent.take());
                if let Some(refused) = refused {
                    crowded.extend(refused);
                    open.crowded.push(lane.lane());
                }
            }
        }
        self.read_crowded(&crowded, began + CROWDED, &mut observation).await?;
        stages.push(stage_time(Stage::Probe, None, began.elapsed()));

        if observation.points.is_empty()
            && let Some(first) = observation.unavailable.first()
        {
            return Err(ReadError::Nothing(failure::nothing_read(&first.reason)));
        }
        call.leave_out(&mut observation);
        Ok(observation)
    }

    /// Reads families on the routine shell, one after the other: not as good as a shell of their own, but all there is. One that
    /// hangs is given up for good, since nothing else can be read meanwhile.
    async fn read_crowded(
        &mut self,
        families: &[Family],
        until: Instant,
        observation: &mut Observation,
    ) -> Result<(), ReadError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.has_reader && !families.is_empty() {
            // It was not known before that the routine shell is needed for more: the next login takes that into account.
            open.is_stuck = true;
            families.iter().for_each(|family| self.rhythms.forget(*family));
            return Ok(());
        }
        for &family in families {
            if let Some((_, reason)) = self.given_up.iter().find(|(given_up, _)| *given_up == family) {
                observation.unavailable.push(Unavailable::all(family, reason.clone()));
                continue;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.rhythms.forget(family);
                continue;
            }
            let nonce = nonce();
            let limits = Limits { deadline: left.min(limits(family.lane()).deadline), ..limits(family.lane()) };
            match open.routine.ask(&remote::slow_command(&[family], false, &nonce), limits).await {
                Ok(output) => self.readings.slow(&output, &[family], &nonce, observation),
                Err(error @ (ShellError::Timeout { .. } | ShellError::StillBusy)) => {
                    let reason = unread_reason(family.lane(), &error);
                    self.given_up.push((family, reason.clone()));
                    observation.unavailable.push(Unavailable::all(family, reason));
                    // The shell is stuck, and the server opens no other one: the next visit logs in anew.
                    open.is_stuck = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
            open.bill.used(&open.routine_cpu, observation.spent.take());
        }
        Ok(())
    }
}

/// What defines the shell's functions, and has it tell of the system at once. A forced command passes over both, and is asked
/// for the latter as for everything else.
fn opening_script(nonce: &str) -> String {
    format!("{}{}\n", remote::script(), remote::slow_command(&[], true, nonce))
}

/// Why a session that stood gave no observation.
enum ReadError {
    Gone,
    Shell(ShellError),
    Nothing(Failure),
}

impl From<ShellError> for ReadError {
    fn from(error: ShellError) -> Self {
        Self::Shell(error)
    }
}

#[async_trait]
impl Site for RemoteSite {
    async fn visit(&mut self, call: Call<'_>, stages: &mut Vec<StageTime>) -> Result<Observation, VisitError> {
        if self.open.as_ref().is_some_and(|open| open.session.is_closed()) {
            self.leave().await;
        }
        let mut kept = self.open.is_some();
        loop {
            if self.open.is_none() {
                self.open = Some(self.connect(call.by_person, stages).await?);
            }
            let failure = match timeout(VISIT, self.read(call, stages)).await {
                Ok(Ok(observation)) => {
                    if self.open.as_ref().is_some_and(|open| open.is_stuck) {
                        self.leave().await;
                    }
                    self.news.spent.collections += 1;
                    return Ok(observation);
                }
                Ok(Err(ReadError::Nothing(failure))) => return Err(failure.into()),
                Ok(Err(ReadError::Shell(error))) => failure::of_shell(&error, Stage::Probe, &self.name()),
                Ok(Err(ReadError::Gone)) => failure::deadline(Stage::Shell, VISIT),
                Err(_) => failure::deadline(Stage::Probe, VISIT),
            };
            // A shell that failed in the middle of an answer is of no use for the next one.
            self.leave().await;
            // A kept session may have ended unnoticed, as after a restart of sshd: that is no failure of this visit.
            if !std::mem::take(&mut kept) || failure.code == "collection_timeout" {
                return Err(failure.into());
            }
            stages.clear();
        }
    }

    async fn late(&mut self) {
        let mut has_news = false;
        for lane in self.open.iter_mut().flat_map(|open| &mut open.lanes) {
            has_news |= lane.gather().await;
        }
        // What has arrived is not worth a login: it comes with the next visit.
        let stands = self.open.as_ref().is_some_and(|open| !open.session.is_closed());
        if !has_news || !stands {
            std::future::pending::<()>().await;
        }
    }

    fn news(&mut self) -> News {
        if let Some(open) = &mut self.open {
            self.news.spent = self.news.spent.plus(open.bill.settle(&open.session));
            let learned = open.session.learned_host_keys();
            self.news.learned_host_keys.extend(learned.iter().skip(open.told_host_keys).cloned());
            open.told_host_keys = learned.len();
        }
        std::mem::take(&mut self.news)
    }

    async fn leave(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        self.news.spent = self.news.spent.plus(open.bill.settle(&open.session));
        for lane in open.lanes {
            for family in lane.outstanding() {
                self.rhythms.forget(*family);
            }
            lane.end().await;
        }
        drop(open.routine);
        if let Some(session) = Arc::into_inner(open.session) {
            session.close().await;
        }
    }
}
