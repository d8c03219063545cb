//! Host keys, as a person sees them.

use hostrounds_core::collection::Failure;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A host key that a person may accept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostKeyOffer {
    /// With what the offer is accepted; valid until the application ends.
    pub id: String,
    /// The host, as `[host]:port` where the port is not 22.
    pub host: String,
    /// Such as `ssh-ed25519`.
    pub algorithm: String,
    /// Such as `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The keys that are known instead, where the key has changed: only an explicit replacement accepts such an offer.
    pub replaces: Vec<KnownHostKey>,
}

/// A host key that is known already.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KnownHostKey {
    /// Such as `ssh-ed25519`.
    pub algorithm: String,
    /// Such as `SHA256:…`.
    pub fingerprint: String,
    /// The file in which it stands.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
}

/// What is known of the host key that a server shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostKeyCheck {
    /// The key that is accepted already, with its fingerprint.
    pub accepted: Option<String>,
    /// The unknown key, to be accepted.
    pub offer: Option<HostKeyOffer>,
    /// Why the key is not accepted, or could not be seen.
    pub failure: Option<Failure>,
}
