//! `report`: one HTML file that can be passed round.

use std::io;
use std::path::PathBuf;
use std::pin::pin;

use clap::Args;
use hostrounds_core::format;
use hostrounds_core::server::ServerId;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::export::Destination;
use hostrounds_engine::api::report::{ReportEnd, ReportRequest};
use hostrounds_engine::api::view::Event;
use jiff::Zoned;
use serde::Serialize;

use crate::moment;
use crate::output::progress::Progress;
use crate::output::{Output, safe};
use crate::problem::Problem;
use crate::session::{Notifications, Session};
use crate::signals::Ending;

/// The name under which the one report of this process tells how far it is.
const ID: &str = "report";

/// What to report on, and where to.
#[derive(Args)]
pub(crate) struct ReportArguments {
    /// The names of the servers; `local` is this computer
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    names: Vec<String>,
    /// Every server
    #[arg(long)]
    all: bool,
    /// From when on: RFC 3339, a local date with or without a time, or an age such as `-24h` or `-7d`
    #[arg(long, value_name = "T", default_value = "-7d", allow_hyphen_values = true)]
    from: String,
    /// Until when, in the same forms
    #[arg(long, value_name = "T", default_value = "now", allow_hyphen_values = true)]
    to: String,
    /// The HTML file, which appears when it is complete; `-` is stdout
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace FILE where it exists
    #[arg(long)]
    force: bool,
}

/// What is printed of a file with `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportDocument {
    path: String,
    servers: u32,
    bytes: u64,
}

pub(crate) async fn carry_out(wanted: ReportArguments, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = report(&wanted, &session.engine, output).await;
    session.close_with(outcome).await
}

async fn report(wanted: &ReportArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let mut servers: Vec<ServerId> = Vec::new();
    for name in &wanted.names {
        let id = engine.server_named(name)?.server.id;
        if !servers.contains(&id) {
            servers.push(id);
        }
    }
    let now = Zoned::now();
    let request = ReportRequest {
        servers,
        from: moment::of_option("--from", &wanted.from, &now)?,
        to: moment::of_option("--to", &wanted.to, &now)?,
    };
    let to_stdout = wanted.output.as_os_str() == "-";
    let destination = if to_stdout {
        Destination::Stream(Box::new(io::stdout()))
    } else {
        Destination::File { path: wanted.output.clone(), replace: wanted.force }
    };

    let mut ending = Ending::listen()?;
    let mut events = engine.events();
    let mut progress = Progress::new(output);
    let mut reporting = pin!(engine.report(ID.to_owned(), request, destination));
    let end = loop {
        tokio::select! {
            biased;
            end = &mut reporting => break end,
            () = ending.wished() => engine.cancel_export(ID),
            Some(event) = events.next() => {
                if let Event::Export { id, share, .. } = event && id == ID {
                    progress.show(share, "");
                }
            }
        }
    };
    progress.clear();
    match end? {
        ReportEnd::Complete { servers, bytes, .. } if !to_stdout => tell(wanted, servers, bytes, output),
        ReportEnd::Complete { .. } | ReportEnd::ReaderGone => Ok(()),
        ReportEnd::Cancelled => Err(Problem::Stopped),
    }
}

fn tell(wanted: &ReportArguments, servers: u32, bytes: u64, output: &Output) -> Result<(), Problem> {
    let path = wanted.output.display().to_string();
    if output.json {
        return output.document(&ReportDocument { path, servers, bytes });
    }
    let counted = if servers == 1 { "1 server".to_owned() } else { format!("{servers} servers") };
    output.line(format!("{counted}, {}, written to {}", format::bytes(bytes as f64), safe(&path)))
}
