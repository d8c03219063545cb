//! Why a connection failed, and at which step.

mod advice;
mod outlook;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::endpoint::Endpoint;
use crate::known_hosts::{HostKeyOffer, KnownHostsError, KnownKey};
use crate::route::MAX_JUMPS;
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
    #[error("the key of {} has changed: it shows {}, known is {}", offer.host, offer.fingerprint, known_as(&offer.replaces))]
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
    #[error("the server refused {} for {user}; it accepts {}{}", listed(tried), accepted(methods), besides(unusable))]
    LoginRefused {
        /// The account.
        user: String,
        /// What was tried, in order.
        tried: Vec<String>,
        /// Methods that the server says can go on; empty when it did not say.
        methods: Vec<String>,
        /// What could not be tried, and why.
        unusable: Vec<String>,
        /// A command that puts the public key that was refused on the server, or one that shows it.
        public_key: Option<String>,
    },
    /// Something was right, and the server wants more, which is not at hand or was refused.
    #[error(
        "the server accepted {} for {user} and wants {} on top{}",
        listed(accepted),
        wanted(methods),
        in_vain(tried)
    )]
    LoginIncomplete {
        /// The account.
        user: String,
        /// What was accepted, in order.
        accepted: Vec<String>,
        /// What was tried in vain.
        tried: Vec<String>,
        /// Methods that the server wants now.
        methods: Vec<String>,
    },
    /// The server takes none of the methods that could be tried, so nothing was shown to it.
    #[error("the server accepts {} for {user}, and there is only {}", accepted(methods), listed(have))]
    MethodNotOffered {
        /// The account.
        user: String,
        /// What could have been tried.
        have: Vec<String>,
        /// Methods that the server accepts.
        methods: Vec<String>,
    },
    /// There is nothing to log in with.
    #[error("there is nothing to log in with as {user}")]
    NoCredential {
        /// The account.
        user: String,
    },
    /// The server wants more than a password, and no person is to be asked.
    #[error("the server asks more than a password: {}", listed(prompts))]
    LoginPrompts {
        /// What it asks.
        prompts: Vec<String>,
    },
    /// The server asks what only a person can answer, and nobody was there. Nothing was sent.
    #[error("the server asks {user} what only a person can answer: {}", listed(prompts))]
    PromptsUnanswered {
        /// The account.
        user: String,
        /// What it asks first.
        prompts: Vec<String>,
    },
    /// The person who was asked gave up.
    #[error("nobody answered what the server asked {user}")]
    PromptsDeclined {
        /// The account.
        user: String,
    },
    /// The person who was asked did not answer in time.
    #[error("nobody answered what the server asked within {} s", after.as_secs())]
    PromptsTimeout {
        /// How long was waited.
        after: Duration,
    },
    /// The server did not wait for the answers of the person it had asked.
    #[error("the server closed the connection after {} s, while it waited for the answers", after.as_secs())]
    LoginGraceOver {
        /// Time from its first question to the end.
        after: Duration,
    },
    /// The server did not decide in time.
    #[error("the login took too long")]
    LoginTimeout,
    /// The server was sent a password or answers, and did not say what it makes of them: it ended the connection without
    /// a word, or did not decide in time. It may have counted that as a refusal.
    #[error("the server was sent {} for {user}, and ended the connection or did not decide in time", listed(tried))]
    LoginUndecided {
        /// The account.
        user: String,
        /// What was tried, in order; the last of it is what is undecided.
        tried: Vec<String>,
    },
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
    /// The key is encrypted in a way of old PEM files that is not understood here.
    #[error("the key {} is encrypted with {cipher}, as old PEM files are", path.display())]
    KeyFileOldEncryption {
        /// The file.
        path: PathBuf,
        /// The cipher as the file names it.
        cipher: String,
    },
    /// The certificate cannot be read, or is none for users.
    #[error("the certificate {} is of no use: {reason}", path.display())]
    CertificateUnusable {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The certificate is for another key.
    #[error("the certificate {} does not belong to the key {}", path.display(), key.display())]
    CertificateOtherKey {
        /// The certificate.
        path: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// The certificate is not valid any more.
    #[error("the certificate {certificate} expired at {until}")]
    CertificateExpired {
        /// The file, or which one of the agent's.
        certificate: String,
        /// The end of its validity, in UTC.
        until: String,
    },
    /// The certificate is not valid yet.
    #[error("the certificate {certificate} is valid from {since} on")]
    CertificateNotYetValid {
        /// The file, or which one of the agent's.
        certificate: String,
        /// The start of its validity, in UTC.
        since: String,
    },
    /// The server refused a certificate that is not made out to the account.
    #[error(
        "the server refused the certificate {certificate} for {user}; it is made out to {}",
        principals_of(principals)
    )]
    CertificateWrongPrincipal {
        /// The file, or which one of the agent's.
        certificate: String,
        /// The account.
        user: String,
        /// The names it is made out to.
        principals: Vec<String>,
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
    /// The ssh-agent does not hold the key that was asked for.
    #[error("the ssh-agent does not hold the key {key}")]
    AgentKeyMissing {
        /// The key, as it was asked for.
        key: String,
    },
    /// What names the key in the ssh-agent is neither a fingerprint nor a public key.
    #[error("{key} names no key of an ssh-agent: {reason}")]
    AgentKeyUnreadable {
        /// The fingerprint or file, as it was given.
        key: String,
        /// What was wrong with it.
        reason: String,
    },
    /// The route has too many jump hosts.
    #[error("{jumps} jump hosts are too many; {} are possible", MAX_JUMPS)]
    TooManyJumps {
        /// How many it has.
        jumps: usize,
    },
    /// The jump host does not let connections through.
    #[error("it lets no connection through to {target}: {reason}")]
    ForwardingRefused {
        /// The next host on the way, with port.
        target: String,
        /// What the jump host said.
        reason: String,
    },
    /// The jump host lets connections through and cannot reach the next host.
    #[error("{target} cannot be reached from the jump host {from}: {reason}")]
    JumpCannotReach {
        /// The next host on the way, with port.
        target: String,
        /// The jump host.
        from: Endpoint,
        /// What the jump host said.
        reason: String,
    },
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
            Self::TooManyJumps { .. } | Self::ForwardingRefused { .. } | Self::JumpCannotReach { .. } => Step::Connect,
            Self::LoginRefused { .. }
            | Self::MethodNotOffered { .. }
            | Self::NoCredential { .. }
            | Self::LoginPrompts { .. }
            | Self::PromptsUnanswered { .. }
            | Self::PromptsDeclined { .. }
            | Self::PromptsTimeout { .. }
            | Self::LoginGraceOver { .. }
            | Self::LoginIncomplete { .. }
            | Self::LoginTimeout
            | Self::LoginUndecided { .. }
            | Self::PasswordWrong { .. }
            | Self::KeyFileMissing { .. }
            | Self::KeyFileUnreadable { .. }
            | Self::KeyFileNotAKey { .. }
            | Self::KeyPassphraseMissing { .. }
            | Self::KeyPassphraseWrong { .. }
            | Self::KeyFileOldEncryption { .. }
            | Self::CertificateUnusable { .. }
            | Self::CertificateOtherKey { .. }
            | Self::CertificateExpired { .. }
            | Self::CertificateNotYetValid { .. }
            | Self::CertificateWrongPrincipal { .. }
            | Self::AgentUnavailable { .. }
            | Self::AgentEmpty
            | Self::AgentKeyMissing { .. }
            | Self::AgentKeyUnreadable { .. } => Step::Login,
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
            Self::MethodNotOffered { .. } => "method_not_offered",
            Self::NoCredential { .. } => "no_credential",
            Self::LoginPrompts { .. } => "login_prompts",
            Self::PromptsUnanswered { .. } => "person_needed",
            Self::PromptsDeclined { .. } => "prompts_declined",
            Self::PromptsTimeout { .. } => "prompts_timeout",
            Self::LoginGraceOver { .. } => "login_grace_over",
            Self::LoginIncomplete { .. } => "login_incomplete",
            Self::LoginTimeout => "login_timeout",
            Self::LoginUndecided { .. } => "login_undecided",
            Self::PasswordWrong { .. } => "password_wrong",
            Self::KeyFileMissing { .. } => "key_file_missing",
            Self::KeyFileUnreadable { .. } => "key_file_unreadable",
            Self::KeyFileNotAKey { .. } => "key_file_not_a_key",
            Self::KeyPassphraseMissing { .. } => "key_passphrase_missing",
            Self::KeyPassphraseWrong { .. } => "key_passphrase_wrong",
            Self::AgentUnavailable { .. } => "agent_unavailable",
            Self::KeyFileOldEncryption { .. } => "key_file_old_encryption",
            Self::CertificateUnusable { .. } => "certificate_unusable",
            Self::CertificateOtherKey { .. } => "certificate_other_key",
            Self::CertificateExpired { .. } => "certificate_expired",
            Self::CertificateNotYetValid { .. } => "certificate_not_yet_valid",
            Self::CertificateWrongPrincipal { .. } => "certificate_wrong_principal",
            Self::AgentEmpty => "agent_empty",
            Self::AgentKeyMissing { .. } => "agent_key_missing",
            Self::AgentKeyUnreadable { .. } => "agent_key_unreadable",
            Self::TooManyJumps { .. } => "too_many_jumps",
            Self::ForwardingRefused { .. } => "forwarding_refused",
            Self::JumpCannotReach { .. } => "jump_cannot_reach",
            Self::Disconnected { .. } => "disconnected",
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

fn listed(words: &[String]) -> String {
    words.join(", ")
}

fn besides(unusable: &[String]) -> String {
    unusable.iter().map(|reason| format!("; besides, {reason}")).collect()
}

fn wanted(methods: &[String]) -> String {
    methods.join(" or ")
}

fn in_vain(tried: &[String]) -> String {
    if tried.is_empty() { String::new() } else { format!("; it refused {}", listed(tried)) }
}

fn principals_of(principals: &[String]) -> String {
    if principals.is_empty() { "nobody".into() } else { listed(principals) }
}

fn known_as(known: &[KnownKey]) -> String {
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
