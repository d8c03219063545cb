//! A server over SSH: one session that stays, one shell for the routine, one for what may hang.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Failure, Stage, StageTime};
use hostrounds_core::observation::{Observation, Unavailable};
use hostrounds_core::probe::{Family, remote};
use hostrounds_core::server::{Login, ServerId, SshTarget};
use hostrounds_ssh::{Credential, Deadlines, Endpoint, KnownHosts, Limits, Session, Shell, ShellError};
use secrecy::SecretString;
use tokio::time::Instant;

use super::{FIRST_READINGS_APART, Pace, Rhythms, Site, stage_time};
use crate::clock;
use crate::credentials::{CredentialError, Credentials, Secrets};
use crate::failure;

/// What a routine answer may take and hold.
const ROUTINE: Limits = Limits { deadline: Duration::from_secs(10), max_bytes: 1 << 20 };
/// What the filesystems may take: a mount that hangs must not hold up the rest.
const MAY_HANG: Limits = Limits { deadline: Duration::from_secs(5), max_bytes: 1 << 20 };
/// What a whole visit may take on a session that stands.
const VISIT: Duration = Duration::from_secs(15);

/// The families of the slow rhythm that cannot hang; they are asked on the routine shell.
const STEADY: [Family; 1] = [Family::Processes];

/// A server over SSH as a site.
pub(crate) struct RemoteSite {
    server: ServerId,
    target: SshTarget,
    credentials: Arc<dyn Credentials>,
    secrets: Arc<Secrets>,
    known_hosts: Arc<KnownHosts>,
    open: Option<Open>,
    readings: remote::Remote,
    rhythms: Rhythms,
    pace: Pace,
}

/// What stands while a session stands.
struct Open {
    session: Session,
    routine: Shell,
    may_hang: Option<Shell>,
    facts_read: bool,
}

impl RemoteSite {
    pub(crate) fn new(
        server: ServerId,
        target: SshTarget,
        credentials: Arc<dyn Credentials>,
        secrets: Arc<Secrets>,
        known_hosts: Arc<KnownHosts>,
    ) -> Self {
        Self {
            server,
            target,
            credentials,
            secrets,
            known_hosts,
            open: None,
            readings: remote::Remote::new(),
            rhythms: Rhythms::default(),
            pace: Pace::default(),
        }
    }

    async fn connect(&self, stages: &mut Vec<StageTime>) -> Result<Open, Failure> {
        let began = Instant::now();
        let secret = kept_secret(self.credentials.as_ref(), &self.secrets, &self.target.login, self.server);
        let credential = login_credential(&self.target.login, secret).await?;
        stages.push(stage_time(Stage::Credential, None, began.elapsed()));

        let endpoint =
            Endpoint { host: self.target.host.clone(), port: self.target.port, user: self.target.user.clone() };
        let mut step_began = Instant::now();
        let connected = hostrounds_ssh::connect(
            &endpoint,
            &credential.ssh,
            &self.known_hosts,
            &Deadlines::default(),
            &mut |done| {
                step_began = Instant::now();
                stages.push(stage_time(failure::stage_of(done.step), None, done.elapsed));
            },
        )
        .await;
        let session = connected.map_err(|error| {
            let failure = credential.explain(failure::of_connect(&error));
            stages.push(stage_time(failure.stage, None, step_began.elapsed()));
            failure
        })?;

        let began = Instant::now();
        let routine = session.shell(remote::SCRIPT).await.map_err(|error| failure::of_shell(&error, Stage::Shell))?;
        stages.push(stage_time(Stage::Shell, None, began.elapsed()));
        Ok(Open { session, routine, may_hang: None, facts_read: false })
    }

