//! `config export`, `config import`: settings, servers and accepted host keys as a text file without secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{ConfigImported, ConfigKind, ConfigOutcome, ConfigPreview};
use serde::Serialize;

use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, safe};
use crate::problem::Problem;
use crate::session::{Notifications, Session};

/// Which way.
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Write settings, servers and accepted host keys, without any secret, as TOML
    Export(ExportArguments),
    /// Take over such a file: servers are added and changed by their names, and never removed
    Import(ImportArguments),
}

/// Where to.
#[derive(Args)]
pub(crate) struct ExportArguments {
    /// The file that is written [default: stdout]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Overwrite the file where it exists
    #[arg(long, requires = "file")]
    force: bool,
}

/// From where.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Accept the host keys of the file too: who wrote it then says which servers are the right ones
    #[arg(long)]
    with_host_keys: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImportDocument<'a> {
    #[serde(flatten)]
    preview: &'a ConfigPreview,
    /// What was done; absent with `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported: Option<&'a ConfigImported>,
}

pub(crate) async fn carry_out(command: ConfigCommand, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = match command {
        ConfigCommand::Export(wanted) => export(wanted, &session.engine, output).await,
        ConfigCommand::Import(wanted) => import(wanted, &session.engine, output).await,
    };
    session.close_with(outcome).await
}

async fn export(wanted: ExportArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let Some(file) = wanted.file else {
        let text = engine.config_text().await?;
        return if output.json {
            output.document(&serde_json::json!({ "configuration": text }))
        } else {
            output.raw(text.as_bytes())
        };
    };
    let path = engine.export_config(file, wanted.force).await?;
    if output.json { output.document(&serde_json::json!({ "path": path })) } else { output.line(safe(&path)) }
}

async fn import(wanted: ImportArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let preview = engine.look_at_config(&wanted.file).await?;
    if !output.json {
        show(&preview, wanted.with_host_keys, output)?;
    }
    let imported = match wanted.dry_run {
        true => None,
        false => Some(engine.import_config(preview.id.clone(), wanted.with_host_keys).await?),
    };
    if output.json {
        return output.document(&ImportDocument { preview: &preview, imported: imported.as_ref() });
    }
    match imported {
        None => output.note("Nothing was changed."),
        Some(ConfigImported { added, changed, settings, host_keys }) => {
            let settings = if settings { ", the settings changed" } else { "" };
            output.note(format!("{added} added, {changed} changed{settings}, {host_keys} host keys accepted."));
        }
    }
    Ok(())
}

fn show(preview: &ConfigPreview, with_host_keys: bool, output: &Output) -> Result<(), Problem> {
    let mut table = Table::new(&[("NAME", Side::Left), ("", Side::Left), ("WHAT", Side::Left)]);
    for entry in &preview.entries {
        let name = match entry.kind {
            ConfigKind::Settings => "(settings)",
            ConfigKind::Local | ConfigKind::Server => entry.name.as_str(),
        };
        table.row([name.into(), outcome(entry.outcome), entry.details.join("; ").into()]);
    }
    if with_host_keys {
        for key in &preview.host_keys {
            let what = key.reason.clone().unwrap_or_else(|| format!("{} {}", key.algorithm, key.fingerprint));
            table.row([key.host.as_str().into(), outcome(key.outcome), what.into()]);
        }
    }
    output.table(&table)?;
    for field in &preview.unknown {
        output.line(output.style.doubtful(&safe(&format!("Passed over, since it is not known: {field}"))))?;
    }
    for entry in preview.entries.iter().filter(|entry| !entry.secrets.is_empty()) {
        output.note(safe(&format!("{} needs: {}", entry.name, entry.secrets.join(", "))));
    }
    let new = preview.host_keys.iter().filter(|key| key.outcome == ConfigOutcome::Added).count();
    if new > 0 && !with_host_keys {
        output.note(format!("{new} host keys are left out; --with-host-keys accepts them."));
    }
    Ok(())
}

fn outcome(outcome: ConfigOutcome) -> Cell {
    match outcome {
        ConfigOutcome::Added => Cell::toned("new", Tone::Good),
        ConfigOutcome::Changed => Cell::toned("changed", Tone::Doubtful),
        ConfigOutcome::Same => "same".into(),
        ConfigOutcome::Refused => Cell::toned("refused", Tone::Bad),
    }
}
