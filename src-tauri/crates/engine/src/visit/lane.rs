//! A shell of a session for families that a visit need not wait for. It is asked in the background: what hangs holds up neither
//! the routine families nor another lane, and no second question is asked of a shell while the first one hangs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hostrounds_core::probe::{Family, Lane, remote};
use hostrounds_ssh::{Limits, Session, Shell, ShellError, StartUp};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::bill::ShellCpu;

/// The lanes beside the routine one.
pub(crate) const SIDE_LANES: [Lane; 3] = [Lane::Steady, Lane::Mounts, Lane::Programs];

/// What one answer of a lane may take and hold. A server that has `timeout` ends each of its programs after 8 s by itself.
pub(crate) const fn limits(lane: Lane) -> Limits {
    let seconds = match lane {
        Lane::Mounts => 5,
        Lane::Routine | Lane::Steady | Lane::Programs => 10,
    };
    Limits { deadline: Duration::from_secs(seconds), max_bytes: 1 << 20 }
}

/// A shell that is asked in the background. It is opened with the first question.
pub(crate) struct LaneShell {
    lane: Lane,
    questions: mpsc::UnboundedSender<Question>,
    answers: mpsc::UnboundedReceiver<Answer>,
    outstanding: Vec<Family>,
    /// Answers that nobody has taken yet.
    gathered: VecDeque<Answer>,
    worker: AbortOnDropHandle<()>,
}

/// What is asked at once.
struct Question {
    what: What,
    families: Vec<Family>,
    command: String,
    nonce: String,
}

/// What a question is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// The families.
    Families,
    /// Counters of the families that the next answer can be compared with.
    Rehearsal,
    /// More about the processes that were just read.
    ProcessDetail,
}

/// What came of a question.
pub(crate) struct Answer {
    pub(crate) what: What,
    pub(crate) families: Vec<Family>,
    pub(crate) took: Duration,
    /// What starting the shell cost, where it was started for this question.
    pub(crate) start_up: Option<StartUp>,
    /// What the shell that answered has used.
    pub(crate) cpu: ShellCpu,
    /// The output, with the nonce that marks its parts.
    pub(crate) outcome: Result<(Vec<u8>, String), ShellError>,
}

impl LaneShell {
    pub(crate) fn new(lane: Lane, session: Arc<Session>) -> Self {
        let (questions, asked) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let worker = AbortOnDropHandle::new(tokio::spawn(work(lane, session, asked, answered)));
        Self { lane, questions, answers, outstanding: Vec::new(), gathered: VecDeque::new(), worker }
    }

    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    /// Whether every question was answered.
    pub(crate) fn is_free(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// The families that no answer has come for yet.
    pub(crate) fn outstanding(&self) -> &[Family] {
        &self.outstanding
    }

    /// Asks for families. Programs are asked for one after the other, so that one that is slow costs only itself.
    pub(crate) fn ask(&mut self, families: &[Family]) {
        let at_once = if self.lane == Lane::Programs { 1 } else { families.len().max(1) };
        for families in families.chunks(at_once) {
            self.send(What::Families, families);
        }
    }

    /// Asks for families only to have counters that the next answer can be compared with.
    pub(crate) fn rehearse(&mut self, families: &[Family]) {
        self.send(What::Rehearsal, families);
    }

    /// Asks for more about the processes that `readings` has just read, if there is any.
    pub(crate) fn ask_detail(&mut self, readings: &remote::Remote) {
        let nonce = nonce();
        if let Some(command) = readings.process_detail_command(&nonce) {
            self.put(Question { what: What::ProcessDetail, families: vec![Family::Processes], command, nonce });
        }
    }

    fn send(&mut self, what: What, families: &[Family]) {
        let nonce = nonce();
        let command = remote::slow_command(families, false, &nonce);
        self.put(Question { what, families: families.to_vec(), command, nonce });
    }

    fn put(&mut self, question: Question) {
        let families = question.families.clone();
        if self.questions.send(question).is_ok() {
            self.outstanding.extend(families);
        }
    }

    /// The next answer; nothing where none is outstanding. Dropping the future loses nothing.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        match self.gathered.pop_front() {
            None => self.receive().await,
            gathered => gathered,
        }
    }

    /// Waits for all that is outstanding, and says whether there is anything to take. Dropping the future loses nothing.
    pub(crate) async fn gather(&mut self) -> bool {
        while let Some(answer) = self.receive().await {
            self.gathered.push_back(answer);
        }
        !self.gathered.is_empty()
    }

    async fn receive(&mut self) -> Option<Answer> {
        if self.is_free() {
            return None;
        }
        let answer = self.answers.recv().await;
        match &answer {
            Some(answer) => {
                for family in &answer.families {
                    if let Some(place) = self.outstanding.iter().position(|other| other == family) {
                        self.outstanding.remove(place);
                    }
                }
            }
            // The worker is gone, and whatever it was asked with it.
            None => self.outstanding.clear(),
        }
        answer
    }

    /// Gives up what is outstanding and lets go of the session.
    pub(crate) async fn end(self) {
        self.worker.abort();
        // It ends as cancelled, or has ended already.
        let _ = self.worker.await;
    }
}

