//! An SSH server that takes a password without asking the system.
//!
//! sshd can check passwords only against the system's accounts, and `keyboard-interactive` only through PAM. This one
//! is russh's server side on loopback; what it lets in gets a real `sh` of this machine.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use std::collections::HashMap;

use russh::keys::{Algorithm, HashAlg, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::error::TestbedError;

/// How a [`PasswordServer`] asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordMethods {
    /// Method `password` only.
    Password,
    /// Method `keyboard-interactive` only, with one hidden prompt.
    KeyboardInteractive,
    /// Both.
    Both,
    /// Method `keyboard-interactive` only, asking for a password and a code at once.
    TwoPrompts,
    /// Method `keyboard-interactive` only, in the rounds of [`PasswordServerConfig::rounds`].
    Rounds,
    /// Both, as [`PasswordServerConfig::rulings`] say.
    Ruled,
    /// Neither: only `publickey` is offered, and no key is let in.
    Neither,
    /// Method `password`, and then a key as well, which no key satisfies.
    PasswordThenKey,
}

/// What is special about a [`PasswordServer`].
#[derive(Debug, Clone)]
pub struct PasswordServerConfig {
    /// The only account.
    pub user: String,
    /// Its password.
    pub password: String,
    /// How it asks.
    pub methods: PasswordMethods,
    /// What it asks, round after round.
    pub rounds: Vec<Round>,
    /// What it makes of one password after the other on a connection, whatever they are; it hangs up after the last.
    pub rulings: Vec<Ruling>,
    /// Whether it tries, after the login, to open channels to the client.
    pub intrusive: bool,
    /// Takes connections down right after the login.
    pub hangs_up: bool,
    /// Opens channels and runs no command in them.
    pub runs_nothing: bool,
}

impl PasswordServerConfig {
    /// A well-behaved server with one account.
    pub fn new(user: &str, password: &str, methods: PasswordMethods) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
            methods,
            rounds: Vec::new(),
            rulings: Vec::new(),
            intrusive: false,
            hangs_up: false,
            runs_nothing: false,
        }
    }

    /// One that asks in rounds.
    pub fn asking(user: &str, rounds: Vec<Round>) -> Self {
        Self { rounds, ..Self::new(user, "", PasswordMethods::Rounds) }
    }

    /// One that decides by a list, not by what is right.
    pub fn ruling(user: &str, rulings: Vec<Ruling>) -> Self {
        Self { rulings, ..Self::new(user, "", PasswordMethods::Ruled) }
    }
}

/// What a server makes of a password.
#[derive(Debug, Clone)]
pub enum Ruling {
    /// It is wrong; these methods can go on.
    Refused(Vec<MethodKind>),
    /// It is right, and one of these methods is wanted on top.
    Partial(Vec<MethodKind>),
    /// It closes the connection without a word.
    HangsUp,
    /// It never says.
    Silence,
}

/// Questions that are asked at once.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// What the server calls it.
    pub name: String,
    /// What it says to it.
    pub instructions: String,
    /// What it asks.
    pub questions: Vec<Asked>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The question.
    pub text: String,
    /// Whether the answer may be seen.
    pub echo: bool,
    /// The right answer.
    pub answer: String,
}

impl Asked {
    /// A question whose answer may not be seen.
    pub fn hidden(text: &str, answer: &str) -> Self {
        Self { text: text.into(), echo: false, answer: answer.into() }
    }

    /// A question whose answer may be seen.
    pub fn open(text: &str, answer: &str) -> Self {
        Self { text: text.into(), echo: true, answer: answer.into() }
    }
}

/// What came of a channel that an intrusive server tried to open to its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intrusion {
    /// Kind of channel.
    pub kind: &'static str,
    /// Whether the client let it.
    pub accepted: bool,
}

/// A running server on 127.0.0.1. It ends, and every session on it, when it is dropped.
#[derive(Debug)]
pub struct PasswordServer {
    port: u16,
    known_hosts_line: String,
    fingerprint: String,
    seen: Arc<Seen>,
    patience: watch::Sender<bool>,
    intrusions: tokio::sync::Mutex<mpsc::UnboundedReceiver<Intrusion>>,
    task: JoinHandle<()>,
}

/// What the server was told.
#[derive(Debug, Default)]
struct Seen {
    passwords: Mutex<Vec<String>>,
    answers: Mutex<Vec<String>>,
}

