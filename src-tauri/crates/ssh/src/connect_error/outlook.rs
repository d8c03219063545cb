//! Whether another try can help.

use super::ConnectError;

impl ConnectError {
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
            | Self::JumpCannotReach { .. }
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
            | Self::LoginIncomplete { .. }
            | Self::MethodNotOffered { .. }
            | Self::NoCredential { .. }
            | Self::LoginPrompts { .. }
            | Self::PromptsUnanswered { .. }
            | Self::PromptsDeclined { .. }
            | Self::PromptsTimeout { .. }
            | Self::LoginGraceOver { .. }
            | Self::LoginUndecided { .. }
            | Self::PasswordWrong { .. }
            | Self::KeyFileMissing { .. }
            | Self::KeyFileUnreadable { .. }
            | Self::KeyFileNotAKey { .. }
            | Self::KeyFileOldEncryption { .. }
            | Self::KeyPassphraseMissing { .. }
            | Self::KeyPassphraseWrong { .. }
            | Self::CertificateUnusable { .. }
            | Self::CertificateOtherKey { .. }
            | Self::CertificateExpired { .. }
            | Self::CertificateNotYetValid { .. }
            | Self::CertificateWrongPrincipal { .. }
            | Self::AgentEmpty
            | Self::AgentKeyMissing { .. }
            | Self::AgentKeyUnreadable { .. }
            | Self::TooManyJumps { .. }
            | Self::ForwardingRefused { .. } => false,
        }
    }

    /// Whether the server was shown something and did not let us in, or takes nothing of what there is. Each such try is in
    /// its log, and servers lock accounts or ban addresses that make too many: it must not be repeated before a person has
    /// looked at it.
    pub fn refuses_login(&self) -> bool {
        matches!(
            self,
            Self::LoginRefused { .. }
                | Self::LoginIncomplete { .. }
                | Self::MethodNotOffered { .. }
                | Self::LoginPrompts { .. }
                | Self::PasswordWrong { .. }
                | Self::CertificateWrongPrincipal { .. }
        )
    }

    /// Whether a password or answers were sent and the server did not say what it makes of them. A server that restarts or
    /// a network that breaks at that moment looks the same as one that refuses without a word, so a single such end does
    /// not count as a refusal ([`Self::refuses_login`] is false), and is not [`Self::retryable`] either: the caller waits
    /// for its next regular turn, and holds the schedule for a person after the second turn in a row that ends so.
    pub fn undecided_login(&self) -> bool {
        matches!(self, Self::LoginUndecided { .. })
    }
}
