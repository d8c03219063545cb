//! P2 and P1 from afar: the same over a line on which every round trip takes 50 ms, where round trips are all that counts.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use hostrounds_core::probe::remote::Remote;
use hostrounds_testbed::SlowLine;
use tokio::runtime::Runtime;

use crate::openssh::OpenSsh;
use crate::ours::Ours;
use crate::server::Server;
use crate::table::{Goal, Row, Table, median, millis};

const ROUND_TRIP: Duration = Duration::from_millis(50);
/// A warm collection is one round trip and what the server needs.
const TRIPS: Goal = Goal::AtMost(1.1);
const COLD: Goal = Goal::Ratio(0.85);
const TURNS: usize = 10;

pub(crate) fn measure(runtime: &Runtime, ours: &Ours<'_>, openssh: &OpenSsh, table: &mut Table) -> Result<()> {
    let our_line = far(runtime, &ours.server)?;
    let their_line = far(runtime, &openssh.server)?;
    let (mut our_cold, mut our_warm, mut their_cold) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let mut readings = Remote::new();
        let began = Instant::now();
        let mut session = ours.log_in_at(our_line.port())?;
        session.collect(&mut readings)?;
        our_cold.push(began.elapsed());
        session.settle()?;
        // What follows the change of readers at once is no routine yet.
        session.collect(&mut readings)?;
        let began = Instant::now();
        session.collect(&mut readings)?;
        our_warm.push(began.elapsed());
        session.log_out();

        let began = Instant::now();
        openssh.cat_cold_at(their_line.port())?;
        their_cold.push(began.elapsed());
    }
    table.add(Row {
        number: "P1",
        what: "warm collection 50 ms away, round trips",
        ours: median(&our_warm) / millis(ROUND_TRIP),
        other: None,
        unit: "trips",
        goal: Some(TRIPS),
    });
    table.add(Row {
        number: "P2",
        what: "cold collection 50 ms away, time",
        ours: median(&our_cold),
        other: Some(("ssh (curve25519), cat", median(&their_cold))),
        unit: "ms",
        goal: Some(COLD),
    });
    Ok(())
}

/// A slow line to a server, under which its host key is known as well.
fn far(runtime: &Runtime, server: &Server) -> Result<SlowLine> {
    let line = runtime.block_on(SlowLine::start(server.sshd.port(), ROUND_TRIP))?;
    let here = format!("]:{} ", server.sshd.port());
    let known = server.sshd.known_hosts_line().replace(&here, &format!("]:{} ", line.port()));
    writeln!(OpenOptions::new().append(true).open(&server.known_hosts)?, "{known}")?;
    Ok(line)
}
