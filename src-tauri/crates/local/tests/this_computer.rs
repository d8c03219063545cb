//! The readings of the machine that the tests run on, held against what its own files say.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)] // a test may fail loudly

use std::collections::HashSet;
use std::fs;

use hostrounds_core::metric::{Metric, Unit, attribute};
use hostrounds_core::observation::{Attributes, Observation, Process};
use hostrounds_core::probe::Family;
use hostrounds_core::time::UnixMillis;
use hostrounds_local::ThisComputer;

const SLOW: [Family; 2] = [Family::Filesystems, Family::Processes];

/// An observation with rates, as soon as the kernel's clock has moved far enough for them.
fn with_rates() -> Observation {
    let mut computer = ThisComputer::new();
    assert!(computer.needs_second_reading());
    computer.read(UnixMillis(0), &[]);
    assert!(!computer.needs_second_reading());
    loop {
        let observation = computer.read(UnixMillis(1), &[]);
        if observation.of(Metric::CpuUtilization).next().is_some() {
            return observation;
        }
        std::thread::yield_now();
    }
}

fn value(observation: &Observation, metric: Metric) -> Option<f64> {
    observation.value(metric, &Attributes::none())
}

fn meminfo(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}

#[test]
fn everything_that_linux_tells_is_there() {
    let mut computer = ThisComputer::new();
    let observation = computer.read(UnixMillis(0), &SLOW);
    assert_eq!(observation.unavailable, []);

    assert_eq!(value(&observation, Metric::MemoryLimit), Some(meminfo("MemTotal:")));
    let used = value(&observation, Metric::MemoryUtilization).unwrap();
    let expected = 1.0 - meminfo("MemAvailable:") / meminfo("MemTotal:");
    assert!((used - expected).abs() < 0.2, "{used} is far from {expected}");

    let online = fs::read_to_string("/proc/stat").unwrap().lines().filter(|line| line.starts_with("cpu")).count() - 1;
    assert_eq!(value(&observation, Metric::CpuCount), Some(f64::from(u32::try_from(online).unwrap())));
    assert!(value(&observation, Metric::FileHandles).is_some_and(|handles| handles > 0.0));
    assert!(value(&observation, Metric::Uptime).is_some_and(|seconds| seconds > 0.0));

    let facts = observation.facts.unwrap();
    assert_eq!(facts.kernel.as_deref(), Some(fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim()));
    assert_eq!(facts.hostname.as_deref(), Some(fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim()));
    assert!(facts.os.is_some());
}

#[test]
fn every_value_is_within_its_bounds_and_stands_once() {
    let mut observation = with_rates();
    observation.points.extend(
        ThisComputer::new()
            .read(UnixMillis(2), &SLOW)
            .points
            .into_iter()
            .filter(|point| SLOW.contains(&point.series.metric.info().family)),
    );
    let mut seen = HashSet::new();
    for point in &observation.points {
        let info = point.series.metric.info();
        assert!(info.unit != Unit::Ratio || point.value <= 1.0, "{point:?}");
        assert!(seen.insert(point.series.clone()), "twice: {:?}", point.series);
    }
    assert_eq!(observation.of(Metric::CpuModeUtilization).count(), 8);
    assert!(observation.of(Metric::NetworkDropped).next().is_some());
}

#[test]
fn a_filesystem_agrees_with_statvfs() {
    let observation = ThisComputer::new().read(UnixMillis(0), &[Family::Filesystems]);
    // Not the root: where the tests run in a folder or a container, that is no mount of its own.
    let limit = observation.of(Metric::FilesystemLimit).next().expect("a mounted filesystem");
    let numbers = rustix::fs::statvfs(limit.series.attributes.get(attribute::MOUNTPOINT).unwrap()).unwrap();
    assert_eq!(limit.value, (numbers.f_blocks * numbers.f_frsize) as f64);
    let share = observation.value(Metric::FilesystemUtilization, &limit.series.attributes);
    assert!(share.is_some_and(|share| share > 0.0), "{share:?}");

    let mounts: Vec<_> = observation.of(Metric::FilesystemLimit).map(|point| &point.series.attributes).collect();
    assert!(mounts.iter().all(|mount| !mount.get(attribute::MOUNTPOINT).unwrap().starts_with("/proc")));
}

#[test]
fn processes_agree_with_what_the_kernel_says_of_them() {
    let mut computer = ThisComputer::new();
    let first = computer.read(UnixMillis(5), &[Family::Processes]).processes.unwrap();
    assert!(first.by_cpu.is_empty(), "one reading gives no CPU");
    assert_eq!(first.at, UnixMillis(5));
    assert!(!first.by_memory.is_empty());
    let agrees = |process: &&Process| {
        let comm = fs::read_to_string(format!("/proc/{}/comm", process.pid)).unwrap_or_default();
        process.name == comm.trim_end() && process.threads.is_some() && process.user.is_some()
    };
    // Not all: one may have ended, or become another program, in the meantime.
    assert!(first.by_memory.iter().filter(agrees).count() * 2 > first.by_memory.len(), "{:?}", first.by_memory);

    let second = computer.read(UnixMillis(6), &[Family::Processes]);
    let top = second.processes.as_ref().unwrap();
    assert!(!top.by_cpu.is_empty() && top.by_cpu.iter().all(|process| process.cpu.is_some()));
    let counted: f64 = second.of(Metric::ProcessCount).map(|point| point.value).sum();
    assert!(counted >= 1.0);
    assert!(value(&second, Metric::ThreadCount).is_some_and(|threads| threads >= 1.0));
}

#[test]
fn slow_families_are_read_only_when_asked_for() {
    let observation = ThisComputer::new().read(UnixMillis(0), &[]);
    assert_eq!(observation.processes, None);
    assert_eq!(observation.of(Metric::FilesystemUtilization).count(), 0);
    assert_eq!(observation.of(Metric::ThreadCount).count(), 0);
}
