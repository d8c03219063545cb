//! The face that the engine uses for a server: what to send to its shell, and what to make of the answers.

use std::collections::HashMap;

use crate::observation::{Observation, Unavailable};
use crate::probe::facts::{self, System};
use crate::probe::routine::{Files, Routine};
use crate::probe::{Family, filesystems, processes, script};

/// What is sent to a plain `sh` on its standard input, once per shell. It defines functions, sets `LC_ALL=C` and extends
/// `PATH`; it prints nothing and writes nothing. Ends with a newline.
pub const SCRIPT: &str = script::SCRIPT;

/// The line (without its newline) whose output is the routine answer: see [`Remote::routine`]. Starts one process.
#[must_use]
pub const fn routine_command() -> &'static str {
    "hr_routine"
}

/// The line (without its newline) whose output is the answer for slow families: see [`Remote::slow`].
///
/// Families with [`super::Rhythm::Routine`] are passed over. With `facts`, what rarely changes is read as well; it has to be
/// in the first request of every shell, since the length of a tick and of a page come with it. `nonce` marks the parts of
/// the answer, so that no name in it can forge one: fresh random letters and digits for each request (others are left out).
///
/// It may hang where a network filesystem does, for up to 16 s on systems that have `timeout`, otherwise for ever:
/// it belongs on a shell of its own, and no second one is started while the first has not answered.
#[must_use]
pub fn slow_command(families: &[Family], facts: bool, nonce: &str) -> String {
    let mut command = format!("hr_slow {}", tidy(nonce));
    if facts {
        command.push_str(" facts");
    }
    if families.contains(&Family::Processes) {
        command.push_str(" processes");
    }
    // Last, because it is the part that may hang: what was printed before it is not lost.
    if families.contains(&Family::Filesystems) {
        command.push_str(" filesystems");
    }
    command
}

/// What is remembered of a server from one collection to the next: counters to take rates from, and what its shell said of
/// the system. It outlives connections; a reboot is recognised and leaves a gap.
#[derive(Debug, Default)]
pub struct Remote {
    routine: Routine,
    processes: processes::Tracker,
    system: System,
}

impl Remote {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing yet to take rates from: the routine families are then read twice, a second apart, and the
    /// observation of the first reading is thrown away.
    #[must_use]
    pub fn needs_second_reading(&self) -> bool {
        self.routine.needs_second_reading()
    }

    /// Adds what the output of [`routine_command`] says to `observation`. A family that is missing or damaged is named in
    /// [`Observation::unavailable`] and costs only itself.
    pub fn routine(&mut self, output: &[u8], observation: &mut Observation) {
        let text = String::from_utf8_lossy(output);
        self.routine.read(&files(&text), observation);
    }

    /// Adds what the output of [`slow_command`], called with the same `families` and `nonce`, says to `observation`.
    pub fn slow(&mut self, output: &[u8], families: &[Family], nonce: &str, observation: &mut Observation) {
        let text = String::from_utf8_lossy(output);
        let sections = sections(&text, &tidy(nonce));
        let section = |name: &str| sections.get(name).map(String::as_str);

        if let Some(facts) = facts::parse(section) {
            self.system = System::parse(section);
            observation.facts = Some(facts);
        }
        if families.contains(&Family::Processes) {
            match section("processes").and_then(|listing| processes::Reading::parse(listing, &self.system)) {
                Some(reading) => {
                    let owners = processes::owners(section("owners").unwrap_or_default());
                    self.processes.read(reading, |pid| self.system.user_name(*owners.get(&pid)?), observation);
                }
                None => {
                    miss(observation, Family::Processes, "The list of processes (/proc/[pid]/stat) could not be read.")
                }
            }
        }
        if families.contains(&Family::Filesystems) {
            match section("blocks").and_then(|blocks| filesystems::parse(section("mounts"), blocks, section("inodes")))
            {
                Some(mounts) => filesystems::points(&mounts, &mut observation.points),
                None if section("blocks_status").and_then(status).is_some_and(|status| status >= RAN_OUT_OF_TIME) => {
                    miss(
                        observation,
                        Family::Filesystems,
                        "`df` did not answer in 8 s; a network filesystem may be hanging.",
                    );
                }
                None => miss(observation, Family::Filesystems, "`df` gave no answer."),
            }
        }
    }
}

/// From here on, the status of `timeout` says that it ended what it ran, or that a signal did.
const RAN_OUT_OF_TIME: u8 = 124;

fn status(section: &str) -> Option<u8> {
    section.split_whitespace().next()?.parse().ok()
}

fn miss(observation: &mut Observation, family: Family, reason: &str) {
    observation.unavailable.push(Unavailable { family, reason: reason.to_owned() });
}

/// A nonce that can stand in a shell line and in a marker.
fn tidy(nonce: &str) -> String {
    nonce.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Takes the output of `tail` over several files apart. No name or number that the kernel prints in these files can hold a
/// `/`, so none can pass for a header.
fn files(text: &str) -> Files<'_> {
    let mut files = Files::default();
    let mut rest = text;
    while let Some((path, after)) = next_header(rest) {
        let end = next_header_at(after);
        let content = after.get(..end).unwrap_or(after);
        files.set(path, content);
        rest = after.get(end..).unwrap_or_default();
    }
    files
}

/// The path in the first header line of `text`, and what follows that line.
fn next_header(text: &str) -> Option<(&str, &str)> {
    let line_onwards = text.get(next_header_at(text)..)?;
    let (line, after) = line_onwards.split_once('\n').unwrap_or((line_onwards, ""));
    Some((header(line)?, after))
}

/// Where the first header line of `text` begins; its length where there is none.
fn next_header_at(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if header(line.trim_end_matches('\n')).is_some() {
            return at;
        }
        at += line.len();
    }
    text.len()
}

fn header(line: &str) -> Option<&str> {
    line.strip_prefix("==> ")?.strip_suffix(" <==")
}

/// Takes the output of `hr_slow` apart by its markers. A part counts only if another marker follows it: otherwise it may have
/// been cut off, and half a list of processes would look like fewer processes. What stands after the name of a part in its
/// marker (a status) is the beginning of its content.
fn sections(text: &str, nonce: &str) -> HashMap<String, String> {
    let marker = format!("@hr {nonce} ");
    let mut sections = HashMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        if let Some(heading) = line.strip_prefix(&marker).and_then(|heading| heading.strip_suffix('\n')) {
            if let Some((name, content)) = open.take() {
                sections.insert(name, content);
            }
            let (name, status) = heading.split_once(' ').unwrap_or((heading, ""));
            open = Some((name.to_owned(), status.to_owned()));
        } else if let Some((_, content)) = &mut open {
            content.push_str(line);
        }
    }
    sections
}
