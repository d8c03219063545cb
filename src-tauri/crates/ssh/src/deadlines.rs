//! How long each stage may take before it is given up.

use std::time::Duration;

/// A limit for every stage of [`connect`](crate::connect), and for opening a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking the name up.
    pub resolve: Duration,
    /// Opening the TCP connection, over all addresses of the name together.
    pub connect: Duration,
    /// From the open connection to an encrypted one whose host key was judged.
    pub key_exchange: Duration,
    /// From the start to being logged in: this stage and all before it together. A stage is given up when its own
    /// limit or this one is reached, whichever comes first.
    pub login: Duration,
    /// From asking for a shell to its first answer.
    pub shell: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            key_exchange: Duration::from_secs(8),
            login: Duration::from_secs(10),
            shell: Duration::from_secs(10),
        }
    }
}
