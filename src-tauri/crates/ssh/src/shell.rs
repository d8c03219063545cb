//! One `sh` on the server that answers questions, one at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelId, ChannelWriteHalf};
use tokio::time::{Instant, timeout};

use crate::client::Shared;
use crate::frame::Token;
use crate::inbox::{End, Inbox, Unwilling};
use crate::link::Link;
use crate::shell_error::ShellError;
use crate::start_up::{self, StartUp};

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
    start_up: StartUp,
    printed: Vec<u8>,
}

/// What a script may print when it is told, in bytes.
const OPENING: usize = 1 << 20;

impl Shell {
    pub(crate) async fn open(link: &Link, user: &str, script: &str, deadline: Duration) -> Result<Self, ShellError> {
        let _waiting = link.shared.surplus().wait();
        let late = |printed: String| ShellError::StartTimeout { after: deadline, printed };
        let mut begun = Instant::now();
        let mut shell = match timeout(deadline, Self::start(link, &mut begun)).await {
            Ok(started) => started?,
            Err(_) => return Err(late(String::new())),
        };
        let left = deadline.saturating_sub(begun.elapsed());
        let opening = shell.token.opening(script);
        let failure = match shell.exchange(&opening, Limits { deadline: left, max_bytes: OPENING }).await {
            Ok(answer) => {
                let (cpu, printed) = start_up::apart(answer);
                shell.start_up = StartUp { cpu, wall: begun.elapsed() };
                shell.printed = printed;
                return Ok(shell);
            }
            Err(failure) => failure,
        };
        let printed = shell.inbox.complaint_at_start();
        Err(match failure {
            Failure::Busy => ShellError::StillBusy,
            Failure::Ended(End::Disconnected(reason)) => ShellError::Disconnected { reason },
            Failure::Ended(End::TooLarge(max_bytes)) => ShellError::TooLarge { max_bytes },
            Failure::Ended(End::Flooded) => ShellError::Flooded,
            Failure::Ended(End::Refused) => ShellError::ExecRefused { user: user.to_owned() },
            Failure::Late | Failure::Ended(_) if shell.inbox.is_no_shell() => ShellError::ForcedCommand { printed },
            Failure::Late => late(printed),
            Failure::Ended(End::Closed | End::Garbled) => {
                let printed = if printed.is_empty() { "it ended without a word".into() } else { printed };
                ShellError::Unavailable { user: user.to_owned(), printed }
            }
        })
    }

    /// Opens a channel and runs `sh` in it, at the time that is put into `begun`.
    async fn start(link: &Link, begun: &mut Instant) -> Result<Self, ShellError> {
        let Link { handle, shared, .. } = link;
        let Some(token) = Token::random() else {
            return Err(ShellError::ChannelRefused { reason: "this computer has no random numbers".into() });
        };
        let gone = |error: &russh::Error| ShellError::Disconnected {
            reason: shared.reason().unwrap_or_else(|| error.to_string()),
        };
        shared.count_channel();
        let channel = match handle.channel_open_session().await {
            Ok(channel) => channel,
            Err(russh::Error::ChannelOpenFailure(refusal)) => {
                return Err(ShellError::ChannelRefused { reason: link.refusal(&refusal).await });
            }
            Err(error) => return Err(gone(&error)),
        };
        let inbox = Arc::new(Inbox::default());
        shared.add(channel.id(), Arc::clone(&inbox));
        if handle.is_closed() {
            // The connection went down before the inbox was there to hear of it.
            inbox.end(End::Disconnected(shared.reason().unwrap_or_else(|| "it was closed".into())));
        }
        // The reading half goes: bytes reach the inbox through the session's handler.
        let (_, write) = channel.split();
        let shell = Self {
            channel: write.id(),
            write: Some(write),
            inbox,
            shared: Arc::clone(shared),
            token,
            asked: 0,
            start_up: StartUp::default(),
            printed: Vec::new(),
        };
        *begun = Instant::now();
        if let Some(write) = &shell.write {
            // `exec` saves a process, and every login shell understands these two words.
            write.exec(true, "exec sh").await.map_err(|error| gone(&error))?;
        }
        Ok(shell)
    }

    /// What it has cost to start this shell: the start-up files of the account's login shell, mostly.
    pub fn start_up(&self) -> StartUp {
        self.start_up
    }

    /// What the script has printed, byte for byte; once. A script that ends in a command so has its answer without a round
    /// trip of its own.
    pub fn take_printed(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.printed)
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
        let _waiting = self.shared.surplus().wait();
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
            Failure::Ended(End::Flooded) => ShellError::Flooded,
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