    /// Reads what is due on a session that stands.
    async fn read(&mut self, stages: &mut Vec<StageTime>) -> Result<Observation, ReadError> {
        let Some(open) = &mut self.open else { return Err(ReadError::Gone) };
        let due = self.rhythms.due();
        let steady: Vec<Family> = due.iter().copied().filter(|family| STEADY.contains(family)).collect();
        let may_hang: Vec<Family> = due.into_iter().filter(|family| !STEADY.contains(family)).collect();

        let began = Instant::now();
        let Open { session, routine, may_hang: second, facts_read } = open;
        let readings = &mut self.readings;
        let pace = &mut self.pace;
        let reading = async {
            let mut first = Observation::empty(clock::now());
            let cold = readings.needs_second_reading();
            if !*facts_read {
                let families = if cold { steady.as_slice() } else { &[] };
                ask_slow(routine, readings, families, true, ROUTINE, &mut first).await?;
                *facts_read = true;
            }
            if cold {
                ask_routine(routine, readings, &mut first).await?;
                tokio::time::sleep(FIRST_READINGS_APART).await;
            }
            pace.keep().await;
            let mut observation = Observation::empty(clock::now());
            observation.facts = first.facts;
            ask_routine(routine, readings, &mut observation).await?;
            if !steady.is_empty() {
                ask_slow(routine, readings, &steady, false, ROUTINE, &mut observation).await?;
            }
            Ok::<Observation, ShellError>(observation)
        };
        let hanging = async {
            if may_hang.is_empty() {
                return None;
            }
            let began = Instant::now();
            let answer = ask_may_hang(session, second, &may_hang).await;
            Some((answer, began.elapsed()))
        };
        let (routine_answer, hanging_answer) = tokio::join!(reading, hanging);
        stages.push(stage_time(Stage::Probe, None, began.elapsed()));

        let mut observation = routine_answer.map_err(ReadError::Shell)?;
        if let Some((answer, took)) = hanging_answer {
            for family in &may_hang {
                stages.push(stage_time(Stage::Probe, Some(*family), took));
            }
            match answer {
                Ok((answer, nonce)) => self.readings.slow(&answer, &may_hang, &nonce, &mut observation),
                Err(error) => {
                    for family in may_hang {
                        self.rhythms.forget(family);
                        observation.unavailable.push(Unavailable { family, reason: hang_reason(&error) });
                    }
                }
            }
        }
        if observation.points.is_empty() {
            let reason = observation.unavailable.first().map_or("the answer was empty", |first| first.reason.as_str());
            return Err(ReadError::Nothing(failure::nothing_read(reason)));
        }
        Ok(observation)
    }
}

fn hang_reason(error: &ShellError) -> String {
    match error {
        ShellError::StillBusy | ShellError::Timeout { .. } => {
            format!("`df` has not answered for {} s or more: a mount may hang.", MAY_HANG.deadline.as_secs())
        }
        other => other.to_string(),
    }
}

/// Asks for the routine families and reads the answer.
pub(crate) async fn ask_routine(
    shell: &mut Shell,
    readings: &mut remote::Remote,
    observation: &mut Observation,
) -> Result<(), ShellError> {
    let answer = shell.ask(remote::routine_command(), ROUTINE).await?;
    observation.at = clock::now();
    readings.routine(&answer, observation);
    Ok(())
}

/// Asks for slow families, or for the facts, and reads the answer.
pub(crate) async fn ask_slow(
    shell: &mut Shell,
    readings: &mut remote::Remote,
    families: &[Family],
    facts: bool,
    limits: Limits,
    observation: &mut Observation,
) -> Result<(), ShellError> {
    let nonce = nonce();
    let answer = shell.ask(&remote::slow_command(families, facts, &nonce), limits).await?;
    readings.slow(&answer, families, &nonce, observation);
    Ok(())
}

/// The answer for families that may hang, with the nonce that marks its parts.
async fn ask_may_hang(
    session: &Session,
    shell: &mut Option<Shell>,
    families: &[Family],
) -> Result<(Vec<u8>, String), ShellError> {
    let mut ready = match shell.take() {
        Some(shell) => shell,
        None => session.shell(remote::SCRIPT).await?,
    };
    let nonce = nonce();
    let answer = ready.ask(&remote::slow_command(families, false, &nonce), MAY_HANG).await;
    // A shell that is late is kept: it knows that it is, and no second `df` is started while the first one hangs.
    if matches!(answer, Ok(_) | Err(ShellError::StillBusy | ShellError::Timeout { .. })) {
        *shell = Some(ready);
    }
    Ok((answer?, nonce))
}

