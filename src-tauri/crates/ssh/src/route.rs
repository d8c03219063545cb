//! The way to a server: the hosts that are passed, and what proves to each who we are.

use crate::credential::Credential;
use crate::endpoint::Endpoint;

/// More jump hosts than this make a route that is refused.
pub const MAX_JUMPS: usize = 4;

/// A server and the jump hosts before it.
#[derive(Debug, Clone)]
pub struct Route {
    /// In the order in which they are passed; the first is dialled from this computer. At most [`MAX_JUMPS`].
    pub jumps: Vec<Hop>,
    /// The server itself. Behind jump hosts its name is looked up by the last of them.
    pub server: Hop,
}

/// One host on the way. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Where it is, and as whom.
    pub endpoint: Endpoint,
    /// Ways to log in, tried in this order; where a host wants several, the next suitable one goes on. With none, the
    /// connection ends after the check of the host key.
    pub credentials: Vec<Credential>,
}

impl Route {
    /// A server that is dialled from this computer.
    #[must_use]
    pub const fn direct(server: Hop) -> Self {
        Self { jumps: Vec::new(), server }
    }
}

impl Hop {
    /// A host with one way to log in.
    #[must_use]
    pub fn new(endpoint: Endpoint, credential: Credential) -> Self {
        Self { endpoint, credentials: vec![credential] }
    }
}
