//! `server restrict`: the least-privilege kit, to be put on the server by a person.

use clap::Args;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::RestrictKit;

use crate::output::{Output, safe};
use crate::problem::Problem;

/// Of which server, and which part.
#[derive(Args)]
pub(crate) struct RestrictArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    name: String,
    /// Print only the script
    #[arg(long, conflicts_with = "line")]
    script: bool,
    /// Print only the line for authorized_keys
    #[arg(long)]
    line: bool,
}

pub(super) async fn carry_out(wanted: RestrictArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(&wanted.name)?.server;
    let kit = engine.restrict(server.id).await?;
    if output.json {
        return output.document(&kit);
    }
    if wanted.script {
        return output.raw(kit.script.as_bytes());
    }
    if wanted.line {
        return output.line(&kit.authorized_keys);
    }
    let RestrictKit { path, authorized_keys, commands, costs, .. } = &kit;
    let style = output.style;
    output.line(format!(
        "With this, the key of Hostrounds can do nothing on {} but read metrics. Nothing was changed yet.",
        safe(&server.name)
    ))?;
    output.line("")?;
    output.line(style.strong("Run on the server as root, one after the other:"))?;
    output.lines(commands)?;
    output.line("")?;
    output.line(style.strong("The line of authorized_keys:"))?;
    output.line(authorized_keys)?;
    output.line("")?;
    output.line(format!("It runs {}, which `--script` prints alone.", safe(path)))?;
    if !costs.is_empty() {
        output.line("")?;
        output.line(style.strong("What is given up:"))?;
        let costs: Vec<String> = costs.iter().map(|cost| format!("- {}", safe(cost))).collect();
        output.lines(&costs)?;
    }
    Ok(())
}
