//! Connection tests and host keys.

use std::time::Duration;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::{Failure, Stage};
use hostrounds_core::observation::{Observation, Unavailable};
use hostrounds_core::probe::{Family, remote};
use hostrounds_core::server::{Login, ServerDraft, ServerId, SshTarget, Target};
use hostrounds_ssh::{ConnectError, Deadlines, Endpoint, Limits, Session, ShellError, StepDone};
use secrecy::SecretString;
use tokio::time::Instant;

use super::Hostrounds;
use super::view::{
    ApiError, Event, HostKeyCheck, HostKeyOffer, SecretChange, ServerForm, StepOutcome, TestReport, TestStep,
};
use crate::clock;
use crate::credentials::CredentialError;
use crate::engine::{Engine, lock};
use crate::failure;
use crate::visit::{ask_routine, ask_slow, kept_secret, login_credential};

/// The steps of a test, in order.
const STAGES: [Stage; 8] = [
    Stage::Credential,
    Stage::Resolve,
    Stage::Connect,
    Stage::KeyExchange,
    Stage::HostKey,
    Stage::Login,
    Stage::Shell,
    Stage::Probe,
];
/// What all families together may take and print.
const PROBE: Limits = Limits { deadline: Duration::from_secs(15), max_bytes: 1 << 20 };

impl Hostrounds {
    /// Tries a connection from its first step to its last, with settings that need not be saved. Every step that ends is told
    /// as an [`Event::TestStep`] under the name `test`. `id` is the server that is edited, if any: its secret is used where the
    /// form keeps it.
    ///
    /// # Errors
    /// [`super::ErrorCode::Invalid`] when the form is; [`super::ErrorCode::LocalServer`] for this computer. A connection that
    /// fails is no error but a report.
    pub async fn test_server(
        &self,
        test: String,
        form: ServerForm,
        id: Option<ServerId>,
    ) -> Result<TestReport, ApiError> {
        let draft = form.draft.checked().map_err(ApiError::invalid)?;
        let Target::Ssh(target) = draft.target else { return Err(ApiError::local("tested")) };
        let secret = match form.secret {
            SecretChange::Set { value } => Ok(Some(value)),
            SecretChange::Clear => Ok(None),
            SecretChange::Keep => self.engine.secret_of(&target.login, id).await,
        };
        let mut run = TestRun { engine: &self.engine, test, steps: Vec::new(), unavailable: Vec::new() };
        let outcome = run.go(&target, secret).await;
        Ok(run.report(outcome))
    }

    /// The connection test of a server with its saved settings.
    ///
    /// # Errors
    /// As [`Self::test_server`]; [`super::ErrorCode::NotFound`].
    pub async fn test_saved_server(&self, test: String, id: ServerId) -> Result<TestReport, ApiError> {
        let draft = ServerDraft::from(&self.server(id)?);
        self.test_server(test, ServerForm { draft, secret: SecretChange::Keep }, Some(id)).await
    }

    /// Asks a server for its host key, and says whether it is accepted already. Nobody logs in.
    ///
    /// # Errors
    /// [`super::ErrorCode::LocalServer`]; [`super::ErrorCode::NotFound`].
    pub async fn host_key(&self, id: ServerId) -> Result<HostKeyCheck, ApiError> {
        let Target::Ssh(target) = self.server(id)?.target else { return Err(ApiError::local("asked for a host key")) };
        let mut fingerprint = None;
        let connected = hostrounds_ssh::connect(
            &endpoint(&target),
            // No password and no key is at hand before the host key is accepted, and none is needed to see it.
            &hostrounds_ssh::Credential::Agent { socket: Some("/nonexistent".into()) },
            &self.engine.known_hosts,
            &Deadlines::default(),
            &mut |done: StepDone| {
                if failure::stage_of(done.step) == Stage::HostKey {
                    fingerprint = Some(done.detail);
                }
            },
        )
        .await;
        Ok(match (connected, fingerprint) {
            (Ok(session), known) => {
                session.close().await;
                HostKeyCheck { accepted: Some(known.unwrap_or_default()), offer: None, failure: None }
            }
            (Err(_), Some(known)) => HostKeyCheck { accepted: Some(known), offer: None, failure: None },
            (Err(error), None) => HostKeyCheck {
                accepted: None,
                offer: self.engine.offer(&error),
                failure: Some(failure::of_connect(&error)),
            },
        })
    }

    /// Accepts a host key that was offered. Servers that waited for it are visited at once.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`] for an unknown offer; [`super::ErrorCode::KnownHosts`] when the file cannot be written.
    pub async fn accept_host_key(&self, offer: String) -> Result<(), ApiError> {
        let engine = &self.engine;
        let Some(accepted) = lock(&engine.offers).get(&offer).cloned() else {
            return Err(ApiError::not_found("offer of a host key"));
        };
        engine.known_hosts.accept(&accepted)?;
        lock(&engine.offers).remove(&offer);
        let message =
            format!("The {} host key {} of {} was accepted", accepted.algorithm, accepted.fingerprint, accepted.host);
        engine.log(ActivityKind::HostKeyAccepted, None, &message).await;
        engine.nudge_untrusted().await;
        Ok(())
    }
}

