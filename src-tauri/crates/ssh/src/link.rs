//! One encrypted connection to a host whose key was judged: to the server, or to a jump host on the way.

use std::sync::Arc;

use russh::client::{self, Handle, Msg};
use russh::{ChannelOpenFailure, ChannelStream, Disconnect};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::client::{Client, ClientError, Shared, Via};
use crate::connect_error::ConnectError;
use crate::deadlines::Deadlines;
use crate::endpoint::Endpoint;
use crate::known_hosts::{KnownHosts, Record};
use crate::read_ahead::ReadAhead;
use crate::session::Traffic;
use crate::step::{Stages, Step};
use crate::text::printable;
use crate::wire::{Line, Meter, Wire};

/// A connection that ends when it is dropped, whatever its other side does.
pub(crate) struct Link {
    pub(crate) handle: Handle<Client>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) meter: Arc<Meter>,
    _cut: DropGuard,
}

impl Link {
    /// Agrees on keys over `line`, which leads to `place`, and judges the host key by `record`, which
    /// was taken from `known`.
    pub(crate) async fn open<L: Line>(
        line: L,
        place: &str,
        record: Record,
        known: &KnownHosts,
        via: Option<Via>,
        deadlines: &Deadlines,
        stages: &mut Stages<'_>,
    ) -> Result<Self, ConnectError> {
        let deadline = stages.deadline(deadlines.key_exchange);
        let meter = Arc::new(Meter::default());
        let shared = Arc::new(Shared::new(via));
        let cut = CancellationToken::new();
        let surplus = Arc::clone(shared.surplus());
        let wire = ReadAhead::new(Wire::new(line, cut.clone(), Arc::clone(&meter), surplus));
        // Held from here on: whichever way this function is left, the session's task ends unless it became a link.
        let guard = cut.drop_guard();
        let config = Arc::new(crate::client::config(&record, deadlines.keepalive));
        let client = Client::new(record, known.clone(), Arc::clone(&shared));

        let outcome = timeout_at(deadline, client::connect_stream(config, wire, client)).await;
        let handshake = shared.handshake();
        if let Some(elapsed) = handshake.key_exchange {
            let identification = printable(&meter.identification().unwrap_or_default(), 100);
            let said = [Some(identification), handshake.algorithms].into_iter().flatten().collect::<Vec<_>>();
            stages.report(Step::KeyExchange, elapsed, said.join(", "));
        }
        if let Some((elapsed, detail)) = handshake.host_key {
            stages.report(Step::HostKey, elapsed, detail);
        }
        match outcome {
            Ok(Ok(handle)) => {
                if let Some(binding) = handle.agent_session_binding() {
                    shared.identify(binding.session_id());
                }
                Ok(Self { handle, shared, meter, _cut: guard })
            }
            Ok(Err(error)) => Err(key_exchange_error(error, place, &meter, &shared)),
            Err(_) => Err(not_ssh(place, &meter)
                .unwrap_or_else(|| ConnectError::KeyExchangeTimeout { address: place.to_owned() })),
        }
    }

    /// Has this host, which is `here`, connect to `next`.
    pub(crate) async fn forward(
        &self,
        here: &Endpoint,
        next: &Endpoint,
        deadline: Instant,
    ) -> Result<ChannelStream<Msg>, ConnectError> {
        let target = next.place();
        // sshd writes the origin into its log; this computer's own address is nobody's business.
        let opening = self.handle.channel_open_direct_tcpip(next.host.trim(), next.port.into(), "127.0.0.1", 0);
        let error = match timeout_at(deadline, opening).await {
            Ok(Ok(channel)) => {
                self.shared.pass_on(channel.id());
                return Ok(channel.into_stream());
            }
            Ok(Err(error)) => error,
            Err(_) => {
                let reason = "it does not answer".into();
                return Err(ConnectError::JumpCannotReach { target, from: here.clone(), reason });
            }
        };
        let russh::Error::ChannelOpenFailure(refusal) = error else {
            let reason = self.shared.reason().unwrap_or_else(|| error.to_string());
            return Err(ConnectError::Disconnected { step: Step::Connect, reason });
        };
        let reason = self.refusal(&refusal).await;
        Err(match refusal {
            ChannelOpenFailure::ConnectFailed => ConnectError::JumpCannotReach { target, from: here.clone(), reason },
            _ => ConnectError::ForwardingRefused { target, reason },
        })
    }

    /// Why a channel was refused, in the words of the server, or of the protocol.
    pub(crate) async fn refusal(&self, refusal: &ChannelOpenFailure) -> String {
        let said = self.shared.refusal().await;
        if said.is_empty() { printable(format!("{refusal:?}").as_bytes(), 100) } else { said }
    }

    /// Bytes that have passed so far.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic { received: self.meter.received(), sent: self.meter.sent() }
    }

    /// Whether the connection is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Says goodbye and waits until the connection is gone.
    pub(crate) async fn close(&self) {
        if self.handle.disconnect(Disconnect::ByApplication, "", "").await.is_ok() {
            self.shared.ended().await;
        }
    }
}

fn key_exchange_error(error: ClientError, place: &str, meter: &Meter, shared: &Shared) -> ConnectError {
    let error = match error {
        ClientError::HostKey(refusal) => return *refusal,
        ClientError::Ssh(error) => error,
    };
    if let Some(not_ssh) = not_ssh(place, meter) {
        return not_ssh;
    }
    let step = Step::KeyExchange;
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => ConnectError::NoCommonAlgorithm {
            kind: format!("{kind:?}").to_lowercase(),
            theirs: printable(theirs.join(", ").as_bytes(), 300),
        },
        russh::Error::IO(error) => {
            ConnectError::Disconnected { step, reason: shared.reason().unwrap_or_else(|| error.to_string()) }
        }
        russh::Error::HUP | russh::Error::Disconnect | russh::Error::Join(_) => {
            let reason = shared.reason().unwrap_or_else(|| "the server closed it".into());
            ConnectError::Disconnected { step, reason }
        }
        error => ConnectError::KeyExchangeFailed { reason: printable(error.to_string().as_bytes(), 300) },
    }
}

/// Whoever has said something, and not that it speaks SSH, speaks something else.
fn not_ssh(place: &str, meter: &Meter) -> Option<ConnectError> {
    let greeting = meter.greeting();
    if greeting.is_empty()
        || meter.identification().is_some()
        || b"SSH-".starts_with(&greeting)
        || greeting.starts_with(b"SSH-2")
    {
        return None;
    }
    Some(ConnectError::NotSsh { address: place.to_owned(), said: printable(&greeting, 80) })
}
