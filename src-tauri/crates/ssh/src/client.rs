//! Our side of a russh session: which algorithms it offers, how it judges the host key, where it puts what it hears.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use russh::client::{ChannelOpenHandle, Config, DisconnectReason, Handler, Msg, Session};
use russh::keys::{Algorithm, PublicKey, PublicKeyOrCertificate};
use russh::{Channel, ChannelId, ChannelOpenFailure, Names, Preferred, Sig, SshId, compression, kex};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::connect_error::ConnectError;
use crate::deadlines::UNANSWERED;
use crate::inbox::{End, Exit, Flow, Inbox};
use crate::known_hosts::{KnownHosts, Record, Verdict, fingerprint};
use crate::rotation::{Learning, Rotation};
use crate::surplus::Surplus;
use crate::text::printable;

/// What is offered to a server of which `record` is known, and how long it may be silent.
pub(crate) fn config(record: &Record, keepalive: Duration) -> Config {
    Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-Hostrounds_", env!("CARGO_PKG_VERSION")))),
        preferred: Preferred {
            kex: key_exchanges().into(),
            key: host_keys(record).into(),
            // Without an authority to vouch for it a certificate is worth no more than the key inside.
            host_key_certificates: if record.has_authority() { host_keys(record).into() } else { Cow::Borrowed(&[]) },
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::DEFAULT
        },
        // Bytes are taken by the handler at once; this holds only what comes before a channel is confirmed.
        channel_buffer_size: 8,
        keepalive_interval: Some(keepalive),
        keepalive_max: UNANSWERED,
        nodelay: true,
        ..Config::default()
    }
}

/// russh's own list, which holds the strict-key-exchange markers, without groups of 3072, 6144 and 8192 bits: whoever
/// offers those offers a better one as well, and a hostile server could make us compute for seconds.
fn key_exchanges() -> Vec<kex::Name> {
    let slow = [kex::DH_G15_SHA512, kex::DH_G17_SHA512, kex::DH_G18_SHA512];
    Preferred::DEFAULT.kex.iter().filter(|name| !slow.contains(name)).copied().collect()
}

/// Types that are known of this server come first, as OpenSSH asks, so that a server with several keys shows one that
/// can be judged. RSA signed with SHA-1 is never asked for.
fn host_keys(record: &Record) -> Vec<Algorithm> {
    let mut algorithms: Vec<Algorithm> =
        Preferred::DEFAULT.key.iter().filter(|name| **name != Algorithm::Rsa { hash: None }).cloned().collect();
    algorithms.sort_by_key(|algorithm| record.rank(algorithm));
    algorithms
}

/// Why russh's task gave up.
#[derive(Debug)]
pub(crate) enum ClientError {
    Ssh(russh::Error),
    HostKey(Box<ConnectError>),
}

impl From<russh::Error> for ClientError {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

/// What a session's task tells the rest of us.
pub(crate) struct Shared {
    started: Instant,
    handshake: Mutex<Handshake>,
    inboxes: Mutex<HashMap<ChannelId, Arc<Inbox>>>,
    farewell: Mutex<Option<Farewell>>,
    learning: Arc<Learning>,
    identifier: Mutex<Option<Vec<u8>>>,
    ended: CancellationToken,
    via: Option<Via>,
    surplus: Arc<Surplus>,
    /// The channel on which this host, a jump host, passes on what the next one says.
    passed_on: OnceLock<ChannelId>,
    channels: AtomicU32,
    refusals: Mutex<VecDeque<String>>,
    refused: Semaphore,
}

/// The jump host that a connection runs through.
pub(crate) struct Via {
    /// Its name, for people.
    pub(crate) jump: String,
    /// What is heard of it.
    pub(crate) shared: Arc<Shared>,
}

/// How a connection ended.
#[derive(Debug, Clone)]
pub(crate) struct Farewell {
    /// Whether the server said that it is over, rather than the line going dead.
    pub(crate) said: bool,
    /// Its last words, or what went wrong on the way.
    pub(crate) reason: String,
}

/// How the key exchange went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// Until the server had proved that it holds its host key.
    pub(crate) key_exchange: Option<Duration>,
    /// Names of the key exchange and the cipher.
    pub(crate) algorithms: Option<String>,
    /// How long the judgement took, and what was judged.
    pub(crate) host_key: Option<(Duration, String)>,
}

