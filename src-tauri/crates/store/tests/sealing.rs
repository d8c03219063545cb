//! Sealing changes what the file looks like, never what it answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use hostrounds_core::history::{Bucket, HistoryQuery, SeriesHistory};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::probe::Family;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::StoreError;
use proptest::prelude::*;
use support::*;

#[tokio::test]
async fn what_is_sealed_is_answered_as_before() {
    let (_folder, sealed) = store().await;
    let (_other_folder, plain) = store().await;
    let observations: Vec<_> = (0..3_000).map(nth).collect();
    keep_all(&plain, ServerId::LOCAL, &observations).await;
    for part in observations.chunks(170) {
        keep_all(&sealed, ServerId::LOCAL, part).await;
        seal_all(&sealed, ServerId::LOCAL).await;
    }
    assert!(rows(&sealed, "SELECT count(*) FROM head").await <= 65);
    let spans = rows(&sealed, "SELECT count(*) FROM span").await;
    assert!((2..=12).contains(&spans), "{spans} spans: small ones become large ones");
    assert_eq!(rows(&sealed, "SELECT count(DISTINCT key >> 29) FROM chunk").await, spans, "nothing is left behind");

    for metric in [CPU, DISK, Metric::Load1] {
        for (from, to) in [(0, 3_000), (-50, 4_000), (17, 18), (100, 1_500), (1_499, 2_999), (2_990, 3_000)] {
            for max_points in [1, 3, 10, 100, 1_000, 100_000] {
                let question =
                    HistoryQuery { max_points, ..query(ServerId::LOCAL, metric, at(from * MINUTE), at(to * MINUTE)) };
                let (found, expected) = (sealed.range(&question).await.unwrap(), plain.range(&question).await.unwrap());
                assert!(alike(&found, &expected), "{question:?}: {found:?} instead of {expected:?}");
            }
            let question = query(ServerId::LOCAL, metric, at(from * MINUTE), at(to * MINUTE));
            assert_eq!(
                sealed.summaries(&question, &[0.5, 0.95]).await.unwrap(),
                plain.summaries(&question, &[0.5, 0.95]).await.unwrap()
            );
        }
    }
    let (from, to) = (at(-MINUTE), at(3_100 * MINUTE));
    assert_eq!(
        sealed.coverage(ServerId::LOCAL, from, to).await.unwrap(),
        plain.coverage(ServerId::LOCAL, from, to).await.unwrap()
    );
    assert_eq!(sealed.latest(ServerId::LOCAL).await.unwrap(), plain.latest(ServerId::LOCAL).await.unwrap());
}

/// The same but for the rounding of averages, which depends on the order in which values are added.
fn alike(one: &[SeriesHistory], other: &[SeriesHistory]) -> bool {
    let same = |a: &Bucket, b: &Bucket| {
        (a.start, a.min, a.max, a.count) == (b.start, b.min, b.max, b.count)
            && (a.avg - b.avg).abs() <= 1e-9 * a.avg.abs()
    };
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.attributes == other.attributes
                && one.buckets.len() == other.buckets.len()
                && one.buckets.iter().zip(&other.buckets).all(|(a, b)| same(a, b))
        })
}

#[tokio::test]
async fn families_with_a_slow_rhythm_are_found_in_what_is_sealed() {
    let (_folder, store) = store().await;
    let first = observation(at(0), vec![point(DISK, mount("/"), 0.5), point(CPU, Attributes::none(), 0.1)]);
    keep_all(&store, ServerId::LOCAL, &[first]).await;
    // A disk that was read too long ago, or that is no longer there, is not what is known now.
    let rest: Vec<_> =
        (1..100).map(|step| observation(at(step * MINUTE), vec![point(CPU, Attributes::none(), 0.2)])).collect();
    keep_all(&store, ServerId::LOCAL, &rest).await;
    seal_all(&store, ServerId::LOCAL).await;
    let newest = store.latest(ServerId::LOCAL).await.unwrap().unwrap();
    assert_eq!(newest.read_at[&Family::Filesystems], at(0));
    assert_eq!(newest.observation.value(DISK, &mount("/")), Some(0.5));
    assert_eq!((newest.observation.at, newest.read_at[&Family::Cpu]), (at(99 * MINUTE), at(99 * MINUTE)));

    let later: Vec<_> =
        (100..150).map(|step| observation(at(step * MINUTE), vec![point(CPU, Attributes::none(), 0.2)])).collect();
    keep_all(&store, ServerId::LOCAL, &later).await;
    seal_all(&store, ServerId::LOCAL).await;
    let newest = store.latest(ServerId::LOCAL).await.unwrap().unwrap();
    assert!(!newest.read_at.contains_key(&Family::Filesystems), "two hours are over");
}

