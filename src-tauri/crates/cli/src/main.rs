//! `hostrounds`: the command line and the headless collector, a thin face of the engine.

mod args;
mod backup;
mod collect;
mod config;
mod confirm;
mod export;
mod history;
mod import;
mod lists;
mod moment;
mod output;
mod problem;
mod progress;
mod prompts;
mod report;
mod restore;
mod run;
mod secret;
mod series;
mod server;
mod session;
mod signals;
mod storage;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Arguments, Command};
use crate::output::Output;
use crate::problem::Problem;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr();
    let output = Output::new(arguments.json, arguments.named_data_dir());
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(carry_out(arguments, &output));
            // A reading that hangs on a dead mount must not hold up the end.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Problem::Machine { what: "The program cannot start its threads".into(), error }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            output.problem(&problem);
            problem.exit_code()
        }
    }
}

async fn carry_out(arguments: Arguments, output: &Output) -> Result<(), Problem> {
    let place = arguments.data_dir;
    match arguments.command {
        Command::Server(command) => server::carry_out(command, place, output).await,
        Command::Backup(wanted) => backup::carry_out(wanted, place, output).await,
        Command::Restore(wanted) => restore::carry_out(wanted, place, output).await,
        Command::Config(command) => config::carry_out(command, place, output).await,
        Command::Import(command) => import::carry_out(command, place, output).await,
        Command::Collect(wanted) => collect::carry_out(wanted, place, output).await,
        Command::Watch(wanted) => watch::carry_out(wanted, place, output).await,
        Command::Run => run::carry_out(place, output).await,
        Command::History(wanted) => history::carry_out(wanted, place, output).await,
        Command::Export(wanted) => export::carry_out(wanted, place, output).await,
        Command::Report(wanted) => report::carry_out(wanted, place, output).await,
        Command::Metrics => lists::metrics(output),
        Command::Alerts(wanted) => lists::alerts(wanted, place, output).await,
        Command::Queue => lists::queue(place, output).await,
        Command::Activity(wanted) => lists::activity(wanted, place, output).await,
        Command::Storage(wanted) => storage::carry_out(wanted, place, output).await,
    }
}

/// What goes wrong is told by the commands themselves; the log is for whoever looks for the reason behind it.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("HOSTROUNDS_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
