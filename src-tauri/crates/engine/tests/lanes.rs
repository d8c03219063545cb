//! What is slow or hangs on a server costs only itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hostrounds_core::collection::{CollectionState, Stage};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Observation, Unavailable};
use hostrounds_core::probe::Family;
use hostrounds_core::server::ServerDraft;
use hostrounds_engine::api::Event;
use hostrounds_engine::api::view::StepOutcome;
use hostrounds_testbed::{Sshd, SshdConfig, TinySsh};
use support::*;

/// A program of the server, in the folder that comes first in its `PATH`.
fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// An sshd with a folder that comes first in the `PATH` of its sessions.
async fn staged() -> (Sshd, tempfile::TempDir) {
    let programs = tempfile::tempdir().unwrap();
    // Ends what it is to limit not before the engine has given it up.
    program(programs.path(), "timeout", "shift; exec \"$@\"");
    let path = format!("SetEnv PATH={}:/usr/local/bin:/usr/bin:/bin", programs.path().display());
    let sshd = Sshd::start(SshdConfig { lines: vec![path], ..SshdConfig::default() }).await.unwrap();
    (sshd, programs)
}

fn missing(unavailable: &[Unavailable], family: Family) -> Option<&str> {
    unavailable.iter().find(|missing| missing.family == family).map(|missing| missing.reason.as_str())
}

fn has(observation: &Observation, metric: Metric) -> bool {
    observation.of(metric).next().is_some()
}

