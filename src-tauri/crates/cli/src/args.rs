//! What can be typed.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::backup::BackupArguments;
use crate::collect::CollectArguments;
use crate::config::ConfigCommand;
use crate::export::ExportArguments;
use crate::history::HistoryArguments;
use crate::import::ImportCommand;
use crate::lists::{ActivityArguments, AlertsArguments};
use crate::report::ReportArguments;
use crate::restore::RestoreArguments;
use crate::server::ServerCommand;
use crate::storage::StorageArguments;
use crate::watch::WatchArguments;

/// Names the data directory where no option does.
const DATA_DIR: &str = "HOSTROUNDS_DATA_DIR";

const EXIT_CODES: &str = "\
This computer is the server named `local`.

Exit codes: 0 done; 1 a server failed; 2 wrong use; 3 something on this computer cannot be used (the store, the keyring, the \
host key file, the output).";

/// Watches your servers over plain SSH, and this computer.
#[derive(Parser)]
#[command(name = "hostrounds", version, after_help = EXIT_CODES, propagate_version = true, max_term_width = 120)]
pub(crate) struct Arguments {
    /// Where the data is [default: where the platform has it; the window uses the same]
    #[arg(long, global = true, value_name = "DIR", env = DATA_DIR, hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Print JSON instead of tables for people
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// The data directory, unless the environment names the same: it does so for the next command too.
    pub(crate) fn named_data_dir(&self) -> Option<&Path> {
        let lasts = |folder: &&PathBuf| std::env::var_os(DATA_DIR).is_some_and(|set| set == folder.as_os_str());
        self.data_dir.as_ref().filter(|folder| !lasts(folder)).map(PathBuf::as_path)
    }
}

/// A word that is not empty.
pub(crate) fn word(text: &str) -> Result<String, String> {
    let word = text.trim();
    if word.is_empty() { Err("it is empty".to_owned()) } else { Ok(word.to_owned()) }
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
    /// Write every kept value of some metrics, or a table, as CSV, JSON or XLSX
    Export(ExportArguments),
    /// Write charts and numbers of a range as one HTML file to pass round
    Report(ReportArguments),
    /// List the metrics that can be asked for
    Metrics,
    /// List the alerts that are firing
    Alerts(AlertsArguments),
    /// Show what is waiting, running, delayed, scheduled and ended
    Queue,
    /// List who or what did what, newest first
    Activity(ActivityArguments),
    /// Write everything but the secrets into one file, while collections go on
    Backup(BackupArguments),
    /// Export and import the configuration as a text file without secrets
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Put a backup in the place of the data, which is kept beside it
    Restore(RestoreArguments),
    /// Show what the history takes on this disk; say how long and how much of it is kept
    Storage(StorageArguments),
}
