//! What an SSH configuration holds, to be looked at before anything is taken over.

use hostrounds_core::server::ServerDraft;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an SSH configuration holds, before anything is taken over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportPreview {
    /// With what the import is carried out; valid until the application ends.
    pub id: String,
    /// The files that were read, the first one included by nobody.
    pub files: Vec<String>,
    /// The servers that can be taken over.
    pub servers: Vec<ImportCandidate>,
    /// What is not taken over, and why.
    pub skipped: Vec<ImportSkipped>,
}

/// A server of an SSH configuration.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportCandidate {
    /// The host alias, which becomes the name.
    pub alias: String,
    /// What it becomes.
    pub draft: ServerDraft,
    /// What a person should know of it: options that are not used, a key file that is missing.
    pub notes: Vec<String>,
    /// The server that has this name already: it is not taken over again.
    pub exists: bool,
}

/// What of an SSH configuration is not taken over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportSkipped {
    /// The file.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
    /// What stands there, shortened.
    pub text: String,
    /// Why it is not taken over.
    pub reason: String,
}
