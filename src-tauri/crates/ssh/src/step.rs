//! The stages of a connection, for the layered test that people see.

use std::time::Duration;

/// One stage on the way from a name to a shell, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Looking the name up.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// Agreeing on encryption.
    KeyExchange,
    /// Judging the key that the server showed.
    HostKey,
    /// Proving who we are.
    Login,
    /// Starting `sh` on the server.
    Shell,
}

/// A stage that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDone {
    /// Which one.
    pub step: Step,
    /// How long it took.
    pub elapsed: Duration,
    /// What came out of it, for people: an address, the names of algorithms, a fingerprint, the method used.
    pub detail: String,
}
