//! A disk that is full: collections go on, it is said, and what waited is written once there is room. No restart.
//!
//! The disk is a real one, of memory: it is mounted where only a process of this test sees it, which needs no rights.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::{Event, EventStream, Hostrounds};
use support::*;

const CHILD: &str = "HOSTROUNDS_ENGINE_TEST_FULL";
const NAME: &str = "collections_go_on_and_are_written_once_there_is_room";

fn fill(folder: &Path) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(folder.join("filler")).unwrap();
    for size in [1 << 20, 4096, 512] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

async fn kept(hostrounds: &Hostrounds) -> Vec<UnixMillis> {
    let query = HistoryQuery {
        server: ServerId::LOCAL,
        metric: Metric::Load1,
        attributes: Attributes::none(),
        from: UnixMillis(0),
        to: UnixMillis(i64::MAX),
        max_points: 10_000,
    };
    let series = hostrounds.history(query).await.unwrap();
    series.iter().flat_map(|series| &series.buckets).map(|bucket| bucket.start).collect()
}

/// One collection of this computer; answers when it was made.
async fn collect(hostrounds: &Hostrounds) -> UnixMillis {
    let (_, observation) = hostrounds.collect_and_wait(ServerId::LOCAL, 1).await.unwrap();
    let at = observation.expect("this computer can be measured").at;
    assert!(hostrounds.latest(ServerId::LOCAL).await.unwrap().unwrap().at >= at, "it is shown");
    at
}

/// Fills the disk and collects until that is told, and then some more. Answers when these were made.
async fn collect_until_full(hostrounds: &Hostrounds, folder: &Path) -> Vec<UnixMillis> {
    fill(folder);
    let mut made = Vec::new();
    loop {
        let at = collect(hostrounds).await;
        made.push(at);
        if is_full(hostrounds) && !kept(hostrounds).await.contains(&at) {
            break;
        }
        assert!(made.len() < 500);
    }
    for _ in 0..3 {
        made.push(collect(hostrounds).await);
    }
    let told = hostrounds.troubles().into_iter().find(|trouble| trouble.code == "store_full").unwrap();
    assert!(told.message.contains("no space") && !told.hint.is_empty(), "{told:?}");
    let server = hostrounds.server_named("local").unwrap();
    assert!(server.failure.is_none(), "a full disk here is no outage there: {:?}", server.failure);
    assert!(!kept(hostrounds).await.contains(&made[made.len() - 1]), "it waits");
    made
}

async fn full_is_over(events: &mut EventStream) {
    event(events, |event| match event {
        Event::Troubles { troubles } => (!troubles.iter().any(|trouble| trouble.code == "store_full")).then_some(()),
        _ => None,
    })
    .await;
}

async fn all_are_kept(hostrounds: &Hostrounds, made: &[UnixMillis]) {
    let there = kept(hostrounds).await;
    let lost: Vec<_> = made.iter().filter(|at| !there.contains(at)).collect();
    assert!(lost.is_empty(), "{lost:?} of {made:?}");
}

fn is_full(hostrounds: &Hostrounds) -> bool {
    hostrounds.troubles().iter().any(|trouble| trouble.code == "store_full")
}

#[test]
fn collections_go_on_and_are_written_once_there_is_room() {
    let apart = ["--user", "--map-root-user", "--mount"];
    if !Command::new("unshare").args(apart).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!(
            "SKIPPED {NAME}: this system does not let a process have a small disk of its own (unshare --user --mount)"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(apart)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_on_a_small_disk", "--nocapture"])
        .env(CHILD, folder.path())
        .status();
    assert!(status.unwrap().success(), "see above");
}

/// Not a test by itself: the part of the one above that runs on a small disk.
#[tokio::test]
async fn child_on_a_small_disk() {
    let Some(folder) = std::env::var_os(CHILD).map(std::path::PathBuf::from) else { return };
    assert!(
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=40m", "none"]).arg(&folder).status().unwrap().success()
    );
    let hostrounds = open(&folder).await;
    hostrounds.start_schedule().await.unwrap();
    let mut made = vec![collect(&hostrounds).await];
    made.extend(collect_until_full(&hostrounds, &folder).await);

    // Settings can be changed all the same.
    let mut settings = hostrounds.settings();
    settings.retention.days = Some(30);
    hostrounds.set_settings(settings).await.unwrap();
    assert_eq!(hostrounds.settings().retention.days, Some(30));

    // Where that has spent a reserve, the disk is filled once more; then somebody frees some space.
    made.extend(collect_until_full(&hostrounds, &folder).await);
    let mut events = hostrounds.events();
    fs::remove_file(folder.join("filler")).unwrap();
    full_is_over(&mut events).await;
    made.push(collect(&hostrounds).await);
    all_are_kept(&hostrounds, &made).await;
    hostrounds.shutdown().await;

    let hostrounds = open(&folder).await;
    all_are_kept(&hostrounds, &made).await;
    hostrounds.shutdown().await;
}
