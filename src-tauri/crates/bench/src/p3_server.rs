//! P3: what a collection costs the server: its CPU, and how many processes it has to start.

use std::fs;

use anyhow::{Context, Result};
use hostrounds_core::probe::remote::Remote;

use crate::ours::LoggedIn;
use crate::table::{Goal, Row, Table, millis};
use crate::warm::Warm;

const CPU: Goal = Goal::Ratio(0.5);
const PROCESSES: Goal = Goal::AtMost(1.0);

/// How many collections are watched for the processes that they start.
const WATCHED: usize = 200;

pub(crate) fn report(warm: &Warm, processes: u64, table: &mut Table) {
    table.add(Row {
        number: "P3",
        what: "warm collection, CPU of the server",
        ours: millis(warm.ours.server_cpu),
        other: Some(("exec cat on the same connection", millis(warm.openssh.server_cpu))),
        unit: "ms",
        goal: Some(CPU),
    });
    table.add(Row {
        number: "P3",
        what: "warm collection, processes started",
        ours: processes as f64,
        other: None,
        unit: "",
        goal: Some(PROCESSES),
    });
}

/// How many processes a collection starts. The kernel counts those of the whole machine, so whatever else starts one only
/// adds: the smallest count is that of a collection that had the machine for itself.
pub(crate) fn processes_started(session: &mut LoggedIn<'_>) -> Result<u64> {
    let mut readings = Remote::new();
    let mut fewest = None;
    for _ in 0..WATCHED {
        let before = started()?;
        session.collect(&mut readings)?;
        let during = started()? - before;
        fewest = Some(fewest.map_or(during, |fewest: u64| fewest.min(during)));
    }
    fewest.context("no collection was watched")
}

/// Processes and threads started on this machine since it was booted.
fn started() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let count = stat.lines().find_map(|line| line.strip_prefix("processes "));
    Ok(count.context("/proc/stat counts no processes")?.trim().parse()?)
}
