//! The test of a connection, from its first step to its last.

use hostrounds_core::collection::{Failure, Stage};
use hostrounds_core::observation::Unavailable;
use hostrounds_core::probe::Family;
use hostrounds_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::HostKeyOffer;

/// A connection test that was made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTest {
    /// Its number; later ones have higher numbers.
    #[ts(type = "number")]
    pub id: i64,
    /// When it ended.
    pub at: UnixMillis,
    /// How it went. Its offer of a host key, if it had one, is not kept.
    pub report: TestReport,
}

/// A connection test from its first step to its last.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Every step, in order.
    pub steps: Vec<TestStep>,
    /// Why it failed; absent when it passed.
    pub failure: Option<Failure>,
    /// The host key to accept, when it is not known yet (`host_key_unknown`).
    pub host_key: Option<HostKeyOffer>,
    /// What could not be read although the test passed.
    pub unavailable: Vec<Unavailable>,
}

/// How one step of a test went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TestStep {
    /// Which step.
    pub stage: Stage,
    /// The jump host at which it was made, as `user@host:port`; absent for the server itself.
    pub hop: Option<String>,
    /// The family that was read, where the step is [`Stage::Probe`].
    pub family: Option<Family>,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Milliseconds it took; absent where it was not reached.
    pub millis: Option<f64>,
    /// What was found (the address, the algorithms, the key), or why a family is not available.
    pub detail: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepOutcome {
    /// It succeeded.
    Passed,
    /// It failed.
    Failed,
    /// A family that the server does not have, or that cannot be read there; the test passes without it.
    NotAvailable,
    /// A step before it failed.
    NotReached,
}
