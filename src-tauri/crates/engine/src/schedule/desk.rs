//! Where the commands for a task arrive, also while it is busy with a collection.

use hostrounds_core::collection::{CollectionId, Failure};
use hostrounds_core::server::Server;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::task::{Command, Ended, Ledger};

/// What reaches a task while it is busy.
pub(super) struct Desk {
    pub(super) server: Server,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) live: bool,
    pub(super) live_due: Instant,
    /// Settings that came while the server was visited, with whether to reconnect.
    pub(super) new_settings: Option<(Server, bool)>,
    /// The collection that runs, and who waits for its end.
    pub(super) running: Option<CollectionId>,
    pub(super) waiting: Vec<oneshot::Sender<Ended>>,
    pub(super) woke: bool,
    /// It is due now.
    pub(super) is_due: bool,
    /// A person has asked for the collection that runs, or has joined it, and is there to answer what the server asks.
    pub(super) by_person: bool,
    /// Why the run before failed, if it did.
    pub(super) failure: Option<Failure>,
    /// Visiting again without a person's help would fail the same way, and each login that is refused may count against us.
    pub(super) barred: bool,
}

/// Why a wait was cut short.
pub(super) enum Interrupt {
    /// A person wants the collection now.
    Now,
    /// The settings that it was made with no longer hold.
    Cancelled,
    /// The task ends.
    Stop,
}

impl Desk {
    /// Takes a command while nothing runs. The number of tries, when a collection is to be run.
    pub(super) fn take(&mut self, command: Command, ledger: &dyn Ledger) -> Option<u32> {
        match command {
            Command::Collect { tries, accepted, ended } => {
                let id = *self.running.get_or_insert_with(|| ledger.next_id());
                // Whoever asked may have stopped waiting.
                let _ = accepted.send(id);
                self.waiting.extend(ended);
                self.by_person = true;
                Some(tries)
            }
            Command::Settings { server, reconnect } => {
                self.barred = false;
                let reconnect = reconnect || self.new_settings.as_ref().is_some_and(|(_, before)| *before);
                self.new_settings = Some((*server, reconnect));
                None
            }
            Command::Due => {
                self.is_due = true;
                self.barred = false;
                None
            }
            Command::Live(live) => {
                if live && !self.live {
                    self.live_due = Instant::now();
                }
                self.live = live;
                None
            }
            Command::Woke => {
                self.woke = true;
                None
            }
        }
    }

    /// Waits for `work` and takes commands meanwhile. `eager`: a person's wish to collect now ends the wait.
    pub(super) async fn attend<T>(
        &mut self,
        ledger: &dyn Ledger,
        eager: bool,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    let Some(command) = command else { return Err(Interrupt::Stop) };
                    let before = self.server.clone();
                    if self.take(command, ledger).is_some() && eager {
                        return Err(Interrupt::Now);
                    }
                    if let Some((server, reconnect)) = &self.new_settings
                        && (*reconnect || server.target != before.target || !server.enabled)
                    {
                        return Err(Interrupt::Cancelled);
                    }
                }
                done = &mut work => return Ok(done),
            }
        }
    }
}
