//! `server list` and `server show`.

use hostrounds_core::collection::{Collection, CollectionState, Failure};
use hostrounds_core::format;
use hostrounds_core::server::{Login, SecretSlot, Server, SshTarget, Target, Thresholds};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{Latest, ServerState, ServerView, Summary};
use serde::Serialize;

use crate::output::command::quoted;
use crate::output::reading::Reading;
use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, failure, safe, time};
use crate::problem::Problem;
use crate::server::families;

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
            way(&server.target).into(),
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
    let held = view.held_since.map(|since| {
        let next = output.command(&format!("collect {}", quoted(&server.name)));
        format!("held since {}: its schedule stands still. New settings, or `{next}`, resume it.", time::local(since))
    });
    let mut rows = vec![
        ("Name", server.name.clone()),
        ("State", held.unwrap_or_else(|| state.to_owned())),
        ("Target", way(&server.target)),
        ("Login", logins(&server.target, &view.secrets)),
    ];
    if let Target::Ssh(SshTarget { jumps, .. }) = &server.target {
        rows.extend(jumps.iter().map(|jump| {
            let logins = logins_of(&jump.logins, Some(&jump.to_string()), &view.secrets);
            ("Jump host", format!("{jump} with {logins}"))
        }));
    }
    rows.extend([("Interval", interval(server)), ("Alerts", thresholds(&server.thresholds))]);
    if !server.families_off.is_empty() {
        rows.push(("Not read", families::names(&server.families_off)));
    }
    rows.extend(server.environment.clone().map(|environment| ("Environment", environment)));
    if !server.tags.is_empty() {
        rows.push(("Tags", server.tags.join(", ")));
    }
    let words = |failure: &Failure| format!("{} {}", failure.message, output.with_commands(&failure.hint));
    rows.extend(view.failure.as_ref().map(|failure| ("Failure", words(failure))));
    rows.extend(view.over_budget.iter().map(|over| ("Over budget", format!("{over} today"))));
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
        ServerState::Held => ("held", Tone::Bad),
    }
}

fn interval(server: &Server) -> String {
    format::duration(std::time::Duration::from_secs(u64::from(server.interval)))
}

/// Where a server is, and through which jump hosts it is reached.
pub(crate) fn way(target: &Target) -> String {
    match target {
        Target::Local => "this computer".to_owned(),
        Target::Ssh(SshTarget { hop, jumps }) => {
            let jumps: Vec<String> = jumps.iter().map(|jump| format!(" via {jump}")).collect();
            format!("{hop}{}", jumps.concat())
        }
    }
}

/// The ways to log in on a server, in their order. `secrets` are those that the keyring holds.
pub(crate) fn logins(target: &Target, secrets: &[SecretSlot]) -> String {
    match target {
        Target::Local => String::new(),
        Target::Ssh(ssh) => logins_of(&ssh.hop.logins, None, secrets),
    }
}

fn logins_of(logins: &[Login], jump: Option<&str>, secrets: &[SecretSlot]) -> String {
    let words = logins.iter().map(|login| match login {
        Login::Password => {
            let kept = secrets.contains(&SecretSlot::Password { jump: jump.map(str::to_owned) });
            format!("password ({} the keyring)", if kept { "in" } else { "not in" })
        }
        Login::Key { path, certificate } => {
            let certificate = certificate.as_ref().map(|file| format!(" with {file}")).unwrap_or_default();
            let kept = secrets.contains(&SecretSlot::Passphrase { path: path.clone() });
            format!("key {path}{certificate}{}", if kept { " (passphrase in the keyring)" } else { "" })
        }
        Login::Agent { key, socket } => {
            let key = key.as_ref().map(|key| format!(" with {key}")).unwrap_or_default();
            let socket = socket.as_ref().map(|socket| format!(" at {socket}")).unwrap_or_default();
            format!("SSH agent{socket}{key}")
        }
        Login::Prompts => "prompts answered by a person".to_owned(),
    });
    words.collect::<Vec<_>>().join(", then ")
}

fn thresholds(thresholds: &Thresholds) -> String {
    let shown = |label: &str, percent: Option<f64>| {
        let limit = percent.map_or_else(|| "off".to_owned(), |percent| format::threshold_text(percent / 100.0));
        format!("{label} {limit}")
    };
    let days = |days: f64| format!("within {}", format::days(days * 86_400.0));
    let full = format!("disk full {}", thresholds.disk_full_in.map_or_else(|| "off".to_owned(), days));
    [shown("CPU", thresholds.cpu), shown("memory", thresholds.memory), shown("disk", thresholds.disk), full].join(", ")
}
