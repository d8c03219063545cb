//! What several tests need: files of known hosts, and a connection in one line.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // not every test file uses everything; a test may fail loudly

use std::path::Path;
use std::time::Duration;

use hostrounds_ssh::{
    ConnectError, Credential, Deadlines, Endpoint, Hop, KnownHosts, Limits, Route, Session, Shell, StepDone,
};
use hostrounds_testbed::{Sshd, SshdConfig};
use tempfile::TempDir;

/// Enough for everything that is expected to come, on a busy machine.
pub const LIMITS: Limits = Limits { deadline: Duration::from_secs(30), max_bytes: 1 << 20 };

/// Deadlines that a busy machine keeps.
pub fn patient() -> Deadlines {
    let long = Duration::from_secs(60);
    Deadlines {
        resolve: long,
        connect: long,
        key_exchange: long,
        login: long,
        person: long,
        shell: long,
        ..Deadlines::default()
    }
}

/// A folder with the app's own file of known hosts, holding these lines.
pub struct Hosts {
    pub folder: TempDir,
    pub known: KnownHosts,
}

impl Hosts {
    pub fn with(lines: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("known_hosts");
        std::fs::write(&own, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        Self { folder, known: KnownHosts::new(own, Vec::new()) }
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("known_hosts")).unwrap()
    }
}

pub fn endpoint(port: u16, user: &str) -> Endpoint {
    Endpoint { host: "127.0.0.1".into(), port, user: user.into() }
}

pub fn key(path: &Path) -> Credential {
    Credential::Key { path: path.to_owned(), certificate: None, passphrase: None }
}

/// A plain sshd, and a file that knows it.
pub async fn sshd(config: SshdConfig) -> (Sshd, Hosts) {
    let sshd = Sshd::start(config).await.unwrap();
    let hosts = Hosts::with(&[sshd.known_hosts_line()]);
    (sshd, hosts)
}

/// A connection without jump hosts and without a person.
pub async fn connect(
    endpoint: &Endpoint,
    credential: &Credential,
    known: &KnownHosts,
    deadlines: &Deadlines,
    on_step: &mut (dyn FnMut(StepDone) + Send),
) -> Result<Session, ConnectError> {
    let route = Route::direct(Hop::new(endpoint.clone(), credential.clone()));
    hostrounds_ssh::connect(&route, known, deadlines, None, on_step).await.map_err(|error| error.error)
}

pub async fn attempt(sshd: &Sshd, credential: &Credential, hosts: &Hosts) -> Result<Session, ConnectError> {
    connect(&endpoint(sshd.port(), sshd.user()), credential, &hosts.known, &patient(), &mut |_| {}).await
}

pub async fn session(sshd: &Sshd, hosts: &Hosts) -> Session {
    attempt(sshd, &key(sshd.key()), hosts).await.unwrap()
}

/// What a shell on this session says to a command.
pub async fn say(session: &Session, command: &str) -> String {
    let mut shell = session.shell("").await.unwrap();
    ask(&mut shell, command).await
}

pub async fn ask(shell: &mut Shell, command: &str) -> String {
    String::from_utf8(shell.ask(command, LIMITS).await.unwrap()).unwrap()
}