impl PasswordServer {
    /// Starts to listen.
    ///
    /// # Errors
    /// When no port or no host key can be had.
    pub async fn start(config: PasswordServerConfig) -> Result<Self, TestbedError> {
        let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519)?;
        let public = key.public_key().to_openssh()?;
        let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(Seen::default());
        let (report, intrusions) = mpsc::unbounded_channel();
        let ssh = Arc::new(Config {
            keys: vec![key],
            methods: offered(config.methods),
            auth_rejection_time: Duration::ZERO,
            nodelay: true,
            ..Config::default()
        });
        let template = Connection {
            config: Arc::new(config),
            seen: Arc::clone(&seen),
            report,
            inputs: HashMap::new(),
            children: JoinSet::new(),
            round: 0,
            ruling: 0,
        };
        let (patience, _) = watch::channel(true);
        let task = tokio::spawn(serve(listener, ssh, template, patience.clone()));
        let known_hosts_line = format!("[127.0.0.1]:{port} {}", public.trim());
        let intrusions = tokio::sync::Mutex::new(intrusions);
        Ok(Self { port, known_hosts_line, fingerprint, seen, patience, intrusions, task })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A line for a file of known hosts.
    pub fn known_hosts_line(&self) -> &str {
        &self.known_hosts_line
    }

    /// `SHA256:...` of its host key.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Every password it was shown, by whatever method.
    pub fn passwords_seen(&self) -> Vec<String> {
        self.seen.passwords.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every answer to a question of its rounds.
    pub fn answers_seen(&self) -> Vec<String> {
        self.seen.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes all connections without a word, as sshd does when its `LoginGraceTime` is over, and waits until they are
    /// closed. New ones are closed at once.
    pub async fn lose_patience(&self) {
        self.patience.send_replace(false);
        self.patience.closed().await;
    }

    /// Waits until it has tried once more to open a channel to a client.
    pub async fn next_intrusion(&self) -> Option<Intrusion> {
        self.intrusions.lock().await.recv().await
    }
}

impl Drop for PasswordServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn offered(methods: PasswordMethods) -> MethodSet {
    let kinds: &[MethodKind] = match methods {
        PasswordMethods::Password | PasswordMethods::PasswordThenKey => &[MethodKind::Password],
        PasswordMethods::KeyboardInteractive | PasswordMethods::TwoPrompts | PasswordMethods::Rounds => {
            &[MethodKind::KeyboardInteractive]
        }
        PasswordMethods::Both | PasswordMethods::Ruled => &[MethodKind::Password, MethodKind::KeyboardInteractive],
        PasswordMethods::Neither => &[MethodKind::PublicKey],
    };
    kinds.into()
}

async fn serve(listener: TcpListener, ssh: Arc<Config>, template: Connection, patience: watch::Sender<bool>) {
    // Sessions run in tasks of russh's own; they end when the relay between them and the socket does, and the relays
    // end with this task.
    let mut relays = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (ssh, connection, mut patience) = (Arc::clone(&ssh), template.another(), patience.subscribe());
        relays.spawn(async move {
            tokio::select! {
                () = session(stream, ssh, connection) => {}
                _ = patience.wait_for(|left| !left) => {}
            }
        });
    }
}

async fn session(mut stream: TcpStream, ssh: Arc<Config>, connection: Connection) {
    // Without it each packet waits for the client to acknowledge the last.
    let _ = stream.set_nodelay(true);
    let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
    let talk = async {
        if let Ok(running) = server::run_stream(ssh, theirs, connection).await {
            let _ = running.await;
        }
    };
    tokio::join!(talk, async {
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut ours).await;
    });
}

struct Connection {
    config: Arc<PasswordServerConfig>,
    seen: Arc<Seen>,
    report: mpsc::UnboundedSender<Intrusion>,
    inputs: HashMap<ChannelId, mpsc::Sender<Vec<u8>>>,
    children: JoinSet<()>,
    round: usize,
    ruling: usize,
}

