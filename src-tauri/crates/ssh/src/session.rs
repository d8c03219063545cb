//! From an endpoint to a session that stays, stage by stage, and the session itself.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::Disconnect;
use russh::client::{self, Handle};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::client::{Client, ClientError, Shared};
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::deadlines::Deadlines;
use crate::dial;
use crate::endpoint::Endpoint;
use crate::known_hosts::{KnownHosts, Record};
use crate::login::login;
use crate::shell::Shell;
use crate::shell_error::ShellError;
use crate::step::{Step, StepDone};
use crate::text::printable;
use crate::wire::{Meter, Wire};

/// How long a polite goodbye may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// A login that stays until it is closed or dropped. Dropping it closes the connection and ends its shells.
pub struct Session {
    handle: Handle<Client>,
    shared: Arc<Shared>,
    meter: Arc<Meter>,
    shell_deadline: Duration,
    _cut: DropGuard,
}

/// Bytes that have passed over a session's connection, encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// From the server.
    pub received: u64,
    /// To the server.
    pub sent: u64,
}

/// Connects, judges the host key, logs in. `on_step` hears of every stage that went well, in order, as it is done.
///
/// The future may be dropped at any moment; nothing of it remains.
///
/// # Errors
/// The stage that failed, and why; see [`ConnectError`]. No stage takes longer than `deadlines` say, whatever the
/// other side does.
pub async fn connect(
    endpoint: &Endpoint,
    credential: &Credential,
    known: &KnownHosts,
    deadlines: &Deadlines,
    on_step: &mut (dyn FnMut(StepDone) + Send),
) -> Result<Session, ConnectError> {
    let last = Instant::now() + deadlines.login;
    let mut steps = Steps { last, begun: Instant::now(), on_step };

    let addresses = dial::resolve(endpoint, steps.deadline(deadlines.resolve)).await?;
    steps.done(Step::Resolve, listed(&addresses));

    let (tcp, address) = dial::dial(&addresses, steps.deadline(deadlines.connect)).await?;
    steps.done(Step::Connect, address.to_string());

    let record = known.record(&endpoint.host, endpoint.port)?;
    let mut session = exchange_keys(tcp, address, record, deadlines, &mut steps).await?;

    let logging_in = login(&mut session.handle, &session.shared, &endpoint.user, credential);
    let method = timeout_at(last, logging_in).await.map_err(|_| ConnectError::LoginTimeout)??;
    steps.done(Step::Login, method);
    Ok(session)
}

async fn exchange_keys(
    tcp: TcpStream,
    address: SocketAddr,
    record: Record,
    deadlines: &Deadlines,
    steps: &mut Steps<'_>,
) -> Result<Session, ConnectError> {
    let deadline = steps.deadline(deadlines.key_exchange);
    let meter = Arc::new(Meter::default());
    let shared = Arc::new(Shared::new());
    let cut = CancellationToken::new();
    let wire = Wire::new(tcp, cut.clone(), Arc::clone(&meter));
    // Held from here on: whichever way this function is left, the session's task ends unless it became a session.
    let guard = cut.drop_guard();
    let config = Arc::new(crate::client::config(&record));
    let client = Client::new(record, Arc::clone(&shared));

    let outcome = timeout_at(deadline, client::connect_stream(config, wire, client)).await;
    let handshake = shared.handshake();
    if let Some(elapsed) = handshake.key_exchange {
        let identification = printable(&meter.identification().unwrap_or_default(), 100);
        let detail = [Some(identification), handshake.algorithms].into_iter().flatten().collect::<Vec<_>>().join(", ");
        steps.report(Step::KeyExchange, elapsed, detail);
    }
    if let Some((elapsed, detail)) = handshake.host_key {
        steps.report(Step::HostKey, elapsed, detail);
    }
    match outcome {
        Ok(Ok(handle)) => Ok(Session { handle, shared, meter, shell_deadline: deadlines.shell, _cut: guard }),
        Ok(Err(error)) => Err(key_exchange_error(error, address, &meter, &shared)),
        Err(_) => Err(not_ssh(address, &meter)
            .unwrap_or_else(|| ConnectError::KeyExchangeTimeout { address: address.to_string() })),
    }
}

