//! The face that the engine uses for a server: what to send to its shell, and what to make of the answers.

use crate::observation::{Observation, Unavailable};
use crate::probe::facts::{self, System};
use crate::probe::parts::Parts;
use crate::probe::routine::{self, Files, Routine};
use crate::probe::{
    Family, Rhythm, batteries, containers, filesystems, gpus, headers, processes, reboot, restricted, script, tcp,
    temperatures, times, units, updates, users,
};

/// What is sent to a plain `sh` on its standard input, once per shell. It defines functions, sets `LC_ALL=C` and extends
/// `PATH`; it prints nothing and writes nothing. Ends with a newline.
#[must_use]
pub fn script() -> &'static str {
    &script::SCRIPT
}

/// The line (without its newline) whose output is the routine answer: see [`Remote::routine`]. Starts one process.
#[must_use]
pub const fn routine_command() -> &'static str {
    "hr_routine"
}

/// The line (without its newline) that lets a reader take the place of the shell that is asked it: see [`reads_on`]. Ask it
/// once, on the shell of the routine families and after everything else that this shell is to be asked.
#[must_use]
pub const fn reader_command() -> &'static str {
    "hr_reader"
}

/// Whether the output of [`reader_command`] says that there is a reader now. It answers [`routine_command`] as the shell
/// did, only that it starts no process for it; every other command has an empty answer. Where there is none, the shell stays
/// as it was, and need not be asked again.
#[must_use]
pub fn reads_on(output: &[u8]) -> bool {
    output.trim_ascii() == b"perl"
}

/// The line (without its newline) whose output is the answer for slow families: see [`Remote::slow`].
///
/// Families with [`Rhythm::Routine`] are passed over. With `facts`, what rarely changes is read as well; it has to be
/// in the first request for [`Family::Processes`], since the length of a tick and of a page come with it. `nonce` marks the
/// parts of the answer, so that no name in it can forge one: fresh random letters and digits for each request (others are
/// left out).
///
/// Programs that may hang get 8 s each on systems that have `timeout`, otherwise for ever: families of one
/// [`super::Lane`] belong on a shell of their own, and nothing more is asked of it while it has not answered.
#[must_use]
pub fn slow_command(families: &[Family], facts: bool, nonce: &str) -> String {
    let mut command = format!("hr_slow {}", tidy(nonce));
    let facts = facts.then_some(script::FACTS);
    let parts = script::FAMILIES.iter().filter(|slow| families.contains(&slow.family)).map(|slow| slow.part);
    for part in facts.into_iter().chain(parts) {
        command.push(' ');
        command.push_str(part);
    }
    command
}

/// A POSIX `sh` script for servers that give no shell away: the forced command of a key, at [`RESTRICTED_PATH`]. It answers
/// [`routine_command`] and [`slow_command`] as an ordinary shell does after [`script`], which it passes over; every other
/// command has an empty answer, [`reader_command`] among them.
#[must_use]
pub fn restricted_script() -> String {
    restricted::script()
}

/// Where [`restricted_script`] belongs on a server, owned by root and executable. What stands before the key in the account's
/// `authorized_keys` is `restrict,command="` this path `"`.
pub const RESTRICTED_PATH: &str = restricted::PATH;

/// What is remembered of a server from one collection to the next: counters to take rates from, and what its shell said of
/// the system. It outlives connections; a reboot is recognised and leaves a gap.
#[derive(Debug, Default)]
pub struct Remote {
    routine: Routine,
    processes: processes::Tracker,
    containers: containers::Tracker,
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

    /// Adds what the output of [`routine_command`] says of `families` to `observation`. A family that is missing or damaged
    /// is named in [`Observation::unavailable`] and costs only itself; one that is not in `families` (because it is switched
    /// off, or no routine family) leaves no trace.
    ///
    /// [`Observation::spent`] becomes what the shell that answered has used since it was started, with all that it ran:
    /// a sum that only grows, of that one shell. Who asks several shells takes it out after each answer, keeps the newest of
    /// each shell, and adds those up. It is left as it is where the answer does not tell.
    pub fn routine(&mut self, output: &[u8], families: &[Family], observation: &mut Observation) {
        let text = String::from_utf8_lossy(output);
        let (files, times) = files(&text);
        self.routine.read(&files, families, observation);
        observation.spent = times.and_then(times::parse).or(observation.spent);
    }

