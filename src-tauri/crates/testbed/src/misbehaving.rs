//! Servers that do not keep to the protocol, or to what a client may expect of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PublicKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::error::TestbedError;
use crate::peer;
use crate::stage::Stage;
use crate::staging::Staging;
use crate::transport::{HostKey, IDENTIFICATION};

/// What a [`MisbehavingServer`] does wrong. Each does everything before its misdeed properly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// Accepts and says nothing, for ever.
    Silent,
    /// Sends a proper identification, a byte a second.
    Dripping,
    /// Sends its identification and then nothing more.
    IdentifiesAndStops,
    /// Closes at once.
    ClosesAtOnce,
    /// Answers as a web server.
    Http,
    /// Sends line after line of a banner that never ends.
    EndlessBanner,
    /// Sends one line that never ends.
    EndlessLine,
    /// Announces a first packet of 2 GiB, and sends it.
    HugePacket,
    /// Closes after its identification.
    HangsUpAfterIdentification,
    /// Closes after both sides have said which algorithms they know.
    HangsUpInKeyExchange,
    /// Closes as soon as the connection is encrypted.
    HangsUpAfterHostKey,
    /// Closes when it is asked to let somebody in.
    HangsUpInLogin,
    /// Announces, encrypted, a packet of 2 GiB when it is asked to let somebody in.
    HugeSealedPacket,
    /// Never says whether somebody is let in.
    SilentLogin,
    /// Sends banner after banner instead of letting somebody in.
    EndlessLoginBanner,
    /// Refuses a login again and again, without being asked.
    EndlessRefusals,
    /// Asks for the password anew whatever the answer.
    EndlessQuestions,
    /// Opens channels of every kind to its client, on and on, whatever it answers.
    OpensChannels,
    /// Asks whether its client lives, on and on, and hears no answer.
    AsksForReplies,
    /// Closes when a channel is asked for.
    HangsUpAtChannel,
    /// Never says whether a channel is open.
    SilentChannel,
    /// Opens a channel and never runs anything on it.
    SilentShell,
    /// Prints without end instead of running what it is told to.
    EndlessNoise,
    /// Closes in the middle of the first answer.
    HangsUpInAnswer,
    /// Never comes to the end of the first answer, and prints as fast as it can.
    EndlessAnswer,
    /// The same on standard error.
    EndlessErrors,
    /// Never comes to the end of the first answer, and prints a byte now and then.
    Trickle,
    /// Never closes a channel, even when its program has ended.
    NeverCloses,
    /// Sends on without end on a channel that its client has closed.
    FloodsClosedChannels,
    /// Puts what looks like the delimiters of answers before each answer.
    ForgedDelimiters,
}

/// A listener on 127.0.0.1 that treats every connection badly. It ends, and every connection to it, when it is dropped.
///
/// Where it comes so far, it lets everybody in, with any password or key, and gives them a real `sh` of this machine.
#[derive(Debug)]
pub struct MisbehavingServer {
    port: u16,
    known_hosts_line: String,
    task: JoinHandle<()>,
}

/// How all connections of a server are treated.
#[derive(Clone)]
struct Treatment {
    misbehaviour: Option<Misbehaviour>,
    stage: Option<Arc<Stage>>,
    host_key: Arc<HostKey>,
}

impl MisbehavingServer {
    /// Starts to listen.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(misbehaviour: Misbehaviour) -> Result<Self, TestbedError> {
        Self::listen(Some(misbehaviour), None, 0).await
    }

    /// Starts a server that keeps to the protocol, on a machine that is not as it should be.
    ///
    /// # Errors
    /// When no port can be had, or the files of the stage cannot be written.
    pub async fn staged(staging: Staging) -> Result<Self, TestbedError> {
        Self::listen(None, Some(staging), 0).await
    }

    /// Starts a server on this port, or on a free one where it is 0.
    pub(crate) async fn listen(
        misbehaviour: Option<Misbehaviour>,
        staging: Option<Staging>,
        port: u16,
    ) -> Result<Self, TestbedError> {
        let stage = staging.map(Stage::build).transpose()?.map(Arc::new);
        let host_key = HostKey::random()?;
        let public = PublicKey::from_bytes(&host_key.public())?.to_openssh()?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = listener.local_addr()?.port();
        let treatment = Treatment { misbehaviour, stage, host_key: Arc::new(host_key) };
        let task = tokio::spawn(async move {
            // Ends with this task, so no connection outlives the server.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { return };
                        connections.spawn(treat(stream, treatment.clone()));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { port, known_hosts_line: format!("[127.0.0.1]:{port} {}", public.trim()), task })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A line for a file of known hosts.
    pub fn known_hosts_line(&self) -> &str {
        &self.known_hosts_line
    }
}

impl Drop for MisbehavingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A peer that goes away ends the treatment; nobody is interested in how.
async fn treat(mut stream: TcpStream, treatment: Treatment) -> std::io::Result<()> {
    let identification = format!("{IDENTIFICATION}\r\n");
    match treatment.misbehaviour {
        Some(Misbehaviour::ClosesAtOnce) => return Ok(()),
        Some(Misbehaviour::Silent) => {}
        Some(Misbehaviour::IdentifiesAndStops) => stream.write_all(identification.as_bytes()).await?,
        Some(Misbehaviour::HangsUpAfterIdentification) => return stream.write_all(identification.as_bytes()).await,
        Some(Misbehaviour::Dripping) => {
            for byte in identification.as_bytes() {
                stream.write_all(&[*byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        Some(Misbehaviour::Http) => {
            let mut request = [0; 16];
            // A web server answers once it has something to be displeased with.
            let _ = stream.read(&mut request).await?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno\r\n").await?;
            return stream.shutdown().await;
        }
        Some(Misbehaviour::EndlessBanner) => loop {
            stream.write_all(b"welcome to the machine\r\n").await?;
        },
        Some(Misbehaviour::EndlessLine) => loop {
            stream.write_all(&[b'x'; 4096]).await?;
        },
        Some(Misbehaviour::HugePacket) => {
            stream.write_all(identification.as_bytes()).await?;
            stream.write_all(&peer::TWO_GIB.to_be_bytes()).await?;
            loop {
                stream.write_all(&[0; 4096]).await?;
            }
        }
        misbehaviour => return peer::talk(stream, misbehaviour, treatment.stage, &treatment.host_key).await,
    }
    // Until the peer gives up.
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
