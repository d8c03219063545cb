//! What the history takes, and what a change of its limits would give up.

use hostrounds_core::retention::{Expired, Retention, StorageUse};
use hostrounds_core::server::ServerId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the database takes, and what is kept of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StorageReport {
    /// What it takes.
    #[serde(flatten)]
    pub taken: StorageUse,
    /// What is kept.
    pub retention: Retention,
}

/// What would be given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RetentionPreview {
    /// By age, server by server; servers of which nothing goes are left out.
    pub servers: Vec<ServerExpired>,
    /// By size, after that, of all servers together.
    pub by_size: Expired,
}

/// What would be given up of one server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerExpired {
    /// Whose history.
    pub server: ServerId,
    /// How much of it.
    pub expired: Expired,
}
