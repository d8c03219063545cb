//! A disk that is full: nothing that was told to be kept is lost, and work goes on as soon as there is room.
//!
//! The disk is a real one, of memory: it is mounted where only a process of this test sees it, which needs no rights.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store, StoreError};
use support::*;

const CHILD: &str = "HOSTROUNDS_STORE_TEST_FULL";
const SERIES: i64 = 200;

/// Runs one of the tests below again on a small disk of its own. Answers whether this is that run, and its folder.
fn on_a_small_disk(test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(CHILD) {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=40m", "none"]).arg(&folder).status();
        assert!(mounted.unwrap().success());
        return Some(folder.into());
    }
    let apart = ["--user", "--map-root-user", "--mount"];
    if !Command::new("unshare").args(apart).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!(
            "SKIPPED {test}: this system does not let a process have a small disk of its own (unshare --user --mount)"
        );
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(apart)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder.path())
        .status();
    assert!(status.unwrap().success(), "see above");
    None
}

/// Takes all the room that is left.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
    for size in [1 << 20, 4096, 512] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
    path
}

/// Values without a pattern, so that they take their room.
fn value(step: i64, series: i64) -> f64 {
    let mixed = (step * 1_000 + series).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (mixed.cast_unsigned() >> 11) as f64
}

async fn write(store: &Store, step: i64) -> Result<(), StoreError> {
    let points = (0..SERIES).map(|series| point(DISK, mount(&format!("/{series}")), value(step, series)));
    let observation = observation(at(step * MINUTE), points.collect());
    let run = completed(step + 1, ServerId::LOCAL, observation.at);
    store.record(&[Record { collection: &run, observation: Some(&observation), spent: None }]).await.map(|_| ())
}

/// All that is there, each value checked; answers the first and the last step, between which none is missing.
async fn check(store: &Store) -> (i64, i64) {
    let all = store.range(&query(ServerId::LOCAL, DISK, UnixMillis(0), UnixMillis(i64::MAX))).await.unwrap();
    assert_eq!(all.len() as i64, SERIES);
    let steps: Vec<i64> = values(&all[0]).iter().map(|(at, _)| (at - NOW) / MINUTE).collect();
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    for series in &all {
        let number: i64 =
            series.attributes.get(hostrounds_core::metric::attribute::MOUNTPOINT).unwrap()[1..].parse().unwrap();
        let expected: Vec<_> = (first..=last).map(|step| (NOW + step * MINUTE, value(step, number))).collect();
        assert_eq!(values(series), expected);
    }
    assert_eq!(rows_of(store, "PRAGMA integrity_check").await, "ok");
    (first, last)
}

async fn rows_of(store: &Store, question: &'static str) -> String {
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(store.path()).read_only(true);
    sqlx::query_scalar(question).fetch_one(&mut options.connect().await.unwrap()).await.unwrap()
}

/// Writes until the disk is full, sealing now and then. Answers the first step that was not kept.
async fn write_until_full(store: &Store, first: i64) -> i64 {
    for step in first.. {
        let written = match write(store, step).await {
            Ok(()) if step % 70 == 69 => seal(store).await,
            other => other,
        };
        match written {
            Ok(()) => {}
            Err(StoreError::Full { .. }) if step % 70 == 69 && check(store).await.1 == step => return step + 1,
            Err(StoreError::Full { .. }) => return step,
            Err(other) => panic!("{other:?}"),
        }
        assert!(step < 100_000);
    }
    unreachable!()
}

async fn seal(store: &Store) -> Result<(), StoreError> {
    while store.seal(ServerId::LOCAL).await? {}
    while store.sweep().await? {}
    Ok(())
}

#[tokio::test]
async fn work_goes_on_once_there_is_room_again() {
    let Some(folder) = on_a_small_disk("work_goes_on_once_there_is_room_again") else { return };
    let store = Store::open(&folder.join("data").join("hostrounds.db")).await.unwrap();
    let mut next = 0;
    for step in 0..200 {
        write(&store, step).await.unwrap();
        next = step + 1;
    }
    for _ in 0..5 {
        let filler = fill(&folder);
        next = write_until_full(&store, next).await;
        // Again and again, as a recorder would. The log may still hold one that is smaller than what failed.
        for _ in 0..3 {
            next = write_until_full(&store, next).await;
        }
        assert_eq!(check(&store).await, (0, next - 1), "all that was kept can be read");
        assert_eq!(store.servers().await.unwrap().len(), 1);
        fs::remove_file(filler).unwrap();
        write(&store, next).await.unwrap();
        store.put_setting("key", &next).await.unwrap();
        store.drop_unfinished().await.unwrap();
        seal(&store).await.unwrap();
        next += 1;
        assert_eq!(check(&store).await, (0, next - 1));
    }
    store.close().await;
    let store = Store::open(store.path()).await.unwrap();
    assert_eq!(check(&store).await, (0, next - 1));
}

#[tokio::test]
async fn the_reserve_lets_settings_change_and_history_go_on_a_full_disk() {
    let Some(folder) = on_a_small_disk("the_reserve_lets_settings_change_and_history_go_on_a_full_disk") else {
        return;
    };
    let store = Store::open(&folder.join("data").join("hostrounds.db")).await.unwrap();
    for step in 0..1500 {
        write(&store, step).await.unwrap();
        if step % 200 == 199 {
            seal(&store).await.unwrap();
        }
    }
    store.keep_reserve().await.unwrap();
    fill(&folder);
    let next = write_until_full(&store, 1500).await;
    fill(&folder);
    let setting = "a week".repeat(40_000);
    // What is free within the file and its log may still take some.
    let mut number = 0;
    while store.put_setting(&format!("retention {number}"), &setting).await.is_ok() {
        fill(&folder);
        number += 1;
        assert!(number < 100, "the disk is not full");
    }

    assert!(store.spend_reserve().await);
    store.put_setting("retention", &setting).await.unwrap();
    store.drop_unfinished().await.unwrap();
    let before = at(1400 * MINUTE);
    while store.expire(ServerId::LOCAL, before).await.unwrap() {}
    while store.sweep().await.unwrap() {}
    while store.give_back().await.unwrap() {}
    let (first, last) = check(&store).await;
    assert!(first > 0 && first <= 1400, "{first}");
    assert_eq!(last, next - 1, "what is new enough is still there");

    // Nobody else has made room: what was given up is enough for a while.
    for step in next..next + 300 {
        write(&store, step).await.unwrap();
        if step % 70 == 69 {
            seal(&store).await.unwrap();
        }
    }
    assert_eq!(check(&store).await.1, next + 299);
}
