//! The families that every collection reads, together and from few files.
//!
//! Both ways of reading come through here, over SSH and on this computer, so that a value means the same everywhere.

use crate::observation::{Observation, Unavailable};
use crate::probe::{Family, MAX_PARTS, cpu, disk_io, file_handles, load, memory, network, pressure, uptime};
use crate::rate::Clock;

/// The files of the routine families. Those that grow with the system come last: where what is read of all of them is
/// limited, the others are not lost.
pub const PATHS: [&str; 10] = [
    uptime::PATH,
    load::PATH,
    memory::PATH,
    file_handles::PATH,
    pressure::CPU,
    pressure::MEMORY,
    pressure::IO,
    cpu::PATH,
    disk_io::PATH,
    network::PATH,
];

/// Lines of each file that are printed, at most: with 100,000 interfaces the answer would be larger than what is taken from a
/// server, and every other family lost with the network. Twice as many as parts are kept of any family.
const LINES: usize = 2 * MAX_PARTS;

/// What stands before each file of a routine answer and before what the shell has used, as `head` prints it.
pub(super) const TIMES: &str = "times";

/// The shell that prints the files.
///
/// - `head` prints a `==> file <==` header before each of several files (GNU, BusyBox and toybox alike), skips one that is
///   missing, and is a single process.
/// - `times` is the shell's own, and costs no process.
pub(super) fn script() -> String {
    let files = PATHS.join(" ");
    format!(
        "hr_files='{files}'\n\
         hr_routine() {{\n  head -n {LINES} $hr_files </dev/null 2>/dev/null\n  printf '\\n==> {TIMES} <==\\n'; times\n}}\n"
    )
}

/// The contents of the files in [`PATHS`], as far as they could be read.
#[derive(Clone, Copy, Default, Debug)]
pub struct Files<'a> {
    contents: [Option<&'a str>; PATHS.len()],
}

impl<'a> Files<'a> {
    /// Takes in the content of one file. A path that is not in [`PATHS`] is ignored, and so is a file's second content.
    pub fn set(&mut self, path: &str, content: &'a str) {
        for (known, slot) in PATHS.iter().zip(&mut self.contents) {
            if *known == path && slot.is_none() {
                *slot = Some(content);
            }
        }
    }

    /// The content of one file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&'a str> {
        PATHS.iter().zip(&self.contents).find(|(known, _)| **known == path).and_then(|(_, content)| *content)
    }
}

/// The readings that the next rates are taken from.
#[derive(Debug, Default)]
pub struct Routine {
    latest: Option<Clock>,
    cpu: Option<cpu::Reading>,
    disks: Option<(Clock, disk_io::Reading)>,
    network: Option<(Clock, network::Reading)>,
}

impl Routine {
    /// Whether there is nothing yet to take rates from.
    #[must_use]
    pub fn needs_second_reading(&self) -> bool {
        self.cpu.is_none() && self.disks.is_none() && self.network.is_none()
    }

    /// Adds what `files` say of `families` to `observation` (others than routine ones are passed over), and remembers the
    /// counters of all, so that a family that is switched on again has its first rate at once. A counter that could not be read this
    /// time keeps its earlier reading, so that its next rate covers the longer time; so do all where this reading comes too
    /// soon after the one before.
    pub fn read(&mut self, files: &Files<'_>, families: &[Family], observation: &mut Observation) {
        let mut all = Observation::empty(observation.at);
        let cpu = parsed(files, cpu::PATH, cpu::Reading::parse);
        let uptime = parsed(files, uptime::PATH, uptime::parse);
        let booted = cpu.as_ref().ok().and_then(|reading| reading.booted);
        let clock = match &uptime {
            Ok(uptime) => Ok(Clock { uptime: *uptime, booted }),
            Err(_) => Err(format!("Rates need {}, which could not be read.", uptime::PATH)),
        };

        self.counters(files, cpu, clock, &mut all);
        gauges(files, uptime, &mut all);
        let Observation { points, unavailable, .. } = all;
        let points = points.into_iter().filter(|point| families.contains(&point.series.metric.info().family));
        observation.points.extend(points);
        observation.unavailable.extend(unavailable.into_iter().filter(|missing| families.contains(&missing.family)));
    }

