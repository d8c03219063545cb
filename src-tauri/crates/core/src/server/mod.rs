//! What a server is, and what may be said of one.

mod draft;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use self::draft::{FieldError, ServerDraft};
use crate::probe::Family;
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

/// One way in which Hostrounds proves to a server who it is. Secrets are not here: they live in the keyring.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "method", rename_all = "camelCase")]
pub enum Login {
    /// The password is in the keyring. It is sent as such, or as the answer to a single hidden prompt.
    Password,
    /// A private key file; its passphrase, if it has one, is in the keyring.
    Key {
        /// Where the private key is; a leading `~/` is the home directory.
        path: String,
        /// Where its OpenSSH certificate is. Without one, `<path>-cert.pub` is used where it exists.
        #[serde(default)]
        certificate: Option<String>,
    },
    /// Keys that an ssh-agent holds.
    Agent {
        /// Only the key with this fingerprint (`SHA256:...`), or with the public key in this file; without one, each in turn.
        #[serde(default)]
        key: Option<String>,
        /// The socket of the agent; without one, that of this session (`SSH_AUTH_SOCK`).
        #[serde(default)]
        socket: Option<String>,
    },
    /// A person answers what the server asks (keyboard-interactive, such as a second factor): once per session, and never on
    /// a schedule.
    Prompts,
}

impl Login {
    /// A private key file alone.
    #[must_use]
    pub fn key(path: impl Into<String>) -> Self {
        Self::Key { path: path.into(), certificate: None }
    }

    /// Every key of the agent of this session.
    #[must_use]
    pub const fn agent() -> Self {
        Self::Agent { key: None, socket: None }
    }
}

/// One host on the way: where it is and who logs in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// A name, an IPv4 or an IPv6 address (without brackets).
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The user name.
    pub user: String,
    /// How the user is authenticated: tried in this order; where a server wants several, they follow each other.
    pub logins: Vec<Login>,
}

/// `user@host`, and the port unless it is 22.
impl std::fmt::Display for Hop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.port, self.host.contains(':')) {
            (22, _) => write!(f, "{}@{}", self.user, self.host),
            (port, true) => write!(f, "{}@[{}]:{port}", self.user, self.host),
            (port, false) => write!(f, "{}@{}:{port}", self.user, self.host),
        }
    }
}

/// A server over SSH and the way to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SshTarget {
    /// The server itself.
    #[serde(flatten)]
    pub hop: Hop,
    /// The jump hosts before it, in the order in which they are passed; the first is dialled from this computer.
    #[serde(default)]
    pub jumps: Vec<Hop>,
}

/// The most jump hosts before a server.
pub const MAX_JUMPS: usize = 4;
/// The most ways to log in on one host.
pub const MAX_LOGINS: usize = 6;

/// Which secret of a server: the keyring holds one for each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum SecretSlot {
    /// A password.
    Password {
        /// The jump host it is for, as [`Hop`] is written; absent for the server itself.
        jump: Option<String>,
    },
    /// The passphrase of a key file.
    Passphrase {
        /// The file, as the settings name it.
        path: String,
    },
}

impl SshTarget {
    /// A server that is dialled from this computer.
    #[must_use]
    pub const fn direct(hop: Hop) -> Self {
        Self { hop, jumps: Vec::new() }
    }

    /// Every host on the way, the server itself last.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.jumps.iter().chain(std::iter::once(&self.hop))
    }

    /// The secrets that its logins can use, each once, in the order of the way.
    #[must_use]
    pub fn secret_slots(&self) -> Vec<SecretSlot> {
        let jumps = self.jumps.iter().map(|jump| (Some(jump.to_string()), jump));
        let mut slots = Vec::new();
        for (jump, hop) in jumps.chain(std::iter::once((None, &self.hop))) {
            for login in &hop.logins {
                let slot = match login {
                    Login::Password => SecretSlot::Password { jump: jump.clone() },
                    Login::Key { path, .. } => SecretSlot::Passphrase { path: path.clone() },
                    Login::Agent { .. } | Login::Prompts => continue,
                };
                if !slots.contains(&slot) {
                    slots.push(slot);
                }
            }
        }
        slots
    }
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

/// From where on an alert fires; nothing switches that alert off.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Percent of all CPUs, 1 to 100, as the others.
    pub cpu: Option<f64>,
    /// Percent of memory.
    pub memory: Option<f64>,
    /// Percent of any mounted filesystem.
    pub disk: Option<f64>,
    /// Days until any mounted filesystem is full, 0.5 to 100.
    #[serde(default = "full_in_by_default")]
    pub disk_full_in: Option<f64>,
}

/// Long enough for a weekend, and short enough that nobody is told of what may never come.
const fn full_in_by_default() -> Option<f64> {
    Some(3.0)
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { cpu: Some(90.0), memory: Some(95.0), disk: Some(90.0), disk_full_in: full_in_by_default() }
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
    /// What is not read, sorted; everything else is.
    pub families_off: Vec<Family>,
    /// Such as `production`.
    pub environment: Option<String>,
    /// Free words, sorted, without duplicates.
    pub tags: Vec<String>,
    /// When it was added.
    pub created_at: UnixMillis,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(host: &str) -> Hop {
        Hop { host: host.into(), port: 22, user: "ops".into(), logins: vec![Login::agent()] }
    }

    #[test]
    fn each_secret_of_a_way_has_one_place() {
        let key = || Login::key("~/.ssh/id");
        let ssh = SshTarget {
            hop: Hop { logins: vec![key(), Login::Password, Login::Prompts], ..hop("web") },
            jumps: vec![Hop { port: 2222, logins: vec![key(), Login::Password], ..hop("bastion") }],
        };
        let passphrase = SecretSlot::Passphrase { path: "~/.ssh/id".into() };
        let of_bastion = SecretSlot::Password { jump: Some("ops@bastion:2222".into()) };
        assert_eq!(ssh.secret_slots(), [passphrase, of_bastion, SecretSlot::Password { jump: None }]);
    }

    #[test]
    fn a_target_is_written_flat() {
        let ssh = SshTarget::direct(hop("web"));
        let json = serde_json::to_value(&ssh).unwrap();
        assert_eq!(json["host"], "web");
        assert_eq!(serde_json::from_value::<SshTarget>(json).unwrap(), ssh);
    }
}
