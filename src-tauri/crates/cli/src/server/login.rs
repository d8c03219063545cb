//! What the options about logins and jump hosts make of the way to a server, for `add` and `edit`.

use std::ffi::OsString;
use std::path::Path;

use hostrounds_core::address::Address;
use hostrounds_core::server::{Hop, Login, SecretSlot, SshTarget};
use hostrounds_engine::api::view::{SecretChange, SecretEdit};

pub(super) use super::login_words::LoginArguments;
use super::login_words::{Method, Word};
use crate::output::safe;
use crate::problem::Problem;
use crate::secret;

/// What the options make of the way.
#[derive(Debug)]
pub(super) struct Way {
    /// The logins of the server; absent where nothing is said of them.
    pub(super) logins: Option<Vec<Login>>,
    /// The jump hosts; absent where nothing is said of them.
    pub(super) jumps: Option<Vec<Hop>>,
    /// The secrets that stand on stdin, in their order, each with what it is.
    announced: Vec<(SecretSlot, String)>,
}

impl LoginArguments {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.loose.is_empty() && self.jumps.is_empty()
    }

    /// What the options make of the way to a server: a new one, or the one that `before` describes, whose place is that of
    /// the new settings already.
    pub(super) fn way(&self, at: &Hop, before: Option<&SshTarget>) -> Result<Way, Problem> {
        let mut announced = Vec::new();
        let logins = read(&self.own, before.map_or(&[], |before| &before.hop.logins), "", &mut |secret| {
            announced.push(match secret {
                Secret::Password => (SecretSlot::Password { jump: None }, format!("Password of {at}")),
                Secret::Passphrase(path) => passphrase(path),
            });
        })?;
        let own = logins.as_ref().or(before.map(|before| &before.hop.logins));
        let jumps = self.chain(at, own.map_or(&[], Vec::as_slice), before, &mut announced)?;
        Ok(Way { logins, jumps, announced })
    }

    fn chain(
        &self,
        server: &Hop,
        own: &[Login],
        before: Option<&SshTarget>,
        announced: &mut Vec<(SecretSlot, String)>,
    ) -> Result<Option<Vec<Hop>>, Problem> {
        let known = before.map_or(&[][..], |before| &before.jumps);
        let mut wanted: Vec<(Hop, &[Word])> = Vec::new();
        if !self.loose.is_empty() {
            let ([only], []) = (known, self.jumps.as_slice()) else {
                return Err(Problem::usage(
                    "An option for a jump host stands before any jump host.",
                    "Say which one first: --jump USER@HOST[:PORT], and the --jump-... options for it behind it.",
                ));
            };
            wanted.push((only.clone(), &self.loose));
        }
        for (text, words) in &self.jumps {
            let Some(Address { user, host, port }) = Address::read(text) else {
                return Err(Problem::usage(
                    format!("--jump: `{}` is no address of a jump host.", safe(text)),
                    "Write it as USER@HOST or USER@HOST:PORT, an IPv6 address in brackets.",
                ));
            };
            let user = user.unwrap_or_else(|| server.user.clone());
            let hop = Hop { host, port: port.unwrap_or(22), user, logins: Vec::new() };
            let kept = known.iter().find(|known| known.to_string() == hop.to_string()).cloned();
            wanted.push((kept.unwrap_or(hop), words));
        }
        let mut jumps = Vec::new();
        for (mut hop, words) in wanted {
            let name = hop.to_string();
            let logins = read(words, &hop.logins, "jump-", &mut |secret| {
                let announcement = match secret {
                    Secret::Password => {
                        (SecretSlot::Password { jump: Some(name.clone()) }, format!("Password of {name}"))
                    }
                    Secret::Passphrase(path) => passphrase(path),
                };
                announced.push(announcement);
            })?;
            if let Some(logins) = logins {
                hop.logins = logins;
            } else if hop.logins.is_empty() {
                let shared = |login: &&Login| matches!(login, Login::Key { .. } | Login::Agent { .. });
                hop.logins = own.iter().filter(shared).cloned().collect();
            }
            if hop.logins.is_empty() {
                return Err(Problem::usage(
                    format!("How to log in on the jump host {} is missing.", safe(&name)),
                    "Put --jump-key FILE, --jump-agent or --jump-password-stdin behind it.",
                ));
            }
            jumps.push(hop);
        }
        Ok((!jumps.is_empty()).then_some(jumps))
    }
}

impl Way {
    /// Reads the secrets that were announced, one line each.
    pub(super) fn secrets(&self) -> Result<Vec<SecretEdit>, Problem> {
        let mut edits: Vec<SecretEdit> = Vec::new();
        for (slot, what) in &self.announced {
            if edits.iter().all(|edit| edit.slot != *slot) {
                let value = secret::from_stdin(&safe(what))?;
                edits.push(SecretEdit { slot: slot.clone(), change: SecretChange::Set { value } });
            }
        }
        Ok(edits)
    }
}

/// A secret that stands on stdin.
enum Secret {
    Password,
    /// Of this key file.
    Passphrase(String),
}

fn passphrase(path: String) -> (SecretSlot, String) {
    let what = format!("Passphrase of {path}");
    (SecretSlot::Passphrase { path }, what)
}

