//! Why a connection failed, at which step, and what a person can do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::known_hosts::{HostKeyOffer, KnownHostsError, KnownKey};
use crate::step::Step;

/// A connection that did not come about.
///
/// Text from the server inside a message is bounded and holds no control characters.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name does not exist.
    #[error("{host} is not a known name: {reason}")]
    NameNotFound {
        /// The name as given.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The resolver could not say whether the name exists.
    #[error("the name server did not answer for {host}: {reason}")]
    NameLookupFailed {
        /// The name as given.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The resolver took longer than its deadline.
    #[error("looking up {host} took too long")]
    ResolveTimeout {
        /// The name as given.
        host: String,
    },
    /// Nothing listens on that port.
    #[error("{address} refuses connections")]
    ConnectionRefused {
        /// Addresses that were tried, with port.
        address: String,
    },
    /// This computer has no network that leads there.
    #[error("no network leads from this computer to {address}")]
    NetworkUnreachable {
        /// Addresses that were tried, with port.
        address: String,
    },
    /// A router on the way, or the local network, says that the host is not there.
    #[error("{address} cannot be reached: {reason}")]
    HostUnreachable {
        /// Addresses that were tried, with port.
        address: String,
        /// What the network said.
        reason: String,
    },
    /// Any other answer of the operating system to a TCP connection.
    #[error("no connection to {address}: {reason}")]
    ConnectFailed {
        /// Addresses that were tried, with port.
        address: String,
        /// What the operating system said.
        reason: String,
    },
    /// No answer to the TCP connection in time.
    #[error("{address} does not answer")]
    ConnectTimeout {
        /// Addresses that were tried, with port.
        address: String,
    },
    /// Something listens, but it does not speak SSH.
    #[error("{address} is not an SSH server; it said {said:?}")]
    NotSsh {
        /// Address with port.
        address: String,
        /// The beginning of what it sent; empty when it sent nothing.
        said: String,
    },
    /// The server accepted the connection and did not finish the key exchange in time.
    #[error("{address} accepted the connection but did not finish the key exchange in time")]
    KeyExchangeTimeout {
        /// Address with port.
        address: String,
    },
    /// The server speaks only algorithms that are refused here.
    #[error("no common {kind} algorithm; the server offers {theirs}")]
    NoCommonAlgorithm {
        /// What there is no common one of: key exchange, host key, cipher, mac.
        kind: String,
        /// The server's list.
        theirs: String,
    },
    /// The key exchange broke off: a bad signature, a broken packet.
    #[error("the key exchange failed: {reason}")]
    KeyExchangeFailed {
        /// What was wrong.
        reason: String,
    },
    /// The files of known hosts could not be read.
    #[error("host keys cannot be checked: {0}")]
    KnownHosts(#[from] KnownHostsError),
    /// Nobody has accepted this server's key yet.
    #[error("the key of {} is not known: {} {}", offer.host, offer.algorithm, offer.fingerprint)]
    HostKeyUnknown {
        /// The key that was shown.
        offer: Box<HostKeyOffer>,
    },
    /// The server shows another key than the one that is known.
    #[error("the key of {} has changed: it shows {}, known is {}", offer.host, offer.fingerprint, listed(&offer.replaces))]
    HostKeyChanged {
        /// The key that was shown, the keys that were expected, and where they are written.
        offer: Box<HostKeyOffer>,
    },
    /// The server shows a key that was marked as stolen or withdrawn.
    #[error("the key of {} is revoked in {}:{}", offer.host, entry.file.display(), entry.line)]
    HostKeyRevoked {
        /// The key that was shown.
        offer: Box<HostKeyOffer>,
        /// The line that revokes it.
        entry: Box<KnownKey>,
    },
    /// The server does not accept what was shown, or wants another method.
    #[error("the server refused {tried} for {user}; it accepts {}", accepted(methods))]
    LoginRefused {
        /// The account.
        user: String,
        /// What was tried.
        tried: String,
        /// Methods that the server says can go on; empty when it did not say.
        methods: Vec<String>,
    },
    /// The server wants more than a password: several prompts, or visible ones.
    #[error("the server asks {prompts} questions; only a single password prompt can be answered")]
    LoginPrompts {
        /// How many it asked at once.
        prompts: usize,
    },
    /// The first factor was right and the server wants a second one.
    #[error("the server accepted {tried} for {user} and wants {} on top", accepted(methods))]
    LoginIncomplete {
        /// The account.
        user: String,
        /// What was accepted.
        tried: String,
        /// Methods that the server wants now.
        methods: Vec<String>,
    },
    /// The server did not decide in time.
    #[error("the login took too long")]
    LoginTimeout,
    /// The password is not right for this account, or the account does not exist.
    #[error("the server refused the password of {user}")]
    PasswordWrong {
        /// The account.
        user: String,
    },
    /// There is no such file.
    #[error("there is no key file {}", path.display())]
    KeyFileMissing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and may not or cannot be read.
    #[error("the key file {} cannot be read: {reason}", path.display())]
    KeyFileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The file holds no private key of a kind that is understood.
    #[error("{} is not a private key: {reason}", path.display())]
    KeyFileNotAKey {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("the key {} is encrypted", path.display())]
    KeyPassphraseMissing {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the key {}", path.display())]
    KeyPassphraseWrong {
        /// The file.
        path: PathBuf,
    },
    /// No ssh-agent can be reached.
    #[error("no ssh-agent can be reached: {reason}")]
    AgentUnavailable {
        /// What went wrong.
        reason: String,
    },
    /// The ssh-agent holds no key.
    #[error("the ssh-agent holds no key")]
    AgentEmpty,
    /// The server, or the network, ended the connection.
    #[error("the connection was closed during {}: {reason}", during(*step))]
    Disconnected {
        /// Where it broke off.
        step: Step,
        /// The server's farewell, or what the operating system said.
        reason: String,
    },
}

impl ConnectError {
    /// The stage that failed.
    pub fn step(&self) -> Step {
        match self {
            Self::NameNotFound { .. } | Self::NameLookupFailed { .. } | Self::ResolveTimeout { .. } => Step::Resolve,
            Self::ConnectionRefused { .. }
            | Self::HostUnreachable { .. }
            | Self::NetworkUnreachable { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimeout { .. } => Step::Connect,
            Self::NotSsh { .. }
            | Self::KeyExchangeTimeout { .. }
            | Self::NoCommonAlgorithm { .. }
            | Self::KeyExchangeFailed { .. } => Step::KeyExchange,
            Self::KnownHosts(_)
            | Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::HostKeyRevoked { .. } => Step::HostKey,
            Self::LoginRefused { .. }
            | Self::LoginPrompts { .. }
            | Self::LoginIncomplete { .. }
            | Self::LoginTimeout
            | Self::PasswordWrong { .. }
            | Self::KeyFileMissing { .. }
            | Self::KeyFileUnreadable { .. }
            | Self::KeyFileNotAKey { .. }
            | Self::KeyPassphraseMissing { .. }
            | Self::KeyPassphraseWrong { .. }
            | Self::AgentUnavailable { .. }
            | Self::AgentEmpty => Step::Login,
            Self::Disconnected { step, .. } => *step,
        }
    }

    /// A stable name of the case, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameNotFound { .. } => "name_not_found",
            Self::NameLookupFailed { .. } => "name_lookup_failed",
            Self::ResolveTimeout { .. } => "resolve_timeout",
            Self::ConnectionRefused { .. } => "connection_refused",
            Self::HostUnreachable { .. } => "host_unreachable",
            Self::NetworkUnreachable { .. } => "network_unreachable",
            Self::ConnectFailed { .. } => "connect_failed",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::NotSsh { .. } => "not_ssh",
            Self::KeyExchangeTimeout { .. } => "key_exchange_timeout",
            Self::NoCommonAlgorithm { .. } => "no_common_algorithm",
            Self::KeyExchangeFailed { .. } => "key_exchange_failed",
            Self::KnownHosts(_) => "known_hosts_unusable",
            Self::HostKeyUnknown { .. } => "host_key_unknown",
            Self::HostKeyChanged { .. } => "host_key_changed",
            Self::HostKeyRevoked { .. } => "host_key_revoked",
            Self::LoginRefused { .. } => "login_refused",
            Self::LoginPrompts { .. } => "login_prompts",
            Self::LoginIncomplete { .. } => "login_incomplete",
            Self::LoginTimeout => "login_timeout",
            Self::PasswordWrong { .. } => "password_wrong",
            Self::KeyFileMissing { .. } => "key_file_missing",
            Self::KeyFileUnreadable { .. } => "key_file_unreadable",
            Self::KeyFileNotAKey { .. } => "key_file_not_a_key",
            Self::KeyPassphraseMissing { .. } => "key_passphrase_missing",
            Self::KeyPassphraseWrong { .. } => "key_passphrase_wrong",
            Self::AgentUnavailable { .. } => "agent_unavailable",
            Self::AgentEmpty => "agent_empty",
            Self::Disconnected { .. } => "disconnected",
        }
    }

    /// One sentence that says what a person can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NameNotFound { host, .. } => {
                format!("Check the spelling of {host}, or give the server's IP address.")
            }
            Self::NameLookupFailed { host, .. } | Self::ResolveTimeout { host } => format!(
                "Check this computer's network and name server with `getent hosts {host}`, or give the IP address."
            ),
            Self::ConnectionRefused { .. } => {
                "Check the port, and that sshd runs there: `systemctl status ssh` on the server.".into()
            }
            Self::HostUnreachable { .. } | Self::NetworkUnreachable { .. } | Self::ConnectFailed { .. } => {
                "Check this computer's network or VPN, and the server's address.".into()
            }
            Self::ConnectTimeout { .. } => {
                "Check that the server is up, and that no firewall drops the port; a VPN may be needed.".into()
            }
            Self::NotSsh { .. } => "Check the port: another service answers there.".into(),
            Self::KeyExchangeTimeout { .. } => {
                "Something accepts connections there but does not go on; check the load of the server, or restart its sshd.".into()
            }
            Self::NoCommonAlgorithm { .. } => {
                "Update the server's sshd, or allow a current algorithm in its sshd_config.".into()
            }
            Self::KeyExchangeFailed { .. } => {
                "Try again; if it stays, something between here and the server alters the connection.".into()
            }
            Self::KnownHosts(error) => error.hint(),
            Self::HostKeyUnknown { .. } => {
                "Compare the fingerprint with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the server itself (or the file of the type shown), then accept it.".into()
            }
            Self::HostKeyChanged { .. } => {
                "Do not go on unless you know why the key changed; if the server was set up anew, compare the fingerprint with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the server itself (or the file of the type shown), then replace the old key.".into()
            }
            Self::HostKeyRevoked { .. } => {
                "Do not connect; the server's key was withdrawn and must be replaced on the server.".into()
            }
            Self::LoginRefused { user, methods, .. } => {
                if !methods.is_empty() && !methods.iter().any(|method| method == "publickey") {
                    format!("Choose a login method that the server accepts: {}.", methods.join(", "))
                } else {
                    format!("Check the user name {user}, and that the public key is in ~{user}/.ssh/authorized_keys on the server (`ssh-copy-id` puts it there).")
                }
            }
            Self::LoginPrompts { .. } | Self::LoginIncomplete { .. } => {
                "Use a key that the server accepts without a second factor.".into()
            }
            Self::LoginTimeout => {
                "Try again; a server that decides slowly may wait for its name server (`UseDNS no`) or directory.".into()
            }
            Self::PasswordWrong { user } => format!("Check the user name {user} and the password."),
            Self::KeyFileMissing { .. } => "Choose another file; the private key is the one without `.pub`.".into(),
            Self::KeyFileUnreadable { path, .. } => {
                format!("Make the file readable for you: `chmod 600 '{}'` as its owner.", path.display())
            }
            Self::KeyFileNotAKey { .. } => {
                "Choose the private key (ed25519, ECDSA or RSA), the one without `.pub`.".into()
            }
            Self::KeyPassphraseMissing { .. } => "Give the passphrase of the key.".into(),
            Self::KeyPassphraseWrong { path } => {
                format!("Check the passphrase with `ssh-keygen -yf '{}'`.", path.display())
            }
            Self::AgentUnavailable { .. } => {
                "Start an agent (`eval $(ssh-agent)`) in the session this program runs in, or use a key file.".into()
            }
            Self::AgentEmpty => "Load a key with `ssh-add`.".into(),
            Self::Disconnected { step: Step::Login, .. } => {
                "Look at the server's log (`journalctl -u ssh`): it ended the connection during the login.".into()
            }
            Self::Disconnected { .. } => {
                "Look at the server's log (`journalctl -u ssh`); it may limit connections (MaxStartups, fail2ban).".into()
            }
        }
    }

    /// Whether trying the same again soon can help. What a person has to put right first cannot.
    pub fn retryable(&self) -> bool {
        match self {
            Self::NameNotFound { .. }
            | Self::NameLookupFailed { .. }
            | Self::ResolveTimeout { .. }
            | Self::ConnectionRefused { .. }
            | Self::HostUnreachable { .. }
            | Self::NetworkUnreachable { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimeout { .. }
            | Self::KeyExchangeTimeout { .. }
            | Self::KeyExchangeFailed { .. }
            | Self::NotSsh { .. }
            | Self::LoginTimeout
            | Self::AgentUnavailable { .. }
            | Self::Disconnected { .. } => true,
            Self::NoCommonAlgorithm { .. }
            | Self::KnownHosts(_)
            | Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::HostKeyRevoked { .. }
            | Self::LoginRefused { .. }
            | Self::LoginPrompts { .. }
            | Self::LoginIncomplete { .. }
            | Self::PasswordWrong { .. }
            | Self::KeyFileMissing { .. }
            | Self::KeyFileUnreadable { .. }
            | Self::KeyFileNotAKey { .. }
            | Self::KeyPassphraseMissing { .. }
            | Self::KeyPassphraseWrong { .. }
            | Self::AgentEmpty => false,
        }
    }

    /// The key that a person may accept or, if it is a changed one, put in the place of the old ones. Never a revoked
    /// one.
    pub fn host_key(&self) -> Option<&HostKeyOffer> {
        match self {
            Self::HostKeyUnknown { offer } | Self::HostKeyChanged { offer } => Some(offer),
            _ => None,
        }
    }
}

fn accepted(methods: &[String]) -> String {
    if methods.is_empty() { "nothing that it names".into() } else { methods.join(", ") }
}

fn listed(known: &[KnownKey]) -> String {
    let one = |key: &KnownKey| format!("{} ({}:{})", key.fingerprint, key.file.display(), key.line);
    known.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn during(step: Step) -> &'static str {
    match step {
        Step::Resolve => "the name lookup",
        Step::Connect => "the TCP connection",
        Step::KeyExchange => "the key exchange",
        Step::HostKey => "the check of the host key",
        Step::Login => "the login",
        Step::Shell => "the start of the shell",
    }
}
