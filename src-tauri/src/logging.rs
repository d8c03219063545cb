//! What is logged: to stderr, as much as `RUST_LOG` asks for.

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const DEFAULT: &str = "warn,hostrounds=info";

/// Starts logging for the whole process.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(may_be_logged))
        .with(tracing_subscriber::fmt::layer().with_writer(io::stderr))
        .init();
}

// Below `info`, the libraries for SSH, D-Bus and the webview log what they were handed, and that can be a password. No RUST_LOG
// may bring it out.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("hostrounds") || *metadata.level() <= Level::INFO
}
