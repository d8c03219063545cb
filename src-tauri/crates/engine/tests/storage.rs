//! What the history takes is told, and what is not to be kept of it goes: as much as was said before, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation, Point, Series};
use hostrounds_core::retention::{BYTES_LEAST, DAYS_MOST, Expired, Retention};
use hostrounds_core::server::{Hop, Login, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::view::{RetentionPreview, Settings};
use hostrounds_engine::api::{ErrorCode, Event, Hostrounds};
use hostrounds_store::{Record, Store};
use jiff::Timestamp;
use support::*;
use tempfile::TempDir;

const HOUR: i64 = 3_600_000;
const DAYS: i64 = 60;

fn collection(server: ServerId, at: UnixMillis) -> Collection {
    Collection {
        id: CollectionId(at.0 * 1000),
        server,
        trigger: Trigger::Schedule,
        state: CollectionState::Completed,
        queued_at: at,
        started_at: Some(at),
        ended_at: Some(at),
        retry_at: None,
        attempts: 1,
        max_attempts: 3,
        stages: vec![],
        failure: None,
        points: 1,
    }
}

/// A collection in each of the hours of [`DAYS`] days up to now, half an hour after the full age, so that none comes of age
/// during a test.
async fn fill(store: &Store, server: ServerId) {
    let now = Timestamp::now().as_millisecond();
    let kept: Vec<(Collection, Observation)> = (0..DAYS * 24)
        .rev()
        .map(|hour| {
            let at = UnixMillis(now - hour * HOUR - HOUR / 2);
            let series = Series { metric: Metric::CpuUtilization, attributes: Attributes::none() };
            let points = vec![Point { series, value: (hour % 100) as f64 / 100.0 }];
            (collection(server, at), Observation { points, ..Observation::empty(at) })
        })
        .collect();
    for batch in kept.chunks(200) {
        let records: Vec<Record<'_>> = batch
            .iter()
            .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
            .collect();
        store.record(&records).await.unwrap();
        while store.seal(server).await.unwrap() {}
    }
    while store.sweep().await.unwrap() {}
}

/// A folder with weeks of history of this computer and of a server, neither of which is visited.
async fn weeks_of_history() -> (TempDir, ServerId) {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path()).await;
    let nowhere =
        Hop { host: "192.0.2.1".into(), port: 22, user: "ops".into(), logins: vec![Login::key("~/.ssh/id_ed25519")] };
    let mut draft = draft_of(vec![], nowhere);
    draft.enabled = false;
    let web = store.add_server(&draft, UnixMillis(0)).await.unwrap().id;
    for server in [web, ServerId::LOCAL] {
        fill(&store, server).await;
    }
    store.close().await;
    let hostrounds = open(folder.path()).await;
    hostrounds.set_enabled(ServerId::LOCAL, false).await.unwrap();
    hostrounds.shutdown().await;
    (folder, web)
}

async fn store_in(folder: &Path) -> Store {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    Store::open(&folder.join("data/hostrounds.db")).await.unwrap()
}

fn days(days: u32) -> Retention {
    Retention { days: Some(days), ..Retention::default() }
}

async fn keep(hostrounds: &Hostrounds, retention: Retention) {
    hostrounds.set_settings(Settings { retention, ..hostrounds.settings() }).await.unwrap();
}

async fn kept_of(hostrounds: &Hostrounds, server: ServerId) -> u64 {
    let storage = hostrounds.storage().await.unwrap();
    storage.taken.servers.iter().find(|of| of.server == server).unwrap().collections
}

fn gone_of(preview: &RetentionPreview, server: ServerId) -> u64 {
    preview.servers.iter().find(|of| of.server == server).map_or(0, |of| of.expired.collections)
}