/// The logins that the options of one host describe; nothing where those that it has stay. `prefix` is what the options of
/// that host begin with.
fn read(
    words: &[Word],
    before: &[Login],
    prefix: &str,
    announce: &mut dyn FnMut(Secret),
) -> Result<Option<Vec<Login>>, Problem> {
    let has_password = before.contains(&Login::Password);
    // A new password for a server that has one is no other way to log in.
    let keeps = words.iter().all(|word| !word.method.is_login() || (word.method == Method::Password && has_password));
    let mut logins: Vec<Login> = Vec::new();
    let mut socket = None;
    for Word { method, value } in words {
        if !method.is_flag() && value.to_string_lossy().trim().is_empty() {
            return Err(Problem::usage(
                format!("{} is empty.", method.option(prefix)),
                "Give it a value, or leave it out.",
            ));
        }
        match method {
            Method::Key => logins.push(Login::Key { path: lasting(value)?, certificate: None }),
            Method::Certificate => match logins.last_mut() {
                Some(Login::Key { certificate, .. }) if certificate.is_none() => *certificate = Some(lasting(value)?),
                _ => {
                    return Err(Problem::usage(
                        "A certificate belongs to the key file before it.",
                        format!("Write it behind its key: --{prefix}key FILE --{prefix}certificate FILE."),
                    ));
                }
            },
            Method::Agent => logins.push(Login::agent()),
            Method::AgentKey => {
                let is_fingerprint =
                    value.to_str().is_some_and(|key| key.starts_with("SHA256:") || key.starts_with("MD5:"));
                let key = if is_fingerprint { text(value)? } else { lasting(value)? };
                logins.push(Login::Agent { key: Some(key), socket: None });
            }
            Method::AgentSocket if socket.is_some() => {
                return Err(Problem::usage(
                    format!("{} is given twice.", method.option(prefix)),
                    "All agent logins of one host use one socket.",
                ));
            }
            Method::AgentSocket => socket = Some(lasting(value)?),
            Method::Password => {
                logins.push(Login::Password);
                announce(Secret::Password);
            }
            Method::Passphrase => announce(Secret::Passphrase(encrypted_key(&logins, before, keeps, prefix)?)),
            Method::Prompts => logins.push(Login::Prompts),
        }
    }
    if let Some(socket) = socket {
        if !logins.iter().any(|login| matches!(login, Login::Agent { .. })) {
            logins.push(Login::agent());
        }
        for login in &mut logins {
            if let Login::Agent { socket: its, .. } = login {
                *its = Some(socket.clone());
            }
        }
    }
    let is_repeated = |login: &&Login| logins.iter().filter(|other| other == login).count() > 1;
    if let Some(login) = logins.iter().find(is_repeated) {
        return Err(Problem::usage(
            format!("{} is given twice.", option_of(login, prefix)),
            "Each way to log in is tried once.",
        ));
    }
    Ok(if keeps { None } else { Some(logins) })
}

/// The option that stands for a login.
fn option_of(login: &Login, prefix: &str) -> String {
    let method = match login {
        Login::Password => Method::Password,
        Login::Key { .. } => Method::Key,
        Login::Agent { key: None, .. } => Method::Agent,
        Login::Agent { key: Some(_), .. } => Method::AgentKey,
        Login::Prompts => Method::Prompts,
    };
    method.option(prefix)
}

/// The key file that a passphrase belongs to: the last one that was named, or the only one that was there before.
fn encrypted_key(logins: &[Login], before: &[Login], keeps: bool, prefix: &str) -> Result<String, Problem> {
    let path = |login: &Login| match login {
        Login::Key { path, .. } => Some(path.clone()),
        _ => None,
    };
    if let Some(named) = logins.iter().rev().find_map(path) {
        return Ok(named);
    }
    let kept: Vec<String> = if keeps { before.iter().filter_map(path).collect() } else { Vec::new() };
    match kept.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Problem::usage(
            "A passphrase belongs to a key file, and none is named before it.",
            format!("Give the key file too: --{prefix}key FILE --{prefix}passphrase-stdin."),
        )),
        several => Err(Problem::usage(
            format!("Which key file has the passphrase is not clear: {}.", safe(&several.join(", "))),
            format!("Name all ways to log in again, with --{prefix}passphrase-stdin behind the key that it is for."),
        )),
    }
}

