//! `export`: every kept value of some metrics, or a table, to a file or to stdout.

use std::io;
use std::path::PathBuf;
use std::pin::pin;

use clap::{ArgGroup, Args};
use hostrounds_core::server::ServerId;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::export::{
    Destination, ExportEnd, ExportRequest, ExportSubject, ExportTable, Exported, Format,
};
use hostrounds_engine::api::view::Event;
use jiff::Zoned;
use serde::Serialize;

use crate::output::progress::Progress;
use crate::output::{Output, safe};
use crate::problem::Problem;
use crate::session::{Notifications, Session};
use crate::signals::Ending;
use crate::{moment, series};

/// The name under which the one export of this process tells how far it is.
const ID: &str = "export";

/// What to export, and where to.
#[derive(Args)]
#[command(group = ArgGroup::new("subject").required(true), group = ArgGroup::new("servers").required(true))]
pub(crate) struct ExportArguments {
    /// The names of the servers; `local` is this computer
    #[arg(value_name = "NAME", group = "servers")]
    names: Vec<String>,
    /// Every server
    #[arg(long, group = "servers")]
    all: bool,
    /// Every kept value of this metric, may be given several times; `hostrounds metrics` lists them
    #[arg(long = "metric", value_name = "M", group = "subject")]
    metrics: Vec<String>,
    /// A table of what is known now, or of what happened
    #[arg(long, value_name = "T", group = "subject", value_parser = table_names())]
    table: Option<String>,
    /// Only series with this attribute, such as `system.filesystem.mountpoint=/`; may be given several times
    #[arg(long = "attribute", value_name = "K=V", conflicts_with = "table")]
    attributes: Vec<String>,
    /// From when on: RFC 3339, a local date with or without a time, or an age such as `-24h` or `-7d`
    #[arg(long, value_name = "T", default_value = "-24h", allow_hyphen_values = true, conflicts_with = "table")]
    from: String,
    /// Until when, in the same forms
    #[arg(long, value_name = "T", default_value = "now", allow_hyphen_values = true, conflicts_with = "table")]
    to: String,
    /// How it is written [default: as the ending of FILE says, else csv]
    #[arg(long, value_name = "F", value_parser = ["csv", "json", "xlsx"])]
    format: Option<String>,
    /// The file, which appears when it is complete; `-` is stdout
    #[arg(long, short, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    /// Replace FILE where it exists
    #[arg(long)]
    force: bool,
}

fn table_names() -> Vec<&'static str> {
    ExportTable::ALL.map(|(_, name)| name).to_vec()
}

/// What is printed of a file with `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportDocument {
    path: String,
    format: Format,
    rows: u64,
    sheets: u32,
}

pub(crate) async fn carry_out(wanted: ExportArguments, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let format = format_of(&wanted, output)?;
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = export(&wanted, format, &session.engine, output).await;
    session.close_with(outcome).await
}

/// The format that was asked for, or that the ending of the file says.
fn format_of(wanted: &ExportArguments, output: &Output) -> Result<Format, Problem> {
    let named = |name: &str| Format::ALL.into_iter().find(|format| format.extension() == name);
    let format = match (wanted.format.as_deref(), wanted.file()) {
        (Some(name), _) => named(name),
        (None, Some(file)) => Format::of(file),
        (None, None) => output.json.then_some(Format::Json),
    };
    let format = format.unwrap_or(Format::Csv);
    if format == Format::Xlsx && wanted.file().is_none() && output.terminal {
        return Err(Problem::usage(
            "A workbook cannot be shown on a terminal.",
            "Say where it goes with --output FILE.",
        ));
    }
    Ok(format)
}

impl ExportArguments {
    /// The file, where it is not stdout.
    fn file(&self) -> Option<&PathBuf> {
        (self.output.as_os_str() != "-").then_some(&self.output)
    }

    fn subject(&self, engine: &Hostrounds) -> Result<ExportSubject, Problem> {
        let mut servers: Vec<ServerId> = Vec::new();
        for name in &self.names {
            let id = engine.server_named(name)?.server.id;
            if !servers.contains(&id) {
                servers.push(id);
            }
        }
        if let Some(name) = &self.table {
            let table = ExportTable::ALL.into_iter().find(|(_, known)| known == name).map(|(table, _)| table);
            let table = table.ok_or_else(|| Problem::usage("--table: There is no such table.", ""))?;
            return Ok(ExportSubject::Table { table, servers });
        }
        let mut metrics = Vec::new();
        for name in &self.metrics {
            let metric = series::metric_named(name)?;
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        let now = Zoned::now();
        Ok(ExportSubject::History {
            servers,
            metrics,
            attributes: series::attributes(&self.attributes)?,
            from: moment::of_option("--from", &self.from, &now)?,
            to: moment::of_option("--to", &self.to, &now)?,
        })
    }
}

async fn export(wanted: &ExportArguments, format: Format, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let request = ExportRequest { subject: wanted.subject(engine)?, format };
    let destination = match wanted.file() {
        Some(path) => Destination::File { path: path.clone(), replace: wanted.force },
        None => Destination::Stream(Box::new(io::stdout())),
    };
    let mut ending = Ending::listen()?;
    let mut events = engine.events();
    let mut progress = Progress::new(output);
    let mut exporting = pin!(engine.export(ID.to_owned(), request, destination));
    let end = loop {
        tokio::select! {
            biased;
            end = &mut exporting => break end,
            () = ending.wished() => engine.cancel_export(ID),
            Some(event) = events.next() => {
                if let Event::Export { id, share, values } = event && id == ID {
                    progress.show(share, &format!(", {values} values"));
                }
            }
        }
    };
    progress.clear();
    match end? {
        ExportEnd::Complete(exported) => tell(wanted, format, &exported, output),
        ExportEnd::Cancelled => Err(Problem::Stopped),
        ExportEnd::ReaderGone => Ok(()),
    }
}

fn tell(wanted: &ExportArguments, format: Format, exported: &Exported, output: &Output) -> Result<(), Problem> {
    let Exported { rows, sheets, .. } = *exported;
    if rows == 0 {
        output.note("Nothing was found: there are only headings.");
    }
    let Some(file) = wanted.file() else { return Ok(()) };
    let path = file.display().to_string();
    if output.json {
        return output.document(&ExportDocument { path, format, rows, sheets });
    }
    let sheets = if sheets > 1 { format!(" on {sheets} sheets") } else { String::new() };
    let counted = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    output.line(format!("{counted}{sheets} written to {}", safe(&path)))
}
