//! `hostrounds storage`: what the history takes on this disk, and how much of it is kept.

mod amount;
mod keep;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::output::Output;
use crate::problem::Problem;
use crate::session::{Notifications, Session};

/// What the history takes; or a change of what is kept.
#[derive(Args)]
pub(crate) struct StorageArguments {
    #[command(subcommand)]
    command: Option<StorageCommand>,
}

#[derive(Subcommand)]
enum StorageCommand {
    /// Say how long and how much of the history is kept; shows first what goes
    Keep(keep::KeepArguments),
}

pub(crate) async fn carry_out(
    wanted: StorageArguments,
    place: Option<PathBuf>,
    output: &Output,
) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let engine = &session.engine;
    let outcome = match wanted.command {
        None => show::carry_out(engine, output).await,
        Some(StorageCommand::Keep(wanted)) => keep::carry_out(wanted, engine, output).await,
    };
    session.close_with(outcome).await
}
