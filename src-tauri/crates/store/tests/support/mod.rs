//! Things that the tests of the store keep.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)] // a test may fail loudly, and no test uses all of this

use std::path::PathBuf;

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Failure, Stage, StageTime, Trigger};
use hostrounds_core::history::{HistoryQuery, SeriesHistory};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point, Series};
use hostrounds_core::probe::Family;
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId, SshTarget, Target, Thresholds};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tempfile::TempDir;

pub(crate) const CPU: Metric = Metric::CpuUtilization;
pub(crate) const DISK: Metric = Metric::FilesystemUtilization;
/// In milliseconds.
pub(crate) const MINUTE: i64 = 60_000;

/// A moment in 2026.
pub(crate) const NOW: i64 = 1_780_000_000_000;

pub(crate) fn at(offset: i64) -> UnixMillis {
    UnixMillis(NOW + offset)
}

/// A folder of its own and the file in it, which is not there yet.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("hostrounds.db");
    (folder, path)
}

pub(crate) async fn store() -> (TempDir, Store) {
    let (folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    (folder, store)
}

pub(crate) fn draft(name: &str) -> ServerDraft {
    ServerDraft {
        name: name.to_owned(),
        target: Target::Ssh(SshTarget::direct(Hop {
            host: "192.0.2.1".into(),
            port: 2222,
            user: "ops".into(),
            logins: vec![Login::key("~/.ssh/id_ed25519")],
        })),
        enabled: true,
        interval: 60,
        thresholds: Thresholds { cpu: Some(50.5), memory: None, disk: Some(80.0), disk_full_in: None },
        families_off: vec![Family::Tcp],
        environment: Some("production".into()),
        tags: vec!["db".into(), "eu".into()],
    }
}

pub(crate) fn collection(id: i64, server: ServerId, state: CollectionState, ended: UnixMillis) -> Collection {
    Collection {
        id: CollectionId(id),
        server,
        trigger: Trigger::Schedule,
        state,
        queued_at: UnixMillis(ended.0 - 100),
        started_at: Some(UnixMillis(ended.0 - 50)),
        ended_at: Some(ended),
        retry_at: None,
        attempts: 2,
        max_attempts: 3,
        stages: vec![StageTime { stage: Stage::Login, family: None, hop: None, millis: 12.25 }],
        failure: (state == CollectionState::Failed).then(|| Failure {
            code: "connection_refused".into(),
            stage: Stage::Connect,
            message: "refused".into(),
            hint: "start sshd".into(),
            remedy: Some("ssh web".into()),
            hop: None,
            retryable: true,
        }),
        points: 3,
    }
}

pub(crate) fn completed(id: i64, server: ServerId, ended: UnixMillis) -> Collection {
    collection(id, server, CollectionState::Completed, ended)
}

pub(crate) fn mount(name: &str) -> Attributes {
    Attributes::none().with(attribute::MOUNTPOINT, name).with(attribute::DEVICE, "sda")
}

pub(crate) fn point(metric: Metric, attributes: Attributes, value: f64) -> Point {
    Point { series: Series { metric, attributes }, value }
}

pub(crate) fn observation(at: UnixMillis, points: Vec<Point>) -> Observation {
    Observation { points, ..Observation::empty(at) }
}

/// Keeps one observation.
pub(crate) async fn keep(store: &Store, server: ServerId, observation: &Observation) {
    let run = completed(observation.at.0, server, observation.at);
    store.record(&[Record { collection: &run, observation: Some(observation), spent: None }]).await.unwrap();
}

pub(crate) fn query(server: ServerId, metric: Metric, from: UnixMillis, to: UnixMillis) -> HistoryQuery {
    HistoryQuery { server, metric, attributes: Attributes::none(), from, to, max_points: 100_000 }
}

/// Every value of a metric without attributes.
pub(crate) async fn all(store: &Store, server: ServerId, metric: Metric) -> Vec<(i64, f64)> {
    let series = store.range(&query(server, metric, UnixMillis(0), UnixMillis(i64::MAX))).await.unwrap();
    series.first().map(values).unwrap_or_default()
}

pub(crate) fn values(series: &SeriesHistory) -> Vec<(i64, f64)> {
    series.buckets.iter().map(|bucket| (bucket.start.0, bucket.avg)).collect()
}

/// What the `step`-th collection of a busy server yields: one series that is always there, one that is read every tenth time,
/// and a mount that comes and goes.
pub(crate) fn nth(step: i64) -> Observation {
    let mut points = vec![point(CPU, Attributes::none(), (step * 37 % 101) as f64 / 100.0)];
    if step % 10 == 3 {
        points.push(point(DISK, mount("/"), (step % 77) as f64 / 80.0));
    }
    if step / 100 % 2 == 1 {
        points.push(point(Metric::Load1, Attributes::none(), step as f64 / 3.0));
    }
    observation(at(step * MINUTE), points)
}

/// Keeps observations in transactions of 500.
pub(crate) async fn keep_all(store: &Store, server: ServerId, observations: &[Observation]) {
    for batch in observations.chunks(500) {
        let runs: Vec<Collection> = batch.iter().map(|it| completed(it.at.0, server, it.at)).collect();
        let records: Vec<Record<'_>> = runs
            .iter()
            .zip(batch)
            .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
            .collect();
        store.record(&records).await.unwrap();
    }
}

/// Seals and sweeps until nothing is left to do.
pub(crate) async fn seal_all(store: &Store, server: ServerId) {
    while store.seal(server).await.unwrap() {}
    while store.sweep().await.unwrap() {}
}

/// A number that a question to the file answers with.
pub(crate) async fn rows(store: &Store, question: &str) -> i64 {
    let mut look = SqliteConnectOptions::new().filename(store.path()).read_only(true).connect().await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(question.to_owned())).fetch_one(&mut look).await.unwrap()
}

/// Changes the file past the store.
pub(crate) async fn change(store: &Store, statement: &str) {
    let mut conn = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut conn).await.unwrap();
}