/// The path as it must be kept: it also has to fit where the program is started from another directory.
fn lasting(value: &OsString) -> Result<String, Problem> {
    let path = Path::new(value);
    let whole = if path.starts_with("~") {
        path.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    text(whole.as_os_str())
}

fn text(value: &std::ffi::OsStr) -> Result<String, Problem> {
    value.to_str().map(str::to_owned).ok_or_else(|| {
        Problem::usage(
            "A path on the command line is not valid UTF-8.",
            "Rename the file, or make a link to it with a plain name.",
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn parsed(line: &str) -> LoginArguments {
        let command = LoginArguments::augment_args(Command::new("add").no_binary_name(true));
        LoginArguments::from_arg_matches(&command.try_get_matches_from(line.split_whitespace()).unwrap()).unwrap()
    }

    fn server() -> Hop {
        Hop { host: "web".into(), port: 22, user: "ops".into(), logins: vec![] }
    }

    fn way(line: &str) -> Way {
        parsed(line).way(&server(), None).unwrap()
    }

    fn refused(line: &str, before: Option<&SshTarget>) -> String {
        match parsed(line).way(&server(), before) {
            Err(Problem::Usage { message, hint }) => format!("{message} {hint}"),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn agent(key: Option<&str>, socket: Option<&str>) -> Login {
        Login::Agent { key: key.map(str::to_owned), socket: socket.map(str::to_owned) }
    }

    #[test]
    fn the_order_of_the_options_is_the_order_of_the_logins() {
        let cases = [
            ("", None),
            ("--agent --key /k", Some(vec![agent(None, None), Login::key("/k")])),
            (
                "--key /a --certificate /a-cert.pub --key ~/b --prompts --password-stdin",
                Some(vec![
                    Login::Key { path: "/a".into(), certificate: Some("/a-cert.pub".into()) },
                    Login::key("~/b"),
                    Login::Prompts,
                    Login::Password,
                ]),
            ),
            (
                "--agent-key SHA256:x --key /k --agent-key /k.pub --agent-socket /s",
                Some(vec![agent(Some("SHA256:x"), Some("/s")), Login::key("/k"), agent(Some("/k.pub"), Some("/s"))]),
            ),
            ("--agent-socket /s", Some(vec![agent(None, Some("/s"))])),
        ];
        for (line, logins) in cases {
            assert_eq!(way(line).logins, logins, "{line}");
        }
    }

    #[test]
    fn what_follows_a_jump_host_is_for_it() {
        let way = way(
            "--jump a --key /k --jump ann@b:23 --jump-agent --jump-password-stdin --jump [::1]:24 --jump-key /j --password-stdin",
        );
        let jumps: Vec<(String, Vec<Login>)> =
            way.jumps.unwrap().into_iter().map(|hop| (hop.to_string(), hop.logins)).collect();
        assert_eq!(
            jumps,
            [
                ("ops@a".to_owned(), vec![Login::key("/k")]),
                ("ann@b:23".to_owned(), vec![agent(None, None), Login::Password]),
                ("ops@[::1]:24".to_owned(), vec![Login::key("/j")]),
            ]
        );
        let announced: Vec<SecretSlot> = way.announced.into_iter().map(|(slot, _)| slot).collect();
        let of_jump = SecretSlot::Password { jump: Some("ann@b:23".into()) };
        assert_eq!(announced, [SecretSlot::Password { jump: None }, of_jump]);
    }

    #[test]
    fn a_new_secret_keeps_the_ways_to_log_in() {
        let before = SshTarget {
            hop: Hop { logins: vec![Login::key("/k"), Login::Password], ..server() },
            jumps: vec![Hop { host: "b".into(), logins: vec![Login::agent(), Login::Password], ..server() }],
        };
        let edited = |line: &str| parsed(line).way(&server(), Some(&before)).unwrap();
        let slots = |way: &Way| way.announced.iter().map(|(slot, _)| slot.clone()).collect::<Vec<_>>();

        let way = edited("--password-stdin --passphrase-stdin");
        assert_eq!((&way.logins, &way.jumps), (&None, &None));
        assert_eq!(slots(&way), [SecretSlot::Password { jump: None }, SecretSlot::Passphrase { path: "/k".into() }]);
        assert_eq!(edited("--key /n").logins, Some(vec![Login::key("/n")]));
        for line in ["--jump-password-stdin", "--jump ops@b --jump-password-stdin", "--jump b:22 --jump-password-stdin"]
        {
            let way = edited(line);
            assert_eq!(way.jumps.as_ref(), Some(&before.jumps), "{line}");
            assert_eq!(slots(&way), [SecretSlot::Password { jump: Some("ops@b".into()) }], "{line}");
        }
    }

    #[test]
    fn what_belongs_to_nothing_is_refused() {
        let two_keys = SshTarget::direct(Hop { logins: vec![Login::key("/a"), Login::key("/b")], ..server() });
        for (line, before, words) in [
            ("--certificate /c --key /k", None, "--key FILE --certificate FILE"),
            ("--key /k --agent --certificate /c", None, "belongs to the key file before it"),
            ("--agent --passphrase-stdin", None, "belongs to a key file"),
            ("--passphrase-stdin", Some(&two_keys), "/a, /b"),
            ("--agent --passphrase-stdin", Some(&two_keys), "belongs to a key file"),
            ("--jump-key /k", None, "--jump USER@HOST[:PORT]"),
            ("--jump-key /k --jump b", None, "--jump USER@HOST[:PORT]"),
            ("--jump b --password-stdin", None, "jump host ops@b is missing"),
            ("--jump b: --agent", None, "`b:` is no address"),
            ("--jump b --agent --jump-passphrase-stdin", None, "--jump-key FILE --jump-passphrase-stdin"),
        ] {
            assert!(refused(line, before).contains(words), "{line}: {}", refused(line, before));
        }
    }
}
