//! What a server is, and what may be said of one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::time::UnixMillis;

/// The number of a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct ServerId(pub i64);

impl ServerId {
    /// This computer. It always exists.
    pub const LOCAL: Self = Self(0);
}

/// The name of this computer everywhere.
pub const LOCAL_NAME: &str = "local";
/// The smallest interval in seconds.
pub const MIN_INTERVAL: u32 = 5;
/// The largest interval in seconds: a week.
pub const MAX_INTERVAL: u32 = 604_800;
/// The interval in seconds that a server has unless told otherwise.
pub const DEFAULT_INTERVAL: u32 = 900;
/// The smallest and the usual interval in seconds of this computer.
pub const LOCAL_INTERVAL: u32 = 2;

/// How Hostrounds proves to a server who it is. Secrets are not here: they live in the keyring.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "method", rename_all = "camelCase")]
pub enum Login {
    /// The password is in the keyring.
    Password,
    /// A private key file; its passphrase, if it has one, is in the keyring.
    Key {
        /// Where the private key is; a leading `~/` is the home directory.
        path: String,
    },
    /// The keys that the ssh-agent of this session holds.
    Agent,
}

/// Where a server is and who logs in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SshTarget {
    /// A name, an IPv4 or an IPv6 address (without brackets).
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The user name.
    pub user: String,
    /// How the user is authenticated.
    pub login: Login,
}

/// What is visited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Target {
    /// This computer.
    Local,
    /// A server over SSH.
    Ssh(SshTarget),
}

/// From which percentage on an alert fires. Each from 1 to 100; nothing switches that alert off.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Percent of all CPUs.
    pub cpu: Option<f64>,
    /// Percent of memory.
    pub memory: Option<f64>,
    /// Percent of any mounted filesystem.
    pub disk: Option<f64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { cpu: Some(90.0), memory: Some(95.0), disk: Some(90.0) }
    }
}

/// A server as it is kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Its number.
    pub id: ServerId,
    /// Its name; no two servers share one, whatever the case of the letters.
    pub name: String,
    /// What is visited.
    pub target: Target,
    /// Whether it is visited on its schedule.
    pub enabled: bool,
    /// Seconds from one visit to the next.
    pub interval: u32,
    /// When its alerts fire.
    pub thresholds: Thresholds,
    /// Such as `production`.
    pub environment: Option<String>,
    /// Free words, sorted, without duplicates.
    pub tags: Vec<String>,
    /// When it was added.
    pub created_at: UnixMillis,
}

/// A server as a person describes it, before it is checked. Also the whole new description when one is edited.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDraft {
    /// See [`Server::name`].
    pub name: String,
    /// See [`Server::target`].
    pub target: Target,
    /// See [`Server::enabled`].
    pub enabled: bool,
    /// See [`Server::interval`].
    pub interval: u32,
    /// See [`Server::thresholds`].
    pub thresholds: Thresholds,
    /// See [`Server::environment`].
    pub environment: Option<String>,
    /// See [`Server::tags`].
    pub tags: Vec<String>,
}

/// A field of a draft that cannot stay as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// The field: `name`, `host`, `port`, `user`, `keyPath`, `interval`, `thresholds.cpu`, `thresholds.memory`,
    /// `thresholds.disk`, `environment`, `tags`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl From<&Server> for ServerDraft {
    fn from(server: &Server) -> Self {
        Self {
            name: server.name.clone(),
            target: server.target.clone(),
            enabled: server.enabled,
            interval: server.interval,
            thresholds: server.thresholds,
            environment: server.environment.clone(),
            tags: server.tags.clone(),
        }
    }
}

