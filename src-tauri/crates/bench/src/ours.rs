//! Our side: a session of `hostrounds-ssh`, one shell on it, and `hostrounds-core` on both ends of the question.

use std::time::Duration;

use anyhow::{Result, ensure};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{self, Remote};
use hostrounds_core::time::UnixMillis;
use hostrounds_ssh::{Credential, Deadlines, Endpoint, Hop, KnownHosts, Limits, Route, Session, Shell, connect};
use tokio::runtime::Runtime;

use crate::server::Server;

const LIMITS: Limits = Limits { deadline: Duration::from_secs(10), max_bytes: 1 << 20 };

/// A server, and what it takes to log in to it.
pub(crate) struct Ours<'a> {
    pub(crate) server: Server,
    runtime: &'a Runtime,
    known_hosts: KnownHosts,
}

/// A login that stands, with a shell that was told what it will be asked.
pub(crate) struct LoggedIn<'a> {
    pub(crate) server: &'a Server,
    runtime: &'a Runtime,
    session: Session,
    shell: Shell,
    /// The first answer, which comes with the shell.
    first: Option<Vec<u8>>,
}

impl<'a> Ours<'a> {
    pub(crate) fn start(runtime: &'a Runtime) -> Result<Self> {
        let server = Server::start(runtime)?;
        let known_hosts = KnownHosts::new(server.known_hosts.clone(), Vec::new());
        Ok(Self { server, runtime, known_hosts })
    }

    pub(crate) fn log_in(&self) -> Result<LoggedIn<'_>> {
        self.log_in_at(self.server.sshd.port())
    }

    /// Logs in through a relay that listens on `port`.
    pub(crate) fn log_in_at(&self, port: u16) -> Result<LoggedIn<'_>> {
        let (session, mut shell) = self.runtime.block_on(self.session(port))?;
        Ok(LoggedIn { server: &self.server, runtime: self.runtime, session, first: Some(shell.take_printed()), shell })
    }

    async fn session(&self, port: u16) -> Result<(Session, Shell)> {
        let sshd = &self.server.sshd;
        let endpoint = Endpoint { host: sshd.host().into(), port, user: sshd.user().into() };
        let credential = Credential::Key { path: sshd.key().to_owned(), certificate: None, passphrase: None };
        let route = Route { jumps: Vec::new(), server: Hop { endpoint, credentials: vec![credential] } };
        let session = connect(&route, &self.known_hosts, &Deadlines::default(), None, &mut |_| {}).await?;
        let shell = session.shell(&format!("{}{}\n", remote::script(), remote::routine_command())).await?;
        Ok((session, shell))
    }
}

impl LoggedIn<'_> {
    /// Lets the reader that stays answer from now on, as a session that is kept does; a first collection needs none.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let answer = self.runtime.block_on(self.shell.ask(remote::reader_command(), LIMITS))?;
        ensure!(remote::reads_on(&answer), "there is no perl, so the quick reader cannot be measured");
        Ok(())
    }

    /// One collection of the routine families: asked, answered, parsed, rates taken from the last of these readings. The first
    /// was asked together with the shell.
    pub(crate) fn collect(&mut self, readings: &mut Remote) -> Result<()> {
        let answer = match self.first.take() {
            Some(answer) => answer,
            None => self.runtime.block_on(self.shell.ask(remote::routine_command(), LIMITS))?,
        };
        let mut observation = Observation::empty(UnixMillis::default());
        readings.routine(&answer, Family::ALL, &mut observation);
        // A faster way to nothing would be no achievement. Not every kernel tells of pressure.
        observation.unavailable.retain(|missed| missed.family != Family::Pressure);
        ensure!(observation.unavailable.is_empty(), "not everything was read: {:?}", observation.unavailable);
        Ok(())
    }

    pub(crate) fn log_out(self) {
        self.runtime.block_on(self.session.close());
    }
}
