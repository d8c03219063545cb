//! The stages of a connection, for the layered test that people see.

use std::time::Duration;

use tokio::time::Instant;

use crate::endpoint::Endpoint;

/// One stage on the way from a name to a shell, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Looking the name up. Behind a jump host there is no such stage: that host does it while it connects.
    Resolve,
    /// Opening the TCP connection, from here or from the jump host before.
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
    /// The jump host it was passed at; `None` for the server itself.
    pub jump: Option<Endpoint>,
    /// How long it took, without the time that a person took to answer.
    pub elapsed: Duration,
    /// What came out of it, for people: an address, the names of algorithms, a fingerprint, the methods used.
    pub detail: String,
}

/// The clock of the stages of one host, and who hears of them.
pub(crate) struct Stages<'a> {
    last: Instant,
    begun: Instant,
    jump: Option<Endpoint>,
    on_step: &'a mut (dyn FnMut(StepDone) + Send),
}

impl<'a> Stages<'a> {
    /// The stages begin now; `login` is the limit of all of them together.
    pub(crate) fn begin(
        login: Duration,
        jump: Option<Endpoint>,
        on_step: &'a mut (dyn FnMut(StepDone) + Send),
    ) -> Self {
        let now = Instant::now();
        Self { last: now + login, begun: now, jump, on_step }
    }

    /// When the stage that begins now has to be over.
    pub(crate) fn deadline(&self, limit: Duration) -> Instant {
        (Instant::now() + limit).min(self.last)
    }

    /// When all stages have to be over.
    pub(crate) fn last(&self) -> Instant {
        self.last
    }

    /// So much of the running stage was a person's.
    pub(crate) fn excuse(&mut self, person: Duration) {
        self.begun += person;
        self.last += person;
    }

    pub(crate) fn done(&mut self, step: Step, detail: String) {
        let elapsed = self.begun.elapsed();
        self.report(step, elapsed, detail);
    }

    pub(crate) fn report(&mut self, step: Step, elapsed: Duration, detail: String) {
        (self.on_step)(StepDone { step, jump: self.jump.clone(), elapsed, detail });
        self.begun = Instant::now();
    }
}
