//! `restore`: a backup, or nothing, in the place of the data, which is kept beside it.

use std::path::{Path, PathBuf};

use clap::Args;
use hostrounds_core::format;
use hostrounds_engine::api::Options;
use hostrounds_engine::api::backup;
use hostrounds_engine::api::view::{BackupFile, MissingSecret, Replaced};
use serde::Serialize;

use crate::confirm::asked;
use crate::output::{Output, safe, time};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::session::{self, Notifications, Session};

/// From where.
#[derive(Args)]
pub(crate) struct RestoreArguments {
    /// The backup
    #[arg(value_name = "FILE", required_unless_present = "anew")]
    file: Option<PathBuf>,
    /// Begin with an empty database instead, such as when it is damaged and there is no backup
    #[arg(long, conflicts_with = "file")]
    anew: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestoreDocument<'a> {
    /// What was restored; absent with `--anew`.
    restored: Option<&'a BackupFile>,
    #[serde(flatten)]
    replaced: &'a Replaced,
    /// Secrets that the keyring of this computer lacks; `null` where it cannot be asked.
    missing_secrets: Option<&'a [MissingSecret]>,
}

pub(crate) async fn carry_out(
    wanted: RestoreArguments,
    place: Option<PathBuf>,
    output: &Output,
) -> Result<(), Problem> {
    let options = session::options(place.clone())?;
    let (restored, replaced) = match &wanted.file {
        Some(file) => {
            let found = backup::inspect(file).await?;
            tell(&found, output)?;
            confirm(&wanted, &options, "Put it in the place of the data there now? Type `yes`: ")?;
            let progress = Progress::new("Restore", output);
            let replaced = backup::restore(&options, file, &|far| progress.show(far)).await?;
            (Some(found), replaced)
        }
        None => {
            confirm(&wanted, &options, "Move the database aside and begin with an empty one? Type `yes`: ")?;
            (None, backup::begin_anew(&options).await?)
        }
    };
    // Opening brings it up to date, and tells what the keyring lacks.
    let session = Session::open(place, Notifications::Silent).await?;
    let missing = session.engine.missing_secrets().await;
    session.close().await?;
    if output.json {
        let missing_secrets = missing.as_deref().ok();
        return output.document(&RestoreDocument { restored: restored.as_ref(), replaced: &replaced, missing_secrets });
    }
    output.line(if restored.is_some() { "The backup was restored." } else { "An empty database was begun." })?;
    if let Some(aside) = &replaced.aside {
        output.line(format!("What was there before is kept in {}", safe(aside)))?;
    }
    match missing {
        Ok(missing) => {
            for secret in &missing {
                output.line(
                    output.style.doubtful(&safe(&format!("{}: the {} is not here.", secret.name, secret.what))),
                )?;
            }
            if !missing.is_empty() {
                output.note("Give them again: hostrounds server edit NAME --password-stdin, or --passphrase-stdin.");
            }
        }
        Err(error) => output.note(safe(&format!("Which secrets are missing is not known: {error}"))),
    }
    Ok(())
}

fn tell(found: &BackupFile, output: &Output) -> Result<(), Problem> {
    if output.json {
        return Ok(());
    }
    let size = format::bytes(found.size as f64);
    output.line(format!("{} ({size})", safe(&found.path)))?;
    if let Some(at) = found.made_at {
        let by = found.made_by.as_deref().map(|version| format!(" by Hostrounds {}", safe(version)));
        output.line(format!("  made {}{}", time::local(at), by.unwrap_or_default()))?;
    }
    let servers = if found.servers == 1 { "1 server".to_owned() } else { format!("{} servers", found.servers) };
    let newest = found.newest.map(|at| format!(", observed until {}", time::local(at))).unwrap_or_default();
    output.line(format!("  {servers}{newest}"))
}

/// Nothing has to be asked where there is nothing that would be replaced.
fn confirm(wanted: &RestoreArguments, options: &Options, question: &str) -> Result<(), Problem> {
    let is_there = options.data_dir.join(Path::new("hostrounds.db")).exists();
    if wanted.yes || !is_there || asked(question, "Say --yes to do it without being asked.")? {
        Ok(())
    } else {
        Err(Problem::usage("Nothing was changed.", "Only `yes` goes on."))
    }
}
