//! What one session has made its server spend, as far as it was not told yet.

use std::sync::{Arc, Mutex};

use hostrounds_core::footprint::{Footprint, RemoteCpu};
use hostrounds_ssh::{Session, Spent, StartUp, Traffic};

use crate::engine::lock;

/// CPU seconds that one shell had used in all when it last said so. It goes with its shell, of which a lane may have several.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShellCpu(Arc<Mutex<f64>>);

/// The open bill of a session.
pub(crate) struct Bill {
    /// What the session had cost in all when it was last told.
    told: Spent,
    /// What is to be told with the next answer: the login to begin with, then the CPU of the shells.
    open: Footprint,
}

/// What a login has cost that came to nothing.
pub(crate) fn of_a_failed_login(traffic: Traffic) -> Footprint {
    Footprint { logins: 1, received: traffic.received, sent: traffic.sent, ..Footprint::default() }
}

impl Bill {
    /// Somebody has just logged in.
    pub(crate) fn of_a_login() -> Self {
        Self { told: Spent::default(), open: Footprint { logins: 1, ..Footprint::default() } }
    }

    /// A shell was started.
    pub(crate) fn started(&mut self, start_up: StartUp) {
        self.open.start_up += start_up.cpu.unwrap_or_default().as_secs_f64();
    }

    /// A shell has told what it has used in all, its start included.
    pub(crate) fn used(&mut self, shell: &ShellCpu, total: Option<RemoteCpu>) {
        let Some(RemoteCpu(total)) = total.filter(|RemoteCpu(total)| total.is_finite() && *total >= 0.0) else {
            return;
        };
        let before = std::mem::replace(&mut *lock(&shell.0), total);
        self.open.cpu += (total - before).max(0.0);
    }

    /// What was not told yet; from now on it is.
    pub(crate) fn settle(&mut self, session: &Session) -> Footprint {
        let now = session.spent();
        let before = std::mem::replace(&mut self.told, now);
        let since = Footprint {
            channels: now.channels.saturating_sub(before.channels),
            received: now.traffic.received.saturating_sub(before.traffic.received),
            sent: now.traffic.sent.saturating_sub(before.traffic.sent),
            ..Footprint::default()
        };
        std::mem::take(&mut self.open).plus(since)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn start_up(millis: u64) -> StartUp {
        StartUp { cpu: Some(Duration::from_millis(millis)), wall: Duration::ZERO }
    }

    #[test]
    fn the_cpu_of_each_shell_is_counted_once() {
        let mut bill = Bill::of_a_login();
        let (routine, hanging, next) = (ShellCpu::default(), ShellCpu::default(), ShellCpu::default());
        bill.started(start_up(100));
        bill.started(start_up(100));
        for (shell, total) in [(&routine, 0.25), (&hanging, 0.5), (&routine, 0.75)] {
            bill.used(shell, Some(RemoteCpu(total)));
        }
        assert!((bill.open.cpu - 1.25).abs() < 1e-9, "{:?}", bill.open);
        assert!((bill.open.start_up - 0.2).abs() < 1e-9, "{:?}", bill.open);

        // Another shell in the place of one that hangs counts from the beginning, and that one goes on where it was.
        bill.started(start_up(0));
        for (shell, total) in [(&next, 0.5), (&hanging, 2.5), (&next, 0.75)] {
            bill.used(shell, Some(RemoteCpu(total)));
        }
        assert!((bill.open.cpu - 4.0).abs() < 1e-9, "{:?}", bill.open);
    }

    #[test]
    fn what_cannot_be_is_not_counted() {
        let mut bill = Bill::of_a_login();
        let shell = ShellCpu::default();
        bill.used(&shell, None);
        for lie in [f64::NAN, f64::INFINITY, -1.0] {
            bill.used(&shell, Some(RemoteCpu(lie)));
        }
        bill.used(&shell, Some(RemoteCpu(1.0)));
        bill.used(&shell, Some(RemoteCpu(0.5)));
        assert!((bill.open.cpu - 1.0).abs() < 1e-9, "{:?}", bill.open);
    }
}
