//! One line of a file of known hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), cut into its fields as OpenSSH cuts it.
//!
//! `ssh-key` parses such lines too, but allows only a single blank between the fields, no bytes that are not UTF-8, and
//! no line end but its own. Whatever makes no sense is passed over.

use russh::keys::PublicKey;

/// What a line says about its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// It is the host's own.
    Plain,
    /// It vouches for certificates of the host: `@cert-authority`.
    Authority,
    /// It must not be accepted any more: `@revoked`.
    Revoked,
}

/// The fields of a line; the key is not looked at before it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) marker: Marker,
    pub(crate) hosts: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    /// `None` for a comment, an empty line, and one that makes no sense.
    pub(crate) fn split(line: &'a [u8]) -> Option<Self> {
        // To OpenSSH, which is written in C, a line ends there.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let (marker, line) = marker(skip_blanks(line))?;
        if line.first().is_none_or(|byte| *byte == b'#') {
            return None;
        }
        let (hosts, rest) = word(line);
        // A field that nothing follows, not even a blank, is a line that was cut short.
        (!rest.is_empty()).then_some(Self { marker, hosts, rest: skip_blanks(rest) })
    }

    /// The key of the line, if it is one.
    pub(crate) fn key(&self) -> Option<PublicKey> {
        let (name, rest) = word(self.rest);
        let (blob, _) = word(skip_blanks(rest));
        let name = match std::str::from_utf8(name).ok()? {
            // Names of signatures, not of keys; OpenSSH reads them as the key they are made with.
            "rsa-sha2-256" | "rsa-sha2-512" => "ssh-rsa",
            name => name,
        };
        // OpenSSH skips white space inside base64: the end of a line from Windows is in there.
        let blob: String =
            blob.iter().filter(|byte| !b"\r\x0b\x0c".contains(byte)).map(|byte| char::from(*byte)).collect();
        PublicKey::from_openssh(&format!("{name} {blob}")).ok()
    }
}

fn marker(line: &[u8]) -> Option<(Marker, &[u8])> {
    if !line.starts_with(b"@") {
        return Some((Marker::Plain, line));
    }
    // A tab ends a marker only where there is no blank in all the line.
    let end = [b' ', b'\t'].iter().find_map(|end| line.iter().position(|byte| byte == end))?;
    let (name, rest) = line.split_at_checked(end)?;
    let marker = match name {
        b"@cert-authority" => Marker::Authority,
        b"@revoked" => Marker::Revoked,
        _ => return None,
    };
    let rest = skip_blanks(rest);
    // One marker is allowed, not two.
    (!rest.starts_with(b"@")).then_some((marker, rest))
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| is_blank(**byte)).count();
    line.get(blanks..).unwrap_or_default()
}

fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let length = line.iter().take_while(|byte| !is_blank(**byte)).count();
    line.split_at_checked(length).unwrap_or((line, &[]))
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjgSiMcu/nK5ZUr5lcLd5tJ1KThf5ctw0x2WzT6Fw3x";

    fn fields(line: &str) -> Option<(Marker, String, bool)> {
        let line = Line::split(line.as_bytes())?;
        Some((line.marker, String::from_utf8_lossy(line.hosts).into_owned(), line.key().is_some()))
    }

    #[test]
    fn lines_are_cut_as_ssh_cuts_them() {
        let of = |marker, hosts: &str, key| Some((marker, hosts.to_owned(), key));
        for (line, expected) in [
            (format!("web {KEY}"), of(Marker::Plain, "web", true)),
            (format!(" \tweb\t {KEY} \t a comment"), of(Marker::Plain, "web", true)),
            (format!("web {KEY}\r"), of(Marker::Plain, "web", true)),
            (format!("web {KEY} caf\u{e9}"), of(Marker::Plain, "web", true)),
            (format!("@revoked  web {KEY}"), of(Marker::Revoked, "web", true)),
            (format!("@revoked\tweb\t{}", KEY.replace(' ', "\t")), of(Marker::Revoked, "web", true)),
            (format!("@revoked\tweb {KEY}"), None),
            (format!("@cert-authority * {KEY}"), of(Marker::Authority, "*", true)),
            (format!("@revoked @revoked web {KEY}"), None),
            (format!("@Revoked web {KEY}"), None),
            (format!("#web {KEY}"), None),
            (format!("@revoked #web {KEY}"), None),
            (format!("web\0 {KEY}"), None),
            (String::new(), None),
            (" ".into(), None),
            ("web".into(), None),
            ("web ".into(), of(Marker::Plain, "web", false)),
            ("web ssh-ed25519".into(), of(Marker::Plain, "web", false)),
            ("web ssh-ed25519 AAAA".into(), of(Marker::Plain, "web", false)),
            (format!("web {}", KEY.replace("ssh-ed25519", "ssh-rsa")), of(Marker::Plain, "web", false)),
            (format!("web {}=", KEY), of(Marker::Plain, "web", false)),
        ] {
            assert_eq!(fields(&line), expected, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line: Vec<u8>) {
            if let Some(line) = Line::split(&line) {
                let _ = line.key();
            }
        }

        #[test]
        fn nothing_that_looks_like_a_line_makes_it_panic(line in "(@[a-z-]{0,14}[ \t])?[a-z|1*?!,+/=\\[\\]:]{0,20}[ \t]{0,2}(ssh-|ecdsa-|rsa-)?[a-z0-9-]{0,9}[ \t]{0,2}(AAAA)?[A-Za-z0-9+/=]{0,80}") {
            if let Some(line) = Line::split(line.as_bytes()) {
                let _ = line.key();
                let _ = super::super::pattern::reach(line.hosts, "web");
            }
        }
    }
}
