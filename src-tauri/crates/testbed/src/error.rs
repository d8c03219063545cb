//! Why a test server could not be had.

use std::io;

use thiserror::Error;

/// A test server that did not come up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TestbedError {
    /// A program could not be started; it may not be installed.
    #[error("{program} cannot be started: {source}")]
    Program {
        /// Its name.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A program ended when it should have gone on, or failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Its name.
        program: String,
        /// What it printed.
        output: String,
    },
    /// A file or socket of the testbed's own.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// This needs a mount namespace of its own, and so root.
    #[error("{what} needs root")]
    NeedsRoot {
        /// What was asked for.
        what: &'static str,
    },
    /// The catalogue does not hold it.
    #[error("there is no server called {name}; `hostrounds-testbed list` names them all")]
    NoSuchServer {
        /// What was asked for.
        name: String,
    },
    /// The testbed's own SSH server could not make its keys.
    #[error("no host key: {0}")]
    HostKey(#[from] russh::keys::ssh_key::Error),
}
