//! A line that takes its time: a TCP relay on loopback that holds back every byte, as a distance does.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::error::TestbedError;

/// What may be under way at once, in pieces of up to [`PIECE`] bytes.
const UNDER_WAY: usize = 1024;
const PIECE: usize = 32 * 1024;

/// A relay from a port of its own to another one on 127.0.0.1. It ends with every connection on it when it is dropped.
#[derive(Debug)]
pub struct SlowLine {
    address: SocketAddr,
    _relay: JoinSet<()>,
}

impl SlowLine {
    /// Starts a relay to `port`. Whatever is sent arrives after half of `round_trip`, in either direction; how much goes
    /// through at once is not limited.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(port: u16, round_trip: Duration) -> Result<Self, TestbedError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut relay = JoinSet::new();
        relay.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                lines.spawn(async move {
                    if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                        carry(near, far, round_trip / 2).await;
                    }
                });
            }
        });
        Ok(Self { address, _relay: relay })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn carry(near: TcpStream, far: TcpStream, delay: Duration) {
    // Without this the kernel would hold back small pieces on top.
    if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
        return;
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::join!(one_way(near_read, far_write, delay), one_way(far_read, near_write, delay));
}

async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let sending = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let bytes = piece.get(..length).unwrap_or_default().to_vec();
            if sender.send((Instant::now() + delay, bytes)).await.is_err() {
                break;
            }
        }
    };
    let arriving = async move {
        while let Some((at, bytes)) = under_way.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        // The end of what is sent is passed on as well, after everything before it.
        let _ = to.shutdown().await;
    };
    tokio::join!(sending, arriving);
}
