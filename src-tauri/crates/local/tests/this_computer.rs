//! The readings of the machine that the tests run on, held against what its own files say.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)] // a test may fail loudly

use std::collections::HashSet;
use std::fs;

use hostrounds_core::metric::{Metric, Unit, attribute};
use hostrounds_core::observation::{Attributes, Observation, Process};
use hostrounds_core::probe::Family;
use hostrounds_core::time::UnixMillis;
use hostrounds_local::{ShellFamilies, ThisComputer};

const SLOW: [Family; 2] = [Family::Filesystems, Family::Processes];

/// An observation with rates, as soon as the kernel's clock has moved far enough for them.
fn with_rates() -> Observation {
    let mut computer = ThisComputer::new();
    assert!(computer.needs_second_reading());
    computer.read(UnixMillis(0), &[], &[]);
    assert!(!computer.needs_second_reading());
    loop {
        let observation = computer.read(UnixMillis(1), &[], &[]);
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
    let observation = computer.read(UnixMillis(0), &SLOW, &[]);
    // Kernels may be built or started without pressure stall information.
    let missing = observation.unavailable.iter().filter(|missing| missing.family != Family::Pressure);
    assert_eq!(missing.count(), 0, "{:?}", observation.unavailable);

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
            .read(UnixMillis(2), &SLOW, &[])
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
    let observation = ThisComputer::new().read(UnixMillis(0), &[Family::Filesystems], &[]);
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
    let first = computer.read(UnixMillis(5), &[Family::Processes], &[]).processes.unwrap();
    assert!(first.by_cpu.is_empty(), "one reading gives no CPU");
    assert_eq!(first.at, UnixMillis(5));
    assert!(!first.by_memory.is_empty());
    let agrees = |process: &&Process| {
        let comm = fs::read_to_string(format!("/proc/{}/comm", process.pid)).unwrap_or_default();
        process.name == comm.trim_end() && process.threads.is_some() && process.user.is_some()
    };
    // Not all: one may have ended, or become another program, in the meantime.
    assert!(first.by_memory.iter().filter(agrees).count() * 2 > first.by_memory.len(), "{:?}", first.by_memory);

    let second = computer.read(UnixMillis(6), &[Family::Processes], &[]);
    let top = second.processes.as_ref().unwrap();
    assert!(!top.by_cpu.is_empty() && top.by_cpu.iter().all(|process| process.cpu.is_some()));
    let counted: f64 = second.of(Metric::ProcessCount).map(|point| point.value).sum();
    assert!(counted >= 1.0);
    assert!(value(&second, Metric::ThreadCount).is_some_and(|threads| threads >= 1.0));
}

#[test]
fn slow_families_are_read_only_when_asked_for() {
    let observation = ThisComputer::new().read(UnixMillis(0), &[], &[]);
    assert_eq!(observation.processes, None);
    assert_eq!(observation.of(Metric::FilesystemUtilization).count(), 0);
    assert_eq!(observation.of(Metric::ThreadCount).count(), 0);
}

#[test]
fn families_that_are_switched_off_leave_no_trace() {
    let off = [Family::Load, Family::Cpu, Family::Pressure, Family::Network, Family::Processes];
    let mut computer = ThisComputer::new();
    for at in 0..2 {
        let observation = computer.read(UnixMillis(at), &SLOW, &off);
        assert!(observation.points.iter().all(|point| !off.contains(&point.series.metric.info().family)));
        assert!(observation.unavailable.iter().all(|missing| !off.contains(&missing.family)));
        assert_eq!(observation.processes, None);
        assert!(value(&observation, Metric::MemoryUtilization).is_some());
    }
    assert!(!computer.needs_second_reading());
}

#[test]
fn processes_tell_their_handles_and_what_they_make_disks_do() {
    let mut computer = ThisComputer::new();
    let mut read = || computer.read(UnixMillis(0), &[Family::Processes], &[]).processes.unwrap().by_memory;
    let first = read();
    let known = |process: &&Process| process.handles.is_some();
    let readable = |process: &&Process| fs::read_dir(format!("/proc/{}/fd", process.pid)).is_ok();
    assert!(first.iter().filter(known).count() >= first.iter().filter(readable).count() / 2);
    assert!(first.iter().all(|process| process.disk_read.is_none()), "one reading gives no rate");

    // Where none of them belongs to the user of the tests there is nothing to wait for.
    let readable = |process: &Process| fs::read(format!("/proc/{}/io", process.pid)).is_ok();
    loop {
        let processes = read();
        if processes.iter().any(|process| process.disk_read.is_some() && process.disk_written.is_some())
            || !processes.iter().any(readable)
        {
            break;
        }
    }
}

#[test]
fn every_other_family_is_read_by_a_shell_or_says_why_not() {
    let families: Vec<Family> = Family::ALL.iter().copied().filter(|family| ShellFamilies::include(*family)).collect();
    for family in [Family::Tcp, Family::Users, Family::Containers, Family::Updates] {
        assert!(families.contains(&family));
    }
    assert!(!families.contains(&Family::Cpu) && !families.contains(&Family::Processes));

    let observation = ShellFamilies::new().read(UnixMillis(7), Family::ALL);
    assert_eq!((observation.at, observation.spent), (UnixMillis(7), None));
    assert_eq!(observation.of(Metric::TcpConnections).count(), 11);
    for family in families {
        let has_points = observation.points.iter().any(|point| point.series.metric.info().family == family);
        let missing = observation.unavailable.iter().filter(|missing| missing.family == family).count();
        assert_eq!(usize::from(has_points) + missing, 1, "{family:?}: {:?}", observation.unavailable);
    }
}
