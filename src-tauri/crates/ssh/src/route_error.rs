//! Which host of a route a connection failed at.

use std::fmt;

use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::session::Traffic;

/// A connection that did not come about, and where on the way.
#[derive(Debug)]
pub struct RouteError {
    /// The jump host that failed; `None` for the server itself. A host that a jump host cannot reach is the one that
    /// failed; a jump host that forwards nothing has failed itself.
    pub jump: Option<Endpoint>,
    /// What went wrong there.
    pub error: ConnectError,
    /// The bytes that had passed over the connection to that host, where a login was tried on it.
    pub login: Option<Traffic>,
}

impl RouteError {
    /// At a jump host, or at the server itself, before any login was tried there.
    pub(crate) fn before_login(jump: Option<&Endpoint>, error: ConnectError) -> Self {
        Self { jump: jump.cloned(), error, login: None }
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.jump {
            Some(jump) => write!(f, "jump host {jump}: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for RouteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
