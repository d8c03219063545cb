//! `server edit`: what is named changes, the rest stays.

use clap::Args;
use hostrounds_core::server::{Login, ServerDraft, SshTarget, Target};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{SecretChange, ServerForm};

use super::connection::LoginArguments;
use super::thresholds::ThresholdArguments;
use crate::output::{Output, safe};
use crate::problem::Problem;

/// The changes.
#[derive(Args)]
pub(crate) struct EditArguments {
    /// The name of the server; `local` is this computer
    #[arg(value_name = "NAME")]
    server: String,
    /// A new name
    #[arg(long, value_name = "NEW")]
    name: Option<String>,
    /// A new host name or address
    #[arg(long, value_name = "H")]
    host: Option<String>,
    /// A new port
    #[arg(long, value_name = "P")]
    port: Option<u16>,
    /// Another user
    #[arg(long, value_name = "U")]
    user: Option<String>,
    #[command(flatten)]
    login: LoginArguments,
    /// The key file has a passphrase: one line of stdin (asked for on a terminal), kept in the keyring
    #[arg(long, conflicts_with_all = ["password_stdin", "agent"])]
    passphrase_stdin: bool,
    /// Remove the password or passphrase from the keyring
    #[arg(long, conflicts_with_all = ["password_stdin", "passphrase_stdin"])]
    clear_secret: bool,
    /// Seconds from one visit to the next
    #[arg(long, value_name = "SECONDS")]
    interval: Option<u32>,
    #[command(flatten)]
    thresholds: ThresholdArguments,
    /// The new tags in place of the old ones; may be given several times
    #[arg(long = "tag", value_name = "T")]
    tags: Vec<String>,
    /// Remove all tags
    #[arg(long, conflicts_with = "tags")]
    clear_tags: bool,
    /// A new environment
    #[arg(long, value_name = "E")]
    environment: Option<String>,
    /// Remove the environment
    #[arg(long, conflicts_with = "environment")]
    clear_environment: bool,
}

pub(super) async fn carry_out(wanted: EditArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let view = engine.server_named(&wanted.server)?;
    let mut draft = ServerDraft::from(&view.server);
    if !wanted.changes_anything() {
        return Err(Problem::usage(
            "Nothing to change was named.",
            "See `hostrounds server edit --help` for what can be changed.",
        ));
    }
    let secret = match &mut draft.target {
        Target::Ssh(target) => wanted.over_target(target, view.has_secret == Some(true))?,
        Target::Local if wanted.is_about_the_connection() => {
            return Err(Problem::usage(
                "This computer is read directly: it has no connection, user or secret.",
                "Change its interval or its thresholds, or add a server over SSH.",
            ));
        }
        Target::Local => SecretChange::Keep,
    };
    draft.name = wanted.name.unwrap_or(draft.name);
    draft.interval = wanted.interval.unwrap_or(draft.interval);
    draft.thresholds = wanted.thresholds.over(draft.thresholds);
    if wanted.clear_tags || !wanted.tags.is_empty() {
        draft.tags = wanted.tags;
    }
    if wanted.clear_environment || wanted.environment.is_some() {
        draft.environment = wanted.environment;
    }
    let changed = engine.update_server(view.server.id, ServerForm { draft, secret }).await?;
    if output.json {
        output.document(&changed)
    } else {
        output.line(format!("{} was changed.", safe(&changed.server.name)))
    }
}

impl EditArguments {
    fn is_about_the_connection(&self) -> bool {
        self.host.is_some()
            || self.port.is_some()
            || self.user.is_some()
            || !self.login.is_empty()
            || self.passphrase_stdin
            || self.clear_secret
    }

    fn changes_anything(&self) -> bool {
        self.is_about_the_connection()
            || self.name.is_some()
            || self.interval.is_some()
            || !self.thresholds.is_empty()
            || !self.tags.is_empty()
            || self.clear_tags
            || self.environment.is_some()
            || self.clear_environment
    }

    /// Changes the target, and says what becomes of the secret.
    fn over_target(&self, target: &mut SshTarget, has_secret: bool) -> Result<SecretChange, Problem> {
        if let Some(host) = &self.host {
            target.host.clone_from(host);
        }
        if let Some(user) = &self.user {
            target.user.clone_from(user);
        }
        target.port = self.port.unwrap_or(target.port);
        let before = target.login.clone();
        if let Some(login) = self.login.login()? {
            target.login = login;
        }
        if self.passphrase_stdin && !matches!(target.login, Login::Key { .. }) {
            return Err(Problem::usage(
                "A passphrase belongs to a key file, and this server does not log in with one.",
                "Give the key file too: --key FILE --passphrase-stdin.",
            ));
        }
        let who = format!("{}@{}", target.user, target.host);
        if let Some(secret) = self.login.secret(self.passphrase_stdin, &who)? {
            return Ok(secret);
        }
        // A password is no passphrase: the secret of one method must not be tried with another.
        let other_method = std::mem::discriminant(&before) != std::mem::discriminant(&target.login);
        Ok(if self.clear_secret || (other_method && has_secret) { SecretChange::Clear } else { SecretChange::Keep })
    }
}
