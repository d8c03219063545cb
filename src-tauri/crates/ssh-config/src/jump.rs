//! `ProxyJump`: the hosts on the way.

/// One host as `ProxyJump` names it: `[user@]host[:port]` or `ssh://[user@]host[:port]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct JumpName {
    pub(crate) user: Option<String>,
    /// A name, or an alias with a block of its own.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl JumpName {
    fn read(text: &str) -> Option<Self> {
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

/// The hosts that `ProxyJump` names, in the order of the way; none where it is `none`. Nothing where it cannot be understood.
pub(crate) fn chain(text: &str) -> Option<Vec<JumpName>> {
    let text = text.split(['#']).next().unwrap_or_default().trim().trim_matches('"');
    if text.eq_ignore_ascii_case("none") {
        return Some(Vec::new());
    }
    text.split(',').map(JumpName::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_jump_is_read() {
        let name =
            |user: Option<&str>, host: &str, port| JumpName { user: user.map(str::to_owned), host: host.into(), port };
        for (text, expected) in [
            ("none", Some(vec![])),
            ("bastion", Some(vec![name(None, "bastion", None)])),
            ("ops@bastion:2222", Some(vec![name(Some("ops"), "bastion", Some(2222))])),
            ("a,b@c", Some(vec![name(None, "a", None), name(Some("b"), "c", None)])),
            ("ssh://ops@[::1]:22/", Some(vec![name(Some("ops"), "::1", Some(22))])),
            ("ops@example.org@bastion", Some(vec![name(Some("ops@example.org"), "bastion", None)])),
            ("fe80::1", Some(vec![name(None, "fe80::1", None)])),
            ("a,", None),
            ("@a", None),
            ("a:0", None),
            ("a:ssh", None),
            ("[::1", None),
        ] {
            assert_eq!(chain(text), expected, "{text}");
        }
    }
}
