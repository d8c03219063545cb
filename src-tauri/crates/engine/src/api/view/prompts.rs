//! What a server asks at its login that only a person can answer.

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A server asks something that only a person can answer, such as a second factor. The login waits for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoginPrompt {
    /// With what it is answered; valid until the login ends.
    pub id: String,
    /// The server that is visited or tested, where it is saved already.
    pub server: Option<ServerId>,
    /// Who asks: the server or a jump host, as `user@host:port`.
    pub hop: String,
    /// A title that the server gives; may be empty.
    pub name: String,
    /// What the server says before it asks; may be empty.
    pub instructions: String,
    /// The questions, in order; never empty.
    pub questions: Vec<LoginQuestion>,
    /// When the login is given up if nobody has answered.
    pub until: UnixMillis,
}

/// One question of a [`LoginPrompt`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoginQuestion {
    /// What the server asks.
    pub text: String,
    /// Whether the answer may be seen while it is typed.
    pub echo: bool,
}
