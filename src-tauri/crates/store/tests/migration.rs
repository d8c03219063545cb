//! Files of earlier versions, brought up to date.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Tables;
use hostrounds_core::server::{Hop, Login, ServerId, SshTarget, Target};
use hostrounds_store::Store;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::*;

/// The schema as it was up to `version`.
async fn migrator(version: i64) -> (tempfile::TempDir, Migrator) {
    let folder = tempfile::tempdir().unwrap();
    let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for file in std::fs::read_dir(migrations).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name[..4].parse::<i64>().unwrap() <= version {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let migrator = Migrator::new(folder.path()).await.unwrap();
    (folder, migrator)
}

#[tokio::test]
async fn a_login_becomes_the_first_of_several_and_a_way_without_jump_hosts() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    let (_migrations, migrator) = migrator(2).await;
    migrator.run_direct(None, &mut old, false).await.unwrap();
    for (name, target) in [
        ("key", r#"{"kind":"ssh","host":"::1","port":22,"user":"ops","login":{"method":"key","path":"~/.ssh/id"}}"#),
        ("password", r#"{"kind":"ssh","host":"web","port":2222,"user":"ops","login":{"method":"password"}}"#),
        ("agent", r#"{"kind":"ssh","host":"web","port":22,"user":"ops","login":{"method":"agent"}}"#),
    ] {
        sqlx::query(
            "INSERT INTO server (name, name_key, target, enabled, interval, thresholds, tags, created_at)
             VALUES (?1, ?1, ?2, 1, 60, '{\"cpu\":90.0,\"memory\":null,\"disk\":null}', '[]', 5)",
        )
        .bind(name)
        .bind(target)
        .execute(&mut old)
        .await
        .unwrap();
    }
    sqlx::raw_sql(
        "INSERT INTO latest (server, at, unavailable) VALUES (1, 0, '[]');
         INSERT INTO head (key, layout, \"values\") VALUES (1 << 43, 0, x'');
         INSERT INTO layout (id, server, series) VALUES (0, 1, x'');
         INSERT INTO setting VALUES ('secrets', '[2]');",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    let servers = store.servers().await.unwrap();
    assert_eq!((servers[0].id, &servers[0].target), (ServerId::LOCAL, &Target::Local));
    let way = |host: &str, port, login| {
        Target::Ssh(SshTarget::direct(Hop { host: host.into(), port, user: "ops".into(), logins: vec![login] }))
    };
    assert_eq!(servers[1].target, way("::1", 22, Login::key("~/.ssh/id")));
    assert_eq!(servers[2].target, way("web", 2222, Login::Password));
    assert_eq!(servers[3].target, way("web", 22, Login::agent()));
    assert!(servers.iter().all(|server| server.families_off.is_empty()));
    assert_eq!(store.latest(ServerId(1)).await.unwrap().unwrap().observation.tables, Tables::default());
    assert_eq!(store.setting::<Vec<i64>>("secrets").await.unwrap(), None, "noted in another form from now on");
}

const CHILD: &str = "HOSTROUNDS_STORE_TEST_MIGRATE";
/// How often the migration of each schema is killed.
const ROUNDS: u64 = 10;
/// So many collections stand in the files of earlier versions.
const HEADS: i64 = 2_000;

/// The version of the newest schema.
async fn newest() -> i64 {
    let (_folder, migrator) = migrator(i64::MAX).await;
    migrator.iter().map(|migration| migration.version).max().unwrap()
}

/// A file as the version wrote it: two servers, and a history of one.
async fn file_of(version: i64, path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut old = SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap();
    let (_migrations, migrator) = migrator(version).await;
    migrator.run_direct(None, &mut old, false).await.unwrap();
    // The history has been written like that since the first schema.
    sqlx::raw_sql(
        "INSERT INTO server (name, name_key, target, enabled, interval, thresholds, tags, created_at)
         VALUES ('web', 'web', '{\"kind\":\"local\"}', 1, 60, '{\"cpu\":90.0,\"memory\":null,\"disk\":null}', '[]', 5);
         INSERT INTO series (id, server, metric, attributes) VALUES (1, 1, 'system.cpu.load_average.1m', '{}');
         INSERT INTO layout (id, server, series) VALUES (1, 1, x'01');",
    )
    .execute(&mut old)
    .await
    .unwrap();
    let mut tx = old.begin().await.unwrap();
    for step in 0..HEADS {
        sqlx::query("INSERT INTO head (key, layout, \"values\") VALUES ((1 << 43) | ?, 1, ?)")
            .bind(NOW + step)
            .bind((step as f64 / 4.0).to_le_bytes().to_vec())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    old.close().await.unwrap();
}

/// Not a test by itself: the process that is killed by the one below.
#[tokio::test]
async fn child_that_migrates() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let mut out = std::io::stdout();
    writeln!(out, "\n#opening").unwrap();
    out.flush().unwrap();
    Store::open(&path).await.unwrap();
    std::process::exit(0);
}

#[tokio::test]
async fn a_migration_that_is_killed_has_happened_whole_or_not_at_all() {
    let newest = newest().await;
    let (mut before, mut after) = (0, 0);
    for version in 1..newest {
        let (_folder, path) = place();
        file_of(version, &path).await;
        let old = std::fs::read(&path).unwrap();
        for round in 0..ROUNDS {
            std::fs::write(&path, &old).unwrap();
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_that_migrates", "--nocapture"])
                .env(CHILD, &path)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.map_while(Result::ok).any(|line| line == "#opening"));
            // Somewhere in the middle; the later half of the rounds waits until the file is being written.
            let wrote = || path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0);
            while round >= ROUNDS / 2 && !wrote() && child.try_wait().unwrap().is_none() {
                std::hint::spin_loop();
            }
            std::thread::sleep(Duration::from_micros(1_500 * (round % (ROUNDS / 2))));
            child.kill().unwrap();
            child.wait().unwrap();

            let mut look = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
            let found: i64 =
                sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut look).await.unwrap();
            let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut look).await.unwrap();
            look.close().await.unwrap();
            assert_eq!(whole, "ok");
            assert!(found == version || found == newest, "schema {found} on the way from {version} to {newest}");
            if found == version {
                before += 1
            } else {
                after += 1
            }

            let store = Store::open(&path).await.unwrap();
            let expected: Vec<_> = (0..HEADS).map(|step| (NOW + step, step as f64 / 4.0)).collect();
            assert_eq!(all(&store, ServerId(1), Metric::Load1).await, expected);
            assert_eq!(store.servers().await.unwrap().len(), 2);
            seal_all(&store, ServerId(1)).await;
            assert_eq!(all(&store, ServerId(1), Metric::Load1).await, expected);
            store.close().await;
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
            }
        }
    }
    assert!(before > 0, "every one of {after} was done before it was killed");
}
