//! Backups.

use hostrounds_core::server::{SecretSlot, ServerId};
use hostrounds_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A backup that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackupMade {
    /// The file.
    pub path: String,
    /// Its size in bytes.
    #[ts(type = "number")]
    pub size: u64,
}

/// What is known of a backup before it is restored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackupFile {
    /// The file.
    pub path: String,
    /// Its size in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// When it was made; absent for a database that was not made as a backup.
    pub made_at: Option<UnixMillis>,
    /// The version of Hostrounds that made it.
    pub made_by: Option<String>,
    /// Its servers, without this computer.
    pub servers: u32,
    /// When anything was last observed.
    pub newest: Option<UnixMillis>,
}

/// What took the place of the database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Replaced {
    /// Where the database is that was there before; absent where there was none.
    pub aside: Option<String>,
}

/// A secret that has to be given again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MissingSecret {
    /// Of which server.
    pub server: ServerId,
    /// Its name.
    pub name: String,
    /// Which secret.
    pub slot: SecretSlot,
    /// The same in words.
    pub what: String,
}