/// Marks the parts of one answer, so that nothing in it can forge one.
fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Why a session that stood gave no observation.
enum ReadError {
    Gone,
    Shell(ShellError),
    Nothing(Failure),
}

#[async_trait]
impl Site for RemoteSite {
    async fn visit(&mut self, stages: &mut Vec<StageTime>) -> Result<Observation, Failure> {
        if self.open.as_ref().is_some_and(|open| open.session.is_closed()) {
            self.open = None;
        }
        let mut kept = self.open.is_some();
        loop {
            if self.open.is_none() {
                self.open = Some(self.connect(stages).await?);
            }
            let failure = match tokio::time::timeout(VISIT, self.read(stages)).await {
                Ok(Ok(observation)) => return Ok(observation),
                Ok(Err(ReadError::Nothing(failure))) => return Err(failure),
                Ok(Err(ReadError::Shell(error))) => failure::of_shell(&error, Stage::Probe),
                Ok(Err(ReadError::Gone)) => failure::deadline(Stage::Shell, VISIT),
                Err(_) => failure::deadline(Stage::Probe, VISIT),
            };
            // A shell that failed in the middle of an answer is of no use for the next one.
            self.leave().await;
            // A kept session may have ended unnoticed, as after a restart of sshd: that is no failure of this visit.
            if !std::mem::take(&mut kept) || failure.code == "collection_timeout" {
                return Err(failure);
            }
            stages.clear();
        }
    }

    async fn leave(&mut self) {
        if let Some(open) = self.open.take() {
            open.session.close().await;
        }
        self.rhythms = Rhythms::default();
    }
}

/// What a login needs, and what is to be said when exactly that turns out to be missing.
pub(crate) struct LoginCredential {
    pub(crate) ssh: Credential,
    keyring: Option<CredentialError>,
}

impl LoginCredential {
    /// The failure of the connection, or that of the keyring when it is the real cause.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        match &self.keyring {
            Some(error) if failure.code == "key_passphrase_missing" => failure::of_credential(error),
            _ => failure,
        }
    }
}

/// The secret of a server. The keyring, which may have to be unlocked, is left alone where it holds none that is needed.
pub(crate) async fn kept_secret(
    credentials: &dyn Credentials,
    secrets: &Secrets,
    login: &Login,
    server: ServerId,
) -> Result<Option<SecretString>, CredentialError> {
    match login {
        Login::Password => credentials.get(server).await,
        Login::Key { .. } if secrets.has(server) => credentials.get(server).await,
        Login::Key { .. } | Login::Agent => Ok(None),
    }
}

/// The credential for a login. `secret` is only asked for where the method can need one. A key file may have no passphrase,
/// so a keyring that fails only counts for it when the passphrase turns out to be needed.
pub(crate) async fn login_credential(
    login: &Login,
    secret: impl Future<Output = Result<Option<SecretString>, CredentialError>>,
) -> Result<LoginCredential, Failure> {
    let (ssh, keyring) = match login {
        Login::Agent => (Credential::Agent { socket: None }, None),
        Login::Password => {
            let password = secret.await.map_err(|error| failure::of_credential(&error))?;
            (Credential::Password(password.ok_or_else(failure::password_missing)?), None)
        }
        Login::Key { path } => {
            let (passphrase, keyring) = match secret.await {
                Ok(passphrase) => (passphrase, None),
                Err(error) => (None, Some(error)),
            };
            (Credential::Key { path: expanded(path), passphrase }, keyring)
        }
    };
    Ok(LoginCredential { ssh, keyring })
}

/// The path with a leading `~/` replaced by the home directory.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}
