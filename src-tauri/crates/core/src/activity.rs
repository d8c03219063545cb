//! The activity log: who or what did what, and when.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::server::ServerId;
use crate::time::UnixMillis;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ActivityKind {
    /// A server was added.
    ServerAdded,
    /// Settings of a server were changed.
    ServerChanged,
    /// A server and its history were removed.
    ServerRemoved,
    /// A server is collected again.
    ServerEnabled,
    /// A server is no longer collected.
    ServerDisabled,
    /// A person accepted a host key.
    HostKeyAccepted,
    /// A person replaced a host key by another one.
    HostKeyReplaced,
    /// A server announced a further host key, proved that it holds it, and it was learned.
    HostKeyLearned,
    /// The schedule of a server stopped, because it refused the login or waits for a person's answer.
    ServerHeld,
    /// The schedule of a server that had stopped goes on.
    ServerResumed,
    /// What a server was made to spend went over the budget of the day.
    BudgetExceeded,
    /// Servers were taken over from an SSH configuration.
    ServersImported,
    /// A credential was put into the keyring, replaced or cleared there.
    CredentialChanged,
    /// The schedule was paused.
    QueuePaused,
    /// The schedule was resumed.
    QueueResumed,
    /// Finished collections were removed from the queue.
    QueueCleaned,
    /// An alert started firing.
    AlertFired,
    /// An alert was resolved.
    AlertResolved,
    /// A setting of the application was changed.
    SettingChanged,
    /// A configuration file was taken over.
    ConfigImported,
    /// A backup was written.
    BackedUp,
    /// The database was replaced by a backup.
    Restored,
    /// The store or the keyring failed or recovered.
    Trouble,
}

/// One line of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Its number; later entries have higher ones.
    #[ts(type = "number")]
    pub id: i64,
    /// When it happened.
    pub at: UnixMillis,
    /// What happened.
    pub kind: ActivityKind,
    /// Which server it concerns. The server may since have been removed.
    pub server: Option<ServerId>,
    /// What happened, in a sentence that names the server.
    pub message: String,
}