    /// Adds what the output of [`slow_command`], called with the same `families` and `nonce`, says to `observation`, whose time
    /// is that of the question where facts were asked for: the server's clock is compared with it.
    /// [`Observation::spent`] is as with [`Self::routine`].
    pub fn slow(&mut self, output: &[u8], families: &[Family], nonce: &str, observation: &mut Observation) {
        let text = String::from_utf8_lossy(output);
        let parts = Parts::of(&text, &tidy(nonce));
        if let Some(facts) = facts::parse(&parts, observation.at) {
            self.system = System::parse(&parts);
            observation.facts = Some(facts);
        }
        for &family in families.iter().filter(|family| family.rhythm() != Rhythm::Routine) {
            if let Err(reason) = self.family(family, &parts, observation) {
                observation.unavailable.push(Unavailable::all(family, reason));
            }
        }
        observation.spent = parts.get("times").and_then(times::parse).or(observation.spent);
    }

    /// The line (without its newline) of a second question, on the same shell, after [`Self::slow`] has read an answer for
    /// [`Family::Processes`]: what the processes that are shown make disks do, and how many files they have open. It starts
    /// two processes on the server and cannot hang. Nothing where no process is shown. `nonce` as for [`slow_command`].
    ///
    /// ```text
    /// if let Some(command) = readings.process_detail_command(&nonce) {
    ///     readings.process_detail(&shell.ask(&command, limits).await?, &nonce, &mut observation);
    /// }
    /// ```
    #[must_use]
    pub fn process_detail_command(&self, nonce: &str) -> Option<String> {
        self.processes.detail_command(&tidy(nonce))
    }

    /// Adds what the output of [`Self::process_detail_command`], called with the same `nonce`, says to the processes that
    /// `observation` shows already. What this user may not read is absent, and so are rates until a process was asked twice.
    /// [`Observation::spent`] is as with [`Self::routine`].
    pub fn process_detail(&mut self, output: &[u8], nonce: &str, observation: &mut Observation) {
        let text = String::from_utf8_lossy(output);
        let parts = Parts::of(&text, &tidy(nonce));
        self.processes.detail(&parts, observation);
        observation.spent = parts.get("times").and_then(times::parse).or(observation.spent);
    }

    /// Adds one slow family; the reason where it is not available.
    fn family(&mut self, family: Family, parts: &Parts<'_>, observation: &mut Observation) -> Result<(), String> {
        let system = &self.system;
        match family {
            Family::Processes => self.processes.read(parts, system, observation),
            Family::Tcp => tcp::read(parts, system, observation),
            Family::Temperatures => temperatures::read(parts, system, observation),
            Family::Batteries => batteries::read(parts, system, observation),
            Family::Users => users::read(parts, system, observation),
            Family::Reboot => reboot::read(parts, system, observation),
            Family::Units => units::read(parts, system, observation),
            Family::Containers => self.containers.read(parts, observation),
            Family::Gpus => gpus::read(parts, system, observation),
            Family::Updates => updates::read(parts, system, observation),
            Family::Filesystems => filesystems::read(parts, system, observation),
            Family::Cpu
            | Family::Load
            | Family::Memory
            | Family::DiskIo
            | Family::Network
            | Family::FileHandles
            | Family::Uptime
            | Family::Pressure => Ok(()),
        }
    }
}

/// A nonce that can stand in a shell line and in a marker.
fn tidy(nonce: &str) -> String {
    nonce.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The files in a routine answer, and what the shell says that it has used.
fn files(text: &str) -> (Files<'_>, Option<&str>) {
    let mut files = Files::default();
    let mut times = None;
    for (path, content) in headers::files(text) {
        if path == routine::TIMES {
            times = Some(content);
        } else {
            files.set(path, content);
        }
    }
    (files, times)
}
