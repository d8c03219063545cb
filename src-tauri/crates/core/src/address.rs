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
    /// Reads an address, also as a URI (`ssh://user@host:port`). Nothing where it is none, or where
    /// [`host_fault`] or [`user_fault`] has something against it.
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
        if host_fault(host).is_some() || user.is_some_and(|user| user_fault(user).is_some()) {
            return None;
        }
        let port = match port {
            None => None,
            Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        };
        Some(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

/// What keeps `host` from being the name or address of a host, in a sentence: what a command line or a shell could take for
/// something else, as `ssh` itself refuses it since 9.6 (`valid_hostname` of its `ssh.c`), and patterns of `known_hosts`.
#[must_use]
pub fn host_fault(host: &str) -> Option<&'static str> {
    let unfit = |c: char| c.is_whitespace() || c.is_control() || QUOTING.contains(&c) || "$\\,/@".contains(c);
    if host.starts_with('-') {
        Some("A host does not begin with a dash: commands would take it for an option.")
    } else if host.contains(unfit) {
        Some("A host holds no spaces and no characters that mean something to a shell or a pattern.")
    } else {
        None
    }
}

/// What keeps `user` from being the name of a user, in a sentence: as [`host_fault`] (`valid_ruser`). `user@domain`,
/// `DOMAIN\user`, spaces and the `$` behind the name of a machine are fit.
#[must_use]
pub fn user_fault(user: &str) -> Option<&'static str> {
    let unfit = |c: char| c.is_control() || QUOTING.contains(&c);
    let name = user.strip_suffix('$').unwrap_or(user);
    if user.split(char::is_whitespace).any(|word| word.starts_with('-')) {
        Some("A user does not begin with a dash: commands would take it for an option.")
    } else if user.ends_with('\\') {
        Some("A user does not end with a backslash: behind it stands the name, as in `DOMAIN\\user`.")
    } else if name.contains(unfit) || name.contains('$') {
        Some("A user holds no characters that mean something to a shell or a pattern.")
    } else {
        None
    }
}

/// What means something to a shell, wherever it stands.
const QUOTING: [char; 19] =
    ['\'', '"', '`', ';', '&', '<', '>', '|', '(', ')', '{', '}', '*', '?', '[', ']', '!', '#', '~'];

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
            ("-oProxyCommand=x@web", None),
            ("ops@-web", None),
            ("ops@web;reboot", None),
            ("$(reboot)@web", None),
        ] {
            assert_eq!(Address::read(text), expected, "{text}");
        }
    }

    #[test]
    fn hosts_that_a_command_could_take_for_something_else_are_unfit() {
        for host in ["web-1.example.org", "web_1", "10.0.0.1", "::1", "fe80::1%eth0", "bücher.example", "x"] {
            assert_eq!(host_fault(host), None, "{host}");
        }
        let mut unfit: Vec<String> =
            "'`\"$\\;&<>|(){},*?[]!#~/@ \t\n\u{7f}\u{a0}".chars().map(|c| format!("a{c}b")).collect();
        unfit.extend(["-web", "-oProxyCommand=x"].map(str::to_owned));
        for host in unfit {
            assert!(host_fault(&host).is_some(), "{host:?}");
        }
    }

    #[test]
    fn users_that_a_command_could_take_for_something_else_are_unfit() {
        for user in
            ["ops", "ops@example.org", r"EXAMPLE\ops", r"EXAMPLE\Ann Smith", "machine$", "a-b", "a.b+c", "jürgen"]
        {
            assert_eq!(user_fault(user), None, "{user}");
        }
        let mut unfit: Vec<String> = "'`\";&<>|(){}*?[]!#~$\t\n\u{7f}".chars().map(|c| format!("a{c}b")).collect();
        unfit.extend(["-ops", "-l", "a -b", r"EXAMPLE\"].map(str::to_owned));
        for user in unfit {
            assert!(user_fault(&user).is_some(), "{user:?}");
        }
    }
}
