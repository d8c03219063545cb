//! `server add`.

use clap::Args;
use hostrounds_core::probe::Family;
use hostrounds_core::server::{DEFAULT_INTERVAL, Hop, ServerDraft, SshTarget, Target, Thresholds};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{ServerForm, ServerView};
use serde::Serialize;

use super::families;
use super::login::LoginArguments;
use super::thresholds::ThresholdArguments;
use crate::args::word;
use crate::output::command::quoted;
use crate::output::{Output, safe};
use crate::problem::Problem;

/// A new server.
#[derive(Args)]
pub(crate) struct AddArguments {
    /// What to call it here
    #[arg(value_name = "NAME")]
    name: String,
    /// Its host name or address
    #[arg(long, value_name = "H")]
    host: String,
    /// The port of its SSH daemon
    #[arg(long, value_name = "P", default_value_t = 22)]
    port: u16,
    /// Who logs in
    #[arg(long, value_name = "U")]
    user: String,
    #[command(flatten)]
    login: LoginArguments,
    /// Seconds from one visit to the next; 5 at least, 60 or more is recommended
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_INTERVAL)]
    interval: u32,
    #[command(flatten)]
    thresholds: ThresholdArguments,
    /// Do not read this family of metrics, as `hostrounds metrics` names it; may be given several times
    #[arg(long, value_name = "FAMILY", value_parser = families::named)]
    without: Vec<Family>,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "T", value_parser = word)]
    tags: Vec<String>,
    /// Such as `production`
    #[arg(long, value_name = "E", value_parser = word)]
    environment: Option<String>,
    /// Do not collect it yet
    #[arg(long)]
    disabled: bool,
}

/// A server that was added or changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Saved<'a> {
    #[serde(flatten)]
    pub(super) view: &'a ServerView,
    /// In sentences.
    pub(super) missing_files: &'a [String],
}

pub(super) async fn carry_out(wanted: AddArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let mut hop = Hop { host: wanted.host, port: wanted.port, user: wanted.user, logins: Vec::new() };
    let mut way = wanted.login.way(&hop, None)?;
    let Some(logins) = way.logins.take() else {
        return Err(Problem::usage(
            "How to log in is missing.",
            "Give at least one of --key FILE, --agent, --agent-key KEY, --password-stdin and --prompts.",
        ));
    };
    hop.logins = logins;
    let jumps = way.jumps.take().unwrap_or_default();
    let draft = ServerDraft {
        name: wanted.name,
        target: Target::Ssh(SshTarget { hop, jumps }),
        enabled: !wanted.disabled,
        interval: wanted.interval,
        thresholds: wanted.thresholds.over(Thresholds::default()),
        families_off: wanted.without,
        environment: wanted.environment,
        tags: wanted.tags,
    };
    let view = engine.add_server(ServerForm { draft, secrets: way.secrets()? }).await?;
    let missing = engine.missing_files(view.server.id).await?;
    if output.json {
        return output.document(&Saved { view: &view, missing_files: &missing });
    }
    output.line(format!("{} was added.", safe(&view.server.name)))?;
    missing.iter().for_each(|sentence| output.warn(sentence));
    let next = output.command(&format!("server test {}", quoted(&view.server.name)));
    output.note(format!("Try the connection: {next}"));
    Ok(())
}
