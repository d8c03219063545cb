//! `server list` and `server show`.

use hostrounds_core::collection::{Collection, CollectionState};
use hostrounds_core::format;
use hostrounds_core::server::{Login, Server, Target, Thresholds};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{Latest, ServerState, ServerView, Summary};
use serde::Serialize;

use crate::output::reading::Reading;
use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, failure, safe, time};
use crate::problem::Problem;

/// How many collections `server show` lists.
const COLLECTIONS: u32 = 10;

#[derive(Serialize)]
struct ServerDocument<'a> {
    #[serde(flatten)]
    view: &'a ServerView,
    latest: Option<&'a Latest>,
    collections: &'a [Collection],
}

pub(super) fn list(engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let views = engine.servers();
    if output.json {
        return output.document(&views);
    }
    let mut table = Table::new(&[
        ("NAME", Side::Left),
        ("STATE", Side::Left),
        ("CPU", Side::Right),
        ("MEMORY", Side::Right),
        ("DISK", Side::Right),
        ("LOAD", Side::Right),
        ("ALERTS", Side::Right),
        ("LAST SEEN", Side::Left),
        ("INTERVAL", Side::Right),
        ("TARGET", Side::Left),
        ("ENVIRONMENT", Side::Left),
        ("TAGS", Side::Left),
    ]);
    for ServerView { server, state, summary, last_seen, firing, .. } in &views {
        let values = summary.clone().unwrap_or_default();
        let Summary { cpu, memory, disk, load, .. } = values;
        let share = |ratio: Option<f64>| Cell::from(ratio.map(format::percent).unwrap_or_default());
        let (word, tone) = state_word(*state);
        table.row([
            server.name.as_str().into(),
            Cell::toned(word, tone),
            share(cpu),
            share(memory),
            share(disk),
            load.map(|load| format!("{load:.2}")).unwrap_or_default().into(),
            Cell::toned(&firing.to_string(), if *firing > 0 { Tone::Bad } else { Tone::Plain }),
            last_seen.map_or_else(|| "never".to_owned(), time::local).into(),
            interval(server).into(),
            target(server).into(),
            server.environment.as_deref().unwrap_or_default().into(),
            server.tags.join(", ").into(),
        ]);
    }
    output.table(&table)
}

pub(super) async fn one(name: &str, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let view = engine.server_named(name)?;
    let latest = engine.latest(view.server.id).await?;
    let collections = engine.collections(Some(view.server.id), COLLECTIONS).await?;
    if output.json {
        return output.document(&ServerDocument { view: &view, latest: latest.as_ref(), collections: &collections });
    }
    output.lines(&settings(&view, output))?;
    output.line("")?;
    match &latest {
        Some(latest) => {
            output.line(output.style.strong(&format!("Values of {}", time::local(latest.at))))?;
            output.lines(&Reading::from(latest).lines(output.style))?;
        }
        None => output.line("It has not been observed yet.")?,
    }
    if collections.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.table(&collection_table(&collections))
}

fn settings(view: &ServerView, output: &Output) -> Vec<String> {
    let server = &view.server;
    let (state, _) = state_word(view.state);
    let mut rows = vec![
        ("Name", server.name.clone()),
        ("State", state.to_owned()),
        ("Target", target(server)),
        ("Login", login(server, view.has_secret)),
        ("Interval", interval(server)),
        ("Alerts", thresholds(&server.thresholds)),
    ];
    rows.extend(server.environment.clone().map(|environment| ("Environment", environment)));
    if !server.tags.is_empty() {
        rows.push(("Tags", server.tags.join(", ")));
    }
    rows.extend(view.failure.as_ref().map(|failure| ("Failure", format!("{} {}", failure.message, failure.hint))));
    rows.push(("Last seen", view.last_seen.map_or_else(|| "never".to_owned(), time::local)));
    rows.iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(label, words)| format!("{}{}", output.style.strong(&format!("{label:<14}")), safe(words)))
        .collect()
}

/// The collections of one server, newest first.
fn collection_table(collections: &[Collection]) -> Table {
    let mut table = Table::new(&[
        ("COLLECTED", Side::Left),
        ("RESULT", Side::Left),
        ("TOOK", Side::Right),
        ("TRIES", Side::Right),
        ("VALUES", Side::Right),
        ("CAUSE", Side::Left),
    ]);
    for collection in collections {
        let (word, tone) = collection_word(collection.state);
        let began = collection.started_at.unwrap_or(collection.queued_at);
        let took = collection.ended_at.map(|ended| format::duration(ended.since(began))).unwrap_or_default();
        let cause = collection
            .failure
            .as_ref()
            .map(|failure| format!("{}: {}", failure::stage(failure.stage), failure.message));
        table.row([
            time::local(began).into(),
            Cell::toned(word, tone),
            took.into(),
            format!("{} of {}", collection.attempts, collection.max_attempts).into(),
            collection.points.to_string().into(),
            cause.unwrap_or_default().into(),
        ]);
    }
    table
}

/// A state of a collection as people read it.
pub(crate) fn collection_word(state: CollectionState) -> (&'static str, Tone) {
    match state {
        CollectionState::Waiting => ("waiting", Tone::Plain),
        CollectionState::Active => ("running", Tone::Plain),
        CollectionState::Delayed => ("delayed", Tone::Doubtful),
        CollectionState::Completed => ("completed", Tone::Good),
        CollectionState::Failed => ("failed", Tone::Bad),
        CollectionState::Cancelled => ("cancelled", Tone::Doubtful),
    }
}

fn state_word(state: ServerState) -> (&'static str, Tone) {
    match state {
        ServerState::Disabled => ("disabled", Tone::Plain),
        ServerState::NotObserved => ("not observed", Tone::Doubtful),
        ServerState::Up => ("up", Tone::Good),
        ServerState::Stale => ("stale", Tone::Doubtful),
        ServerState::Retrying => ("retrying", Tone::Doubtful),
        ServerState::Unreachable => ("unreachable", Tone::Bad),
    }
}

fn interval(server: &Server) -> String {
    format::duration(std::time::Duration::from_secs(u64::from(server.interval)))
}

fn target(server: &Server) -> String {
    match &server.target {
        Target::Local => "this computer".to_owned(),
        Target::Ssh(ssh) if ssh.host.contains(':') => format!("{}@[{}]:{}", ssh.user, ssh.host, ssh.port),
        Target::Ssh(ssh) => format!("{}@{}:{}", ssh.user, ssh.host, ssh.port),
    }
}

fn login(server: &Server, has_secret: Option<bool>) -> String {
    let Target::Ssh(ssh) = &server.target else { return String::new() };
    match (&ssh.login, has_secret) {
        (Login::Password, Some(false)) => "password (none in the keyring)".to_owned(),
        (Login::Password, _) => "password (in the keyring)".to_owned(),
        (Login::Key { path }, Some(true)) => format!("key {path} (passphrase in the keyring)"),
        (Login::Key { path }, _) => format!("key {path}"),
        (Login::Agent, _) => "SSH agent".to_owned(),
    }
}

fn thresholds(thresholds: &Thresholds) -> String {
    let shown = |label: &str, percent: Option<f64>| {
        let limit = percent.map_or_else(|| "off".to_owned(), |percent| format::threshold_text(percent / 100.0));
        format!("{label} {limit}")
    };
    [shown("CPU", thresholds.cpu), shown("memory", thresholds.memory), shown("disk", thresholds.disk)].join(", ")
}
