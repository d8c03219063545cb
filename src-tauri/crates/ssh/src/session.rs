//! A login that stays.

use std::fmt;
use std::time::Duration;

use tokio::time::timeout;

use crate::link::Link;
use crate::shell::Shell;
use crate::shell_error::ShellError;

/// How long a polite goodbye may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// A login that stays until it is closed or dropped. Dropping it closes the connection, those to its jump hosts, and ends
/// its shells.
pub struct Session {
    /// Stands before the jump hosts, so that it is dropped before them.
    link: Link,
    /// In the order in which they were passed.
    jumps: Vec<Link>,
    user: String,
    shell_deadline: Duration,
}

/// Bytes that have passed over a session's connection, encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// From the server.
    pub received: u64,
    /// To the server.
    pub sent: u64,
}

/// What a session has cost so far, counted from its connection on. What its jump hosts passed on is not counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Bytes of the connection to the server, as they are on the wire.
    pub traffic: Traffic,
    /// Channels that were asked for: one for each shell.
    pub channels: u32,
}

impl Session {
    pub(crate) fn new(link: Link, jumps: Vec<Link>, user: String, shell_deadline: Duration) -> Self {
        let session = Self { link, jumps, user, shell_deadline };
        session.links().for_each(|link| link.shared.surplus().count());
        session
    }

    /// Starts `sh` on the server and feeds it `script`, which defines what is asked later. The script must not read
    /// its standard input. What it prints (at most 1 MiB) is there for [`Shell::take_printed`].
    ///
    /// # Errors
    /// When the account has no usable shell, the server opens no further channel, or the connection is gone. Waits no
    /// longer than [`Deadlines::shell`](crate::Deadlines::shell).
    pub async fn shell(&self, script: &str) -> Result<Shell, ShellError> {
        Shell::open(&self.link, &self.user, script, self.shell_deadline).await
    }

    /// Whether the connection, or that to a jump host, is gone. When the other side just falls silent it is noticed
    /// within [`UNANSWERED`](crate::UNANSWERED) + 1 times [`Deadlines::keepalive`](crate::Deadlines::keepalive): within a
    /// minute by default.
    pub fn is_closed(&self) -> bool {
        self.link.is_closed() || self.jumps.iter().any(Link::is_closed)
    }

    /// Says goodbye to the server and then to the jump hosts, and closes the connections; waits half a second at most.
    pub async fn close(self) {
        let goodbye = async {
            self.link.close().await;
            for jump in self.jumps.iter().rev() {
                jump.close().await;
            }
        };
        let _ = timeout(FAREWELL, goodbye).await;
    }

    /// Fingerprints of the host keys that were learned on this session, those of jump hosts included: a host has announced
    /// them and proven that it holds them, and from now on they are known.
    pub fn learned_host_keys(&self) -> Vec<String> {
        self.links().flat_map(|link| link.shared.learning().learned()).collect()
    }

    /// Waits until every host has proven, or failed to prove, that it holds the host keys it has announced; returns at
    /// once where none of them is new.
    pub async fn host_keys_settled(&self) {
        for link in self.links() {
            link.shared.learning().settled().await;
        }
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        self.jumps.iter().chain([&self.link])
    }

    /// Bytes that have passed over the connection to the server so far.
    pub fn traffic(&self) -> Traffic {
        self.link.traffic()
    }

    /// What the session has cost so far.
    pub fn spent(&self) -> Spent {
        Spent { traffic: self.traffic(), channels: self.link.shared.channels() }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("closed", &self.is_closed())
            .field("jumps", &self.jumps.len())
            .field("spent", &self.spent())
            .finish()
    }
}