impl Shared {
    pub(crate) fn new(via: Option<Via>) -> Self {
        Self {
            started: Instant::now(),
            handshake: Mutex::default(),
            inboxes: Mutex::default(),
            farewell: Mutex::default(),
            learning: Arc::default(),
            identifier: Mutex::default(),
            ended: CancellationToken::new(),
            via,
            surplus: Arc::default(),
            passed_on: OnceLock::new(),
            channels: AtomicU32::new(0),
            refusals: Mutex::default(),
            refused: Semaphore::new(0),
        }
    }

    pub(crate) fn handshake(&self) -> Handshake {
        lock(&self.handshake).clone()
    }

    pub(crate) fn farewell(&self) -> Option<Farewell> {
        lock(&self.farewell).clone()
    }

    /// What came of the host keys that the server announced.
    pub(crate) fn learning(&self) -> &Learning {
        &self.learning
    }

    /// The identifier of the session, as soon as keys are exchanged; signatures over it belong to this session.
    pub(crate) fn identify(&self, identifier: &[u8]) {
        *lock(&self.identifier) = Some(identifier.to_vec());
    }

    /// Waits until the session's task is over and everything about its end is known.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Why the connection ended, for people. Where it ran through a jump host that is gone, that is the reason.
    pub(crate) fn reason(&self) -> Option<String> {
        let jump = self.via.as_ref().and_then(|via| Some(format!("jump host {}: {}", via.jump, via.shared.reason()?)));
        jump.or_else(|| self.farewell().map(|farewell| farewell.reason))
    }

    /// What the host sends that nobody wants.
    pub(crate) fn surplus(&self) -> &Arc<Surplus> {
        &self.surplus
    }

    /// What comes on this channel is the next host's; there is at most one such channel.
    pub(crate) fn pass_on(&self, channel: ChannelId) {
        self.passed_on.get_or_init(|| channel);
    }

    /// One more channel is asked for.
    pub(crate) fn count_channel(&self) {
        self.channels.fetch_add(1, Ordering::Relaxed);
    }

    /// How many channels were asked for.
    pub(crate) fn channels(&self) -> u32 {
        self.channels.load(Ordering::Relaxed)
    }

    /// What the server said to a channel that it has refused; to be asked once for every refusal. russh tells whoever
    /// wanted the channel before it tells us the reason, so that may still be on its way.
    pub(crate) async fn refusal(&self) -> String {
        tokio::select! {
            permit = self.refused.acquire() => if let Ok(permit) = permit { permit.forget() },
            () = self.ended() => {}
        }
        lock(&self.refusals).pop_front().unwrap_or_default()
    }

    pub(crate) fn add(&self, channel: ChannelId, inbox: Arc<Inbox>) {
        lock(&self.inboxes).insert(channel, inbox);
    }

    pub(crate) fn remove(&self, channel: ChannelId) {
        lock(&self.inboxes).remove(&channel);
    }

    fn inbox(&self, channel: ChannelId) -> Option<Arc<Inbox>> {
        lock(&self.inboxes).get(&channel).cloned()
    }

