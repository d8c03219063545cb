//! `hostrounds server ...`: the servers that are watched.

mod add;
mod edit;
pub(crate) mod families;
mod footprint;
mod known;
mod login;
mod login_words;
mod restrict;
pub(crate) mod show;
mod test;
mod thresholds;
mod trust;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use hostrounds_core::server::{Server, Target};
use hostrounds_engine::api::Hostrounds;

use crate::output::Output;
use crate::problem::Problem;
use crate::session::{Notifications, Session};

/// What can be done with servers.
#[derive(Subcommand)]
pub(crate) enum ServerCommand {
    /// Add a server; nothing but its SSH daemon is needed there
    Add(add::AddArguments),
    /// List all servers with their state and values
    List,
    /// Show one server: its settings, its latest values and its last collections
    Show(Named),
    /// Change the settings of a server; what is not named stays
    Edit(edit::EditArguments),
    /// Remove a server with its history and its secret
    Remove(known::RemoveArguments),
    /// Collect a server on its interval again
    Enable(Named),
    /// Collect a server no longer; its history stays
    Disable(Named),
    /// Try the connection step by step
    Test(Named),
    /// List the connection tests that were made, newest first
    Tests(test::TestsArguments),
    /// Show the host key of a server and accept it, or replace one that has changed
    Trust(trust::TrustArguments),
    /// Show what watching a server costs it: logins, channels, bytes and CPU per day
    Footprint(footprint::FootprintArguments),
    /// Print what restricts the key of Hostrounds on a server to reading metrics
    Restrict(restrict::RestrictArguments),
}

/// One server.
#[derive(Args)]
pub(crate) struct Named {
    /// The name of the server; `local` is this computer
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// The server of that name, where it is one over SSH.
fn remote(name: &str, engine: &Hostrounds) -> Result<Server, Problem> {
    let server = engine.server_named(name)?.server;
    match server.target {
        Target::Ssh(_) => Ok(server),
        Target::Local => Err(Problem::usage(
            "This computer is read directly: nothing is logged in to.",
            "Name a server over SSH; `hostrounds server list` shows them.",
        )),
    }
}

pub(crate) async fn carry_out(command: ServerCommand, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let engine = &session.engine;
    let outcome = match command {
        ServerCommand::Add(wanted) => add::carry_out(wanted, engine, output).await,
        ServerCommand::List => show::list(engine, output),
        ServerCommand::Show(Named { name }) => show::one(&name, engine, output).await,
        ServerCommand::Edit(wanted) => edit::carry_out(wanted, engine, output).await,
        ServerCommand::Remove(wanted) => known::remove(wanted, engine, output).await,
        ServerCommand::Enable(Named { name }) => known::set_enabled(&name, true, engine, output).await,
        ServerCommand::Disable(Named { name }) => known::set_enabled(&name, false, engine, output).await,
        ServerCommand::Test(Named { name }) => test::carry_out(&name, engine, output).await,
        ServerCommand::Tests(wanted) => test::history(wanted, engine, output).await,
        ServerCommand::Footprint(wanted) => footprint::carry_out(wanted, engine, output).await,
        ServerCommand::Restrict(wanted) => restrict::carry_out(wanted, engine, output).await,
        ServerCommand::Trust(wanted) => trust::carry_out(wanted, engine, output).await,
    };
    session.close_with(outcome).await
}
