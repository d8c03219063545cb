//! Whether a line's host patterns mean a certain host.

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::ssh_key::known_hosts::HostPatterns;
use sha1::Sha1;

/// `name` is in lower case, `host` or `[host]:port`.
pub(crate) fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => hashed(salt, hash, name),
        HostPatterns::Patterns(patterns) => listed(patterns, name),
    }
}

/// A name that stands for itself alone, fit to be written into a file.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['@', '#', '|'])
        && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | '*' | '?' | '!'))
}

fn hashed(salt: &[u8], hash: &[u8], name: &str) -> bool {
    // SHA-1 because the format says so; it hides names, it proves nothing.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(salt) else { return false };
    mac.update(name.as_bytes());
    mac.verify_slice(hash).is_ok()
}

/// A negated pattern that fits rules the whole line out, wherever it stands.
fn listed(patterns: &[String], name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if fits(negated, name) => return false,
            Some(_) => {}
            None => found |= fits(pattern, name),
        }
    }
    found
}

/// `*` stands for any run of characters, `?` for one. Linear in the product of the lengths, whatever the pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_lowercase();
    let name: Vec<char> = name.chars().collect();
    let mut reachable = vec![false; name.len() + 1];
    if let Some(start) = reachable.first_mut() {
        *start = true;
    }
    for token in pattern.chars() {
        let mut next = vec![false; reachable.len()];
        let mut carried = false;
        for (position, slot) in next.iter_mut().enumerate() {
            if token == '*' {
                carried |= reachable.get(position).copied().unwrap_or(false);
                *slot = carried;
            } else if let Some(previous) = position.checked_sub(1) {
                let stood = reachable.get(previous).copied().unwrap_or(false);
                *slot = stood && name.get(previous).is_some_and(|c| token == '?' || *c == token);
            }
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(patterns: &str) -> HostPatterns {
        patterns.parse().unwrap()
    }

    #[test]
    fn patterns_mean_what_ssh_means() {
        for (patterns, name, expected) in [
            ("web.example.org", "web.example.org", true),
            ("WEB.example.org", "web.example.org", true),
            ("web.example.org", "db.example.org", false),
            ("a,b,c", "b", true),
            ("*.example.org", "web.example.org", true),
            ("*.example.org", "example.org", false),
            ("web?.example.org", "web1.example.org", true),
            ("web?.example.org", "web.example.org", false),
            ("*.example.org,!web.example.org", "web.example.org", false),
            ("!web.example.org,*.example.org", "web.example.org", false),
            ("!web.example.org,*.example.org", "db.example.org", true),
            ("!db.example.org", "web.example.org", false),
            ("[web]:2222", "[web]:2222", true),
            ("[web]:2222", "web", false),
            ("web", "[web]:2222", false),
            ("*", "[web]:2222", true),
            ("[*]:2222", "[web]:2222", true),
            ("192.0.2.*", "192.0.2.7", true),
            ("**a**", "bab", true),
            ("", "", false),
        ] {
            let found = patterns.parse::<HostPatterns>().is_ok_and(|parsed| matches(&parsed, name));
            assert_eq!(found, expected, "{patterns} against {name}");
        }
    }

    #[test]
    fn many_stars_cost_no_exponential_time() {
        let patterns = line(&"*a".repeat(200));
        assert!(!matches(&patterns, &"a".repeat(199)));
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
