//! `hostrounds-bench`: what Hostrounds costs, beside what the usual tools cost for the same work on the same machine.
//!
//! Every figure of ours has a comparison arm that runs in turns with it, so that whatever else the machine does falls on
//! both. Nothing fails when a goal is missed: a benchmark informs, and times on somebody's machine are no test.

mod cpu;
mod machine;
mod openssh;
mod ours;
mod p1_warm;
mod p2_cold;
mod p3_server;
mod p7_tick;
mod plain_rows;
mod server;
mod table;
mod warm;

use anyhow::{Context, Result};

use crate::openssh::OpenSsh;
use crate::ours::Ours;
use crate::table::Table;

const NOTES: &str = "\
Times are medians. CPU is all that a side used in all its turns, divided by their number: Linux books what ended
processes used in steps of 10 ms, so a single turn cannot be told. A row without a goal is for information.";

fn main() -> Result<()> {
    // The threads of the application: several, and the caller is none of them.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
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
    eprintln!("P7: ticks of 100 servers ...");
    p7_tick::measure(&runtime, &mut table)?;

    print!("\n{table}\n{NOTES}\n");
    Ok(())
}
