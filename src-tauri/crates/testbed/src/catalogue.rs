//! Every test server by name, so that anyone can run the application against it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::error::TestbedError;
use crate::keys::{self, ClientKey};
use crate::misbehaving::{MisbehavingServer, Misbehaviour};
use crate::sshd::{Sshd, SshdConfig};
use crate::staging::Staging;
use crate::tinyssh::TinySsh;

/// How long a session lives before the server freezes it.
const SESSION_LIFE: Duration = Duration::from_secs(15);

/// A kind of test server.
#[derive(Debug)]
pub struct Variant {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    OpenSsh,
    TinySsh,
    Frozen,
    FreezesSessions,
    Misbehaves(Misbehaviour),
    Staged(Staging),
}

const fn variant(name: &'static str, kind: Kind, description: &'static str) -> Variant {
    Variant { name, description, kind }
}

const fn misbehaves(name: &'static str, misbehaviour: Misbehaviour, description: &'static str) -> Variant {
    variant(name, Kind::Misbehaves(misbehaviour), description)
}

const fn staged(name: &'static str, staging: Staging, description: &'static str) -> Variant {
    variant(name, Kind::Staged(staging), description)
}

/// All of them, roughly in the order of how far a connection gets.
pub const CATALOGUE: &[Variant] = &[
    variant("sshd", Kind::OpenSsh, "A plain OpenSSH server, to compare with."),
    variant("tinyssh", Kind::TinySsh, "A plain tinysshd; needs root."),
    misbehaves("silent", Misbehaviour::Silent, "Accepts the connection and says nothing."),
    misbehaves("dripping", Misbehaviour::Dripping, "Sends its identification, a byte a second."),
    misbehaves("identifies-and-stops", Misbehaviour::IdentifiesAndStops, "Sends its identification and nothing more."),
    misbehaves("closes-at-once", Misbehaviour::ClosesAtOnce, "Closes every connection at once."),
    misbehaves("http", Misbehaviour::Http, "Answers as a web server."),
    misbehaves("endless-banner", Misbehaviour::EndlessBanner, "Sends line after line before its identification."),
    misbehaves("endless-line", Misbehaviour::EndlessLine, "Sends one line that never ends."),
    misbehaves("huge-packet", Misbehaviour::HugePacket, "Announces a first packet of 2 GiB."),
    variant("frozen-daemon", Kind::Frozen, "An OpenSSH server that was stopped with SIGSTOP."),
    misbehaves("drops-after-id", Misbehaviour::HangsUpAfterIdentification, "Closes after its identification."),
    misbehaves("drops-in-kex", Misbehaviour::HangsUpInKeyExchange, "Closes in the middle of the key exchange."),
    misbehaves("drops-after-host-key", Misbehaviour::HangsUpAfterHostKey, "Closes once its host key was judged."),
    misbehaves("drops-in-login", Misbehaviour::HangsUpInLogin, "Closes when somebody wants to log in."),
    misbehaves("huge-sealed-packet", Misbehaviour::HugeSealedPacket, "Announces an encrypted packet of 2 GiB."),
    misbehaves("silent-login", Misbehaviour::SilentLogin, "Never decides about a login."),
    misbehaves("endless-login-banner", Misbehaviour::EndlessLoginBanner, "Sends banner after banner during the login."),
    misbehaves("endless-refusals", Misbehaviour::EndlessRefusals, "Refuses a login again and again, unasked."),
    misbehaves(
        "endless-questions",
        Misbehaviour::EndlessQuestions,
        "Asks for the password again whatever is answered.",
    ),
    misbehaves("opens-channels", Misbehaviour::OpensChannels, "Opens channel after channel to its client."),
    misbehaves("asks-for-replies", Misbehaviour::AsksForReplies, "Asks for replies without end, and hears none."),
    misbehaves("drops-at-channel", Misbehaviour::HangsUpAtChannel, "Closes when a channel is asked for."),
    misbehaves("silent-channel", Misbehaviour::SilentChannel, "Never says whether a channel is open."),
    misbehaves("silent-shell", Misbehaviour::SilentShell, "Opens a channel and runs nothing on it."),
    misbehaves("endless-noise", Misbehaviour::EndlessNoise, "Prints without end instead of running a shell."),
    misbehaves("drops-in-answer", Misbehaviour::HangsUpInAnswer, "Closes in the middle of the first answer."),
    misbehaves("endless-stdout", Misbehaviour::EndlessAnswer, "Prints a first answer that never ends."),
    misbehaves("endless-stderr", Misbehaviour::EndlessErrors, "Prints errors without end instead of an answer."),
    misbehaves("trickle", Misbehaviour::Trickle, "Prints a first answer that never ends, a byte at a time."),
    misbehaves("never-closes", Misbehaviour::NeverCloses, "Never closes a channel, even when its program has ended."),
    misbehaves(
        "floods-closed-channels",
        Misbehaviour::FloodsClosedChannels,
        "Sends on without end on a channel that its client has closed.",
    ),
    misbehaves("forged-delimiters", Misbehaviour::ForgedDelimiters, "Puts forged delimiters before its answers."),
    variant(
        "frozen-session",
        Kind::FreezesSessions,
        "An OpenSSH server that stops each session with SIGSTOP after 15 s.",
    ),
    staged("hung-df", Staging::HungDf, "`df` never ends."),
    staged(
        "hostile-names",
        Staging::HostileNames,
        "Names of 64 KiB, with escape sequences, direction marks, NUL, invalid UTF-8 and HTML.",
    ),
    staged("hostile-numbers", Staging::HostileNumbers, "Numbers are words, negative, or 2^64 and more."),
    staged("counters-backwards", Staging::CountersBackwards, "Counters go backwards."),
    staged("clock-1970", Staging::ClockIn1970, "The clock says 1970."),
    staged("clock-next-year", Staging::ClockNextYear, "The clock says next year."),
    staged("many-mounts", Staging::ManyMounts, "There are 100,000 mounts."),
    staged("many-interfaces", Staging::ManyInterfaces, "There are 100,000 network interfaces."),
    staged("many-processes", Staging::ManyProcesses, "There are 100,000 processes."),
];

