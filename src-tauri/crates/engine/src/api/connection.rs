//! The connection test: every step on the way, and every family, by itself.

use std::time::Duration;

use hostrounds_core::collection::{Failure, Stage};
use hostrounds_core::observation::{Observation, Unavailable};
use hostrounds_core::probe::{Family, Lane, Rhythm, remote};
use hostrounds_core::server::{Server, ServerDraft, ServerId, SshTarget, Target};
use hostrounds_ssh::{Prompter, Session, Shell, ShellError, StepDone};
use tokio::time::Instant;

use super::Hostrounds;
use super::error::store_trouble;
use super::secrets;
use super::view::{ApiError, Event, HostKeyOffer, SecretEdit, ServerForm, StepOutcome, TestReport, TestStep};
use crate::clock;
use crate::engine::Engine;
use crate::failure;
use crate::visit::{Bill, Refusal, SIDE_LANES, ShellCpu, Way, ask_facts, ask_routine, limits, nonce, unread_reason};

impl Hostrounds {
    /// Tries a connection from its first step to its last, with settings that need not be saved. Every step that ends is told
    /// as an [`Event::TestStep`] under the name `test`. `id` is the server that is edited, if any: its secrets are used where the
    /// form keeps them. A test of what is saved is kept, see [`Self::connection_tests`].
    ///
    /// # Errors
    /// [`super::ErrorCode::Invalid`] when the form is, also where it keeps a password that was given for another host;
    /// [`super::ErrorCode::LocalServer`] for this computer. A connection that
    /// fails is no error but a report.
    pub async fn test_server(
        &self,
        test: String,
        form: ServerForm,
        id: Option<ServerId>,
    ) -> Result<TestReport, ApiError> {
        let engine = &self.engine;
        let draft = form.draft.checked().map_err(ApiError::invalid)?;
        let Target::Ssh(target) = &draft.target else { return Err(ApiError::local("tested")) };
        let server = id.and_then(|id| engine.board.server(id));
        if let Some(server) = &server {
            engine.check_kept(server, &draft, &form.secrets)?;
        }
        let saved =
            server.clone().filter(|server| server.target == draft.target && !secrets::changes_something(&form.secrets));
        let mut run = TestRun {
            engine,
            test,
            off: &draft.families_off,
            plan: plan(target, &draft.families_off),
            steps: Vec::new(),
            unavailable: Vec::new(),
            name: server.as_ref().map_or(&draft.name, |server| &server.name),
            server: server.clone(),
        };
        let outcome = run.go(target, &form.secrets).await;
        let report = run.report(outcome);
        if let Some(server) = saved {
            engine.keep_test(server.id, &report).await;
        }
        Ok(report)
    }

    /// The connection test of a server with its saved settings.
    ///
    /// # Errors
    /// As [`Self::test_server`]; [`super::ErrorCode::NotFound`].
    pub async fn test_saved_server(&self, test: String, id: ServerId) -> Result<TestReport, ApiError> {
        let draft = ServerDraft::from(&self.server(id)?);
        self.test_server(test, ServerForm { draft, secrets: Vec::new() }, Some(id)).await
    }
}

impl Engine {
    /// An offer of a host key is only good for this run of the application, and not kept.
    async fn keep_test(&self, id: ServerId, report: &TestReport) {
        let kept = TestReport { host_key: None, ..report.clone() };
        if let Err(error) = self.store.add_test(id, clock::now(), report.failure.is_none(), &kept).await {
            self.troubles.raise(store_trouble(&error));
        }
    }
}

/// A step that a test consists of.
#[derive(Clone, PartialEq, Debug)]
struct Planned {
    stage: Stage,
    hop: Option<String>,
    family: Option<Family>,
}

/// All steps, in order. The name of a host behind a jump host is looked up by that one, while it connects.
fn plan(target: &SshTarget, off: &[Family]) -> Vec<Planned> {
    let step = |stage, hop: &Option<String>| Planned { stage, hop: hop.clone(), family: None };
    let mut plan = vec![step(Stage::Credential, &None)];
    let hops = target.jumps.iter().map(|jump| Some(jump.to_string())).chain(std::iter::once(None));
    for (index, hop) in hops.enumerate() {
        if index == 0 {
            plan.push(step(Stage::Resolve, &hop));
        }
        plan.extend([Stage::Connect, Stage::KeyExchange, Stage::HostKey, Stage::Login].map(|stage| step(stage, &hop)));
    }
    plan.push(step(Stage::Shell, &None));
    plan.extend(on(off).map(|family| Planned { stage: Stage::Probe, hop: None, family: Some(family) }));
    plan
}

/// The families that are not switched off, in the order in which they are read: those of one shell together.
fn on(off: &[Family]) -> impl Iterator<Item = Family> {
    let lanes = std::iter::once(Lane::Routine).chain(SIDE_LANES);
    let of = |lane| Family::ALL.iter().copied().filter(move |family| family.lane() == lane);
    lanes.flat_map(of).filter(|family| !off.contains(family))
}

