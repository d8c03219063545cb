//! What another process does between the transactions of a step.

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point, Series};

use super::*;
use crate::Record;

const LOCAL: ServerId = ServerId::LOCAL;

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("hostrounds.db")).await.unwrap();
    (folder, store)
}

fn observation(at: i64, series: u32, value: f64) -> Observation {
    let points = (0..series).map(|number| Point {
        series: Series {
            metric: Metric::FilesystemUtilization,
            attributes: Attributes::none().with(attribute::MOUNTPOINT, format!("/{number}")),
        },
        value,
    });
    Observation { points: points.collect(), ..Observation::empty(UnixMillis(at)) }
}

/// Collections at these moments, each with a value that is its moment.
async fn keep(store: &Store, moments: impl IntoIterator<Item = i64>, series: u32) {
    let observations: Vec<_> = moments.into_iter().map(|at| observation(at, series, at as f64)).collect();
    keep_these(store, &observations).await;
}

async fn keep_these(store: &Store, observations: &[Observation]) {
    let run = Collection {
        id: CollectionId(1),
        server: LOCAL,
        trigger: Trigger::Live,
        state: CollectionState::Completed,
        queued_at: UnixMillis(1),
        started_at: None,
        ended_at: None,
        retry_at: None,
        attempts: 1,
        max_attempts: 1,
        stages: Vec::new(),
        failure: None,
        points: 0,
    };
    let records: Vec<_> = observations
        .iter()
        .map(|observation| Record { collection: &run, observation: Some(observation), spent: None })
        .collect();
    store.record(&records).await.unwrap();
}

/// Every value of the first series.
async fn all(store: &Store) -> Vec<(i64, f64)> {
    let question = HistoryQuery {
        server: LOCAL,
        metric: Metric::FilesystemUtilization,
        attributes: Attributes::none().with(attribute::MOUNTPOINT, "/0"),
        from: UnixMillis(0),
        to: UnixMillis(i64::MAX),
        max_points: 100_000,
    };
    let series = store.range(&question).await.unwrap();
    series.iter().flat_map(|series| &series.buckets).map(|bucket| (bucket.start.0, bucket.avg)).collect()
}

fn moments(moments: impl IntoIterator<Item = i64>) -> Vec<(i64, f64)> {
    moments.into_iter().map(|at| (at, at as f64)).collect()
}

async fn number(store: &Store, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(&store.readers).await.unwrap()
}

/// Nothing overlaps, and no chunk is left of what is no span.
async fn finish(store: &Store) {
    while store.seal(LOCAL).await.unwrap() {}
    while store.sweep().await.unwrap() {}
    let overlaps =
        "SELECT count(*) FROM span a JOIN span b ON a.id <> b.id AND a.first <= b.last AND b.first <= a.last";
    assert_eq!(number(store, overlaps).await, 0, "spans overlap");
    let orphans = "SELECT count(*) FROM chunk WHERE key >> 29 NOT IN (SELECT id FROM span)";
    assert_eq!(number(store, orphans).await, 0, "chunks belong to nothing");
}

#[tokio::test]
async fn a_collection_that_is_replaced_while_it_is_sealed_is_not_lost() {
    let (_folder, store) = store().await;
    keep(&store, 0..100, 2).await;
    let sealing = store.prepare(LOCAL).await.unwrap().unwrap();
    keep_these(&store, &[observation(50, 2, 7.5)]).await;
    store.replace(&sealing).await.unwrap();
    finish(&store).await;
    let mut expected = moments(0..100);
    expected[50].1 = 7.5;
    assert_eq!(all(&store).await, expected);
}

#[tokio::test]
async fn two_that_seal_the_same_at_once_keep_it_once() {
    let (_folder, store) = store().await;
    keep(&store, 0..100, 2).await;
    let (one, other) = (store.prepare(LOCAL).await.unwrap().unwrap(), store.prepare(LOCAL).await.unwrap().unwrap());
    store.replace(&one).await.unwrap();
    store.replace(&other).await.unwrap();
    finish(&store).await;
    assert_eq!(all(&store).await, moments(0..100));
}