fn key_exchange_error(error: ClientError, address: SocketAddr, meter: &Meter, shared: &Shared) -> ConnectError {
    let error = match error {
        ClientError::HostKey(refusal) => return *refusal,
        ClientError::Ssh(error) => error,
    };
    if let Some(not_ssh) = not_ssh(address, meter) {
        return not_ssh;
    }
    let step = Step::KeyExchange;
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => ConnectError::NoCommonAlgorithm {
            kind: format!("{kind:?}").to_lowercase(),
            theirs: printable(theirs.join(", ").as_bytes(), 300),
        },
        russh::Error::IO(error) => ConnectError::Disconnected { step, reason: error.to_string() },
        russh::Error::HUP | russh::Error::Disconnect | russh::Error::Join(_) => {
            let reason = shared.reason().unwrap_or_else(|| "the server closed it".into());
            ConnectError::Disconnected { step, reason }
        }
        error => ConnectError::KeyExchangeFailed { reason: printable(error.to_string().as_bytes(), 300) },
    }
}

/// Whoever has said something, and not that it speaks SSH, speaks something else.
fn not_ssh(address: SocketAddr, meter: &Meter) -> Option<ConnectError> {
    let greeting = meter.greeting();
    if greeting.is_empty()
        || meter.identification().is_some()
        || b"SSH-".starts_with(&greeting)
        || greeting.starts_with(b"SSH-2")
    {
        return None;
    }
    Some(ConnectError::NotSsh { address: address.to_string(), said: printable(&greeting, 80) })
}

fn listed(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ")
}

/// The clock of the stages, and who hears of them.
struct Steps<'a> {
    last: Instant,
    begun: Instant,
    on_step: &'a mut (dyn FnMut(StepDone) + Send),
}

impl Steps<'_> {
    fn deadline(&self, limit: Duration) -> Instant {
        (Instant::now() + limit).min(self.last)
    }

    fn done(&mut self, step: Step, detail: String) {
        let elapsed = self.begun.elapsed();
        self.report(step, elapsed, detail);
    }

    fn report(&mut self, step: Step, elapsed: Duration, detail: String) {
        (self.on_step)(StepDone { step, elapsed, detail });
        self.begun = Instant::now();
    }
}

impl Session {
    /// Starts `sh` on the server and feeds it `script`, which defines what is asked later. The script must not read
    /// its standard input, and what it prints is thrown away.
    ///
    /// # Errors
    /// When the account has no usable shell, the server opens no further channel, or the connection is gone. Waits no
    /// longer than [`Deadlines::shell`].
    pub async fn shell(&self, script: &str) -> Result<Shell, ShellError> {
        Shell::open(&self.handle, &self.shared, script, self.shell_deadline).await
    }

    /// Whether the connection is gone. It is noticed within a minute even when the other side just falls silent.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Says goodbye and closes the connection; waits half a second at most.
    pub async fn close(self) {
        let goodbye = async {
            if self.handle.disconnect(Disconnect::ByApplication, "", "").await.is_ok() {
                self.shared.ended().await;
            }
        };
        let _ = timeout(FAREWELL, goodbye).await;
    }

    /// Fingerprints of further host keys of this server that were learned over this connection; see [`KnownHosts`].
    pub fn learned_host_keys(&self) -> Vec<String> {
        self.shared.learned_host_keys()
    }

    /// Bytes that have passed over the connection so far.
    pub fn traffic(&self) -> Traffic {
        Traffic { received: self.meter.received(), sent: self.meter.sent() }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("closed", &self.is_closed()).field("traffic", &self.traffic()).finish()
    }
}