/// A test on its way.
struct TestRun<'a> {
    engine: &'a Engine,
    test: String,
    off: &'a [Family],
    plan: Vec<Planned>,
    steps: Vec<TestStep>,
    unavailable: Vec<Unavailable>,
    /// What the server is called, or is to be.
    name: &'a str,
    /// Whom it is made of, where that is saved.
    server: Option<Server>,
}

/// Why a test ended early.
struct Ended {
    failure: Failure,
    host_key: Option<HostKeyOffer>,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self { failure, host_key: None }
    }
}

impl TestRun<'_> {
    async fn go(&mut self, target: &SshTarget, edits: &[SecretEdit]) -> Result<(), Ended> {
        let engine = self.engine;
        let id = self.server.as_ref().map(|server| server.id);
        let began = Instant::now();
        let way = Way::prepare(target, &engine.keys(id, edits)).await?;
        let found = way.check().await?;
        self.passed(Stage::Credential, None, began.elapsed(), found);

        let asker = engine.prompts.of(id);
        let connected = way
            .connect(&engine.known_hosts, Some(&asker as &dyn Prompter), &mut |done: StepDone| {
                let hop = done.jump.as_ref().map(ToString::to_string);
                self.passed(failure::stage_of(done.step), hop, done.elapsed, done.detail);
            })
            .await;
        let session = match connected {
            Ok(session) => session,
            Err(Refusal { error, host_key, spent }) => {
                if let Some(server) = &self.server {
                    engine.pipeline.charge_at_once(server, spent).await;
                }
                return Err(Ended { failure: error.failure, host_key: host_key.map(|key| engine.offer(key)) });
            }
        };
        let mut bill = Bill::of_a_login();
        let read = self.read(&session, &mut bill).await;
        if let Some(server) = &self.server {
            engine.pipeline.charge_at_once(server, bill.settle(&session)).await;
        }
        session.close().await;
        Ok(read?)
    }

    async fn read(&mut self, session: &Session, bill: &mut Bill) -> Result<(), Failure> {
        let began = Instant::now();
        let mut shell = session
            .shell(remote::script())
            .await
            .map_err(|error| failure::of_shell(&error, Stage::Shell, self.name))?;
        bill.started(shell.start_up());
        let cpu = ShellCpu::default();
        self.passed(Stage::Shell, None, began.elapsed(), "sh answers".to_owned());

        let mut readings = remote::Remote::new();
        let mut observation = Observation::empty(clock::now());
        let routine: Vec<Family> = on(self.off).filter(|family| family.rhythm() == Rhythm::Routine).collect();
        let began = Instant::now();
        let name = self.name;
        let asked = |error: ShellError| failure::of_shell(&error, Stage::Probe, name);
        ask_facts(&mut shell, &mut readings, &mut observation).await.map_err(asked)?;
        ask_routine(&mut shell, &mut readings, &routine, &mut observation).await.map_err(asked)?;
        bill.used(&cpu, observation.spent.take());
        let took = began.elapsed();
        for family in routine {
            self.tell_family(family, took, &observation);
        }
        for lane in SIDE_LANES {
            let routine = (&mut shell, cpu.clone());
            let mut shells = Shells { session, routine, own: None, is_refused: false };
            for family in on(self.off).filter(|family| family.lane() == lane) {
                let began = Instant::now();
                if let Err(error) = shells.ask(family, &mut readings, bill, &mut observation).await {
                    // Without a connection nothing is known of what the server has.
                    if matches!(error, ShellError::Disconnected { .. }) {
                        return Err(asked(error));
                    }
                    let reason = unread_reason(lane, &error);
                    observation.unavailable.push(Unavailable::all(family, reason));
                }
                self.tell_family(family, began.elapsed(), &observation);
            }
        }
        let read_nothing = observation.points.is_empty();
        self.unavailable = observation.unavailable;
        match self.unavailable.first() {
            Some(first) if read_nothing => Err(failure::nothing_read(&first.reason)),
            _ => Ok(()),
        }
    }

    fn passed(&mut self, stage: Stage, hop: Option<String>, took: Duration, detail: String) {
        self.tell(TestStep {
            stage,
            hop,
            family: None,
            outcome: StepOutcome::Passed,
            millis: Some(millis(took)),
            detail: Some(detail).filter(|detail| !detail.is_empty()),
        });
    }

    fn tell_family(&mut self, family: Family, took: Duration, observation: &Observation) {
        let missing = observation.unavailable.iter().find(|unavailable| unavailable.family == family);
        self.tell(TestStep {
            stage: Stage::Probe,
            hop: None,
            family: Some(family),
            outcome: match missing {
                Some(missing) if !missing.partial => StepOutcome::NotAvailable,
                _ => StepOutcome::Passed,
            },
            millis: Some(millis(took)),
            detail: missing.map(|unavailable| unavailable.reason.clone()),
        });
    }

    fn tell(&mut self, step: TestStep) {
        self.engine.events.send(Event::TestStep { test: self.test.clone(), step: step.clone() });
        self.steps.push(step);
    }

    fn report(mut self, outcome: Result<(), Ended>) -> TestReport {
        let ended = outcome.err();
        if let Some(Ended { failure, .. }) = &ended {
            let place = failed_at(&self.plan, failure, self.steps.len());
            let failed = self.plan.get(place).cloned();
            self.tell(TestStep {
                stage: failure.stage,
                hop: failure.hop.clone(),
                family: failed.and_then(|step| step.family),
                outcome: StepOutcome::Failed,
                millis: None,
                detail: Some(failure.message.clone()),
            });
            for Planned { stage, hop, family } in self.plan.split_off((place + 1).min(self.plan.len())) {
                self.tell(TestStep {
                    stage,
                    hop,
                    family,
                    outcome: StepOutcome::NotReached,
                    millis: None,
                    detail: None,
                });
            }
        }
        let (failure, host_key) = ended.map_or((None, None), |ended| (Some(ended.failure), ended.host_key));
        TestReport { steps: self.steps, failure, host_key, unavailable: self.unavailable }
    }
}

