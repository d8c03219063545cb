//! How long each stage may take before it is given up.

use std::time::Duration;

/// A limit for every stage of [`connect`](crate::connect), and for opening a shell. Each host of a route has them anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking the name up.
    pub resolve: Duration,
    /// Opening the TCP connection, over all addresses of the name together; behind a jump host, its opening of the
    /// connection to the next host, the look-up of the name included.
    pub connect: Duration,
    /// From the open connection to an encrypted one whose host key was judged.
    pub key_exchange: Duration,
    /// From the start to being logged in: this stage and all before it together. A stage is given up when its own
    /// limit or this one is reached, whichever comes first. The time a person takes to answer does not count.
    pub login: Duration,
    /// For a person to answer one round of questions.
    pub person: Duration,
    /// From asking for a shell to its first answer.
    pub shell: Duration,
    /// After so much silence a server is asked whether it lives. [`UNANSWERED`] such questions without an answer, and
    /// the connection is given up after one more of these spans.
    pub keepalive: Duration,
}

/// How many questions whether it lives a server may leave unanswered.
pub const UNANSWERED: usize = 3;

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            key_exchange: Duration::from_secs(8),
            login: Duration::from_secs(10),
            person: Duration::from_secs(120),
            shell: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
        }
    }
}
