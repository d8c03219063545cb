//! What happens to the file: who may read it, and when it is left alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hostrounds_core::server::ServerId;
use hostrounds_store::{Record, Store, StoreError};
use sqlx::{ConnectOptions, Connection};
use support::*;

const CHILD: &str = "HOSTROUNDS_STORE_TEST_UMASK";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Not a test by itself: the part of the one below that runs with another umask.
#[tokio::test]
async fn child_that_opens_a_store() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let store = Store::open(&path).await.unwrap();
    keep(&store, ServerId::LOCAL, &observation(at(0), vec![])).await;
    for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    store.close().await;
}

#[test]
fn only_the_owner_may_read_whatever_the_umask() {
    for umask in ["000", "022", "077", "777"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("share").join("hostrounds").join("hostrounds.db");
        let status = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" --exact child_that_opens_a_store")])
            .arg(std::env::current_exe().unwrap())
            .env(CHILD, &path)
            .status()
            .unwrap();
        assert!(status.success(), "umask {umask}");
        assert_eq!(mode(&path), 0o600, "the child did its part");
    }
}

#[tokio::test]
async fn a_file_that_others_could_read_is_made_private() {
    let (_folder, path) = place();
    Store::open(&path).await.unwrap().close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let _open = Store::open(&path).await.unwrap();
    for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
        assert_eq!(mode(&file), 0o600);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_untouched() {
    let (_folder, path) = place();
    Store::open(&path).await.unwrap().close().await;
    let mut newer = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (4711, 'from the future', 1, x'00', 1)",
    )
    .execute(&mut newer)
    .await
    .unwrap();
    newer.close().await.unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = std::fs::read(&path).unwrap();

    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(&error, StoreError::Newer { found: 4711, known, path: named } if *known < 100 && *named == path));
    assert_eq!(error.code(), "store_newer");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(mode(&path), 0o644);
}

#[tokio::test]
async fn what_a_newer_version_left_when_it_crashed_is_untouched_too() {
    let (_folder, path) = place();
    Store::open(&path).await.unwrap().close().await;
    let mut newer = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (4711, 'from the future', 1, x'00', 1)",
    )
    .execute(&mut newer)
    .await
    .unwrap();
    // A crash leaves what is there while the file is open.
    let (_other_folder, copy) = place();
    std::fs::create_dir(copy.parent().unwrap()).unwrap();
    let files = ["", "-wal"].map(|suffix| (beside(&path, suffix), beside(&copy, suffix)));
    let before = files.map(|(from, to)| {
        std::fs::copy(&from, &to).unwrap();
        (std::fs::read(&to).unwrap(), to)
    });
    assert!(!before[1].0.is_empty(), "the newest is in the log");
    assert!(matches!(Store::open(&copy).await, Err(StoreError::Newer { found: 4711, .. })));
    for (bytes, file) in before {
        assert!(std::fs::read(&file).unwrap() == bytes, "{}", file.display());
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_untouched() {
    let (_folder, path) = place();
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let garbage: Vec<u8> = (0..20_000u32).map(|it| (it * 7 % 251) as u8).collect();
    std::fs::write(&path, &garbage).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { path: named, .. } if *named == path), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()));
    assert_eq!(std::fs::read(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_broken_page_is_refused_untouched() {
    let (_folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    for step in 0..200 {
        keep(&store, ServerId::LOCAL, &observation(at(step), vec![])).await;
    }
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4096;
    assert!(bytes.len() > 10 * page);
    for byte in &mut bytes[page..] {
        *byte ^= 0x5A;
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_truncated_file_is_refused_untouched() {
    let (_folder, path) = place();
    Store::open(&path).await.unwrap().close().await;
    let bytes = std::fs::read(&path).unwrap();
    let half = &bytes[..bytes.len() / 2 / 4096 * 4096];
    std::fs::write(&path, half).unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), half);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_untouched() {
    let (_folder, path) = place();
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let mut other =
        sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE server (id INTEGER)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Foreign { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_told() {
    let (_folder, path) = place();
    std::fs::create_dir_all(&path).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Permission { .. } | StoreError::Io { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_in_the_place_of_the_folder_is_told() {
    let (_folder, path) = place();
    std::fs::write(path.parent().unwrap(), "").unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::NotAFolder { .. }), "{error:?}");
}

const HOLDER: &str = "HOSTROUNDS_STORE_TEST_HOLDER";

/// Not a test by itself: a process that holds the lock until it is told to let go.
#[tokio::test]
async fn child_that_holds_the_lock() {
    let Some(path) = std::env::var_os(HOLDER).map(PathBuf::from) else { return };
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let held = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
    println!("\n#held");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_held_for_long_delays_what_is_written_and_nothing_else() {
    let (_folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    keep(&store, ServerId::LOCAL, &nth(0)).await;
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_holds_the_lock", "--nocapture"])
        .env(HOLDER, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == "#held"));
    let observation = nth(1);
    let run = completed(1, ServerId::LOCAL, observation.at);
    let record = [Record { collection: &run, observation: Some(&observation), spent: None }];
    // Each gives up after five seconds.
    for _ in 0..2 {
        let (kept, asked) = tokio::join!(store.record(&record), store.servers());
        assert!(matches!(kept, Err(StoreError::Locked)), "{kept:?}");
        assert_eq!(asked.unwrap().len(), 1);
        assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 1);
    }
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    store.record(&record).await.unwrap();
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 2);
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_and_a_locked_file_is_told() {
    let (_folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    let mut other = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(store.servers().await.unwrap().len(), 1);
    let error = store.put_setting("key", &1).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked), "{error:?}");
    held.rollback().await.unwrap();
    store.put_setting("key", &1).await.unwrap();
}

#[tokio::test]
async fn processes_that_start_at_once_share_a_new_file() {
    let (_folder, path) = place();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        tasks.spawn(async move { Store::open(&path).await.map(|_| ()) });
    }
    while let Some(opened) = tasks.join_next().await {
        opened.unwrap().unwrap();
    }
    assert_eq!(Store::open(&path).await.unwrap().servers().await.unwrap().len(), 1);
}
