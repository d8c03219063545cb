//! A million kept values pass through the engine into a file; they are never held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)] // a test may fail loudly
#![cfg(target_os = "linux")]

mod support;

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::export::{Destination, ExportEnd, ExportRequest, ExportSubject, Format};
use hostrounds_store::{Record, Store};

const THEN: i64 = 1_764_000_000_000;
const SERIES: i64 = 50;
const TIMES: i64 = 20_000;
/// What an export may need, in KiB. The values of this history alone are 15 MiB, as rows of text 90.
const MOST: u64 = 48 * 1024;

/// The most memory that this process ever held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn fill(store: &Store) {
    let attributes: Vec<Attributes> =
        (0..SERIES).map(|cpu| Attributes::none().with(attribute::CPU_NUMBER, cpu.to_string())).collect();
    for first in (0..TIMES).step_by(500) {
        let made: Vec<(Collection, Observation)> = (first..first + 500)
            .map(|step| {
                let at = UnixMillis(THEN + step * 10_000);
                let collection = Collection {
                    id: CollectionId(at.0),
                    server: ServerId::LOCAL,
                    trigger: Trigger::Live,
                    state: CollectionState::Completed,
                    queued_at: at,
                    started_at: None,
                    ended_at: Some(at),
                    retry_at: None,
                    attempts: 1,
                    max_attempts: 1,
                    stages: Vec::new(),
                    failure: None,
                    points: 1,
                };
                let value =
                    |own: &Attributes| Point::new(Metric::CpuCoreUtilization, own.clone(), 1.0 / (step + 1) as f64);
                let points = attributes.iter().filter_map(value).collect();
                (collection, Observation { points, ..Observation::empty(at) })
            })
            .collect();
        let batch: Vec<Record<'_>> = made
            .iter()
            .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
            .collect();
        store.record(&batch).await.unwrap();
    }
}

#[tokio::test]
async fn a_million_values_need_the_memory_of_a_few() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data/hostrounds.db")).await.unwrap();
    fill(&store).await;
    store.close().await;
    let hostrounds = support::open(folder.path()).await;
    for format in [Format::Csv, Format::Json] {
        let path = folder.path().join(format.extension());
        let request = ExportRequest {
            subject: ExportSubject::History {
                servers: vec![ServerId::LOCAL],
                metrics: vec![Metric::CpuCoreUtilization],
                attributes: Attributes::none(),
                from: UnixMillis(THEN),
                to: UnixMillis(THEN + TIMES * 10_000),
            },
            format,
        };
        let before = peak();
        let file = Destination::File { path: path.clone(), replace: false };
        let end = hostrounds.export("export".into(), request, file).await.unwrap();
        let ExportEnd::Complete(exported) = end else { panic!("{end:?}") };
        assert_eq!(exported.rows, (SERIES * TIMES).unsigned_abs());
        let grown = peak() - before;
        let size = std::fs::metadata(&path).unwrap().len() / 1024;
        eprintln!("{format:?}: {} rows, {size} KiB, peak {before} KiB, grew by {grown} KiB", exported.rows);
        assert!(grown < MOST, "{format:?} took {grown} KiB");
    }
    hostrounds.shutdown().await;
}
