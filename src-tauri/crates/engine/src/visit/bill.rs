//! What one session has made its server spend, as far as it was not told yet.

use hostrounds_core::footprint::{Footprint, RemoteCpu};
use hostrounds_core::probe::Lane;
use hostrounds_ssh::{Session, Spent, StartUp};

/// The open bill of a session.
pub(crate) struct Bill {
    /// What the session had cost in all when it was last told.
    told: Spent,
    /// What is to be told with the next answer: the login to begin with, then the CPU of the shells.
    open: Footprint,
    /// CPU seconds that the present shell of each lane had used in all when it last said so.
    used: Vec<(Lane, f64)>,
}

impl Bill {
    /// Somebody has just logged in.
    pub(crate) fn of_a_login() -> Self {
        Self { told: Spent::default(), open: Footprint { logins: 1, ..Footprint::default() }, used: Vec::new() }
    }

    /// The shell of a lane was started.
    pub(crate) fn started(&mut self, lane: Lane, start_up: StartUp) {
        self.used.retain(|(other, _)| *other != lane);
        self.open.start_up += start_up.cpu.unwrap_or_default().as_secs_f64();
    }

    /// The shell of a lane has told what it has used in all, its start included.
    pub(crate) fn used(&mut self, lane: Lane, total: Option<RemoteCpu>) {
        let Some(RemoteCpu(total)) = total.filter(|RemoteCpu(total)| total.is_finite() && *total >= 0.0) else {
            return;
        };
        let before = self.used.iter().find(|(other, _)| *other == lane).map_or(0.0, |(_, before)| *before);
        self.open.cpu += (total - before).max(0.0);
        self.used.retain(|(other, _)| *other != lane);
        self.used.push((lane, total));
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
        bill.started(Lane::Routine, start_up(100));
        bill.started(Lane::Steady, start_up(100));
        for (lane, total) in [(Lane::Routine, 0.25), (Lane::Steady, 0.5), (Lane::Routine, 0.75)] {
            bill.used(lane, Some(RemoteCpu(total)));
        }
        assert!((bill.open.cpu - 1.25).abs() < 1e-9, "{:?}", bill.open);
        assert!((bill.open.start_up - 0.2).abs() < 1e-9, "{:?}", bill.open);

        // A shell that had to be started again counts from the beginning.
        bill.started(Lane::Steady, start_up(0));
        bill.used(Lane::Steady, Some(RemoteCpu(0.5)));
        assert!((bill.open.cpu - 1.75).abs() < 1e-9, "{:?}", bill.open);
    }

    #[test]
    fn what_cannot_be_is_not_counted() {
        let mut bill = Bill::of_a_login();
        bill.used(Lane::Routine, None);
        for lie in [f64::NAN, f64::INFINITY, -1.0] {
            bill.used(Lane::Routine, Some(RemoteCpu(lie)));
        }
        bill.used(Lane::Routine, Some(RemoteCpu(1.0)));
        bill.used(Lane::Routine, Some(RemoteCpu(0.5)));
        assert!((bill.open.cpu - 1.0).abs() < 1e-9, "{:?}", bill.open);
    }
}
