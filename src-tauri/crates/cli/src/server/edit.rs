//! `server edit`: what is named changes, the rest stays.

use clap::Args;
use hostrounds_core::server::{SecretSlot, ServerDraft, SshTarget, Target};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{SecretChange, SecretEdit, ServerForm};

use super::add::Saved;
use super::families::FamilyArguments;
use super::login::LoginArguments;
use super::thresholds::ThresholdArguments;
use crate::args::word;
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
    /// Dial the server directly: remove its jump hosts
    #[arg(long, conflicts_with = "jump")]
    no_jump: bool,
    /// Remove its passwords and passphrases from the keyring
    #[arg(long, conflicts_with_all = ["password-stdin", "passphrase-stdin", "jump-password-stdin", "jump-passphrase-stdin"])]
    clear_secret: bool,
    /// Seconds from one visit to the next
    #[arg(long, value_name = "SECONDS")]
    interval: Option<u32>,
    #[command(flatten)]
    thresholds: ThresholdArguments,
    #[command(flatten)]
    families: FamilyArguments,
    /// The new tags in place of the old ones; may be given several times
    #[arg(long = "tag", value_name = "T", value_parser = word)]
    tags: Vec<String>,
    /// Remove all tags
    #[arg(long, conflicts_with = "tags")]
    clear_tags: bool,
    /// A new environment
    #[arg(long, value_name = "E", value_parser = word)]
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
    let secrets = match &mut draft.target {
        Target::Ssh(target) => wanted.over_target(target, view.secrets)?,
        Target::Local if wanted.is_about_the_connection() => {
            return Err(Problem::usage(
                "This computer is read directly: it has no connection, user or secret.",
                "Change its interval, its thresholds or its families, or add a server over SSH.",
            ));
        }
        Target::Local => Vec::new(),
    };
    draft.name = wanted.name.unwrap_or(draft.name);
    draft.interval = wanted.interval.unwrap_or(draft.interval);
    draft.thresholds = wanted.thresholds.over(draft.thresholds);
    draft.families_off = wanted.families.over(draft.families_off)?;
    if wanted.clear_tags || !wanted.tags.is_empty() {
        draft.tags = wanted.tags;
    }
    if wanted.clear_environment || wanted.environment.is_some() {
        draft.environment = wanted.environment;
    }
    let changed = engine.update_server(view.server.id, ServerForm { draft, secrets }).await?;
    let missing = engine.missing_files(changed.server.id).await?;
    if output.json {
        return output.document(&Saved { view: &changed, missing_files: &missing });
    }
    output.line(format!("{} was changed.", safe(&changed.server.name)))?;
    if changed.server.target != view.server.target {
        missing.iter().for_each(|sentence| output.warn(sentence));
    }
    Ok(())
}

impl EditArguments {
    fn is_about_the_connection(&self) -> bool {
        self.host.is_some()
            || self.port.is_some()
            || self.user.is_some()
            || !self.login.is_empty()
            || self.no_jump
            || self.clear_secret
    }

    fn changes_anything(&self) -> bool {
        self.is_about_the_connection()
            || self.name.is_some()
            || self.interval.is_some()
            || !self.thresholds.is_empty()
            || !self.families.is_empty()
            || !self.tags.is_empty()
            || self.clear_tags
            || self.environment.is_some()
            || self.clear_environment
    }

    /// Changes the target, and says what becomes of its secrets. `kept` are those that the keyring holds.
    fn over_target(&self, target: &mut SshTarget, kept: Vec<SecretSlot>) -> Result<Vec<SecretEdit>, Problem> {
        if let Some(host) = &self.host {
            target.hop.host.clone_from(host);
        }
        if let Some(user) = &self.user {
            target.hop.user.clone_from(user);
        }
        target.hop.port = self.port.unwrap_or(target.hop.port);
        let mut way = self.login.way(&target.hop, Some(target))?;
        if let Some(logins) = way.logins.take() {
            target.hop.logins = logins;
        }
        if let Some(jumps) = way.jumps.take() {
            target.jumps = jumps;
        }
        if self.no_jump {
            target.jumps.clear();
        }
        if self.clear_secret {
            return Ok(kept.into_iter().map(|slot| SecretEdit { slot, change: SecretChange::Clear }).collect());
        }
        way.secrets()
    }
}
