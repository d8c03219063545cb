//! A key that can do nothing on a server but read metrics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use hostrounds_core::collection::CollectionState;
use hostrounds_core::metric::Metric;
use hostrounds_core::server::{Login, ServerId};
use hostrounds_engine::api::ErrorCode;
use hostrounds_engine::api::view::{RestrictKit, StepOutcome};
use hostrounds_testbed::{Sshd, SshdConfig};
use support::*;

#[tokio::test]
async fn a_key_with_the_kit_reads_everything_and_runs_nothing() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (folder, hostrounds, id) = open_with(&sshd).await;
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

/// A `su` that does as that of util-linux and BusyBox do, for an account whose home is `$ACCOUNT_HOME`: where it can, as nobody.
const SU: &str = r#"#!/bin/sh
[ "$1" = -s ] && [ "$3" = -c ] && [ "$5" = -- ] && [ $# = 6 ] || exit 9
echo "$6" >"$SU_LOG"
HOME=$ACCOUNT_HOME; export HOME
if [ "$(id -u)" = 0 ]; then exec setpriv --reuid 65534 --regid 65534 --clear-groups "$2" -c "$4"; fi
exec "$2" -c "$4"
"#;

/// Runs the commands of a kit as a person does who pastes them; they write below `root`. Whether all went well.
fn paste(kit: &RestrictKit, shell: &[&str], root: &Path, home: &Path) -> bool {
    let (admission, installation) = kit.commands.split_last().unwrap();
    let installation = installation.join("\n").replace("/usr/local/", &format!("{}/usr/local/", root.display()));
    let script = format!("{installation}\n{admission}");
    let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap());
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::write(root.join("bin/su"), SU).unwrap();
    std::fs::set_permissions(root.join("bin/su"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(shell[0]);
    command.args(&shell[1..]).args(["-e", "-c", &script]);
    command.env("PATH", path).env("ACCOUNT_HOME", home).env("SU_LOG", root.join("su.log"));
    command.status().unwrap().success()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn the_commands_of_the_kit_let_the_account_lead_root_nowhere() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let mut draft = draft(&sshd);
    hop(&mut draft).user = "ops.team".into();
    let key = folder.path().join("key");
    std::fs::write(folder.path().join("key.pub"), "ssh-ed25519 AAAA me's $(touch hurt) `x` %s \\n\n").unwrap();
    hop(&mut draft).logins = vec![Login::key(key.display().to_string())];
    let id = add(&hostrounds, draft).await;
    let kit = hostrounds.restrict(id).await.unwrap();
    assert!(kit.path.starts_with("/usr/local/"), "{}", kit.path);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();

    for shell in [&["dash"][..], &["bash"], &["busybox", "sh"]] {
        let root = folder.path().join(shell[0]);
        let home = root.join("home");
        std::fs::create_dir_all(home.join(".ssh")).unwrap();
        if rustix::process::geteuid().is_root() {
            for path in [&home, &home.join(".ssh")] {
                std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
            }
        }
        std::fs::remove_dir(home.join(".ssh")).unwrap();
        for _ in 0..2 {
            assert!(paste(&kit, shell, &root, &home), "{shell:?}");
        }
        assert_eq!(std::fs::read_to_string(root.join("su.log")).unwrap(), "ops.team\n");
        let keys = std::fs::read_to_string(home.join(".ssh/authorized_keys")).unwrap();
        assert_eq!(keys, format!("\n{0}\n\n{0}\n", kit.authorized_keys), "{shell:?}");
        assert_eq!((mode(&home.join(".ssh")), mode(&home.join(".ssh/authorized_keys"))), (0o700, 0o600));
        let installed = root.join(kit.path.trim_start_matches('/'));
        let script = std::fs::read_to_string(&installed).unwrap();
        assert!(script.replace(&root.display().to_string(), "").trim_end() == kit.script.trim_end(), "{shell:?}");
        assert_eq!(mode(&installed), 0o755);

        // An account that was taken over has put a link to a folder of root in the way, or to a file.
        let etc = root.join("etc");
        std::fs::create_dir(&etc).unwrap();
        std::fs::write(etc.join("passwd"), "root\n").unwrap();
        std::fs::set_permissions(etc.join("passwd"), std::fs::Permissions::from_mode(0o444)).unwrap();
        std::fs::set_permissions(&etc, std::fs::Permissions::from_mode(0o555)).unwrap();
        std::fs::rename(home.join(".ssh"), home.join("was")).unwrap();
        std::os::unix::fs::symlink(&etc, home.join(".ssh")).unwrap();
        assert!(!paste(&kit, shell, &root, &home), "{shell:?}");
        std::fs::remove_file(home.join(".ssh")).unwrap();
        std::fs::rename(home.join("was"), home.join(".ssh")).unwrap();
        std::fs::remove_file(home.join(".ssh/authorized_keys")).unwrap();
        std::os::unix::fs::symlink(etc.join("passwd"), home.join(".ssh/authorized_keys")).unwrap();
        assert!(!paste(&kit, shell, &root, &home), "{shell:?}");
        assert_eq!(std::fs::read_to_string(etc.join("passwd")).unwrap(), "root\n");
        assert_eq!((std::fs::read_dir(&etc).unwrap().count(), mode(&etc)), (1, 0o555));
        assert_eq!(std::fs::metadata(&etc).unwrap().uid(), rustix::process::geteuid().as_raw());
    }
    assert!(!Path::new("hurt").exists() && !folder.path().join("hurt").exists());
    hostrounds.shutdown().await;
}
