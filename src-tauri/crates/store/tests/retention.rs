//! What is given up is what was said, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::retention::Expired;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::Store;
use support::*;

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One collection an hour, from `first` on.
fn hourly(first: i64, count: i64) -> Vec<Observation> {
    (first..first + count)
        .map(|hour| observation(at(hour * HOUR), vec![point(CPU, Attributes::none(), (hour * 7 % 100) as f64 / 100.0)]))
        .collect()
}

async fn expire_all(store: &Store, server: ServerId, before: UnixMillis) {
    while store.expire(server, before).await.unwrap() {}
    while store.sweep().await.unwrap() {}
}

#[tokio::test]
async fn what_is_old_enough_goes_in_whole_spans() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for server in [web, ServerId::LOCAL] {
        for part in hourly(0, 100 * 24).chunks(100) {
            keep_all(&store, server, part).await;
            seal_all(&store, server).await;
        }
    }
    let before = at(50 * DAY);
    let expected = store.expired(web, before).await.unwrap();
    expire_all(&store, web, before).await;

    let left = all(&store, web, CPU).await;
    assert_eq!(left.len() as u64 + expected.collections, 100 * 24, "the preview told it");
    let oldest = UnixMillis(left[0].0);
    assert!(oldest <= before && oldest > at(35 * DAY), "at most two weeks more than asked for");
    assert_eq!(store.expired(web, before).await.unwrap(), Expired::default());
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 100 * 24, "of nobody else");
    assert_eq!(
        rows(&store, "SELECT count(DISTINCT key >> 29) FROM chunk").await,
        rows(&store, "SELECT count(*) FROM span").await
    );
}

#[tokio::test]
async fn heads_that_are_old_go_too() {
    let (_folder, store) = store().await;
    keep_all(&store, ServerId::LOCAL, &hourly(0, 30)).await;
    assert_eq!(store.expired(ServerId::LOCAL, at(10 * HOUR)).await.unwrap().collections, 10);
    expire_all(&store, ServerId::LOCAL, at(10 * HOUR)).await;
    let left = all(&store, ServerId::LOCAL, CPU).await;
    assert_eq!((left.len(), left[0].0), (20, NOW + 10 * HOUR));
}

#[tokio::test]
async fn the_oldest_of_all_goes_when_there_is_too_much() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for (server, first) in [(web, 0), (ServerId::LOCAL, 5000)] {
        // Values without a pattern, so that they take their room.
        let mut state = 1_u64;
        let observations: Vec<_> = (first..first + 3000)
            .map(|hour| {
                let mounts = (0..20).map(|number| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    point(DISK, mount(&format!("/{number}")), (state >> 11) as f64)
                });
                observation(at(hour * HOUR), mounts.collect())
            })
            .collect();
        keep_all(&store, server, &observations).await;
        seal_all(&store, server).await;
    }
    store.clean_collections().await.unwrap();
    let before = store.storage(at(8000 * HOUR)).await.unwrap();
    let used = before.file - before.free;
    let limit = used * 3 / 4;
    let over = store.over(limit).await.unwrap();
    while store.shrink(limit).await.unwrap() {}
    let left = all_of(&store, web).await;
    assert_eq!(all_of(&store, ServerId::LOCAL).await, 3000, "the oldest are of the other one");
    let gone = 3000 - left as u64;
    assert!(gone.abs_diff(over.collections) <= 400, "{gone} collections went, {} were told", over.collections);
    let after = store.storage(at(0)).await.unwrap();
    assert!(after.file - after.free <= limit && after.file - after.free > limit * 4 / 5, "no more than needed went");

    while store.give_back().await.unwrap() {}
    store.close().await;
    let after = Store::open(store.path()).await.unwrap().storage(at(0)).await.unwrap();
    assert!(after.free <= 1 << 20, "{} bytes are free", after.free);
    assert!(after.file < before.file, "the others went back to the disk");
}

async fn all_of(store: &Store, server: ServerId) -> usize {
    let series = store.range(&query(server, DISK, UnixMillis(0), UnixMillis(i64::MAX))).await.unwrap();
    series.first().map_or(0, |series| series.buckets.len())
}

#[tokio::test]
async fn storage_says_what_each_server_takes_and_how_fast_it_grows() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    assert_eq!(store.storage(at(0)).await.unwrap().growth, None);
    store.set_keep_days(web, Some(30)).await.unwrap();
    assert_eq!(store.keep_days(web).await.unwrap(), Some(30));
    keep_all(&store, web, &hourly(0, 10 * 24)).await;
    seal_all(&store, web).await;
    let storage = store.storage(at(10 * DAY)).await.unwrap();
    assert!(storage.file > 0 && storage.log > 0);
    let [local, web_use] = storage.servers.as_slice() else { panic!("{storage:?}") };
    assert_eq!((local.collections, local.first, local.days), (0, None, None));
    assert_eq!((web_use.server, web_use.collections, web_use.first, web_use.days), (web, 240, Some(at(0)), Some(30)));
    assert!(web_use.bytes > 100);
    let growth = storage.growth.unwrap();
    assert!(growth > 10.0 && growth < web_use.bytes as f64 / 9.0, "{growth} bytes a day");

    store.set_keep_days(web, None).await.unwrap();
    assert_eq!(store.keep_days(web).await.unwrap(), None);
}

#[tokio::test]
async fn the_reserve_is_private_and_spent_once() {
    let (_folder, store) = store().await;
    store.keep_reserve().await.unwrap();
    store.keep_reserve().await.unwrap();
    let path = format!("{}-reserve", store.path().display());
    let there = std::fs::metadata(&path).unwrap();
    assert_eq!(there.len(), 8 << 20);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&there.permissions()) & 0o777, 0o600);
    assert!(store.spend_reserve().await);
    assert!(!store.spend_reserve().await);
    assert!(!std::path::Path::new(&path).exists());
}
