//! `import ssh-config`: servers taken over from an OpenSSH configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{ImportCandidate, ImportPreview, ServerView};
use serde::Serialize;

use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, safe};
use crate::problem::Problem;
use crate::server::show::{logins, way};
use crate::session::{Notifications, Session};

/// From where.
#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Add the hosts of an OpenSSH client configuration, switched off; nothing is executed, and servers that exist stay as they are
    SshConfig(SshConfigArguments),
}

/// Which file, and what of it.
#[derive(Args)]
pub(crate) struct SshConfigArguments {
    /// The configuration [default: ~/.ssh/config]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only show what would be added, and what would not
    #[arg(long)]
    dry_run: bool,
    /// Only this host; may be given several times
    #[arg(long, value_name = "ALIAS")]
    only: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImportDocument<'a> {
    #[serde(flatten)]
    preview: &'a ImportPreview,
    /// The servers that were added; absent with `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<&'a [ServerView]>,
}

pub(crate) async fn carry_out(command: ImportCommand, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let ImportCommand::SshConfig(wanted) = command;
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = ssh_config(wanted, &session.engine, output).await;
    session.close_with(outcome).await
}

async fn ssh_config(wanted: SshConfigArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let file = wanted.file.map(|file| std::path::absolute(&file).unwrap_or(file));
    let mut preview = engine.ssh_config(file).await?;
    if let Some(unknown) = wanted.only.iter().find(|alias| preview.servers.iter().all(|server| !is(server, alias))) {
        let known: Vec<&str> = preview.servers.iter().map(|server| server.alias.as_str()).collect();
        let hint =
            if known.is_empty() { "It holds none.".to_owned() } else { format!("It holds {}.", known.join(", ")) };
        return Err(Problem::usage(
            format!("--only: `{}` is not among the hosts that can be taken over.", safe(unknown)),
            safe(&hint),
        ));
    }
    if !wanted.only.is_empty() {
        preview.servers.retain(|server| wanted.only.iter().any(|alias| is(server, alias)));
    }
    let added = if wanted.dry_run || preview.servers.is_empty() {
        None
    } else {
        let aliases = preview.servers.iter().map(|server| server.alias.clone()).collect();
        Some(engine.import_ssh_config(preview.id.clone(), aliases).await?)
    };
    if output.json {
        let none = (!wanted.dry_run).then_some(&[][..]);
        return output.document(&ImportDocument { preview: &preview, added: added.as_deref().or(none) });
    }
    show(&preview, added.as_deref(), wanted.dry_run, output)
}

fn is(server: &ImportCandidate, alias: &str) -> bool {
    server.alias.to_lowercase() == alias.to_lowercase()
}

fn show(preview: &ImportPreview, added: Option<&[ServerView]>, dry_run: bool, output: &Output) -> Result<(), Problem> {
    if preview.servers.is_empty() {
        output.note(safe(&format!("There is no host to take over in {}.", preview.files.join(", "))));
    } else {
        output.table(&server_table(preview, added))?;
    }
    let noted: Vec<&ImportCandidate> = preview.servers.iter().filter(|server| !server.notes.is_empty()).collect();
    if !noted.is_empty() {
        output.line("")?;
        for server in noted {
            for note in &server.notes {
                output.line(output.style.doubtful(&safe(&format!("{}: {note}", server.alias))))?;
            }
        }
    }
    if !preview.skipped.is_empty() {
        output.line("")?;
        let mut table = Table::new(&[("LEFT OUT", Side::Left), ("TEXT", Side::Left), ("WHY", Side::Left)]);
        for skipped in &preview.skipped {
            let place = format!("{}:{}", skipped.file, skipped.line);
            table.row([place.into(), skipped.text.as_str().into(), skipped.reason.as_str().into()]);
        }
        output.table(&table)?;
    }
    let count = added.map_or(0, <[ServerView]>::len);
    if dry_run {
        let new = preview.servers.iter().filter(|server| !server.exists).count();
        output.note(format!("{} would be added, switched off. Nothing was changed.", counted(new)));
    } else {
        output.note(format!("{} added.", counted_past(count)));
        if count > 0 {
            output.note(format!(
                "They are switched off until you have tried them: {}",
                output.command("server test NAME")
            ));
            output.note(format!("Then collect them on their interval: {}", output.command("server enable NAME")));
        }
    }
    Ok(())
}

fn server_table(preview: &ImportPreview, added: Option<&[ServerView]>) -> Table {
    let mut table =
        Table::new(&[("HOST", Side::Left), ("", Side::Left), ("TARGET", Side::Left), ("LOGIN", Side::Left)]);
    for server in &preview.servers {
        let is_added = added.is_some_and(|added| added.iter().any(|view| view.server.name == server.draft.name));
        let (word, tone) = match (server.exists, is_added) {
            (_, true) => ("added", Tone::Good),
            (true, false) => ("exists", Tone::Doubtful),
            (false, false) => ("new", Tone::Good),
        };
        table.row([
            server.alias.as_str().into(),
            Cell::toned(word, tone),
            way(&server.draft.target).into(),
            logins(&server.draft.target, &[]).into(),
        ]);
    }
    table
}

fn counted(servers: usize) -> String {
    if servers == 1 { "1 server".to_owned() } else { format!("{servers} servers") }
}

fn counted_past(servers: usize) -> String {
    format!("{} {}", counted(servers), if servers == 1 { "was" } else { "were" })
}