impl Engine {
    async fn secret_of(&self, login: &Login, id: Option<ServerId>) -> Result<Option<SecretString>, CredentialError> {
        match id {
            Some(id) => kept_secret(self.credentials.as_ref(), &self.secrets, login, id).await,
            None => Ok(None),
        }
    }

    /// Remembers the host key that an attempt was refused for, so that a person can accept it by the id of the offer.
    fn offer(&self, error: &ConnectError) -> Option<HostKeyOffer> {
        let key = error.host_key()?.clone();
        let offer = HostKeyOffer {
            id: format!("{:032x}", rand::random::<u128>()),
            host: key.host.clone(),
            algorithm: key.algorithm.clone(),
            fingerprint: key.fingerprint.clone(),
        };
        lock(&self.offers).insert(offer.id.clone(), key);
        Some(offer)
    }
}

/// A test on its way.
struct TestRun<'a> {
    engine: &'a Engine,
    test: String,
    steps: Vec<TestStep>,
    unavailable: Vec<Unavailable>,
}

/// Why a test ended early.
struct Refusal {
    failure: Failure,
    host_key: Option<HostKeyOffer>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, host_key: None }
    }
}

impl TestRun<'_> {
    async fn go(
        &mut self,
        target: &SshTarget,
        secret: Result<Option<SecretString>, CredentialError>,
    ) -> Result<(), Refusal> {
        let began = Instant::now();
        let credential = login_credential(&target.login, async { secret }).await?;
        let checked = hostrounds_ssh::check(&credential.ssh).await;
        let found = checked.map_err(|error| credential.explain(failure::of_connect(&error)))?;
        self.passed(Stage::Credential, began.elapsed(), found);

        let connected = hostrounds_ssh::connect(
            &endpoint(target),
            &credential.ssh,
            &self.engine.known_hosts,
            &Deadlines::default(),
            &mut |done: StepDone| self.passed(failure::stage_of(done.step), done.elapsed, done.detail),
        )
        .await;
        let session = connected.map_err(|error| Refusal {
            failure: credential.explain(failure::of_connect(&error)),
            host_key: self.engine.offer(&error),
        })?;
        let read = self.read(&session).await;
        session.close().await;
        Ok(read?)
    }

    async fn read(&mut self, session: &Session) -> Result<(), Failure> {
        let began = Instant::now();
        let mut shell = session.shell(remote::SCRIPT).await.map_err(|error| failure::of_shell(&error, Stage::Shell))?;
        self.passed(Stage::Shell, began.elapsed(), "sh answers".to_owned());

        let began = Instant::now();
        let asked = |error: ShellError| failure::of_shell(&error, Stage::Probe);
        let mut readings = remote::Remote::new();
        let mut observation = Observation::empty(clock::now());
        let slow = [Family::Processes, Family::Filesystems];
        ask_slow(&mut shell, &mut readings, &slow, true, PROBE, &mut observation).await.map_err(asked)?;
        ask_routine(&mut shell, &mut readings, &mut observation).await.map_err(asked)?;
        let unread: Vec<Family> = observation.unavailable.iter().map(|unavailable| unavailable.family).collect();
        if unread.len() == Family::ALL.len() {
            let reason = observation.unavailable.first().map_or("", |first| first.reason.as_str());
            return Err(failure::nothing_read(reason));
        }
        let read: Vec<&str> =
            Family::ALL.iter().filter(|family| !unread.contains(family)).map(|family| family.label()).collect();
        self.passed(Stage::Probe, began.elapsed(), read.join(", "));
        self.unavailable = observation.unavailable;
        Ok(())
    }

    fn passed(&mut self, stage: Stage, took: Duration, detail: String) {
        self.tell(TestStep {
            stage,
            outcome: StepOutcome::Passed,
            millis: Some(took.as_secs_f64() * 1000.0),
            detail: Some(detail).filter(|detail| !detail.is_empty()),
        });
    }

    fn tell(&mut self, step: TestStep) {
        self.engine.events.send(Event::TestStep { test: self.test.clone(), step: step.clone() });
        self.steps.push(step);
    }

    fn report(mut self, outcome: Result<(), Refusal>) -> TestReport {
        let refusal = outcome.err();
        if let Some(Refusal { failure, .. }) = &refusal {
            self.tell(TestStep {
                stage: failure.stage,
                outcome: StepOutcome::Failed,
                millis: None,
                detail: Some(failure.message.clone()),
            });
            let reached = self.steps.len();
            for stage in STAGES.into_iter().skip(reached) {
                self.tell(TestStep { stage, outcome: StepOutcome::NotReached, millis: None, detail: None });
            }
        }
        let (failure, host_key) = refusal.map_or((None, None), |refusal| (Some(refusal.failure), refusal.host_key));
        TestReport { steps: self.steps, failure, host_key, unavailable: self.unavailable }
    }
}

fn endpoint(target: &SshTarget) -> Endpoint {
    Endpoint { host: target.host.clone(), port: target.port, user: target.user.clone() }
}
