//! The shapes that cross to the window and into `--json`: everything a face shows is computed here, none of it there.

mod connection;
mod host_keys;
mod import;
mod prompts;
mod storage;

use std::collections::BTreeMap;

use hostrounds_core::activity::Activity;
use hostrounds_core::alert::Alert;
use hostrounds_core::collection::{Collection, Failure};
use hostrounds_core::footprint::{Budget, FootprintDay};
use hostrounds_core::observation::{Facts, Point, Tables, TopProcesses, Unavailable};
use hostrounds_core::probe::Family;
use hostrounds_core::retention::Retention;
use hostrounds_core::server::{FieldError, SecretSlot, Server, ServerDraft, ServerId};
use hostrounds_core::time::UnixMillis;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use self::connection::{ConnectionTest, StepOutcome, TestReport, TestStep};
pub use self::host_keys::{HostKeyCheck, HostKeyOffer, KnownHostKey};
pub use self::import::{ImportCandidate, ImportPreview, ImportSkipped};
pub use self::prompts::{LoginPrompt, LoginQuestion};
pub use self::storage::{RetentionPreview, ServerExpired, StorageReport};

/// How a server is, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// It is not visited on a schedule.
    Disabled,
    /// It was never visited, or nothing was observed since the application started.
    NotObserved,
    /// Its newest values are fresh.
    Up,
    /// Its newest values are older than 1.5 intervals, and no visit since has failed.
    Stale,
    /// The latest visit failed and is tried again.
    Retrying,
    /// The latest visit failed in all its tries.
    Unreachable,
    /// Its schedule stands still until a person acts, because it refused the login or asks something that only a person can
    /// answer.
    Held,
}

/// The few values that overviews show. Absent is "not available", never 0.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// CPU, ratio.
    pub cpu: Option<f64>,
    /// Memory, ratio.
    pub memory: Option<f64>,
    /// The fullest mounted filesystem, ratio.
    pub disk: Option<f64>,
    /// Where the fullest filesystem is mounted.
    pub disk_mountpoint: Option<String>,
    /// Load average of one minute.
    pub load: Option<f64>,
    /// Bytes per second received on all interfaces except loopback.
    pub network_receive: Option<f64>,
    /// Bytes per second sent on all interfaces except loopback.
    pub network_transmit: Option<f64>,
    /// Seconds since it was started.
    pub uptime: Option<f64>,
}

/// The newest of everything that is known of a server. Families with slower rhythms stand here with their latest values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Latest {
    /// When the newest collection was made.
    pub at: UnixMillis,
    /// When each family was last read. Those that the newest collection read stand at [`Self::at`].
    pub read_at: BTreeMap<Family, UnixMillis>,
    /// The values.
    pub points: Vec<Point>,
    /// The busiest processes.
    pub processes: Option<TopProcesses>,
    /// What rarely changes.
    pub facts: Option<Facts>,
    /// What is not numeric.
    pub tables: Tables,
    /// What could not be read.
    pub unavailable: Vec<Unavailable>,
}

/// A server with what is known of it, without its points.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    /// Its settings.
    pub server: Server,
    /// How it is.
    pub state: ServerState,
    /// The few values that overviews show; absent until something was observed.
    pub summary: Option<Summary>,
    /// When it was last observed, in this run of the application or an earlier one.
    pub last_seen: Option<UnixMillis>,
    /// When it will be visited next; absent while it is disabled or the schedule is paused.
    pub next_visit: Option<UnixMillis>,
    /// Why the latest visit failed; absent when it succeeded.
    pub failure: Option<Failure>,
    /// Alerts that are firing.
    pub firing: u32,
    /// The secrets that the keyring holds for it.
    pub secrets: Vec<SecretSlot>,
    /// Since when its schedule stands still, because it refused the login or waits for a person's answer; the failure says
    /// why. A collection that a person asks for, or new settings, resume it.
    pub held_since: Option<UnixMillis>,
    /// What of today's footprint is over the budget, in words; empty where nothing is.
    pub over_budget: Vec<String>,
}

/// The queue: what is waiting, running, delayed, scheduled and ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// Whether the schedule is paused. Collections that a person asks for still run.
    pub paused: bool,
    /// How many may run at once, besides at most 64 that have waited for their server for more than half a second.
    pub concurrency: u32,
    /// How many stand in each state.
    pub counts: QueueCounts,
    /// All that have not ended, and the latest that have, newest first; at most 200.
    pub collections: Vec<Collection>,
    /// The next visits that are scheduled, soonest first; at most 100.
    pub scheduled: Vec<ScheduledVisit>,
}

/// How many collections stand in each state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueueCounts {
    /// Due, waiting for a free place.
    pub waiting: u32,
    /// Running.
    pub active: u32,
    /// Waiting for their next try.
    pub delayed: u32,
    /// Ended well and still kept.
    pub completed: u32,
    /// Failed in all tries and still kept.
    pub failed: u32,
    /// Visits that will become due.
    pub scheduled: u32,
}

/// A visit that will become due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledVisit {
    /// Of which server.
    pub server: ServerId,
    /// When.
    pub at: UnixMillis,
}

/// What the settings screen shows and changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Collections at a time, 1 to 64.
    pub concurrency: u32,
    /// Whether native notifications are sent.
    pub notifications: bool,
    /// What a server may be made to spend in a day before it is pointed out.
    #[serde(default)]
    pub budget: Budget,
    /// What is kept of the history.
    #[serde(default)]
    pub retention: Retention,
}

/// Within which bounds settings are accepted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingBounds {
    /// The fewest collections at a time.
    pub least_concurrency: u32,
    /// The most collections at a time.
    pub most_concurrency: u32,
    /// The largest budget; the smallest of each is 0, and each may be left out.
    pub most_budget: Budget,
}

