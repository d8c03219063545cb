//! Our side: a session of `hostrounds-ssh`, one shell on it, and `hostrounds-core` on both ends of the question.

use std::time::Duration;

use anyhow::{Result, ensure};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::remote::{self, Remote};
use hostrounds_core::time::UnixMillis;
use hostrounds_ssh::{Credential, Deadlines, Endpoint, KnownHosts, Limits, Session, Shell, connect};
use tokio::runtime::Runtime;

use crate::server::Server;

const LIMITS: Limits = Limits { deadline: Duration::from_secs(10), max_bytes: 1 << 20 };

/// A server, and what it takes to log in to it.
pub(crate) struct Ours<'a> {
    pub(crate) server: Server,
    runtime: &'a Runtime,
    endpoint: Endpoint,
    credential: Credential,
    known_hosts: KnownHosts,
}

/// A login that stands, with a shell that was told what it will be asked.
pub(crate) struct LoggedIn<'a> {
    pub(crate) server: &'a Server,
    runtime: &'a Runtime,
    session: Session,
    shell: Shell,
}

impl<'a> Ours<'a> {
    pub(crate) fn start(runtime: &'a Runtime) -> Result<Self> {
        let server = Server::start(runtime)?;
        let sshd = &server.sshd;
        let endpoint = Endpoint { host: sshd.host().into(), port: sshd.port(), user: sshd.user().into() };
        let credential = Credential::Key { path: sshd.key().to_owned(), passphrase: None };
        let known_hosts = KnownHosts::new(server.known_hosts.clone(), Vec::new());
        Ok(Self { server, runtime, endpoint, credential, known_hosts })
    }

    pub(crate) fn log_in(&self) -> Result<LoggedIn<'_>> {
        self.runtime.block_on(async {
            let deadlines = Deadlines::default();
            let session = connect(&self.endpoint, &self.credential, &self.known_hosts, &deadlines, &mut |_| {}).await?;
            let shell = session.shell(remote::SCRIPT).await?;
            Ok(LoggedIn { server: &self.server, runtime: self.runtime, session, shell })
        })
    }
}

impl LoggedIn<'_> {
    /// One collection of the routine families: asked, answered, parsed, rates taken from the last of these readings.
    pub(crate) fn collect(&mut self, readings: &mut Remote) -> Result<()> {
        let answer = self.runtime.block_on(self.shell.ask(remote::routine_command(), LIMITS))?;
        let mut observation = Observation::empty(UnixMillis::default());
        readings.routine(&answer, &mut observation);
        // A faster way to nothing would be no achievement.
        ensure!(observation.unavailable.is_empty(), "not everything was read: {:?}", observation.unavailable);
        Ok(())
    }

    pub(crate) fn log_out(self) {
        self.runtime.block_on(self.session.close());
    }
}