/// The shells of a lane: one, and those on which something hangs.
struct Shells {
    lane: Lane,
    session: Arc<Session>,
    ready: Option<Counted>,
    hanging: Vec<(Vec<Family>, Counted)>,
}

/// A shell and what it has used.
struct Counted {
    shell: Shell,
    cpu: ShellCpu,
}

impl Shells {
    /// The shell for a question: the one on which the same was asked and hangs, the one that is ready, or a new one.
    async fn take(&mut self, families: &[Family], start_up: &mut Option<StartUp>) -> Result<Counted, ShellError> {
        if let Some(place) = self.hanging.iter().position(|(hanging, _)| hanging == families) {
            return Ok(self.hanging.swap_remove(place).1);
        }
        if let Some(ready) = self.ready.take() {
            return Ok(ready);
        }
        let shell = self.session.shell(remote::script()).await?;
        *start_up = Some(shell.start_up());
        Ok(Counted { shell, cpu: ShellCpu::default() })
    }

    /// What becomes of a shell after an answer. One that is late is kept: it knows that it is, and nothing more is started on it
    /// while something hangs. Programs go on without it on another one.
    fn put_back(&mut self, shell: Counted, families: &[Family], outcome: &Result<Vec<u8>, ShellError>) {
        match outcome {
            Ok(_) if self.ready.is_none() => self.ready = Some(shell),
            Err(ShellError::StillBusy | ShellError::Timeout { .. }) if self.lane == Lane::Programs => {
                self.hanging.push((families.to_vec(), shell));
            }
            Err(ShellError::StillBusy | ShellError::Timeout { .. }) => self.ready = Some(shell),
            Ok(_) | Err(_) => {}
        }
    }
}

async fn work(
    lane: Lane,
    session: Arc<Session>,
    mut questions: mpsc::UnboundedReceiver<Question>,
    answers: mpsc::UnboundedSender<Answer>,
) {
    let mut shells = Shells { lane, session, ready: None, hanging: Vec::new() };
    while let Some(Question { what, families, command, nonce }) = questions.recv().await {
        let began = Instant::now();
        let mut start_up = None;
        let (outcome, cpu) = match shells.take(&families, &mut start_up).await {
            Ok(mut counted) => {
                let cpu = counted.cpu.clone();
                let output = counted.shell.ask(&command, limits(lane)).await;
                shells.put_back(counted, &families, &output);
                (output.map(|output| (output, nonce)), cpu)
            }
            Err(error) => (Err(error), ShellCpu::default()),
        };
        if answers.send(Answer { what, families, took: began.elapsed(), start_up, cpu, outcome }).is_err() {
            return;
        }
    }
}

/// Marks the parts of one answer, so that nothing in it can forge one.
pub(crate) fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}
