//! `hostrounds-bench`: what Hostrounds costs, beside what the usual tools cost for the same work on the same machine.
//!
//! Every figure of ours has a comparison arm that runs in turns with it, so that whatever else the machine does falls on
//! both. Nothing fails when a goal is missed: a benchmark informs, and times on somebody's machine are no test.

mod cpu;
mod history;
mod machine;
mod memory;
mod openssh;
mod others;
mod ours;
mod p1_warm;
mod p2_cold;
mod p2_far;
mod p3_server;
mod p4_many;
mod p5_size;
mod p6_query;
mod p7_tick;
mod plain_rows;
mod samples;
mod server;
mod soak;
mod table;
mod warm;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::runtime::Runtime;

use crate::openssh::OpenSsh;
use crate::ours::Ours;
use crate::table::Table;

const SECOND: Duration = Duration::from_secs(1);
/// How long the fleet is watched unless told otherwise.
const SOAK: Duration = Duration::from_secs(600);

const NOTES: &str = "\
Times are medians. CPU is all that a side used in all its turns, divided by their number: Linux books what ended
processes used in steps of 10 ms, so a single turn cannot be told. A row without a goal is for information.";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => figures(),
        ["history"] => {
            let runtime = runtime()?;
            let mut table = Table::default();
            machine::describe()?;
            history_figures(&runtime, &mut table)?;
            print!("\n{table}\n{NOTES}\n");
            Ok(())
        }
        ["soak"] => soak::run(SOAK),
        ["soak", minutes] => soak::run(SECOND * 60 * minutes.parse::<u32>().context("how many minutes?")?),
        _ => bail!("usage: hostrounds-bench [history | soak [MINUTES]]"),
    }
}

/// The threads of the application: several, and the caller is none of them.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn figures() -> Result<()> {
    let runtime = runtime()?;
    let _entered = runtime.enter();

    machine::describe()?;
    let ours = Ours::start(&runtime).context("our side")?;
    let openssh = OpenSsh::start(&runtime).context("OpenSSH's side")?;

    eprintln!("P1, P3: collections over a session that stands ...");
    let (warm, processes) = {
        let mut session = ours.log_in()?;
        let warm = warm::measure(&mut session, &openssh.master()?)?;
        (warm, p3_server::processes_started(&mut session)?)
    };

    let mut table = Table::default();
    p1_warm::report(&warm, &mut table);
    eprintln!("P2: collections from nothing ...");
    p2_cold::measure(&ours, &openssh, &mut table)?;
    p3_server::report(&warm, processes, &mut table);
    eprintln!("P1, P2 from 50 ms away ...");
    p2_far::measure(&runtime, &ours, &openssh, &mut table)?;
    eprintln!("P4: 100 servers on one core ...");
    p4_many::measure(&mut table)?;
    history_figures(&runtime, &mut table)?;

    print!("\n{table}\n{NOTES}\n");
    Ok(())
}

/// Those of the store alone.
fn history_figures(runtime: &Runtime, table: &mut Table) -> Result<()> {
    eprintln!("P5: what a day of 100 servers takes on the disk ...");
    p5_size::measure(runtime, table)?;
    eprintln!("P6: charts of a day and of a year ...");
    p6_query::measure(runtime, table)?;
    eprintln!("P7: ticks of 100 servers ...");
    p7_tick::measure(runtime, table)
}
