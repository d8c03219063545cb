//! `collect`: now, kept, and printed.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::collection::Collection;
use hostrounds_core::format;
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{LOCAL_NAME, ServerId};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::ApiError;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::output::reading::Reading;
use crate::output::{Output, failure, safe, time};
use crate::problem::{Blame, Problem};
use crate::session::{Notifications, Session};

/// Which servers.
#[derive(Args)]
pub(crate) struct CollectArguments {
    /// The names of the servers; this computer where none is given
    #[arg(value_name = "NAME", conflicts_with = "all")]
    names: Vec<String>,
    /// Every server that is enabled
    #[arg(long)]
    all: bool,
    /// How often to try in all; between two tries 5 s, then 10 s go by
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    tries: u32,
}

/// One server's part of the JSON document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    server: ServerId,
    name: String,
    collection: Collection,
    observation: Option<Observation>,
}

pub(crate) async fn carry_out(
    wanted: CollectArguments,
    place: Option<PathBuf>,
    output: &Output,
) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = collect(wanted, &session.engine, output).await;
    session.close_with(outcome).await
}

async fn collect(wanted: CollectArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let servers = chosen(&wanted, engine)?;
    if servers.is_empty() {
        return Err(Problem::usage(
            "No server is enabled.",
            format!("Name one, or enable one with `{}`.", output.command("server enable NAME")),
        ));
    }
    let mut running = JoinSet::new();
    for (order, (id, name)) in servers.into_iter().enumerate() {
        let engine = engine.clone();
        running.spawn(async move {
            let (collection, observation) = engine.collect_and_wait(id, wanted.tries).await?;
            Ok::<_, ApiError>((order, Collected { server: id, name, collection, observation }))
        });
    }
    let mut all = Vec::new();
    let mut refused = None;
    let mut shown = false;
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(Ok((order, collected))) => {
                if !output.json {
                    show(&collected, shown, output)?;
                    shown = shown || collected.observation.is_some();
                }
                all.push((order, collected));
            }
            Ok(Err(error)) => refused = Some(Problem::Engine(error)),
            Err(error) => {
                refused = Some(Problem::Machine {
                    what: "A collection ended unexpectedly".into(),
                    error: std::io::Error::other(error),
                });
            }
        }
    }
    all.sort_by_key(|(order, _)| *order);
    let all: Vec<Collected> = all.into_iter().map(|(_, collected)| collected).collect();
    if output.json {
        output.document(&all)?;
    }
    match refused {
        Some(problem) => Err(problem),
        None => match Problem::of_failures(all.iter().filter_map(|collected| collected.collection.failure.as_ref())) {
            Some(problem) => Err(problem),
            None if all.iter().all(|collected| collected.observation.is_some()) => Ok(()),
            None => Err(Problem::Failed(Blame::ThisComputer)),
        },
    }
}

/// The servers that are meant, each once.
fn chosen(wanted: &CollectArguments, engine: &Hostrounds) -> Result<Vec<(ServerId, String)>, ApiError> {
    let mut servers = Vec::new();
    if wanted.all {
        let enabled = engine.servers().into_iter().filter(|view| view.server.enabled);
        servers.extend(enabled.map(|view| (view.server.id, view.server.name)));
        return Ok(servers);
    }
    let local = [LOCAL_NAME.to_owned()];
    let names = if wanted.names.is_empty() { &local[..] } else { &wanted.names };
    for name in names {
        let server = engine.server_named(name)?.server;
        if servers.iter().all(|(id, _)| *id != server.id) {
            servers.push((server.id, server.name));
        }
    }
    Ok(servers)
}

fn show(collected: &Collected, after_another: bool, output: &Output) -> Result<(), Problem> {
    let Collected { name, collection, observation, .. } = collected;
    let Some(observation) = observation else {
        match &collection.failure {
            Some(cause) => failure::tell(output, name, cause),
            None => output.error(&format!("{name} was not collected: it was cut off."), "Try again."),
        }
        return Ok(());
    };
    if after_another {
        output.line("")?;
    }
    let took = match (collection.started_at, collection.ended_at) {
        (Some(started), Some(ended)) => format!(" in {}", format::duration(ended.since(started))),
        _ => String::new(),
    };
    let heading = format!("{} · {} · {} values{took}", name, time::local(observation.at), collection.points);
    output.line(output.style.strong(&safe(&heading)))?;
    output.lines(&Reading::from(observation).lines(output.style))
}
