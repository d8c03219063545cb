//! P5: what the history takes on the disk, against a row for each snapshot, Prometheus, VictoriaMetrics and RRDtool, with the same
//! samples.

use std::path::Path;

use anyhow::{Context, Result};
use hostrounds_core::observation::Observation;
use hostrounds_core::time::UnixMillis;
use tokio::runtime::Runtime;

use crate::history::History;
use crate::others::{self, Columns, bytes_of};
use crate::samples::{MADE_SERIES, captured, made};
use crate::table::{Goal, Row, Table};

const SERVERS: usize = 100;
/// A day of minutes.
const MINUTES: u32 = 1440;
/// Names a history of Hostrounds whose samples of this computer are kept again.
const CAPTURED: &str = "HOSTROUNDS_BENCH_HISTORY";

pub(crate) fn measure(runtime: &Runtime, table: &mut Table) -> Result<()> {
    let samples = SERVERS * MADE_SERIES * MINUTES as usize;
    let all = || made(SERVERS, MINUTES);
    compare(runtime, "made samples, bytes each", samples, SERVERS, all, table)?;
    match std::env::var_os(CAPTURED) {
        Some(file) => {
            let observations = captured(runtime, Path::new(&file))?;
            let samples = observations.iter().map(|observation| observation.points.len()).sum();
            let first = observations.first().map_or(UnixMillis(0), |first| first.at);
            let hours = observations.last().map_or(0.0, |last| last.at.since(first).as_secs_f64() / 3600.0);
            eprintln!("captured: {} collections in {hours:.1} hours, {samples} samples", observations.len());
            let all = || observations.iter().map(|observation| vec![observation.clone()]);
            compare(runtime, "captured samples, bytes each", samples, 1, all, table)
        }
        None => {
            eprintln!("no captured samples: name a history of Hostrounds in {CAPTURED}");
            Ok(())
        }
    }
}

fn compare<I: Iterator<Item = Vec<Observation>>>(
    runtime: &Runtime,
    what: &'static str,
    samples: usize,
    servers: usize,
    ticks: impl Fn() -> I,
    table: &mut Table,
) -> Result<()> {
    let each = |bytes: u64| bytes as f64 / samples as f64;
    let folder = tempfile::tempdir()?;
    let history = History::fill(runtime, folder.path(), servers, ticks())?;
    // With its log, while it is open, and with what is not sealed yet.
    let ours = each(bytes_of(&history.folder)?);
    history.close(runtime);

    let first: Vec<Vec<Observation>> = ticks().collect();
    let columns = Columns::of(first.iter().flatten());
    drop(first);
    let plain = folder.path().join("plain");
    std::fs::create_dir(&plain)?;
    let rows = others::snapshots(&plain, &columns, ticks())?;
    let theirs = each(bytes_of(&plain)?);
    drop(rows);
    let mut row = |name, other: Result<u64>, goal| match other.with_context(|| format!("{name} is left out")) {
        Ok(bytes) => {
            let other = Some((name, each(bytes)));
            table.add(Row { number: "P5", what, ours, other, unit: "B", goal: Some(Goal::Ratio(goal)) });
        }
        Err(error) => eprintln!("{error:#}"),
    };
    row("sqlite3, a row for each snapshot", Ok((theirs * samples as f64) as u64), 0.16);
    row("VictoriaMetrics, merged", others::victoria_metrics(folder.path(), ticks()), 0.5);
    row("Prometheus, blocks only", others::prometheus(folder.path(), ticks()), 0.2);
    match others::rrdtool(folder.path(), &columns, ticks()) {
        Ok(bytes) => {
            let other = Some(("RRDtool, a row a minute", each(bytes)));
            table.add(Row { number: "P5", what, ours, other, unit: "B", goal: None });
        }
        Err(error) => eprintln!("RRDtool is left out: {error:#}"),
    }
    Ok(())
}