#[tokio::test]
async fn what_comes_late_or_twice_finds_its_place() {
    let (_folder, store) = store().await;
    let observations: Vec<_> = (0..400).map(nth).collect();
    let (late, early): (Vec<_>, Vec<_>) =
        observations.iter().cloned().partition(|it| (it.at.0 - NOW) / MINUTE % 7 == 0 && it.at < at(200 * MINUTE));
    keep_all(&store, ServerId::LOCAL, &early).await;
    seal_all(&store, ServerId::LOCAL).await;
    keep_all(&store, ServerId::LOCAL, &late).await;
    // The same moment again, with another value: the later one counts.
    let again = observation(at(5 * MINUTE), vec![point(CPU, Attributes::none(), 0.99)]);
    keep_all(&store, ServerId::LOCAL, &[again]).await;
    keep_all(&store, ServerId::LOCAL, &(400..470).map(nth).collect::<Vec<_>>()).await;
    seal_all(&store, ServerId::LOCAL).await;

    let overlaps =
        "SELECT count(*) FROM span a JOIN span b ON a.id <> b.id AND a.first <= b.last AND b.first <= a.last";
    assert_eq!(rows(&store, overlaps).await, 0);
    let found = all(&store, ServerId::LOCAL, CPU).await;
    let expected: Vec<_> = (0..470)
        .map(|step| (NOW + step * MINUTE, if step == 5 { 0.99 } else { (step * 37 % 101) as f64 / 100.0 }))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_server_that_is_removed_leaves_no_chunk() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    keep_all(&store, web, &(0..100).map(nth).collect::<Vec<_>>()).await;
    keep_all(&store, ServerId::LOCAL, &(0..100).map(nth).collect::<Vec<_>>()).await;
    seal_all(&store, web).await;
    seal_all(&store, ServerId::LOCAL).await;
    store.remove_server(web).await.unwrap();
    while store.sweep().await.unwrap() {}
    assert_eq!(rows(&store, "SELECT count(*) FROM span").await, 1);
    assert_eq!(rows(&store, "SELECT count(DISTINCT key >> 29) FROM chunk").await, 1);
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 100);
}

#[tokio::test]
async fn what_was_being_written_when_a_process_ended_never_counts() {
    let (_folder, store) = store().await;
    keep_all(&store, ServerId::LOCAL, &(0..100).map(nth).collect::<Vec<_>>()).await;
    seal_all(&store, ServerId::LOCAL).await;
    change(
        &store,
        "INSERT INTO span (server, first, last, count, bytes, state) SELECT server, first, last, count, bytes, 'writing' FROM span",
    )
    .await;
    change(&store, "INSERT INTO chunk SELECT key + (1 << 29), count, min, max, sum, places, data FROM chunk").await;
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 100);
    store.drop_unfinished().await.unwrap();
    while store.sweep().await.unwrap() {}
    assert_eq!(rows(&store, "SELECT count(*) FROM span").await, 1);
    assert_eq!(rows(&store, "SELECT count(DISTINCT key >> 29) FROM chunk").await, 1);
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 100);
}

