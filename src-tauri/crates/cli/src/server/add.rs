//! `server add`.

use clap::Args;
use hostrounds_core::server::{DEFAULT_INTERVAL, Login, ServerDraft, SshTarget, Target, Thresholds};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{SecretChange, ServerForm};

use super::connection::LoginArguments;
use super::thresholds::ThresholdArguments;
use crate::output::failure::quoted;
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
    /// The key file has a passphrase: one line of stdin (asked for on a terminal), kept in the keyring
    #[arg(long)]
    passphrase_stdin: bool,
    /// Seconds from one visit to the next; 5 at least, 60 or more is recommended
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_INTERVAL)]
    interval: u32,
    #[command(flatten)]
    thresholds: ThresholdArguments,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "T")]
    tags: Vec<String>,
    /// Such as `production`
    #[arg(long, value_name = "E")]
    environment: Option<String>,
    /// Do not collect it yet
    #[arg(long)]
    disabled: bool,
}

pub(super) async fn carry_out(wanted: AddArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let Some(login) = wanted.login.login()? else {
        return Err(Problem::usage(
            "How to log in is missing.",
            "Give one of --key FILE, --password-stdin and --agent.",
        ));
    };
    if wanted.passphrase_stdin && !matches!(login, Login::Key { .. }) {
        return Err(Problem::usage(
            "A passphrase belongs to a key file, and this server does not log in with one.",
            "Give the key file too: --key FILE --passphrase-stdin.",
        ));
    }
    let who = format!("{}@{}", wanted.user, wanted.host);
    let draft = ServerDraft {
        name: wanted.name,
        target: Target::Ssh(SshTarget { host: wanted.host, port: wanted.port, user: wanted.user, login }),
        enabled: !wanted.disabled,
        interval: wanted.interval,
        thresholds: wanted.thresholds.over(Thresholds::default()),
        environment: wanted.environment,
        tags: wanted.tags,
    };
    let secret = wanted.login.secret(wanted.passphrase_stdin, &who)?.unwrap_or(SecretChange::Keep);
    let view = engine.add_server(ServerForm { draft, secret }).await?;
    if output.json {
        return output.document(&view);
    }
    output.line(format!("{} was added.", safe(&view.server.name)))?;
    output.note(format!("Try the connection: hostrounds server test {}", quoted(&view.server.name)));
    Ok(())
}
