//! A program of the server that a family asks, and how it ended.

use crate::probe::parts::Parts;
use crate::text;

/// `hr_program PART PROGRAM [ARGUMENT...]` prints as one part what the program says, its complaints too, and as another its
/// status, which it leaves in `hr_status`.
pub(super) const SCRIPT: &str = r#"hr_program() {
  hr_name=$1; shift
  hr_mark "$hr_name"; hr_limited "$@" 2>&1; hr_status=$?
  hr_mark "${hr_name}_status" $hr_status
}
"#;

/// What a program said until it ended by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran<'a> {
    program: &'a str,
    /// What it said, its complaints among it.
    pub(super) text: &'a str,
    /// Its status; 0 where all went well.
    pub(super) status: u64,
}

impl<'a> Ran<'a> {
    /// The `program` that was run by `hr_program` as `part`; the reason where it was ended before it was done, or where its
    /// answer did not arrive as a whole.
    pub(super) fn of(parts: &Parts<'a>, part: &str, program: &'a str) -> Result<Self, String> {
        let text = parts.get(part);
        let (Some(text), Some(status)) = (text, parts.number(&format!("{part}_status"))) else {
            return Err(format!("`{program}` gave no answer."));
        };
        match status {
            OUT_OF_TIME_GNU | OUT_OF_TIME_BUSYBOX | KILLED => Err(format!("`{program}` did not answer in time.")),
            _ => Ok(Self { program, text, status }),
        }
    }

    /// That it failed, in its own words.
    pub(super) fn failure(&self) -> String {
        match self.text.lines().map(str::trim).find(|line| !line.is_empty()) {
            Some(complaint) => format!("`{}` failed: {}", self.program, text::name(complaint)),
            None => format!("`{}` failed with status {} and said nothing.", self.program, self.status),
        }
    }
}

/// Why a family has nothing to say of which the last part is missing: what would stand in the others is not known.
pub(super) const CUT_OFF: &str = "The answer of the shell did not arrive as a whole.";

/// The status of GNU `timeout` where time ran out.
const OUT_OF_TIME_GNU: u64 = 124;
/// That of BusyBox, which is the status of what ended by SIGTERM.
const OUT_OF_TIME_BUSYBOX: u64 = 143;
/// The status of what ended by SIGKILL.
const KILLED: u64 = 137;
