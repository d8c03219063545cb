//! One `sh` on the server that answers questions, one at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{ChannelId, ChannelWriteHalf};
use tokio::time::timeout;

use crate::client::{Client, Shared};
use crate::frame::Token;
use crate::inbox::{End, Inbox, Unwilling};
use crate::shell_error::ShellError;
use crate::text::printable;

/// Bounds of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long to wait for the whole answer.
    pub deadline: Duration,
    /// The largest answer, in bytes.
    pub max_bytes: usize,
}

/// A running `sh`. Dropping it closes its channel, and the shell on the server ends.
pub struct Shell {
    channel: ChannelId,
    write: Option<ChannelWriteHalf<Msg>>,
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
    token: Token,
    asked: u64,
}

impl Shell {
    pub(crate) async fn open(
        handle: &Handle<Client>,
        shared: &Arc<Shared>,
        script: &str,
        deadline: Duration,
    ) -> Result<Self, ShellError> {
        let late = |printed: String| ShellError::StartTimeout { after: deadline, printed };
        let begun = tokio::time::Instant::now();
        let mut shell = match timeout(deadline, Self::start(handle, shared)).await {
            Ok(started) => started?,
            Err(_) => return Err(late(String::new())),
        };
        let left = deadline.saturating_sub(begun.elapsed());
        let opening = shell.token.opening(script);
        match shell.exchange(&opening, Limits { deadline: left, max_bytes: 0 }).await {
            Ok(_) => Ok(shell),
            Err(Failure::Late) => Err(late(shell.inbox.complaint_at_start())),
            Err(Failure::Busy) => Err(ShellError::StillBusy),
            Err(Failure::Ended(End::Disconnected(reason))) => Err(ShellError::Disconnected { reason }),
            Err(Failure::Ended(_)) => {
                let printed = shell.inbox.complaint_at_start();
                let printed = if printed.is_empty() { "it ended without a word".into() } else { printed };
                Err(ShellError::Unavailable { printed })
            }
        }
    }

    async fn start(handle: &Handle<Client>, shared: &Arc<Shared>) -> Result<Self, ShellError> {
        let Some(token) = Token::random() else {
            return Err(ShellError::ChannelRefused { reason: "this computer has no random numbers".into() });
        };
        let gone = |error: &russh::Error| ShellError::Disconnected {
            reason: shared.reason().unwrap_or_else(|| error.to_string()),
        };
        let channel = handle.channel_open_session().await.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(reason) => {
                ShellError::ChannelRefused { reason: printable(format!("{reason:?}").as_bytes(), 100) }
            }
            error => gone(&error),
        })?;
        let inbox = Arc::new(Inbox::default());
        shared.add(channel.id(), Arc::clone(&inbox));
        if handle.is_closed() {
            // The connection went down before the inbox was there to hear of it.
            inbox.end(End::Disconnected(shared.reason().unwrap_or_else(|| "it was closed".into())));
        }
        // The reading half goes: bytes reach the inbox through the session's handler.
        let (_, write) = channel.split();
        let shell =
            Self { channel: write.id(), write: Some(write), inbox, shared: Arc::clone(shared), token, asked: 0 };
        if let Some(write) = &shell.write {
            // `exec` saves a process, and every login shell understands these two words.
            write.exec(true, "exec sh").await.map_err(|error| gone(&error))?;
        }
        Ok(shell)
    }

    /// Runs `command` in the shell and returns what it wrote to standard output, byte for byte. Its standard input is
    /// empty. One round trip.
    ///
    /// The future may be dropped; that is the same as a deadline that has passed.
    ///
    /// # Errors
    /// After [`ShellError::Timeout`] the shell stays usable: the next question gets [`ShellError::StillBusy`] at once
    /// until the late answer is complete, which is then thrown away. After every other error it is of no further use.
    pub async fn ask(&mut self, command: &str, limits: Limits) -> Result<Vec<u8>, ShellError> {
        self.asked = self.asked.saturating_add(1);
        let question = self.token.question(self.asked, command);
        let outcome = self.exchange(&question, limits).await;
        outcome.map_err(|failure| match failure {
            Failure::Late => ShellError::Timeout { after: limits.deadline, stderr: self.inbox.complaint() },
            Failure::Busy => ShellError::StillBusy,
            Failure::Ended(End::TooLarge(max_bytes)) => {
                self.close();
                ShellError::TooLarge { max_bytes }
            }
            Failure::Ended(End::Disconnected(reason)) => ShellError::Disconnected { reason },
            Failure::Ended(End::Refused | End::Closed | End::Garbled) => {
                ShellError::Ended { stderr: self.inbox.complaint() }
            }
        })
    }

    async fn exchange(&mut self, input: &str, limits: Limits) -> Result<Vec<u8>, Failure> {
        let Some(write) = &self.write else { return Err(Failure::Ended(End::TooLarge(limits.max_bytes))) };
        let collector = self.token.collector(self.asked, limits.max_bytes);
        self.inbox.expect(collector, limits.max_bytes).map_err(|unwilling| match unwilling {
            Unwilling::Busy => Failure::Busy,
            Unwilling::Ended(end) => Failure::Ended(end),
        })?;
        let mut waiting = Waiting { inbox: &self.inbox, sent: false };
        let asking = async {
            tokio::select! {
                biased;
                // A channel that ends lets nothing more through, and the sending would wait for ever.
                answer = waiting.inbox.answer() => return answer,
                sent = write.data_bytes(input.as_bytes().to_vec()) => waiting.sent = sent.is_ok(),
            }
            waiting.inbox.answer().await
        };
        match timeout(limits.deadline, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(end)) => Err(Failure::Ended(end)),
            Err(_) => Err(Failure::Late),
        }
    }

    fn close(&mut self) {
        self.shared.remove(self.channel);
        let Some(write) = self.write.take() else { return };
        // Closing is a message to the session's task; that task may be busy, and a destructor cannot wait.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = write.close().await;
            });
        }
    }
}

/// Why an exchange came to nothing.
enum Failure {
    Late,
    Busy,
    Ended(End),
}

/// Leaves the inbox in order when nobody waits any more, be it a deadline or a dropped future.
struct Waiting<'a> {
    inbox: &'a Inbox,
    sent: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.sent {
            self.inbox.forget();
        } else {
            self.inbox.end(End::Garbled);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("channel", &self.channel).field("asked", &self.asked).finish_non_exhaustive()
    }
}
