//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::collect::CollectArguments;
use crate::history::HistoryArguments;
use crate::import::ImportCommand;
use crate::lists::{ActivityArguments, AlertsArguments};
use crate::server::ServerCommand;
use crate::watch::WatchArguments;

const EXIT_CODES: &str = "\
This computer is the server named `local`.

Exit codes: 0 done; 1 a server failed; 2 wrong use; 3 something on this computer cannot be used (the store, the keyring, the \
host key file, the output).";

/// Watches your servers over plain SSH, and this computer.
#[derive(Parser)]
#[command(name = "hostrounds", version, after_help = EXIT_CODES, propagate_version = true, max_term_width = 120)]
pub(crate) struct Arguments {
    /// Where the data is [default: where the platform has it; the window uses the same]
    #[arg(long, global = true, value_name = "DIR", env = "HOSTROUNDS_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Print JSON instead of tables for people
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add, list, edit, test and remove servers; accept host keys
    #[command(subcommand)]
    Server(ServerCommand),
    /// Take servers over from elsewhere
    #[command(subcommand)]
    Import(ImportCommand),
    /// Collect now, keep and print the values
    Collect(CollectArguments),
    /// Show the live values of a server, every 2 s, until Ctrl+C
    Watch(WatchArguments),
    /// Collect every server on its interval, without a window, until SIGTERM or Ctrl+C
    Run,
    /// Print the kept values of a metric
    History(HistoryArguments),
    /// List the metrics that can be asked for
    Metrics,
    /// List the alerts that are firing
    Alerts(AlertsArguments),
    /// Show what is waiting, running, delayed, scheduled and ended
    Queue,
    /// List who or what did what, newest first
    Activity(ActivityArguments),
}
