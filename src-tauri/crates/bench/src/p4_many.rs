//! P4: many servers at once on one core, by what each of them adds.

use std::time::{Duration, Instant};

use anyhow::Result;
use hostrounds_core::probe::remote::Remote;
use tokio::runtime::Builder;

use crate::ours::Ours;
use crate::table::{Goal, Row, Table, millis};
use crate::{cpu, memory};

const SERVERS: usize = 100;
/// How often each is collected.
const ROUNDS: usize = 20;
/// Rates need a tenth of a second at least; a round takes longer than that.
const APART: Duration = Duration::from_millis(300);
/// In milliseconds a collection.
const CPU: Goal = Goal::AtMost(0.2);
/// In KiB a session.
const MEMORY: Goal = Goal::AtMost(100.0);

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ours = Ours::start(&runtime)?;
    // What the first session costs is that of the first, not that of each.
    let mut sessions = vec![(ours.log_in()?, Remote::new())];
    settle(&mut sessions)?;
    let before = memory::own()?;
    for _ in 1..SERVERS {
        sessions.push((ours.log_in()?, Remote::new()));
    }
    settle(&mut sessions)?;
    let each = (memory::own()? - before) / (SERVERS - 1) as f64;

    let mut used = Duration::ZERO;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let before = cpu::own()?;
        for (session, readings) in &mut sessions {
            session.collect(readings)?;
        }
        used += cpu::own()? - before;
        std::thread::sleep(APART.saturating_sub(began.elapsed()));
    }
    let mut row =
        |what, ours, unit, goal| table.add(Row { number: "P4", what, ours, other: None, unit, goal: Some(goal) });
    row("100 servers on one core, our CPU a collection", millis(used) / (SERVERS * ROUNDS) as f64, "ms", CPU);
    row("100 servers, memory a session", each, "KiB", MEMORY);
    for (session, _) in sessions {
        session.log_out();
    }
    Ok(())
}

fn settle(sessions: &mut [(crate::ours::LoggedIn<'_>, Remote)]) -> Result<()> {
    for (session, readings) in sessions {
        if readings.needs_second_reading() {
            session.settle()?;
            session.collect(readings)?;
        }
    }
    Ok(())
}