/// Which of the planned steps failed, after `passed` of them: of the families the next one. A credential that only turned out to
/// be of no use when the login came to it failed there.
fn failed_at(plan: &[Planned], failure: &Failure, passed: usize) -> usize {
    if failure.stage == Stage::Probe {
        return passed;
    }
    let stage = if failure.stage == Stage::Credential && passed > 0 { Stage::Login } else { failure.stage };
    let is_it = |step: &Planned| step.stage == stage && step.hop == failure.hop;
    plan.iter().position(is_it).unwrap_or(passed)
}

/// The shells for the families of one lane.
struct Shells<'a> {
    session: &'a Session,
    /// Serves where the server opens no further channel.
    routine: (&'a mut Shell, ShellCpu),
    own: Option<(Shell, ShellCpu)>,
    is_refused: bool,
}

impl Shells<'_> {
    /// Asks for one slow family; on a shell that is opened for the first one of its lane.
    async fn ask(
        &mut self,
        family: Family,
        readings: &mut remote::Remote,
        bill: &mut Bill,
        observation: &mut Observation,
    ) -> Result<(), ShellError> {
        let lane = family.lane();
        if self.own.is_none() && !self.is_refused {
            match self.session.shell(remote::script()).await {
                Ok(fresh) => {
                    bill.started(fresh.start_up());
                    self.own = Some((fresh, ShellCpu::default()));
                }
                Err(ShellError::ChannelRefused { .. }) => self.is_refused = true,
                Err(error) => return Err(error),
            }
        }
        let nonce = nonce();
        let (shell, cpu) = match &mut self.own {
            Some((shell, cpu)) => (shell, cpu),
            None => (&mut *self.routine.0, &mut self.routine.1),
        };
        match shell.ask(&remote::slow_command(&[family], false, &nonce), limits(lane)).await {
            Ok(output) => {
                readings.slow(&output, &[family], &nonce, observation);
                bill.used(cpu, observation.spent.take());
                Ok(())
            }
            Err(error) => {
                if !matches!(error, ShellError::StillBusy | ShellError::Timeout { .. }) {
                    self.own = None;
                }
                Err(error)
            }
        }
    }
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use hostrounds_core::server::{Hop, Login};

    use super::*;

    fn hop(host: &str) -> Hop {
        Hop { host: host.into(), port: 22, user: "ops".into(), logins: vec![Login::agent()] }
    }

    fn failure(stage: Stage, hop: Option<&str>) -> Failure {
        Failure {
            code: String::new(),
            stage,
            message: String::new(),
            hint: String::new(),
            remedy: None,
            hop: hop.map(str::to_owned),
            retryable: false,
        }
    }

    #[test]
    fn every_host_on_the_way_and_every_family_has_its_steps() {
        let target = SshTarget { hop: hop("web"), jumps: vec![hop("bastion")] };
        let plan = plan(&target, &[Family::Cpu]);
        assert_eq!(plan.len(), 1 + 5 + 4 + 1 + Family::ALL.len() - 1);
        assert!(plan.iter().all(|step| step.family != Some(Family::Cpu)));
        let jump = failure(Stage::HostKey, Some("ops@bastion"));
        let server = failure(Stage::HostKey, None);
        assert_eq!((failed_at(&plan, &jump, 4), failed_at(&plan, &server, 8)), (4, 8));
        assert_eq!(failed_at(&plan, &failure(Stage::Credential, None), 0), 0);
        assert_eq!(failed_at(&plan, &failure(Stage::Credential, Some("ops@bastion")), 5), 5, "it failed at the login");
        assert_eq!(failed_at(&plan, &failure(Stage::Credential, Some("ops@bastion")), 0), 0, "or before it");
        assert_eq!(failed_at(&plan, &failure(Stage::Probe, None), 11), 11, "the first family");
        assert_eq!(failed_at(&plan, &failure(Stage::Probe, None), 14), 14, "a later one");
        assert_eq!(failed_at(&plan, &failure(Stage::Probe, None), plan.len()), plan.len(), "or all of them");
    }
}