#[tokio::test]
async fn a_damaged_chunk_is_told_and_costs_nothing_else() {
    let (_folder, store) = store().await;
    keep_all(&store, ServerId::LOCAL, &(100..200).map(nth).collect::<Vec<_>>()).await;
    seal_all(&store, ServerId::LOCAL).await;
    change(&store, "UPDATE chunk SET data = x'0102' WHERE key & 0x1FFFFFFF = (SELECT id FROM series WHERE metric = 'system.cpu.utilization')")
        .await;
    let told = store.range(&query(ServerId::LOCAL, CPU, at(0), at(500 * MINUTE))).await.unwrap_err();
    assert!(matches!(told, StoreError::Chunk { .. }), "{told}");
    assert_eq!(told.code(), "store_damaged");
    assert_eq!(all(&store, ServerId::LOCAL, Metric::Load1).await.len(), 100);
    keep_all(&store, ServerId::LOCAL, &[nth(300)]).await;
    assert!(store.range(&query(ServerId::LOCAL, CPU, at(250 * MINUTE), at(500 * MINUTE))).await.is_ok());
}

#[tokio::test]
async fn names_of_one_server_and_times_of_another_do_not_mix() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for (server, offset) in [(web, 0), (ServerId::LOCAL, 1)] {
        let observations: Vec<_> = (0..100)
            .map(|step| observation(at(step * MINUTE + offset), vec![point(CPU, Attributes::none(), offset as f64)]))
            .collect();
        keep_all(&store, server, &observations).await;
        seal_all(&store, server).await;
    }
    let ends = (UnixMillis(0), UnixMillis(i64::MAX));
    let answers =
        store.ranges(&[query(web, CPU, ends.0, ends.1), query(ServerId::LOCAL, CPU, ends.0, ends.1)]).await.unwrap();
    let first =
        |answer: &[SeriesHistory]| (answer[0].buckets.len(), answer[0].buckets[0].start, answer[0].buckets[0].avg);
    assert_eq!([first(&answers[0]), first(&answers[1])], [(100, at(0), 0.0), (100, at(1), 1.0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_sealed_range_is_what_a_naive_reader_finds(
        pauses in proptest::collection::vec(prop_oneof![20 => Just(1i64), 2 => 2i64..200, 1 => 10_000i64..40_000], 150..700),
        part in 20usize..200,
        questions in proptest::collection::vec((0.0f64..1.0, 0.0f64..1.0, 1u32..60), 6),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (_folder, store) = store().await;
            let steps: Vec<i64> = pauses.iter().scan(0, |at, pause| { *at += pause; Some(*at) }).collect();
            let observations: Vec<_> = steps.iter().map(|step| nth(*step)).collect();
            for part in observations.chunks(part) {
                keep_all(&store, ServerId::LOCAL, part).await;
                while store.seal(ServerId::LOCAL).await.unwrap() {}
            }
            let end = steps.last().copied().unwrap_or(0) + 2;
            for (from, to, max_points) in questions {
                let (from, to) = ((from * end as f64) as i64, (to * end as f64) as i64);
                let (from, to) = (at(from.min(to) * MINUTE), at(from.max(to) * MINUTE));
                for metric in [CPU, DISK, Metric::Load1] {
                    let expected: Vec<(UnixMillis, f64)> = observations
                        .iter()
                        .filter(|it| (from..to).contains(&it.at))
                        .flat_map(|it| it.of(metric).map(|point| (it.at, point.value)))
                        .collect();
                    let single = store.range(&query(ServerId::LOCAL, metric, from, to)).await.unwrap();
                    let found: Vec<_> = single.iter().flat_map(|it| &it.buckets).map(|it| (it.start, it.avg)).collect();
                    prop_assert_eq!(&found, &expected);
                    let question = HistoryQuery { max_points, ..query(ServerId::LOCAL, metric, from, to) };
                    let buckets: Vec<Bucket> =
                        store.range(&question).await.unwrap().into_iter().flat_map(|it| it.buckets).collect();
                    prop_assert!(buckets.len() <= max_points as usize);
                    prop_assert_eq!(buckets.iter().map(|it| it.count as usize).sum::<usize>(), expected.len());
                    let sum: f64 = expected.iter().map(|(_, value)| value).sum();
                    let total: f64 = buckets.iter().map(|it| it.avg * f64::from(it.count)).sum();
                    prop_assert!((sum - total).abs() <= 1e-6 * sum.abs().max(1.0));
                }
            }
            Ok(())
        })?;
    }
}
