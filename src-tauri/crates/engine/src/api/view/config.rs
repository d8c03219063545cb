//! What a configuration file would change.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A configuration file, compared with what is here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigPreview {
    /// With what the import is carried out; valid until the application ends.
    pub id: String,
    /// The file.
    pub file: String,
    /// Settings, this computer and servers, in the order of the file.
    pub entries: Vec<ConfigEntry>,
    /// Host keys. They are accepted only where that is said: it is trust.
    pub host_keys: Vec<ConfigHostKey>,
    /// Fields that this version does not know; they are passed over.
    pub unknown: Vec<String>,
}

/// One part of a configuration file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigEntry {
    /// What it is.
    pub kind: ConfigKind,
    /// What it is called.
    pub name: String,
    /// What an import would do with it.
    pub outcome: ConfigOutcome,
    /// Where it goes, what changes, or why it is refused.
    pub details: Vec<String>,
    /// The passwords that have to be given afterwards, in words.
    pub secrets: Vec<String>,
}

/// What a part of a configuration file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConfigKind {
    /// The settings of the application.
    Settings,
    /// This computer.
    Local,
    /// A server.
    Server,
}

/// What an import would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConfigOutcome {
    /// It is new.
    Added,
    /// It is there and would be changed.
    Changed,
    /// It is there as it is in the file.
    Same,
    /// It cannot be taken over, and while it is in the file nothing else is.
    Refused,
}

/// A host key in a configuration file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigHostKey {
    /// The host, as `[host]:port` where the port is not 22.
    pub host: String,
    /// Such as `ssh-ed25519`.
    pub algorithm: String,
    /// Such as `SHA256:…`; empty where it is no key.
    pub fingerprint: String,
    /// What an import that accepts host keys would do with it.
    pub outcome: ConfigOutcome,
    /// Why it is refused.
    pub reason: Option<String>,
}

/// What an import has done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigImported {
    /// Servers that are new.
    pub added: u32,
    /// Servers that were changed, this computer included.
    pub changed: u32,
    /// Whether the settings were changed.
    pub settings: bool,
    /// Host keys that were accepted.
    pub host_keys: u32,
}