/// Waits until so many collections of a server are left.
async fn left(hostrounds: &Hostrounds, server: ServerId, collections: u64) {
    let waiting = async {
        while kept_of(hostrounds, server).await != collections {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
    assert!(in_time, "{} are left, not {collections}", kept_of(hostrounds, server).await);
}

async fn last_words(hostrounds: &Hostrounds) -> String {
    hostrounds.activity(None, None, 1).await.unwrap().pop().unwrap().message
}

/// How many collections [`fill`] makes.
const ALL: u64 = DAYS.unsigned_abs() * 24;

#[tokio::test]
async fn what_the_preview_tells_goes_and_nothing_else() {
    let (folder, web) = weeks_of_history().await;
    let hostrounds = open(folder.path()).await;
    let storage = hostrounds.storage().await.unwrap();
    assert_eq!(storage.retention, Retention::default());
    assert!(storage.taken.growth.is_some_and(|bytes| bytes > 0.0), "{storage:?}");
    assert_eq!((kept_of(&hostrounds, web).await, kept_of(&hostrounds, ServerId::LOCAL).await), (ALL, ALL));

    let usual = hostrounds.preview_retention(Retention::default(), None).await.unwrap();
    assert_eq!(usual, RetentionPreview { servers: vec![], by_size: Expired::default() }, "two years are kept");
    let all = hostrounds.preview_retention(days(20), None).await.unwrap();
    let alone = hostrounds.preview_retention(Retention::default(), Some((web, Some(20)))).await.unwrap();
    assert_eq!((gone_of(&alone, web), gone_of(&alone, ServerId::LOCAL)), (gone_of(&all, web), 0));
    assert!(gone_of(&all, ServerId::LOCAL) > 0);
    let excepted = hostrounds.preview_retention(days(20), Some((web, Some(50)))).await.unwrap();
    assert!(gone_of(&excepted, web) < gone_of(&all, web), "{excepted:?}");
    assert_eq!((kept_of(&hostrounds, web).await, kept_of(&hostrounds, ServerId::LOCAL).await), (ALL, ALL), "so far");

    keep(&hostrounds, days(20)).await;
    assert_eq!(last_words(&hostrounds).await, "Settings: the history is kept for 20 days");
    hostrounds.start_schedule().await.unwrap();
    left(&hostrounds, web, ALL - gone_of(&all, web)).await;
    left(&hostrounds, ServerId::LOCAL, ALL - gone_of(&all, ServerId::LOCAL)).await;
    assert!(hostrounds.preview_retention(days(20), None).await.unwrap().servers.is_empty());

    // A server with days of its own, on the running schedule.
    let (web_before, local_before) = (kept_of(&hostrounds, web).await, kept_of(&hostrounds, ServerId::LOCAL).await);
    let alone = hostrounds.preview_retention(days(20), Some((web, Some(1)))).await.unwrap();
    assert!(gone_of(&alone, web) > 0);
    hostrounds.set_keep_days(web, Some(1)).await.unwrap();
    assert_eq!(last_words(&hostrounds).await, "The history of web is kept for 1 day");
    left(&hostrounds, web, web_before - gone_of(&alone, web)).await;
    assert_eq!(kept_of(&hostrounds, ServerId::LOCAL).await, local_before);
    hostrounds.set_keep_days(web, None).await.unwrap();
    assert_eq!(last_words(&hostrounds).await, "The history of web is kept as the settings say");
    hostrounds.shutdown().await;

    let again = open(folder.path()).await;
    assert_eq!(again.storage().await.unwrap().retention, days(20));
    again.shutdown().await;
}

#[tokio::test]
async fn limits_that_cannot_be_meant_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let usual = Retention::default();
    for (retention, field) in [
        (days(0), "retention.days"),
        (days(DAYS_MOST + 1), "retention.days"),
        (Retention { bytes: Some(BYTES_LEAST - 1), ..usual }, "retention.bytes"),
        (Retention { warn_bytes: Some(1), ..usual }, "retention.warnBytes"),
    ] {
        let refused = hostrounds.preview_retention(retention, None).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (ErrorCode::Invalid, field));
        let refused = hostrounds.set_settings(Settings { retention, ..hostrounds.settings() }).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (ErrorCode::Invalid, field));
    }
    for wrong in [0, DAYS_MOST + 1] {
        let refused = hostrounds.set_keep_days(ServerId::LOCAL, Some(wrong)).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (ErrorCode::Invalid, "days"));
        let refused = hostrounds.preview_retention(usual, Some((ServerId::LOCAL, Some(wrong)))).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (ErrorCode::Invalid, "days"));
    }
    let nobody = ServerId(77);
    assert_eq!(hostrounds.set_keep_days(nobody, Some(3)).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(hostrounds.preview_retention(usual, Some((nobody, None))).await.unwrap_err().code, ErrorCode::NotFound);
    let storage = hostrounds.storage().await.unwrap();
    assert_eq!((storage.retention, storage.taken.servers[0].days), (usual, None));
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn only_the_process_that_keeps_the_schedule_gives_up() {
    let (folder, web) = weeks_of_history().await;
    let locks = folder.path().join("data/locks");
    std::fs::create_dir_all(&locks).unwrap();
    let elsewhere = File::create(locks.join("schedule.lock")).unwrap();
    elsewhere.lock().unwrap();

    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    assert_eq!(hostrounds.start_schedule().await.unwrap_err().code, ErrorCode::ScheduleHeld);
    let onlooker = open(folder.path()).await;
    // What another process changes is taken over twice, so that there was time to give up more than is allowed.
    for (kept, follows) in [(40, "the first change"), (20, "the second")] {
        keep(&onlooker, days(kept)).await;
        event(&mut events, |event| match event {
            Event::Settings { settings } => (settings.retention == days(kept)).then_some(()),
            _ => None,
        })
        .await;
        event(&mut events, |event| matches!(event, Event::Missed).then_some(())).await;
        assert_eq!((kept_of(&onlooker, web).await, kept_of(&hostrounds, web).await), (ALL, ALL), "{follows}");
    }
    let preview = hostrounds.preview_retention(days(20), None).await.unwrap();

    drop(elsewhere);
    left(&hostrounds, web, ALL - gone_of(&preview, web)).await;
    // And it follows what the other one changes later.
    let before = kept_of(&hostrounds, web).await;
    let alone = hostrounds.preview_retention(days(20), Some((web, Some(1)))).await.unwrap();
    onlooker.set_keep_days(web, Some(1)).await.unwrap();
    left(&onlooker, web, before - gone_of(&alone, web)).await;
    onlooker.shutdown().await;
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_large_history_is_pointed_out_until_the_limit_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path()).await;
    let retention = Retention { warn_bytes: Some(1), ..Retention::default() };
    // Smaller than a person may set it, so that no large file is needed.
    let settings = Settings { retention, ..Settings::default() };
    store.put_setting("settings", &settings).await.unwrap();
    store.close().await;

    let hostrounds = open(folder.path()).await;
    hostrounds.set_enabled(ServerId::LOCAL, false).await.unwrap();
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let large = |event| match event {
        Event::Troubles { troubles } => Some(troubles.into_iter().find(|trouble| trouble.code == "history_large")),
        _ => None,
    };
    let trouble = event(&mut events, |event| large(event).flatten()).await;
    assert!(trouble.hint.contains("hostrounds storage"), "{trouble:?}");
    keep(&hostrounds, Retention::default()).await;
    event(&mut events, |event| large(event).filter(Option::is_none)).await;
    hostrounds.shutdown().await;
}
