//! One visit to a server: a run in the queue, with the time of every stage and how it ended.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::probe::Family;
use crate::server::ServerId;
use crate::time::UnixMillis;

/// The number of a collection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct CollectionId(pub i64);

/// What a collection goes through, in this order. A session that stands already skips to [`Stage::Probe`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The credential is read from the keyring or the key file.
    Credential,
    /// The name of the server becomes addresses.
    Resolve,
    /// A TCP connection is opened.
    Connect,
    /// SSH versions, algorithms and keys are exchanged.
    KeyExchange,
    /// The host key is compared with the known ones.
    HostKey,
    /// The user is authenticated.
    Login,
    /// A plain `sh` is started.
    Shell,
    /// The families are read.
    Probe,
}

/// How long one stage took.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StageTime {
    /// Which stage.
    pub stage: Stage,
    /// The family, where the stage is [`Stage::Probe`] and one family was timed alone.
    pub family: Option<Family>,
    /// The jump host at which it was passed, as [`crate::server::Hop`] is written; absent for the server itself.
    #[serde(default)]
    pub hop: Option<String>,
    /// Milliseconds, with fractions.
    pub millis: f64,
}

/// Why a collection, a test or a command failed, in a form that a person can act on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A stable code in snake case, such as `connection_refused`; programs switch on this and nothing else.
    pub code: String,
    /// Where it failed.
    pub stage: Stage,
    /// What failed, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub hint: String,
    /// A command to run, or a line for a configuration file, that can be copied as it stands.
    #[serde(default)]
    pub remedy: Option<String>,
    /// The jump host where it failed, as [`crate::server::Hop`] is written; absent for the server itself.
    #[serde(default)]
    pub hop: Option<String>,
    /// Whether trying again without a person's help may succeed.
    pub retryable: bool,
}

/// Why a collection was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// Its interval was over.
    Schedule,
    /// A person asked for it.
    Person,
    /// Somebody looks at the server, so it is read every 2 s.
    Live,
}

/// Where a collection stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CollectionState {
    /// Due, and waiting for a free place.
    Waiting,
    /// Running.
    Active,
    /// Failed, and waiting for its next try.
    Delayed,
    /// Ended well.
    Completed,
    /// Failed in all its tries.
    Failed,
    /// Cut off, because the application stopped or a person removed the server.
    Cancelled,
}

/// One visit to a server.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// Its number.
    pub id: CollectionId,
    /// Who is visited.
    pub server: ServerId,
    /// Why.
    pub trigger: Trigger,
    /// Where it stands.
    pub state: CollectionState,
    /// When it became due.
    pub queued_at: UnixMillis,
    /// When its latest try began.
    pub started_at: Option<UnixMillis>,
    /// When it ended.
    pub ended_at: Option<UnixMillis>,
    /// When its next try begins, while it is delayed.
    pub retry_at: Option<UnixMillis>,
    /// Tries so far, from 1 once it began.
    pub attempts: u32,
    /// Tries in all.
    pub max_attempts: u32,
    /// The stages of its latest try.
    pub stages: Vec<StageTime>,
    /// Why its latest try failed.
    pub failure: Option<Failure>,
    /// How many points it yielded.
    pub points: u32,
}
