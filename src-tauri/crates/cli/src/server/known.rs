//! `server remove`, `server enable`, `server disable`.

use clap::Args;
use hostrounds_core::server::{ServerId, Target};
use hostrounds_engine::api::Hostrounds;
use serde::Serialize;

use crate::confirm::asked;
use crate::output::{Output, safe};
use crate::problem::Problem;

/// Which server to remove.
#[derive(Args)]
pub(crate) struct RemoveArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Removed<'a> {
    id: ServerId,
    name: &'a str,
}

pub(super) async fn remove(wanted: RemoveArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(&wanted.name)?.server;
    let name = safe(&server.name);
    let removable = !matches!(server.target, Target::Local);
    if removable && !wanted.yes {
        let question = format!("Remove {name} with its history and its secret? Type `yes`: ");
        if !asked(&question, "Say --yes to remove it without being asked.")? {
            return Err(Problem::usage(format!("{name} was not removed."), "Only `yes` removes it."));
        }
    }
    engine.remove_server(server.id).await?;
    if output.json {
        output.document(&serde_json::json!({ "removed": Removed { id: server.id, name: &server.name } }))
    } else {
        output.line(format!("{name} was removed."))
    }
}

pub(super) async fn set_enabled(
    name: &str,
    enabled: bool,
    engine: &Hostrounds,
    output: &Output,
) -> Result<(), Problem> {
    let id = engine.server_named(name)?.server.id;
    let view = engine.set_enabled(id, enabled).await?;
    if output.json {
        output.document(&view)
    } else {
        output.line(format!("{} is {}.", safe(&view.server.name), if enabled { "enabled" } else { "disabled" }))
    }
}
