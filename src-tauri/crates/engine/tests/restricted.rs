//! A key that can do nothing on a server but read metrics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::os::unix::fs::PermissionsExt;

use hostrounds_core::collection::CollectionState;
use hostrounds_core::metric::Metric;
use hostrounds_core::server::{Login, ServerId};
use hostrounds_engine::api::ErrorCode;
use hostrounds_engine::api::view::StepOutcome;
use hostrounds_testbed::{Sshd, SshdConfig};
use support::*;

#[tokio::test]
async fn a_key_with_the_kit_reads_everything_and_runs_nothing() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    trust(folder.path(), &[sshd.known_hosts_line()]);
    let hostrounds = open(folder.path()).await;
    let id = add(&hostrounds, draft(&sshd)).await;
    let kit = hostrounds.restrict(id).await.unwrap();
    let public = std::fs::read_to_string(format!("{}.pub", sshd.key().display())).unwrap();
    assert_eq!(kit.authorized_keys, format!("restrict,command=\"{}\" {}", kit.path, public.trim()));
    assert!(kit.commands.iter().any(|command| command.contains(&kit.script.trim_end().to_owned())));
    assert!(!kit.costs.is_empty());

    // Put there as the kit says, except for the folder, which is the test's own.
    let script = sshd.folder().join("rounds");
    std::fs::write(&script, &kit.script).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let line = kit.authorized_keys.replace(&kit.path, &script.display().to_string());
    std::fs::write(sshd.folder().join("authorized_keys"), line).unwrap();

    let ssh = tokio::process::Command::new("ssh")
        .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o"])
        .arg(format!("UserKnownHostsFile={}", folder.path().join("data/known_hosts").display()))
        .args(["-i", &sshd.key().display().to_string(), "-p", &sshd.port().to_string()])
        .args([&format!("{}@127.0.0.1", sshd.user()), "touch", &folder.path().join("touched").display().to_string()])
        .stdin(std::process::Stdio::null())
        .output();
    ssh.await.unwrap();
    assert!(!folder.path().join("touched").exists(), "the key runs no command");

    for _ in 0..2 {
        let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        assert!(observation.of(Metric::CpuUtilization).next().is_some());
    }
    let latest = hostrounds.latest(id).await.unwrap().unwrap();
    for metric in [
        Metric::CpuUtilization,
        Metric::MemoryUtilization,
        Metric::FilesystemUtilization,
        Metric::NetworkIo,
        Metric::ProcessCount,
        Metric::Uptime,
    ] {
        assert!(latest.points.iter().any(|point| point.series.metric == metric), "{metric}: {:?}", latest.unavailable);
    }
    assert!(latest.processes.is_some_and(|processes| !processes.by_memory.is_empty()));
    assert!(latest.facts.is_some_and(|facts| facts.kernel.is_some()));

    let report = hostrounds.test_saved_server("t".into(), id).await.unwrap();
    assert_eq!(report.failure, None);
    assert!(report.steps.iter().all(|step| step.outcome != StepOutcome::Failed), "{:?}", report.steps);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn where_the_public_key_is_not_known_its_place_is_left_open() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let mut draft = draft(&sshd);
    // A file that holds something else must not get into authorized_keys.
    let odd = folder.path().join("odd");
    std::fs::write(format!("{}.pub", odd.display()), "command=\"rm\" ssh-ed25519 AAAA\n").unwrap();
    hop(&mut draft).logins = vec![Login::Prompts, Login::key(odd.display().to_string()), Login::agent()];
    let id = add(&hostrounds, draft).await;
    let kit = hostrounds.restrict(id).await.unwrap();
    assert!(kit.authorized_keys.contains("<the public key"), "{}", kit.authorized_keys);
    assert_eq!(hostrounds.restrict(ServerId::LOCAL).await.unwrap_err().code, ErrorCode::LocalServer);
    hostrounds.shutdown().await;
}