#[tokio::test]
async fn what_hangs_costs_only_its_own_family_and_is_not_started_twice() {
    let (sshd, programs) = staged().await;
    let started = programs.path().join("started");
    program(programs.path(), "df", &format!("echo df >> {}; exec tail -f /dev/null", started.display()));
    let (_folder, hostrounds, id) = open_with(&sshd).await;
    for _ in 0..2 {
        let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        let reason = missing(&observation.unavailable, Family::Filesystems).unwrap_or_default();
        assert!(reason.contains("`df`"), "{:?}", observation.unavailable);
        assert!(has(&observation, Metric::CpuUtilization) && !has(&observation, Metric::FilesystemUtilization));
    }
    assert_eq!(std::fs::read_to_string(started).unwrap().lines().count(), 1);
    let log = sshd.log();
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_collection_of_the_schedule_does_not_wait_for_what_is_slow_and_brings_it_when_it_is_there() {
    let (sshd, programs) = staged().await;
    let go_on = programs.path().join("go-on");
    program(
        programs.path(),
        "df",
        &format!("until [ -e {} ]; do sleep 0.1; done; exec /bin/df \"$@\"", go_on.display()),
    );
    let (_folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let id = add(&hostrounds, draft(&sshd)).await;
    let mut latest = async || {
        event(&mut events, |event| match event {
            Event::Latest { id: of, latest } if of == id => Some(latest),
            _ => None,
        })
        .await
    };
    let first = latest().await;
    assert!(first.points.iter().any(|point| point.series.metric == Metric::CpuUtilization));
    assert!(first.processes.is_some() && missing(&first.unavailable, Family::Filesystems).is_none());
    assert!(!first.read_at.contains_key(&Family::Filesystems), "it is neither there nor missing yet");

    std::fs::write(go_on, "").unwrap();
    // The server is visited once an hour; this comes by itself.
    loop {
        let next = latest().await;
        if next.read_at.contains_key(&Family::Filesystems) {
            break;
        }
    }
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_test_whose_connection_breaks_between_two_families_has_failed() {
    let (sshd, programs) = staged().await;
    // Ends the process of the daemon that serves this session.
    let end = "pid=$$\n\
        until read -r name < /proc/$pid/comm && [ \"${name#sshd}\" != \"$name\" ]; do\n\
        pid=$(sed 's/.*) . \\([0-9]*\\) .*/\\1/' /proc/$pid/stat)\n\
        done\n\
        kill -9 $pid";
    program(programs.path(), "df", end);
    let (_folder, hostrounds, id) = open_with(&sshd).await;
    let report = hostrounds.test_saved_server("t".into(), id).await.unwrap();
    let failure = report.failure.expect("it did not pass");
    assert_eq!((failure.stage, failure.code.as_str()), (Stage::Probe, "disconnected"), "{failure:?}");
    let outcome = |family| report.steps.iter().find(|step| step.family == Some(family)).map(|step| step.outcome);
    assert_eq!(outcome(Family::Processes), Some(StepOutcome::Passed), "what was read before it");
    assert_eq!(outcome(Family::Filesystems), Some(StepOutcome::Failed));
    assert_eq!(outcome(Family::Units), Some(StepOutcome::NotReached));
    let kept = hostrounds.connection_tests(id, 1).await.unwrap();
    assert!(kept[0].report.failure.is_some());
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn one_program_that_hangs_does_not_cost_the_others() {
    let (sshd, programs) = staged().await;
    program(programs.path(), "nvidia-smi", "exec tail -f /dev/null");
    let (_folder, hostrounds, id) = open_with(&sshd).await;
    let (_, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    let observation = observation.unwrap();
    assert!(has(&observation, Metric::FilesystemUtilization) && has(&observation, Metric::ProcessCount));
    let reason = missing(&observation.unavailable, Family::Gpus).unwrap_or_default();
    assert!(reason.contains("has not answered"), "{:?}", observation.unavailable);
    assert!(
        !missing(&observation.unavailable, Family::Users).is_some_and(|reason| reason.contains("has not answered"))
    );
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn what_is_switched_off_is_neither_read_nor_missing() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (_folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let on = [Family::Load, Family::Filesystems];
    let off: Vec<Family> = Family::ALL.iter().copied().filter(|family| !on.contains(family)).collect();
    let draft = ServerDraft { families_off: off, ..draft(&sshd) };
    let id = add(&hostrounds, draft).await;
    let families = |observation: &Observation| {
        let mut families: Vec<Family> =
            observation.points.iter().map(|point| point.series.metric.info().family).collect();
        families.extend(observation.unavailable.iter().map(|missing| missing.family));
        families.dedup();
        families
    };
    let (_, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(families(&observation.unwrap()), on);
    let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(families(&observation.unwrap()), [Family::Load], "{:?}", collection.failure);

    let report = hostrounds.test_saved_server("t".into(), id).await.unwrap();
    let tested: Vec<Family> = report.steps.iter().filter_map(|step| step.family).collect();
    assert_eq!(tested, on);
    assert!(report.steps.iter().all(|step| step.outcome == StepOutcome::Passed));
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_server_that_opens_a_single_channel_is_read_whole() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let tiny = TinySsh::start().await.unwrap();
    let (_folder, hostrounds) = open_knowing(tiny.known_hosts_line()).await;
    let hop = hostrounds_core::server::Hop {
        host: "127.0.0.1".into(),
        port: tiny.port(),
        user: "root".into(),
        logins: vec![hostrounds_core::server::Login::key(tiny.key().display().to_string())],
    };
    let id = add(&hostrounds, draft_of(vec![], hop)).await;
    for _ in 0..2 {
        let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        assert!(has(&observation, Metric::CpuUtilization));
    }
    let latest = hostrounds.latest(id).await.unwrap().unwrap();
    assert!(latest.processes.is_some(), "{:?}", latest.unavailable);
    assert!(latest.read_at.contains_key(&Family::Filesystems), "{:?}", latest.unavailable);
    let report = hostrounds.test_saved_server("t".into(), id).await.unwrap();
    assert_eq!(report.failure, None);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn another_process_does_not_ask_the_package_manager_again() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (folder, hostrounds, id) = open_with(&sshd).await;
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    let first = hostrounds.latest(id).await.unwrap().unwrap();
    hostrounds.shutdown().await;

    let again = open(folder.path()).await;
    again.collect_and_wait(id, 1).await.unwrap();
    let second = again.latest(id).await.unwrap().unwrap();
    assert!(second.at > first.at && second.read_at[&Family::Processes] == second.at);
    assert!(second.facts.is_some_and(|facts| facts.clock_skew.is_some_and(|skew| skew.abs() < 60)));
    for family in [Family::Updates, Family::Reboot] {
        // Not every machine that tests run on has a package manager.
        assert_eq!(second.read_at.get(&family), first.read_at.get(&family), "{family:?}");
    }
    assert_eq!(second.tables.updates, first.tables.updates);
    again.shutdown().await;
}