/// Whether something the application needs is usable, and if not, what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// A stable code, such as `keyring_unavailable`, `store_full`, `store_locked`, `notifications_unavailable`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Everything that the window needs when it opens.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The version of the application.
    pub version: String,
    /// Where its data is.
    pub data_dir: String,
    /// All servers; this computer first, the others by name.
    pub servers: Vec<ServerView>,
    /// The queue.
    pub queue: QueueView,
    /// Alerts that are firing, newest first.
    pub alerts: Vec<Alert>,
    /// The latest activity, newest first; at most 50.
    pub activity: Vec<Activity>,
    /// The settings.
    pub settings: Settings,
    /// Within which bounds they are accepted.
    pub bounds: SettingBounds,
    /// Prompts of logins that wait for an answer.
    pub prompts: Vec<LoginPrompt>,
    /// What is not usable at the moment.
    pub troubles: Vec<Trouble>,
    /// Set where another process already keeps the schedule of this data directory; this one shows and collects on demand only.
    pub schedule_held_elsewhere: bool,
}

/// What to do with the secret of a server when it is saved.
#[derive(Clone, Default, Deserialize, TS)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum SecretChange {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Put this one into the keyring.
    Set {
        /// The password or the passphrase.
        #[ts(type = "string")]
        value: SecretString,
    },
    /// Remove it from the keyring.
    Clear,
}

/// What to do with one secret.
#[derive(Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SecretEdit {
    /// Which secret.
    pub slot: SecretSlot,
    /// What to do with it.
    pub change: SecretChange,
}

/// What a server was made to spend.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FootprintReport {
    /// The latest days, newest first; days without a visit are left out.
    pub days: Vec<FootprintDay>,
    /// What it may spend in a day.
    pub budget: Budget,
    /// What of today is over the budget, in words; empty where nothing is.
    pub over_budget: Vec<String>,
    /// CPU milliseconds that start-up files take per login shell, where they take more than 50: worth a look at `.bashrc`,
    /// `.zshrc`, `config.fish` or `.tcshrc` on the server.
    pub slow_start_up: Option<f64>,
}

/// What is put on a server so that the key of Hostrounds can do nothing there but read metrics.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RestrictKit {
    /// The script that is put on the server as a file.
    pub script: String,
    /// Where the script is put, as the line for `authorized_keys` names it.
    pub path: String,
    /// The line for `authorized_keys`, complete where the public key is known.
    pub authorized_keys: String,
    /// The commands that put both there, to be run on the server as root, one after the other.
    pub commands: Vec<String>,
    /// What is given up with it, in sentences.
    pub costs: Vec<String>,
}

/// Why a command was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// A stable code in snake case; faces switch on this and nothing else.
    pub code: ErrorCode,
    /// What failed, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub hint: String,
    /// With `invalid`: which fields are wrong.
    pub fields: Vec<FieldError>,
}

/// The kinds of refusal that a face tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A value cannot be accepted; see the fields.
    Invalid,
    /// There is no such server, collection, alert or offer.
    NotFound,
    /// Another server has that name.
    NameTaken,
    /// This computer can be edited, but not removed or tested.
    LocalServer,
    /// The keyring cannot be used.
    Keyring,
    /// The store cannot be used.
    Store,
    /// Another process keeps the schedule of this data directory.
    ScheduleHeld,
    /// The host key file cannot be written.
    KnownHosts,
    /// The host key has changed: it can only be replaced explicitly.
    HostKeyChanged,
    /// The SSH configuration cannot be read.
    SshConfig,
    /// What is exported cannot be written where it should go.
    Export,
}

/// What the engine tells its faces, in the order in which it happens.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A server was added or anything in its view changed.
    Server {
        /// The whole view.
        view: Box<ServerView>,
    },
    /// A server was removed.
    ServerRemoved {
        /// Which one.
        id: ServerId,
    },
    /// New values of a server.
    Latest {
        /// Of which server.
        id: ServerId,
        /// The values.
        latest: Box<Latest>,
    },
    /// The queue changed.
    Queue {
        /// The whole queue.
        queue: Box<QueueView>,
    },
    /// An alert fired or was resolved.
    Alert {
        /// The alert.
        alert: Alert,
    },
    /// A line was added to the activity log.
    Activity {
        /// The line.
        entry: Activity,
    },
    /// A step of a running test ended.
    TestStep {
        /// Which test: what the caller named it.
        test: String,
        /// The step.
        step: TestStep,
    },
    /// A server asks something that only a person can answer.
    Prompt {
        /// What it asks.
        prompt: LoginPrompt,
    },
    /// A prompt was answered or given up.
    PromptGone {
        /// Which one.
        id: String,
    },
    /// A running export has come further. Its end is told to whoever asked for it.
    Export {
        /// Which export: what the caller named it.
        id: String,
        /// How much of it is done, from 0 to 1.
        share: f64,
        /// How many values are written.
        #[ts(type = "number")]
        values: u64,
    },
    /// The settings changed.
    Settings {
        /// All of them.
        settings: Settings,
    },
    /// What is not usable changed.
    Troubles {
        /// All of them; empty when everything works.
        troubles: Vec<Trouble>,
    },
    /// A notification was clicked: the window shows this server.
    ShowServer {
        /// Which server.
        id: ServerId,
        /// The moment of interest.
        at: UnixMillis,
    },
    /// The receiver was too slow and lost events: it asks for a new snapshot.
    Missed,
}

/// A server as a face hands it in.
#[derive(Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerForm {
    /// The description.
    pub draft: ServerDraft,
    /// What to do with its secrets; those that are not named stay as they are, and those that no login can use any more are
    /// removed.
    #[serde(default)]
    pub secrets: Vec<SecretEdit>,
}
