//! The families that every collection reads, together and from few files.
//!
//! Both ways of reading come through here, over SSH and on this computer, so that a value means the same everywhere.

use crate::observation::{Observation, Unavailable};
use crate::probe::{Family, cpu, disk_io, file_handles, load, memory, network, uptime};
use crate::rate::Clock;

/// The files of the routine families.
pub const PATHS: [&str; 7] =
    [cpu::PATH, load::PATH, memory::PATH, disk_io::PATH, network::PATH, file_handles::PATH, uptime::PATH];

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

    /// Adds everything that `files` say to `observation`, and remembers the counters. A counter that could not be read this
    /// time keeps its earlier reading, so that its next rate covers the longer time; so do all where this reading comes too
    /// soon after the one before.
    pub fn read(&mut self, files: &Files<'_>, observation: &mut Observation) {
        let cpu = parsed(files, cpu::PATH, cpu::Reading::parse);
        let uptime = parsed(files, uptime::PATH, uptime::parse);
        let booted = cpu.as_ref().ok().and_then(|reading| reading.booted);
        let clock = match &uptime {
            Ok(uptime) => Ok(Clock { uptime: *uptime, booted }),
            Err(_) => Err(format!("Rates need {}, which could not be read.", uptime::PATH)),
        };

        self.counters(files, cpu, clock, observation);
        gauges(files, uptime, observation);
    }

    fn counters(
        &mut self,
        files: &Files<'_>,
        cpu: Result<cpu::Reading, String>,
        clock: Result<Clock, String>,
        observation: &mut Observation,
    ) {
        let Observation { points, unavailable, .. } = observation;
        let mut miss = |family, reason| unavailable.push(Unavailable { family, reason });
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
        match both(parsed(files, disk_io::PATH, disk_io::Reading::parse), clock.clone()) {
            Ok((reading, clock)) => {
                disk_io::points(earlier(self.disks.as_ref(), clock), &reading, points);
                replace(&mut self.disks, (clock, reading), !too_soon);
            }
            Err(reason) => miss(Family::DiskIo, reason),
        }
        match both(parsed(files, network::PATH, network::Reading::parse), clock) {
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
    let mut miss = |family, reason| unavailable.push(Unavailable { family, reason });
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