impl Variant {
    /// The one with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|variant| variant.name == name)
    }

    /// Starts a server of this kind, on this port or on a free one.
    ///
    /// # Errors
    /// When the port is taken, a program is missing, or something needs root.
    pub async fn start(&'static self, port: Option<u16>) -> Result<TestServer, TestbedError> {
        let free_or = port.unwrap_or(0);
        let sshd = || async {
            let sshd = Sshd::start(SshdConfig { port, ..SshdConfig::default() }).await?;
            let (port, user, key) = (sshd.port(), sshd.user().to_owned(), sshd.key().to_owned());
            Ok::<_, TestbedError>((sshd, Reach { port, user, key }))
        };
        let (running, reach) = match self.kind {
            Kind::OpenSsh => {
                let (sshd, reach) = sshd().await?;
                (Running::Sshd { _server: Box::new(sshd) }, reach)
            }
            Kind::Frozen => {
                let (sshd, reach) = sshd().await?;
                sshd.freeze();
                (Running::Sshd { _server: Box::new(sshd) }, reach)
            }
            Kind::FreezesSessions => {
                let (sshd, reach) = sshd().await?;
                (Running::Freezing(tokio::spawn(freeze_old_sessions(sshd))), reach)
            }
            Kind::TinySsh => {
                let server = TinySsh::listen(free_or).await?;
                let reach = Reach { port: server.port(), user: "root".into(), key: server.key().to_owned() };
                (Running::TinySsh { _server: server }, reach)
            }
            Kind::Misbehaves(misbehaviour) => by_hand(Some(misbehaviour), None, free_or).await?,
            Kind::Staged(staging) => by_hand(None, Some(staging), free_or).await?,
        };
        Ok(TestServer { variant: self, reach, _running: running })
    }
}

async fn by_hand(
    misbehaviour: Option<Misbehaviour>,
    staging: Option<Staging>,
    port: u16,
) -> Result<(Running, Reach), TestbedError> {
    let folder = tempfile::Builder::new().prefix("hostrounds-key-").tempdir()?;
    let key = keys::client_key(folder.path(), ClientKey::Ed25519, "client").await?;
    let server = MisbehavingServer::listen(misbehaviour, staging, port).await?;
    let reach = Reach { port: server.port(), user: "ops".into(), key };
    Ok((Running::ByHand { _server: server, _key: folder }, reach))
}

async fn freeze_old_sessions(sshd: Sshd) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        sshd.freeze_sessions(SESSION_LIFE);
    }
}

/// A running server of the catalogue, on 127.0.0.1. It ends when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    variant: &'static Variant,
    reach: Reach,
    _running: Running,
}

#[derive(Debug)]
struct Reach {
    port: u16,
    user: String,
    key: PathBuf,
}

#[derive(Debug)]
enum Running {
    Sshd { _server: Box<Sshd> },
    Freezing(JoinHandle<()>),
    TinySsh { _server: TinySsh },
    ByHand { _server: MisbehavingServer, _key: TempDir },
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Freezing(task) = self {
            task.abort();
        }
    }
}

impl TestServer {
    /// Its kind.
    pub fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.reach.port
    }

    /// Who can log in.
    pub fn user(&self) -> &str {
        &self.reach.user
    }

    /// A private key that is let in, as far as anybody is.
    pub fn key(&self) -> &Path {
        &self.reach.key
    }
}