impl Connection {
    fn another(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            seen: Arc::clone(&self.seen),
            report: self.report.clone(),
            inputs: HashMap::new(),
            children: JoinSet::new(),
            round: 0,
            ruling: 0,
        }
    }

    /// The questions of a round; without one, everything was answered.
    fn ask(&self) -> Auth {
        let Some(round) = self.config.rounds.get(self.round) else { return Auth::Accept };
        let questions = round.questions.iter().map(|asked| (Cow::Owned(asked.text.clone()), asked.echo));
        Auth::Partial {
            name: Cow::Owned(round.name.clone()),
            instructions: Cow::Owned(round.instructions.clone()),
            prompts: Cow::Owned(questions.collect()),
        }
    }

    /// Goes on with the next round if all answers are right.
    fn hear(&mut self, response: Response<'_>) -> Auth {
        let answers: Vec<String> = response.map(|answer| String::from_utf8_lossy(&answer).into_owned()).collect();
        self.seen.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(answers.iter().cloned());
        let questions = self.config.rounds.get(self.round).map(|round| round.questions.as_slice()).unwrap_or_default();
        if !questions.iter().map(|asked| &asked.answer).eq(answers.iter()) {
            return Auth::reject();
        }
        self.round += 1;
        self.ask()
    }

    /// The next of its rulings.
    async fn rule(&mut self) -> Result<Auth, russh::Error> {
        let ruling = self.config.rulings.get(self.ruling).cloned().unwrap_or(Ruling::HangsUp);
        self.ruling += 1;
        let (methods, partial_success) = match ruling {
            Ruling::Refused(methods) => (methods, false),
            Ruling::Partial(methods) => (methods, true),
            Ruling::HangsUp => return Err(russh::Error::Disconnect),
            Ruling::Silence => std::future::pending().await,
        };
        Ok(Auth::Reject { proceed_with_methods: Some(methods.as_slice().into()), partial_success })
    }

    fn is_right(&self, user: &str, password: &str) -> bool {
        self.seen.passwords.lock().unwrap_or_else(PoisonError::into_inner).push(password.to_owned());
        user == self.config.user && password == self.config.password
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let right = self.is_right(user, password);
        if self.config.methods == PasswordMethods::Ruled {
            return self.rule().await;
        }
        if right && self.config.methods == PasswordMethods::PasswordThenKey {
            let methods: &[MethodKind] = &[MethodKind::PublicKey];
            return Ok(Auth::Reject { proceed_with_methods: Some(methods.into()), partial_success: true });
        }
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        if self.config.methods == PasswordMethods::Rounds {
            return Ok(match response {
                Some(response) => self.hear(response),
                None => {
                    self.round = 0;
                    self.ask()
                }
            });
        }
        let Some(mut answers) = response else {
            let mut prompts = vec![(Cow::Borrowed("Password: "), false)];
            if self.config.methods == PasswordMethods::TwoPrompts {
                prompts.push((Cow::Borrowed("Code: "), true));
            }
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Owned(prompts),
            });
        };
        let answer = answers.next().unwrap_or_default();
        let right = self.is_right(user, &String::from_utf8_lossy(&answer));
        if self.config.methods == PasswordMethods::Ruled {
            return self.rule().await;
        }
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        if self.config.hangs_up {
            return Err(russh::Error::Disconnect);
        }
        if self.config.intrusive {
            self.children.spawn(intrude(session.handle(), self.report.clone()));
        }
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.config.runs_nothing {
            return session.channel_failure(channel);
        }
        let (input, received) = mpsc::channel(64);
        self.inputs.insert(channel, input);
        session.channel_success(channel)?;
        let command = String::from_utf8_lossy(command).into_owned();
        self.children.spawn(execute(command, received, session.handle(), channel));
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut Session) -> Result<(), russh::Error> {
        if let Some(input) = self.inputs.get(&channel) {
            let _ = input.send(data.to_vec()).await;
        }
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.inputs.remove(&channel);
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.inputs.remove(&channel);
        Ok(())
    }
}

/// Tries to open what a server has no business opening.
async fn intrude(handle: Handle, report: mpsc::UnboundedSender<Intrusion>) {
    let accepted = handle.channel_open_forwarded_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_ok();
    let _ = report.send(Intrusion { kind: "forwarded-tcpip", accepted });
    let accepted = handle.channel_open_agent().await.is_ok();
    let _ = report.send(Intrusion { kind: "auth-agent@openssh.com", accepted });
    let accepted = handle.channel_open_x11("127.0.0.1", 1).await.is_ok();
    let _ = report.send(Intrusion { kind: "x11", accepted });
    let accepted = handle.channel_open_session().await.is_ok();
    let _ = report.send(Intrusion { kind: "session", accepted });
}

/// Runs a command of the client's in `sh`, as sshd would in the login shell.
async fn execute(command: String, mut input: mpsc::Receiver<Vec<u8>>, handle: Handle, channel: ChannelId) {
    let spawned = Command::new("sh")
        .args(["-c", &command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = spawned else {
        let _ = handle.exit_status_request(channel, 127).await;
        let _ = handle.close(channel).await;
        return;
    };
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async move {
        let Some(mut stdin) = stdin else { return };
        while let Some(bytes) = input.recv().await {
            if stdin.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    let fetch = async {
        tokio::join!(forward(stdout, &handle, channel, None), forward(stderr, &handle, channel, Some(1)));
        child.wait().await
    };
    // The program's end is the end, whether or not the client has more to say.
    let status = tokio::select! {
        status = fetch => status,
        () = async { feed.await; std::future::pending::<()>().await } => return,
    };
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u32::try_from(code).ok()).unwrap_or(255);
    let _ = handle.exit_status_request(channel, code).await;
    let _ = handle.eof(channel).await;
    let _ = handle.close(channel).await;
}

async fn forward(stream: Option<impl AsyncRead + Unpin>, handle: &Handle, channel: ChannelId, kind: Option<u32>) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        let sent = match kind {
            None => handle.data(channel, bytes).await.is_ok(),
            Some(code) => handle.extended_data(channel, code, bytes).await.is_ok(),
        };
        if !sent {
            return;
        }
    }
}
