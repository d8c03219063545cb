//! Fetching what has come at once, where the reader asks for it in small pieces.
//!
//! russh reads every packet as a length and a rest; over a bare line each is a system call. What was fetched and not yet
//! asked for is kept only while there is some: a session that waits, as most do most of the time, holds no buffer.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are fetched at once, if there are so many: most answers are smaller.
const FETCH: usize = 16 * 1024;

/// A line that is read in large pieces, whatever the reader asks for.
pub(crate) struct ReadAhead<L> {
    line: L,
    /// Fetched, and from [`Self::taken`] on not asked for yet.
    ahead: Vec<u8>,
    taken: usize,
}

impl<L> ReadAhead<L> {
    pub(crate) fn new(line: L) -> Self {
        Self { line, ahead: Vec::new(), taken: 0 }
    }
}

impl<L: AsyncRead + Unpin> AsyncRead for ReadAhead<L> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            let mut space = [MaybeUninit::uninit(); FETCH];
            let mut piece = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.line).poll_read(cx, &mut piece))?;
            let kept = put(piece.filled(), buf);
            this.ahead = kept.to_vec();
            return Poll::Ready(Ok(()));
        }
        let rest = this.ahead.get(this.taken..).unwrap_or_default();
        let kept = put(rest, buf).len();
        if kept == 0 {
            (this.ahead, this.taken) = (Vec::new(), 0);
        } else {
            this.taken = this.ahead.len().saturating_sub(kept);
        }
        Poll::Ready(Ok(()))
    }
}

/// Gives the reader as much as it has room for, and returns the rest.
fn put<'a>(bytes: &'a [u8], buf: &mut ReadBuf<'_>) -> &'a [u8] {
    let count = bytes.len().min(buf.remaining());
    buf.put_slice(bytes.get(..count).unwrap_or_default());
    bytes.get(count..).unwrap_or_default()
}

impl<L: AsyncWrite + Unpin> AsyncWrite for ReadAhead<L> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().line).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().line).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().line).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// Gives as much as it is asked for, and counts how often.
    struct Counting {
        bytes: io::Cursor<Vec<u8>>,
        asked: usize,
    }

    impl AsyncRead for Counting {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.asked += 1;
            Pin::new(&mut self.bytes).poll_read(cx, buf)
        }
    }

    #[tokio::test]
    async fn small_pieces_come_of_one_reading_and_nothing_is_kept_afterwards() {
        let sent: Vec<u8> = (0..FETCH + 100).map(|number| (number % 251) as u8).collect();
        let line = Counting { bytes: io::Cursor::new(sent.clone()), asked: 0 };
        let mut reader = ReadAhead::new(line);
        let mut heard = vec![0; FETCH];
        for piece in heard.chunks_mut(1000) {
            reader.read_exact(piece).await.unwrap();
        }
        assert_eq!((reader.line.asked, reader.ahead.capacity()), (1, 0));
        reader.read_to_end(&mut heard).await.unwrap();
        assert!(heard == sent);
    }
}
