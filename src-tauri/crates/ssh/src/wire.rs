//! The stream under a session, which can be cut at any moment: a TCP connection, or a channel of a jump host.
//!
//! A russh session runs in a task of its own, and that task waits on the peer for as long as the peer likes. Cutting
//! the stream under it ends the task whatever it is doing, so that a session which is dropped, or given up half-way,
//! leaves nothing behind.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use russh::ChannelStream;
use russh::client::Msg;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::surplus::Surplus;

/// Twenty lines may precede the identification, each of 255 bytes.
const GREETING_BYTES: usize = 20 * 256;

/// What has passed over a wire, readable while it is in use.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    received: AtomicU64,
    sent: AtomicU64,
    greeting: Mutex<Vec<u8>>,
}

impl Meter {
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// What the peer said first, up to and with its SSH identification.
    pub(crate) fn greeting(&self) -> Vec<u8> {
        self.greeting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The peer's identification (`SSH-2.0-...`), once it has come.
    pub(crate) fn identification(&self) -> Option<Vec<u8>> {
        identification(&self.greeting()).map(<[u8]>::to_vec)
    }

    /// Whether the greeting is complete, or long enough to tell that this is not SSH.
    fn greet(&self, bytes: &[u8]) -> bool {
        let mut greeting = self.greeting.lock().unwrap_or_else(PoisonError::into_inner);
        let room = GREETING_BYTES.saturating_sub(greeting.len());
        greeting.extend(bytes.iter().take(room));
        greeting.len() >= GREETING_BYTES || identification(&greeting).is_some()
    }
}

fn identification(greeting: &[u8]) -> Option<&[u8]> {
    let mut lines = greeting.split_inclusive(|byte| *byte == b'\n');
    lines.find(|line| line.starts_with(b"SSH-") && line.ends_with(b"\n"))
}

/// What a session can run over.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Called once, before anything is sent.
    fn prepare(&self) {}

    /// A peer that has Nagle's algorithm on holds its next packet back until the last one is acknowledged. The kernel
    /// forgets this wish after a while, so it is repeated after every reading.
    fn acknowledge_at_once(&self) {}
}

impl Line for TcpStream {
    fn prepare(&self) {
        // A refused option costs speed, nothing else.
        let _ = self.set_nodelay(true);
    }

    #[cfg(target_os = "linux")]
    fn acknowledge_at_once(&self) {
        let _ = SockRef::from(self).set_tcp_quickack(true);
    }
}

impl Line for ChannelStream<Msg> {}

/// A line with a meter, and scissors.
pub(crate) struct Wire<L> {
    line: L,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    meter: Arc<Meter>,
    surplus: Arc<Surplus>,
    greeted: bool,
}

impl<L: Line> Wire<L> {
    pub(crate) fn new(line: L, cut: CancellationToken, meter: Arc<Meter>, surplus: Arc<Surplus>) -> Self {
        line.prepare();
        line.acknowledge_at_once();
        Self { line, cut: Box::pin(cut.cancelled_owned()), meter, surplus, greeted: false }
    }

    fn check_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "closed from this side")),
            Poll::Pending => Ok(()),
        }
    }
}

impl<L: Line> AsyncRead for Wire<L> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_cut(cx)?;
        let before = buf.filled().len();
        let done = Pin::new(&mut this.line).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = done {
            let fresh = buf.filled().get(before..).unwrap_or_default();
            this.meter.received.fetch_add(fresh.len() as u64, Ordering::Relaxed);
            if !this.greeted {
                this.greeted = this.meter.greet(fresh);
            }
            this.line.acknowledge_at_once();
            this.surplus.came(fresh.len())?;
        }
        done
    }
}

impl<L: Line> AsyncWrite for Wire<L> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_cut(cx)?;
        let done = Pin::new(&mut this.line).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = done {
            this.meter.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        done
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().line).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A peer that is gone cannot be told goodbye; that is no error worth hiding the true one.
        Pin::new(&mut self.get_mut().line).poll_shutdown(cx).map(|_| Ok(()))
    }
}
