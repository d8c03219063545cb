//! P6: what charts ask of the history: a day of every series of a server, and a year of one.

use std::time::{Duration, Instant};

use anyhow::Result;
use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use tokio::runtime::Runtime;

use crate::history::History;
use crate::others::{Columns, snapshots};
use crate::samples::{BEGIN, MINUTE, MadeServer, made};
use crate::table::{Goal, Row, Table, median};

const SERVERS: usize = 10;
const DAY: u32 = 1440;
/// As wide as a chart is drawn.
const BUCKETS: i64 = 300;
const TURNS: usize = 31;

pub(crate) fn measure(runtime: &Runtime, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Two days, so that the one that is asked for is a part.
    let history = History::fill(runtime, folder.path(), SERVERS, made(SERVERS, 2 * DAY))?;
    let one: Vec<Observation> = made(1, 1).flatten().collect();
    let columns = Columns::of(&one);
    let mut rows = snapshots(folder.path(), &columns, made(SERVERS, 2 * DAY))?;
    let to = BEGIN.plus(MINUTE * (2 * DAY));
    let from = BEGIN.plus(MINUTE * DAY);

    let mut metrics: Vec<Metric> = one.iter().flat_map(|it| &it.points).map(|point| point.series.metric).collect();
    metrics.dedup();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let number = turn % SERVERS;
        let server = history.servers.get(number).copied().unwrap_or(ServerId::LOCAL);
        let queries: Vec<HistoryQuery> =
            metrics.iter().map(|metric| query(server, *metric, from, to, BUCKETS as u32)).collect();
        let began = Instant::now();
        let answers = runtime.block_on(history.store.ranges(&queries))?;
        ours.push(began.elapsed());
        anyhow::ensure!(answers.iter().flatten().count() == columns.len(), "a series is missing");

        let sql = columns.chart(number, from.0, to.0, BUCKETS);
        let began = Instant::now();
        rows.run(&sql)?;
        theirs.push(began.elapsed());
    }
    history.close(runtime);
    let other = Some(("sqlite3, a row for each snapshot", median(&theirs)));
    let what = "a day of 20 series at 60 s in 300 buckets";
    table.add(Row { number: "P6", what, ours: median(&ours), other, unit: "ms", goal: Some(Goal::Ratio(0.05)) });
    year(runtime, table)
}

fn year(runtime: &Runtime, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let minutes = 365 * DAY;
    let mut server = MadeServer::new(0);
    let ticks = (0..minutes).map(|minute| {
        let mut observation = server.next(BEGIN.plus(MINUTE * minute));
        observation.points.truncate(3);
        vec![observation]
    });
    let history = History::fill(runtime, folder.path(), 1, ticks)?;
    let server = history.servers.first().copied().unwrap_or(ServerId::LOCAL);
    let to = BEGIN.plus(MINUTE * minutes);
    let question = query(server, Metric::CpuUtilization, BEGIN, to, 1000);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..TURNS {
        let began = Instant::now();
        let answer = runtime.block_on(history.store.range(&question))?;
        times.push(began.elapsed());
        let values: u32 = answer.iter().flat_map(|series| &series.buckets).map(|bucket| bucket.count).sum();
        anyhow::ensure!(values == minutes, "{values} of {minutes} values");
    }
    history.close(runtime);
    let what = "a year of one series at 60 s in 1,000 buckets";
    table.add(Row {
        number: "P6",
        what,
        ours: median(&times),
        other: None,
        unit: "ms",
        goal: Some(Goal::AtMost(20.0)),
    });
    Ok(())
}

fn query(server: ServerId, metric: Metric, from: UnixMillis, to: UnixMillis, max_points: u32) -> HistoryQuery {
    HistoryQuery { server, metric, attributes: Attributes::none(), from, to, max_points }
}
