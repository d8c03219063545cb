//! Where a host is, as people write it on one line: `user@host:port`.

/// `[user@]host[:port]`, an IPv6 address with a port in brackets: `ops@[::1]:2222`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Who logs in, where it is said.
    pub user: Option<String>,
    /// A name or an address without brackets; never empty.
    pub host: String,
    /// The TCP port, where it is said; never 0.
    pub port: Option<u16>,
}

impl Address {
    /// Reads an address, also as a URI (`ssh://user@host:port`). Nothing where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("ssh://").map_or(text, |uri| uri.trim_end_matches('/'));
        let (user, rest) = text.rsplit_once('@').map_or((None, text), |(user, rest)| (Some(user), rest));
        let (host, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        } else if rest.matches(':').count() > 1 {
            // An IPv6 address without brackets has no port.
            (rest, None)
        } else {
            rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)))
        };
        if host.is_empty() || user.is_some_and(str::is_empty) {
            return None;
        }
        let port = match port {
            None => None,
            Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        };
        Some(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let address = |user: Option<&str>, host: &str, port| {
            Some(Address { user: user.map(str::to_owned), host: host.into(), port })
        };
        for (text, expected) in [
            ("bastion", address(None, "bastion", None)),
            (" ops@bastion:2222 ", address(Some("ops"), "bastion", Some(2222))),
            ("ssh://ops@[::1]:22/", address(Some("ops"), "::1", Some(22))),
            ("[fe80::1]", address(None, "fe80::1", None)),
            ("fe80::1", address(None, "fe80::1", None)),
            ("ops@example.org@bastion", address(Some("ops@example.org"), "bastion", None)),
            ("", None),
            ("@a", None),
            ("ops@", None),
            ("a:0", None),
            ("a:ssh", None),
            ("a:70000", None),
            ("[::1", None),
            ("[::1]22", None),
        ] {
            assert_eq!(Address::read(text), expected, "{text}");
        }
    }
}
