//! `metrics`, `alerts`, `queue`, `activity`: what there is, as lists.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::alert::{Alert, AlertState};
use hostrounds_core::format;
use hostrounds_core::metric::{Metric, MetricInfo, Unit};
use hostrounds_core::server::ServerId;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{QueueCounts, QueueView};

use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, failure, time};
use crate::problem::Problem;
use crate::server::families;
use crate::server::show::collection_word;
use crate::session::{Notifications, Session};

/// Which alerts.
#[derive(Args)]
pub(crate) struct AlertsArguments {
    /// Also those that are resolved, newest first
    #[arg(long)]
    history: bool,
    /// How many of the history
    #[arg(long, value_name = "N", default_value_t = 100, requires = "history", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// How much activity.
#[derive(Args)]
pub(crate) struct ActivityArguments {
    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// The catalogue needs no data directory.
pub(crate) fn metrics(output: &Output) -> Result<(), Problem> {
    let all: Vec<&MetricInfo> = Metric::ALL.iter().map(|metric| metric.info()).collect();
    if output.json {
        return output.document(&all);
    }
    let mut table = Table::new(&[
        ("METRIC", Side::Left),
        ("FAMILY", Side::Left),
        ("UNIT", Side::Left),
        ("ATTRIBUTES", Side::Left),
        ("MEANING", Side::Left),
    ]);
    for info in all {
        let attributes = info.attributes.join(", ");
        table.row([
            info.name.into(),
            families::name(info.family).into(),
            unit(info.unit).into(),
            attributes.into(),
            info.description.trim().into(),
        ]);
    }
    output.table(&table)
}

pub(crate) async fn alerts(wanted: AlertsArguments, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let engine = &session.engine;
    let outcome = async {
        let alerts = if wanted.history { engine.alerts(None, wanted.limit).await? } else { engine.firing().await? };
        if output.json {
            return output.document(&alerts);
        }
        if alerts.is_empty() {
            output.note(if wanted.history { "No alert has fired yet." } else { "No alert is firing." });
            return Ok(());
        }
        output.table(&alert_table(&alerts))
    };
    let outcome = outcome.await;
    session.close_with(outcome).await
}

pub(crate) async fn queue(place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = async {
        let queue = session.engine.queue().await?;
        if output.json { output.document(&queue) } else { show_queue(&queue, &session.engine, output) }
    };
    let outcome = outcome.await;
    session.close_with(outcome).await
}

pub(crate) async fn activity(
    wanted: ActivityArguments,
    place: Option<PathBuf>,
    output: &Output,
) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = async {
        let entries = session.engine.activity(None, None, wanted.limit).await?;
        if output.json {
            return output.document(&entries);
        }
        if entries.is_empty() {
            output.note("Nothing has happened yet.");
            return Ok(());
        }
        let mut table = Table::new(&[("WHEN", Side::Left), ("WHAT", Side::Left)]);
        for entry in &entries {
            table.row([time::local(entry.at).into(), entry.message.as_str().into()]);
        }
        output.table(&table)
    };
    let outcome = outcome.await;
    session.close_with(outcome).await
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Ratio => "ratio",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes/s",
        Unit::Count => "count",
        Unit::PerSecond => "1/s",
        Unit::Seconds => "s",
        Unit::Celsius => "°C",
        Unit::Flag => "0 or 1",
    }
}

fn alert_table(alerts: &[Alert]) -> Table {
    let mut table =
        Table::new(&[("STATE", Side::Left), ("SINCE", Side::Left), ("RESOLVED", Side::Left), ("WHAT", Side::Left)]);
    for alert in alerts {
        let state = match alert.state {
            AlertState::Firing => Cell::toned("firing", Tone::Bad),
            AlertState::Resolved => Cell::toned("resolved", Tone::Good),
        };
        let resolved = alert.resolved_at.map(time::local).unwrap_or_default();
        table.row([state, time::local(alert.fired_at).into(), resolved.into(), alert.message.as_str().into()]);
    }
    table
}

fn show_queue(queue: &QueueView, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let QueueCounts { waiting, active, delayed, completed, failed, scheduled } = queue.counts;
    let paused = if queue.paused { ", paused" } else { "" };
    output.line(format!(
        "{waiting} waiting, {active} running, {delayed} delayed, {scheduled} scheduled, {completed} completed, \
         {failed} failed; {} at a time{paused}",
        queue.concurrency
    ))?;
    let views = engine.servers();
    let name = |id: ServerId| {
        let known = views.iter().find(|view| view.server.id == id);
        known.map_or("(removed)", |view| view.server.name.as_str())
    };
    let mut ran = Table::new(&[
        ("SERVER", Side::Left),
        ("STATE", Side::Left),
        ("SINCE", Side::Left),
        ("TOOK", Side::Right),
        ("TRIES", Side::Right),
        ("CAUSE", Side::Left),
    ]);
    for collection in &queue.collections {
        let (word, tone) = collection_word(collection.state);
        let began = collection.started_at.unwrap_or(collection.queued_at);
        let took = collection.ended_at.map(|ended| format::duration(ended.since(began)));
        let cause =
            collection.failure.as_ref().map(|cause| format!("{}: {}", failure::stage(cause.stage), cause.message));
        ran.row([
            name(collection.server).into(),
            Cell::toned(word, tone),
            time::local(began).into(),
            took.unwrap_or_default().into(),
            format!("{} of {}", collection.attempts, collection.max_attempts).into(),
            cause.unwrap_or_default().into(),
        ]);
    }
    let mut coming = Table::new(&[("SERVER", Side::Left), ("NEXT VISIT", Side::Left)]);
    for visit in &queue.scheduled {
        coming.row([name(visit.server).into(), time::local(visit.at).into()]);
    }
    for table in [ran, coming] {
        if !table.is_empty() {
            output.line("")?;
            output.table(&table)?;
        }
    }
    Ok(())
}