    fn end_all(&self) {
        let reason = self.reason().unwrap_or_else(|| "it was closed".into());
        for inbox in lock(&self.inboxes).values() {
            inbox.end(End::Disconnected(reason.clone()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers russh's calls. It lives in the session's task; when that ends, however it ends, so does every shell.
pub(crate) struct Client {
    record: Record,
    shared: Arc<Shared>,
    rotation: Rotation,
    /// The host key that was found good, unless it was for its certificate.
    trusted: Option<PublicKey>,
}

impl Client {
    pub(crate) fn new(record: Record, known: KnownHosts, shared: Arc<Shared>) -> Self {
        let rotation = Rotation::new(known, Arc::clone(&shared.learning));
        Self { record, shared, rotation, trusted: None }
    }

    /// Closes the channel of a shell whose inbox takes no more; the program that floods it ends with that.
    fn dam(&self, channel: ChannelId, session: &mut Session) -> Result<(), ClientError> {
        self.shared.remove(channel);
        Ok(session.close(channel)?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.end_all();
        self.shared.ended.cancel();
    }
}

impl Handler for Client {
    type Error = ClientError;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, ClientError> {
        let begun = Instant::now();
        lock(&self.shared.handshake).key_exchange.get_or_insert(self.shared.started.elapsed());
        let key = shown.public_key();
        let refusal = match self.record.judge(shown) {
            Verdict::Known => {
                self.trusted = shown.certificate().is_none().then(|| key.clone());
                let detail = format!("{} {}", key.algorithm(), fingerprint(&key));
                lock(&self.shared.handshake).host_key.get_or_insert((begun.elapsed(), detail));
                return Ok(true);
            }
            Verdict::Unknown(offer) => ConnectError::HostKeyUnknown { offer: Box::new(offer) },
            Verdict::Changed(offer) => ConnectError::HostKeyChanged { offer: Box::new(offer) },
            Verdict::Revoked { offer, entry } => {
                ConnectError::HostKeyRevoked { offer: Box::new(offer), entry: Box::new(entry) }
            }
        };
        Err(ClientError::HostKey(Box::new(refusal)))
    }

    async fn openssh_ext_host_keys_announced(
        &mut self,
        keys: Vec<PublicKey>,
        session: &mut Session,
    ) -> Result<(), ClientError> {
        let identifier = lock(&self.shared.identifier).clone();
        if let (Some(trusted), Some(identifier)) = (&self.trusted, identifier) {
            self.rotation.announced(keys, &self.record, trusted, identifier, session);
        }
        Ok(())
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, names: &Names, _: &mut Session) -> Result<(), ClientError> {
        let (kex, cipher): (&str, &str) = (names.kex.as_ref(), names.cipher.as_ref());
        lock(&self.shared.handshake).algorithms = Some(format!("{kex}, {cipher}"));
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<(), ClientError> {
        let Some(inbox) = self.shared.inbox(channel) else {
            if self.shared.passed_on.get() == Some(&channel) {
                self.shared.surplus.wanted(data.len());
            }
            return Ok(());
        };
        self.shared.surplus.wanted(data.len());
        if inbox.stdout(data) == Flow::Flood {
            self.dam(channel, session)?;
        }
        Ok(())
    }

    async fn extended_data(
        &mut self,
        channel: ChannelId,
        _: u32,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), ClientError> {
        let Some(inbox) = self.shared.inbox(channel) else { return Ok(()) };
        self.shared.surplus.wanted(data.len());
        if inbox.stderr(data) == Flow::Flood {
            self.dam(channel, session)?;
        }
        Ok(())
    }

    async fn channel_failure(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), ClientError> {
        if let Some(inbox) = self.shared.inbox(channel) {
            inbox.end(End::Refused);
        }
        Ok(())
    }

    async fn channel_open_failure(
        &mut self,
        _: ChannelId,
        _: ChannelOpenFailure,
        description: &str,
        _: &str,
        _: &mut Session,
    ) -> Result<(), ClientError> {
        lock(&self.shared.refusals).push_back(printable(description.as_bytes(), 200));
        self.shared.refused.add_permits(1);
        Ok(())
    }

    async fn exit_status(&mut self, channel: ChannelId, status: u32, _: &mut Session) -> Result<(), ClientError> {
        if let Some(inbox) = self.shared.inbox(channel) {
            inbox.exit(Exit::Status(status));
        }
        Ok(())
    }

    async fn exit_signal(
        &mut self,
        channel: ChannelId,
        signal: Sig,
        _: bool,
        message: &str,
        _: &str,
        _: &mut Session,
    ) -> Result<(), ClientError> {
        if let Some(inbox) = self.shared.inbox(channel) {
            let told = printable(format!("killed by signal {signal:?} {message}").as_bytes(), 100);
            inbox.exit(Exit::Signal(told));
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), ClientError> {
        if let Some(inbox) = self.shared.inbox(channel) {
            inbox.end(End::Closed);
        }
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<ClientError>) -> Result<(), ClientError> {
        let (said, reason, result) = match reason {
            DisconnectReason::ReceivedDisconnect(info) => (true, printable(info.message.as_bytes(), 200), Ok(())),
            DisconnectReason::Error(ClientError::Ssh(error)) => {
                // russh hangs up by itself when the server leaves no method to go on with.
                let said = matches!(error, russh::Error::NoAuthMethod);
                // Some of its errors quote the server.
                (said, printable(error.to_string().as_bytes(), 200), Err(ClientError::Ssh(error)))
            }
            DisconnectReason::Error(ClientError::HostKey(refusal)) => {
                (false, refusal.to_string(), Err(ClientError::HostKey(refusal)))
            }
        };
        lock(&self.shared.farewell).get_or_insert(Farewell { said, reason });
        result
    }

    // A server has no business opening channels to us: no forwarding was asked for. Dropping the reply refuses, where
    // russh's own answers would accept.

    fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }

    fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> impl Future<Output = Result<(), ClientError>> + Send {
        refuse(reply)
    }
}

async fn refuse(reply: ChannelOpenHandle) -> Result<(), ClientError> {
    drop(reply);
    Ok(())
}
