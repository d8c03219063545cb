//! Broken pages, files cut short, files that are missing beside the database: what is broken is told, and the rest goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hostrounds_core::collection::CollectionId;
use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::Metric;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store, StoreError};
use support::*;

const ROUNDS: u64 = 200;
const PAGE: usize = 4096;
/// Long enough for a machine that is busy; nothing may take for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Numbers without a pattern, the same in every run (Steele and others, "SplitMix").
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)) % end
    }
}

/// A closed file with heads, spans and all else, of two servers.
async fn filled() -> (tempfile::TempDir, PathBuf, ServerId) {
    let (folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for server in [ServerId::LOCAL, web] {
        for part in (0..2_000).map(nth).collect::<Vec<_>>().chunks(200) {
            keep_all(&store, server, part).await;
            seal_all(&store, server).await;
        }
        // What is not sealed, too, and enough of it to take pages of its own.
        let heads: Vec<_> = (3_000..3_060)
            .map(|step| {
                let mounts = (0..40).map(|number| point(DISK, mount(&format!("/{number}")), step as f64 / 7.0));
                observation(at(step * MINUTE), mounts.collect())
            })
            .collect();
        keep_all(&store, server, &heads).await;
    }
    store.put_setting("key", &"value").await.unwrap();
    store.close().await;
    (folder, path, web)
}

/// Everything that a store is asked for, and then everything that it does. Answers how many of these failed.
async fn use_all(store: &Store, servers: &[ServerId]) -> usize {
    let mut failed = Vec::new();
    let mut note = |error: Option<StoreError>| failed.extend(error);
    let (begin, end) = (UnixMillis(0), UnixMillis(i64::MAX));
    note(store.servers().await.err());
    note(store.changed_elsewhere().await.err());
    note(store.collections(None, 100).await.err());
    note(store.queued_collections(100).await.err());
    note(store.collection(CollectionId(1)).await.err());
    note(store.collection_counts().await.err());
    note(store.max_collection_id().await.err());
    note(store.activity(None, None, 100).await.err());
    note(store.setting::<String>("key").await.err());
    note(store.storage(at(0)).await.err());
    note(store.over(10_000).await.err());
    for &server in servers {
        note(store.latest(server).await.err());
        note(store.coverage(server, begin, at(9_000 * MINUTE)).await.err());
        note(store.expired(server, at(0)).await.err());
        note(store.keep_days(server).await.err());
        for metric in [CPU, DISK, Metric::Load1] {
            let question = query(server, metric, begin, end);
            note(store.summaries(&question, &[0.5]).await.err());
            for max_points in [1, 50, 100_000] {
                note(store.range(&HistoryQuery { max_points, ..question.clone() }).await.err());
                let part = query(server, metric, at(500 * MINUTE), at(1_500 * MINUTE));
                note(store.range(&HistoryQuery { max_points, ..part }).await.err());
            }
        }
    }
    note(store.drop_unfinished().await.err());
    note(store.put_setting("key", &1).await.err());
    for &server in servers {
        let observation = nth(5_000);
        let run = completed(5_000, server, observation.at);
        let record = Record { collection: &run, observation: Some(&observation), spent: None };
        note(store.record(&[record]).await.err());
        note(store.seal(server).await.err());
        note(store.expire(server, at(50 * MINUTE)).await.err());
    }
    note(store.sweep().await.err());
    note(store.shrink(10_000).await.err());
    note(store.give_back().await.err());
    note(store.trim_collections(at(9_000 * MINUTE)).await.err());
    for error in &failed {
        assert!(!error.to_string().contains("panicked"), "{error:?}");
        assert!(!matches!(error, StoreError::Locked), "{error:?}");
    }
    failed.len()
}

#[tokio::test]
async fn whatever_page_is_broken_every_question_is_answered_or_refused() {
    let (_folder, path, web) = filled().await;
    let whole = fs::read(&path).unwrap();
    let pages = (whole.len() / PAGE) as u64;
    let mut random = Random(3);
    let (mut refused_whole, mut refused_some) = (0, 0);
    for round in 0..ROUNDS {
        let mut broken = whole.clone();
        for _ in 0..=random.below(3) {
            let page = random.below(pages) as usize * PAGE;
            match random.below(4) {
                0 => broken[page..page + PAGE].fill(0),
                1 => (0..PAGE).for_each(|byte| broken[page + byte] = random.below(256) as u8),
                // Another page in its place.
                2 => {
                    let other = random.below(pages) as usize * PAGE;
                    broken.copy_within(other..other + PAGE, page);
                }
                // A few bits.
                _ => (0..8).for_each(|_| broken[page + random.below(PAGE as u64) as usize] ^= 1 << random.below(8)),
            }
        }
        // It breaks while it is open: what is broken already is refused by opening it.
        fs::write(&path, &whole).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&path, suffix));
        }
        let store = Store::open(&path).await.unwrap();
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&broken).unwrap();
        let used = tokio::time::timeout(FOR_EVER, use_all(&store, &[ServerId::LOCAL, web])).await;
        refused_some += usize::from(used.unwrap_or_else(|_| panic!("round {round} takes for ever")) > 0);
        tokio::time::timeout(FOR_EVER, store.close()).await.unwrap();
        drop(file);

        fs::write(&path, &broken).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&path, suffix));
        }
        match tokio::time::timeout(FOR_EVER, Store::open(&path)).await.unwrap() {
            Ok(store) => store.close().await,
            Err(error) => {
                assert!(!error.to_string().contains("panicked"), "{error:?}");
                refused_whole += 1;
            }
        }
    }
    assert!(
        refused_some > 20 && refused_whole > 20,
        "{refused_some} and {refused_whole} of {ROUNDS}: too little was broken"
    );
}