#[tokio::test]
async fn spans_that_are_merged_around_a_new_one_do_not_overlap_it() {
    let (_folder, store) = store().await;
    for part in 0..4 {
        keep(&store, (0..65).map(|step| part * 1000 + step * 10), 2).await;
        if part < 3 {
            assert!(store.seal(LOCAL).await.unwrap());
        }
    }
    // Late collections between two spans, about to be sealed; another process merges the spans around them.
    keep(&store, 631..640, 2).await;
    let late = store.prepare(LOCAL).await.unwrap().unwrap();
    assert_eq!((late.job.heads.len(), late.job.spans.len()), (9, 0));
    let all_spans = span::newest(&mut store.readers.acquire().await.unwrap(), LOCAL, 9).await.unwrap();
    let mut blocks = Vec::new();
    for span in &all_spans {
        blocks.push(span::block(&mut store.readers.acquire().await.unwrap(), span).await.unwrap());
    }
    let job = Job { server: LOCAL, heads: Vec::new(), spans: all_spans };
    let mark = Heads::read(&mut store.readers.acquire().await.unwrap(), &[]).await.unwrap().mark();
    let merging = Sealing { job, mark, spans: Block::merge(blocks).into_spans().unwrap() };
    store.replace(&merging).await.unwrap();
    store.replace(&late).await.unwrap();
    finish(&store).await;
    let mut expected: Vec<i64> = (0..4).flat_map(|part| (0..65).map(move |step| part * 1000 + step * 10)).collect();
    expected.extend(631..640);
    expected.sort_unstable();
    assert_eq!(all(&store).await, moments(expected));
}

#[tokio::test]
async fn a_step_that_another_process_gives_up_leaves_no_chunk() {
    let (_folder, store) = store().await;
    keep(&store, 0..70, 1200).await;
    let sealing = store.prepare(LOCAL).await.unwrap().unwrap();
    assert!(sealing.spans.iter().map(|span| span.chunks.len()).sum::<usize>() > 2 * CHUNKS_PER_STEP);
    // Whichever transactions the other one comes between.
    for _ in 0..20 {
        let give_up = async {
            store.drop_unfinished().await?;
            while store.sweep().await? {}
            Ok::<(), StoreError>(())
        };
        let (replaced, given_up) = tokio::join!(store.replace(&sealing), give_up);
        replaced.unwrap();
        given_up.unwrap();
        if number(&store, "SELECT count(*) FROM span WHERE state = 'sealed'").await > 0 {
            break;
        }
    }
    finish(&store).await;
    assert_eq!(all(&store).await, moments(0..70));
}

#[tokio::test]
async fn a_clock_that_was_far_off_has_no_history_written_anew() {
    let (_folder, store) = store().await;
    for part in 10..30 {
        keep(&store, (0..2000).map(|at| part * 1_000_000 + at), 1).await;
        while store.seal(LOCAL).await.unwrap() {}
    }
    // One collection from long ago, one inside the history, and many of now.
    keep(&store, [5, 15_000_500].into_iter().chain((0..100).map(|at| 40_000_000 + at)), 1).await;
    let mut steps = 0;
    while let Some(sealing) = store.prepare(LOCAL).await.unwrap() {
        assert!(sealing.job.spans.len() <= FAN as usize, "{} spans in one step", sealing.job.spans.len());
        store.replace(&sealing).await.unwrap();
        steps += 1;
        assert!(steps < 50, "it comes to an end");
    }
    finish(&store).await;
    let found = all(&store).await;
    assert_eq!(found.len(), 20 * 2000 + 101, "the one of 15,000,500 was there before");
    assert_eq!((found[0], found.is_sorted_by(|a, b| a.0 < b.0)), ((5, 5.0), true));
}

#[tokio::test]
async fn heads_of_very_many_series_are_sealed_some_at_a_time() {
    let (_folder, store) = store().await;
    for at in 0..66 {
        keep_these(&store, &[observation(at, 8_000, 1.0)]).await;
    }
    let sealing = store.prepare(LOCAL).await.unwrap().unwrap();
    assert_eq!(sealing.job.heads.len() as i64, HEAD_VALUES_MOST / 8_000);
    store.replace(&sealing).await.unwrap();
    finish(&store).await;
    assert_eq!(all(&store).await, (0..66).map(|at| (at, 1.0)).collect::<Vec<_>>());
}
