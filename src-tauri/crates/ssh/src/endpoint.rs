//! Where to connect, and as whom.

use std::fmt;

/// A server's address and the account on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Name, IPv4 or IPv6 address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Account to log in to.
    pub user: String,
}

/// `user@host`, and the port unless it is 22.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port == 22 {
            write!(f, "{}@{}", self.user, self.host)
        } else {
            write!(f, "{}@{}", self.user, self.place())
        }
    }
}

impl Endpoint {
    /// `host:port`, an IPv6 address in brackets.
    pub(crate) fn place(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// The name under which OpenSSH files a host: in lower case, with the port unless it is 22.
pub(crate) fn known_host_name(host: &str, port: u16) -> String {
    let host = host.to_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}
