//! Servers that accept a connection and then do not behave like an SSH server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::error::TestbedError;

/// What a [`MisbehavingServer`] does wrong.
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
}

/// A listener on 127.0.0.1 that treats every connection badly. It ends when it is dropped.
#[derive(Debug)]
pub struct MisbehavingServer {
    port: u16,
    task: JoinHandle<()>,
}

impl MisbehavingServer {
    /// Starts to listen.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(misbehaviour: Misbehaviour) -> Result<Self, TestbedError> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            // Ends with this task, so no connection outlives the server.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(treat(stream, misbehaviour));
            }
        });
        Ok(Self { port, task })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for MisbehavingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A peer that goes away ends the treatment; nobody is interested in how.
async fn treat(mut stream: TcpStream, misbehaviour: Misbehaviour) -> std::io::Result<()> {
    match misbehaviour {
        Misbehaviour::ClosesAtOnce => return Ok(()),
        Misbehaviour::Silent => {}
        Misbehaviour::IdentifiesAndStops => stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await?,
        Misbehaviour::Dripping => {
            for byte in b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" {
                stream.write_all(&[*byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        Misbehaviour::Http => {
            let mut request = [0; 16];
            // A web server answers once it has something to be displeased with.
            let _ = stream.read(&mut request).await?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno\r\n").await?;
            return stream.shutdown().await;
        }
        Misbehaviour::EndlessBanner => loop {
            stream.write_all(b"welcome to the machine\r\n").await?;
        },
        Misbehaviour::EndlessLine => loop {
            stream.write_all(&[b'x'; 4096]).await?;
        },
    }
    // Until the peer gives up.
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
