//! The schedule: one task per server, a gate before them all, and the queue that a person sees.

mod desk;
mod gate;
mod queue;
mod rhythm;
mod task;
#[cfg(test)]
mod tests;
mod tries;

pub(crate) use gate::Gate;
pub(crate) use queue::{LeftQueue, Queue, is_shown};
pub(crate) use task::{Command, Edges, Ended, Ledger, Mode, TRIES, Task, TaskHandle};
