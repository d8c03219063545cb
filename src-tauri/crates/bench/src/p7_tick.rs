//! P7: what 100 servers yield in one tick, made durable, against the same values as plain rows.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Stage, StageTime, Trigger};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point, Series};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::cpu;
use crate::history::add_servers;
use crate::plain_rows::{self, PlainRows};
use crate::samples::BEGIN;
use crate::table::{Goal, Row, Table, median, millis};

const GOAL: Goal = Goal::AtMost(3.0);

const SERVERS: usize = 100;
const POINTS: usize = 60;
const TICKS: u32 = 100;
/// What comes before the ticks that count: names are written in the first one, and never again.
const WARM_UP: u32 = 5;
/// How far apart the ticks are.
const APART: Duration = Duration::from_secs(5);

pub(crate) fn measure(runtime: &Runtime, table: &mut Table) -> Result<()> {
    let folder = folder()?;
    let store = runtime.block_on(Store::open(&folder.path().join("hostrounds.db")))?;
    let servers = runtime.block_on(add_servers(&store, SERVERS, 5))?;
    let mut plain = PlainRows::open(&folder.path().join("plain.db"))?;

    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    let (mut our_cpu, mut their_cpu) = (Duration::ZERO, Duration::ZERO);
    for number in 0..WARM_UP + TICKS {
        let at = BEGIN.plus(APART * number);
        let tick: Vec<_> = servers.iter().map(|server| collected(*server, at)).collect();
        let records: Vec<Record<'_>> = tick
            .iter()
            .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
            .collect();
        let sql = plain_rows::sql(tick.iter().map(|(_, observation)| observation))?;

        let (began, used) = (Instant::now(), cpu::own()?);
        runtime.block_on(store.record(&records))?;
        let ours = (began.elapsed(), cpu::own()? - used);

        let (began, used) = (Instant::now(), plain.cpu()?);
        plain.run(&sql)?;
        let theirs = (began.elapsed(), plain.cpu()? - used);

        if number >= WARM_UP {
            our_times.push(ours.0);
            our_cpu += ours.1;
            their_times.push(theirs.0);
            their_cpu += theirs.1;
        }
    }
    runtime.block_on(store.close());

    let mut row = |what, ours, other, goal| {
        let other = Some(("sqlite3, a row for each point, no index", other));
        table.add(Row { number: "P7", what, ours, other, unit: "ms", goal });
    };
    row("tick of 100 servers, 60 points each, durable", median(&our_times), median(&their_times), Some(GOAL));
    row("the same tick, CPU", millis(our_cpu / TICKS), millis(their_cpu / TICKS), None);
    Ok(())
}

/// Beside this program: the folder for temporary files may be in memory, where durable costs nothing.
fn folder() -> Result<TempDir> {
    let program = std::env::current_exe()?;
    let beside = program.parent().context("this program is in no folder")?;
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?)
}

/// What a visit on a session that stands hands to the store.
fn collected(server: ServerId, at: UnixMillis) -> (Collection, Observation) {
    let collection = Collection {
        id: CollectionId(at.0 * 1000 + server.0),
        server,
        trigger: Trigger::Schedule,
        state: CollectionState::Completed,
        queued_at: at,
        started_at: Some(at),
        ended_at: Some(at),
        retry_at: None,
        attempts: 1,
        max_attempts: 3,
        stages: vec![StageTime { hop: None, stage: Stage::Probe, family: None, millis: 0.5 }],
        failure: None,
        points: u32::try_from(POINTS).unwrap_or(u32::MAX),
    };
    let points = (0..POINTS).zip(Metric::ALL.iter().cycle()).map(|(number, metric)| Point {
        series: Series {
            metric: *metric,
            attributes: Attributes::none().with(attribute::CPU_NUMBER, number.to_string()),
        },
        value: ((at.0 / 1000 * 31 + server.0 * 17) % 1000) as f64 / (number + 1) as f64,
    });
    (collection, Observation { points: points.collect(), ..Observation::empty(at) })
}