    fn counters(
        &mut self,
        files: &Files<'_>,
        cpu: Result<cpu::Reading, String>,
        clock: Result<Clock, String>,
        observation: &mut Observation,
    ) {
        let Observation { points, unavailable, .. } = observation;
        let disks = parsed(files, disk_io::PATH, disk_io::Reading::parse);
        let network = parsed(files, network::PATH, network::Reading::parse);
        let cut = [
            (Family::Cpu, "CPUs", cpu.as_ref().is_ok_and(|reading| reading.is_cut)),
            (Family::DiskIo, "devices", disks.as_ref().is_ok_and(|reading| reading.is_cut)),
            (Family::Network, "interfaces", network.as_ref().is_ok_and(|reading| reading.is_cut)),
        ];
        unavailable.extend(
            cut.into_iter().filter(|(.., is_cut)| *is_cut).map(|(family, parts, _)| Unavailable::cut(family, parts)),
        );
        let mut miss = |family, reason: String| unavailable.push(Unavailable::all(family, reason));
        let too_soon = match (&clock, &self.latest) {
            (Ok(now), Some(latest)) => now.is_too_soon_after(latest),
            _ => false,
        };
        if let (Ok(now), false) = (&clock, too_soon) {
            self.latest = Some(*now);
        }

        match cpu {
            Ok(reading) => {
                cpu::points(self.cpu.as_ref().filter(|_| !too_soon), &reading, points);
                replace(&mut self.cpu, reading, !too_soon);
            }
            Err(reason) => miss(Family::Cpu, reason),
        }
        match both(disks, clock.clone()) {
            Ok((reading, clock)) => {
                disk_io::points(earlier(self.disks.as_ref(), clock), &reading, points);
                replace(&mut self.disks, (clock, reading), !too_soon);
            }
            Err(reason) => miss(Family::DiskIo, reason),
        }
        match both(network, clock) {
            Ok((reading, clock)) => {
                network::points(earlier(self.network.as_ref(), clock), &reading, points);
                replace(&mut self.network, (clock, reading), !too_soon);
            }
            Err(reason) => miss(Family::Network, reason),
        }
    }
}

/// What needs no reading before it.
fn gauges(files: &Files<'_>, uptime: Result<f64, String>, observation: &mut Observation) {
    let Observation { points, unavailable, .. } = observation;
    let mut miss = |family, reason: String| unavailable.push(Unavailable::all(family, reason));
    match parsed(files, load::PATH, load::parse) {
        Ok(averages) => load::points(averages, points),
        Err(reason) => miss(Family::Load, reason),
    }
    match parsed(files, memory::PATH, memory::Reading::parse) {
        Ok(reading) => memory::points(&reading, points),
        Err(reason) => miss(Family::Memory, reason),
    }
    match parsed(files, file_handles::PATH, file_handles::parse) {
        Ok(handles) => file_handles::points(handles, points),
        Err(reason) => miss(Family::FileHandles, reason),
    }
    match uptime {
        Ok(uptime) => uptime::points(uptime, points),
        Err(reason) => miss(Family::Uptime, reason),
    }
    let known: Vec<_> = pressure::FILES
        .into_iter()
        .filter_map(|(resource, path)| Some((resource, pressure::parse(files.get(path)?)?)))
        .collect();
    if known.is_empty() {
        miss(Family::Pressure, pressure::MISSING.to_owned());
    }
    for (resource, pressure) in known {
        pressure::points(resource, pressure, points);
    }
}

fn replace<T>(slot: &mut Option<T>, reading: T, wanted: bool) {
    if wanted || slot.is_none() {
        *slot = Some(reading);
    }
}

/// What a family makes of its file, or why it cannot, in words for a person.
fn parsed<T>(files: &Files<'_>, path: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, String> {
    let content = files.get(path).ok_or_else(|| format!("{path} is missing or may not be read."))?;
    parse(content).ok_or_else(|| format!("{path} does not have the form that was expected."))
}

fn both<A, B>(first: Result<A, String>, second: Result<B, String>) -> Result<(A, B), String> {
    Ok((first?, second?))
}

/// The reading before and the seconds since then, where the two can be compared.
fn earlier<T>(before: Option<&(Clock, T)>, now: Clock) -> Option<(&T, f64)> {
    let (clock, reading) = before?;
    Some((reading, now.elapsed_since(clock)?))
}
