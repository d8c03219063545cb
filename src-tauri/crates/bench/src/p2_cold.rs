//! P2: a collection from nothing (connection, login, shell, answer), against one call of `ssh`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use hostrounds_core::probe::remote::Remote;

use crate::cpu;
use crate::openssh::OpenSsh;
use crate::ours::Ours;
use crate::table::{Goal, Row, Table, median, millis};

const WALL: Goal = Goal::Ratio(0.30);
const CPU: Goal = Goal::Ratio(0.10);

const TURNS: u32 = 50;
/// What comes before the turns that count.
const WARM_UP: u32 = 3;
/// How long sshd has to see its last session end.
const QUIET: Duration = Duration::from_millis(300);

pub(crate) fn measure(ours: &Ours<'_>, openssh: &OpenSsh, table: &mut Table) -> Result<()> {
    for _ in 0..WARM_UP {
        cold(ours)?;
        openssh.cat_cold()?;
    }
    sleep(QUIET);
    let servers = (ours.server.cpu()?, openssh.server.cpu()?);
    let clients = cpu::ended_children()?;
    let mut our_cpu = Duration::ZERO;
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let used = cpu::own()?;
        our_times.push(cold(ours)?);
        our_cpu += cpu::own()? - used;

        let began = Instant::now();
        openssh.cat_cold()?;
        their_times.push(began.elapsed());
    }
    sleep(QUIET);
    let their_cpu = cpu::ended_children()? - clients;
    let our_server = ours.server.cpu()? - servers.0;
    let their_server = openssh.server.cpu()? - servers.1;

    let mut row = |what, ours, other, goal| {
        let other = Some(("ssh (curve25519), cat", other));
        table.add(Row { number: "P2", what, ours, other, unit: "ms", goal });
    };
    row("cold collection, time", median(&our_times), median(&their_times), Some(WALL));
    row("cold collection, CPU of our side", millis(our_cpu / TURNS), millis(their_cpu / TURNS), Some(CPU));
    row("cold collection, CPU of the server", millis(our_server / TURNS), millis(their_server / TURNS), None);
    Ok(())
}

/// The time until the answer is there and parsed; the goodbye is not waited for by anyone, but its CPU counts.
fn cold(ours: &Ours<'_>) -> Result<Duration> {
    let began = Instant::now();
    let mut session = ours.log_in()?;
    session.collect(&mut Remote::new())?;
    let took = began.elapsed();
    session.log_out();
    Ok(took)
}