impl ServerDraft {
    /// The draft with spaces trimmed, tags sorted and empty words gone; or everything that is wrong with it.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });

        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            wrong("name", "Give the server a name.".into());
        } else if let Some(message) = unfit_word(&self.name, 64) {
            wrong("name", message);
        }
        let is_local = matches!(self.target, Target::Local);
        if !is_local && self.name.eq_ignore_ascii_case(LOCAL_NAME) {
            wrong("name", format!("`{LOCAL_NAME}` is the name of this computer. Choose another one."));
        }

        if let Target::Ssh(ssh) = &mut self.target {
            ssh.host = ssh.host.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
            ssh.user = ssh.user.trim().to_owned();
            if ssh.host.is_empty() {
                wrong("host", "Enter the name or the address of the server.".into());
            } else if ssh.host.contains("://") || ssh.host.contains(['/', '@', ' ']) {
                wrong("host", "Enter only a host name or an address: no scheme, user, path or spaces.".into());
            } else if let Some(message) = unfit_word(&ssh.host, 253) {
                wrong("host", message);
            }
            if ssh.port == 0 {
                wrong("port", "The port is a number from 1 to 65535; SSH usually listens on 22.".into());
            }
            if ssh.user.is_empty() {
                wrong("user", "Enter the user that logs in on the server.".into());
            } else if let Some(message) = unfit_word(&ssh.user, 64) {
                wrong("user", message);
            }
            if let Login::Key { path } = &mut ssh.login {
                *path = path.trim().to_owned();
                if path.is_empty() {
                    wrong("keyPath", "Choose the private key file, for example ~/.ssh/id_ed25519.".into());
                } else if path.ends_with(".pub") {
                    wrong("keyPath", "That is a public key. Choose the private key beside it, without `.pub`.".into());
                }
            }
        }

        let smallest = if is_local { LOCAL_INTERVAL } else { MIN_INTERVAL };
        if !(smallest..=MAX_INTERVAL).contains(&self.interval) {
            wrong(
                "interval",
                format!(
                    "The interval is {smallest} seconds to {MAX_INTERVAL} seconds (a week); 60 or more is recommended."
                ),
            );
        }
        for (field, value) in [
            ("thresholds.cpu", self.thresholds.cpu),
            ("thresholds.memory", self.thresholds.memory),
            ("thresholds.disk", self.thresholds.disk),
        ] {
            if value.is_some_and(|percent| !(1.0..=100.0).contains(&percent)) {
                wrong(field, "A threshold is a percentage from 1 to 100; without one the alert is off.".into());
            }
        }

        self.environment = self.environment.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
        if let Some(message) = self.environment.as_deref().and_then(|word| unfit_word(word, 64)) {
            wrong("environment", message);
        }
        self.tags = self.tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
        self.tags.sort();
        self.tags.dedup();
        if self.tags.len() > 32 {
            wrong("tags", "A server has at most 32 tags.".into());
        }
        if let Some(message) = self.tags.iter().find_map(|tag| unfit_word(tag, 64)) {
            wrong("tags", message);
        }

        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

fn unfit_word(word: &str, max: usize) -> Option<String> {
    if word.chars().count() > max {
        return Some(format!("At most {max} characters."));
    }
    (crate::text::neutralised(word, max) != word)
        .then(|| "It holds control or direction characters. Remove them.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ServerDraft {
        ServerDraft {
            name: "web-1".into(),
            target: Target::Ssh(SshTarget {
                host: "web1.example.org".into(),
                port: 22,
                user: "ops".into(),
                login: Login::Agent,
            }),
            enabled: true,
            interval: 60,
            thresholds: Thresholds::default(),
            environment: None,
            tags: vec![],
        }
    }

    fn fields(draft: ServerDraft) -> Vec<String> {
        draft.checked().err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    fn with_ssh(change: impl FnOnce(&mut SshTarget)) -> ServerDraft {
        let mut draft = draft();
        if let Target::Ssh(ssh) = &mut draft.target {
            change(ssh);
        }
        draft
    }

    #[test]
    fn a_good_draft_is_tidied() {
        let mut messy = draft();
        messy.name = "  web-1 ".into();
        messy.tags = vec!["b".into(), " a".into(), "b".into(), String::new()];
        messy.environment = Some("  ".into());
        let checked = messy.checked().unwrap();
        assert_eq!(checked.name, "web-1");
        assert_eq!(checked.tags, ["a", "b"]);
        assert_eq!(checked.environment, None);
    }

    #[test]
    fn an_ipv6_address_loses_its_brackets() {
        let Target::Ssh(ssh) = with_ssh(|ssh| ssh.host = "[::1]".into()).checked().unwrap().target else { panic!() };
        assert_eq!(ssh.host, "::1");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut wrong = with_ssh(|ssh| {
            ssh.host = "ssh://web".into();
            ssh.port = 0;
            ssh.user = String::new();
            ssh.login = Login::Key { path: "~/.ssh/id_ed25519.pub".into() };
        });
        wrong.name = " ".into();
        wrong.interval = 4;
        wrong.thresholds = Thresholds { cpu: Some(0.5), memory: Some(101.0), disk: Some(f64::NAN) };
        assert_eq!(
            fields(wrong),
            [
                "name",
                "host",
                "port",
                "user",
                "keyPath",
                "interval",
                "thresholds.cpu",
                "thresholds.memory",
                "thresholds.disk"
            ]
        );
    }

    #[test]
    fn the_name_of_this_computer_is_taken() {
        let mut draft = draft();
        draft.name = "LOCAL".into();
        assert_eq!(fields(draft), ["name"]);
    }

    #[test]
    fn this_computer_may_be_read_more_often() {
        let mut local = draft();
        local.target = Target::Local;
        local.name = LOCAL_NAME.into();
        local.interval = LOCAL_INTERVAL;
        assert!(local.checked().is_ok());
    }
}
