//! What the window takes on its command line.

use std::path::PathBuf;

use clap::Parser;

/// Watches your servers over plain SSH.
#[derive(Parser, Debug)]
#[command(name = "hostrounds-desktop", version)]
pub(crate) struct Arguments {
    /// Where the history and the settings are kept; by default where the command line `hostrounds` keeps them
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}