/// How many collections were made before the crash: more than the log takes until it is copied into the file.
const CRASHED: i64 = 6_000;

/// What a crash leaves: copies of the files while they are open.
async fn crashed(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let (_folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    for part in (0..CRASHED).map(nth).collect::<Vec<_>>().chunks(20) {
        keep_all(&store, ServerId::LOCAL, part).await;
    }
    let (folder, copy) = place();
    fs::create_dir(copy.parent().unwrap()).unwrap();
    for suffix in files {
        fs::copy(beside(&path, suffix), beside(&copy, suffix)).unwrap();
    }
    (folder, copy)
}

async fn steps_of(path: &Path) -> i64 {
    let store = Store::open(path).await.unwrap();
    assert_eq!(rows(&store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").await, 0);
    let found = all(&store, ServerId::LOCAL, CPU).await;
    let expected: Vec<_> =
        (0..found.len() as i64).map(|step| (NOW + step * MINUTE, (step * 37 % 101) as f64 / 100.0)).collect();
    assert_eq!(found, expected);
    // It can be worked with.
    keep_all(&store, ServerId::LOCAL, &(8_000..8_100).map(nth).collect::<Vec<_>>()).await;
    seal_all(&store, ServerId::LOCAL).await;
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), found.len() + 100);
    found.len() as i64
}

#[tokio::test]
async fn the_index_of_the_log_is_made_anew_where_it_is_missing() {
    let (_folder, path) = crashed(&["", "-wal"]).await;
    assert_eq!(steps_of(&path).await, CRASHED);
}

#[tokio::test]
async fn without_its_log_the_file_is_an_older_one() {
    let (_folder, path) = crashed(&[""]).await;
    let steps = steps_of(&path).await;
    assert!(steps > 0 && steps < CRASHED, "{steps}: what the log held is gone, and nothing else");
}

#[tokio::test]
async fn a_log_that_was_cut_off_counts_as_far_as_it_goes() {
    let (_folder, path) = crashed(&["", "-wal"]).await;
    let log = beside(&path, "-wal");
    let length = fs::metadata(&log).unwrap().len();
    fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - 5_000).unwrap();
    let steps = steps_of(&path).await;
    assert!(steps > 0 && steps <= CRASHED, "{steps}");
}

#[tokio::test]
async fn a_file_that_is_cut_short_while_it_is_open_is_told() {
    let (_folder, path, web) = filled().await;
    let store = Store::open(&path).await.unwrap();
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    let error = store.range(&query(web, CPU, UnixMillis(0), UnixMillis(i64::MAX))).await.unwrap_err();
    assert_eq!(error.code(), "store_damaged", "{error:?}");
    let failed = tokio::time::timeout(FOR_EVER, use_all(&store, &[ServerId::LOCAL, web])).await.unwrap();
    assert!(failed > 0);
}
