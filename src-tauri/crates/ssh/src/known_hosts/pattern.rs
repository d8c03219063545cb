//! Whether the hosts of a line mean a certain host (ssh_config(5), "PATTERNS"; sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::ssh_key::known_hosts::HostPatterns;
use sha1::Sha1;

/// OpenSSH gives up on a line with a pattern of this length.
const TOO_LONG: usize = 1023;
/// Salts of another length are no salts to OpenSSH: it takes as many bytes as the hash has.
const SALT: usize = 20;

/// How far a line reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One host, by its name or the hash of it.
    One,
    /// Several hosts, each by its name.
    Several,
    /// Whatever fits its wildcards.
    Wild,
}

/// How far the line reaches, if `name`, which is `host` or `[host]:port` in lower case, is among what it means.
pub(crate) fn reach(hosts: &[u8], name: &str) -> Option<Reach> {
    if hosts.starts_with(b"|") {
        return is_hash_of(hosts, name).then_some(Reach::One);
    }
    if !is_listed(hosts, name.as_bytes()) {
        return None;
    }
    Some(if hosts.iter().any(|byte| b"*?!".contains(byte)) {
        Reach::Wild
    } else if hosts.contains(&b',') {
        Reach::Several
    } else {
        Reach::One
    })
}

/// A name that stands for itself alone, fit to be written into a file.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['@', '#', '|'])
        && name.len() < TOO_LONG
        && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | '*' | '?' | '!'))
}

fn is_hash_of(hosts: &[u8], name: &str) -> bool {
    let parsed = std::str::from_utf8(hosts).ok().and_then(|text| text.parse().ok());
    let Some(HostPatterns::HashedName { salt, hash }) = parsed else { return false };
    if salt.len() != SALT {
        return false;
    }
    // SHA-1 because the format says so; it hides names, it proves nothing.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&salt) else { return false };
    mac.update(name.as_bytes());
    mac.verify_slice(&hash).is_ok()
}

/// A negated pattern that fits rules the whole line out, wherever it stands.
fn is_listed(hosts: &[u8], name: &[u8]) -> bool {
    let mut found = false;
    for pattern in hosts.split(|byte| *byte == b',') {
        let (negated, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        if pattern.len() >= TOO_LONG {
            return false;
        }
        if fits(pattern, name) {
            if negated {
                return false;
            }
            found = true;
        }
    }
    found
}

/// `*` stands for any run of bytes, `?` for one. Linear in the product of the lengths, whatever the pattern.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    if !pattern.iter().any(|byte| b"*?".contains(byte)) {
        return pattern.eq_ignore_ascii_case(name);
    }
    let mut reachable = vec![false; name.len().saturating_add(1)];
    if let Some(start) = reachable.first_mut() {
        *start = true;
    }
    for token in pattern {
        let mut next = vec![false; reachable.len()];
        let mut carried = false;
        for (position, slot) in next.iter_mut().enumerate() {
            if *token == b'*' {
                carried |= reachable.get(position).copied().unwrap_or(false);
                *slot = carried;
            } else if let Some(previous) = position.checked_sub(1) {
                let stood = reachable.get(previous).copied().unwrap_or(false);
                *slot =
                    stood && name.get(previous).is_some_and(|byte| *token == b'?' || byte.eq_ignore_ascii_case(token));
            }
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_ssh_means() {
        for (patterns, name, expected) in [
            ("web.example.org", "web.example.org", Some(Reach::One)),
            ("WEB.example.org", "web.example.org", Some(Reach::One)),
            ("web.example.org", "db.example.org", None),
            ("a,b,c", "b", Some(Reach::Several)),
            ("*.example.org", "web.example.org", Some(Reach::Wild)),
            ("*.example.org", "example.org", None),
            ("web?.example.org", "web1.example.org", Some(Reach::Wild)),
            ("web?.example.org", "web.example.org", None),
            ("*.example.org,!web.example.org", "web.example.org", None),
            ("!web.example.org,*.example.org", "web.example.org", None),
            ("!web.example.org,*.example.org", "db.example.org", Some(Reach::Wild)),
            ("!db.example.org", "web.example.org", None),
            ("[web]:2222", "[web]:2222", Some(Reach::One)),
            ("[web]:2222", "web", None),
            ("web", "[web]:2222", None),
            ("*", "[web]:2222", Some(Reach::Wild)),
            ("[*]:2222", "[web]:2222", Some(Reach::Wild)),
            ("192.0.2.*", "192.0.2.7", Some(Reach::Wild)),
            ("**a**", "bab", Some(Reach::Wild)),
            ("", "a", None),
        ] {
            assert_eq!(reach(patterns.as_bytes(), name), expected, "{patterns} against {name}");
        }
    }

    #[test]
    fn a_pattern_that_is_too_long_spoils_the_line_from_there_on() {
        let long = "x".repeat(TOO_LONG);
        assert_eq!(reach(format!("web,{long}").as_bytes(), "web"), None);
        assert_eq!(reach(format!("web,{}", &long[1..]).as_bytes(), "web"), Some(Reach::Several));
    }

    #[test]
    fn many_stars_cost_no_exponential_time() {
        assert_eq!(reach("*a".repeat(200).as_bytes(), &"a".repeat(199)), None);
    }

    #[test]
    fn only_plain_names_may_be_written() {
        for good in ["web", "[web]:2222", "[::1]:2222", "fe80::1%eth0"] {
            assert!(is_plain_name(good), "{good}");
        }
        for bad in ["", "a b", "a,b", "*", "w?b", "!web", "@revoked", "#web", "|1|x", "a\nb"] {
            assert!(!is_plain_name(bad), "{bad}");
        }
    }
}
