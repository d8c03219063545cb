//! The kinds of files.

use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// Text as in RFC 4180, in UTF-8, with a line of headings.
    Csv,
    /// One array with an object for each row, each on a line of its own.
    Json,
    /// A workbook of Office Open XML.
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Xlsx];

    /// The ending of its files, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format that the ending of a file says, whatever the case of its letters.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }
}
