//! Servers, collections, alerts, activity and settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::alert::{AlertId, AlertState, RuleKind};
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::{LOCAL_INTERVAL, LOCAL_NAME, ServerDraft, ServerId, Target, Thresholds};
use hostrounds_store::{NewAlert, QUIET_MOST, Record, Store, StoreError};
use rstest::rstest;
use sqlx::ConnectOptions;
use support::*;

#[tokio::test]
async fn this_computer_is_there_from_the_start_and_stays() {
    let (_folder, store) = store().await;
    let local = store.servers().await.unwrap().remove(0);
    assert_eq!((local.id, local.name.as_str(), &local.target), (ServerId::LOCAL, LOCAL_NAME, &Target::Local));
    assert_eq!((local.enabled, local.interval, local.thresholds), (true, LOCAL_INTERVAL, Thresholds::default()));
    assert!(local.created_at.0 > 1_700_000_000_000);

    assert!(matches!(store.remove_server(ServerId::LOCAL).await, Err(StoreError::ThisComputer)));
    assert!(matches!(store.update_server(ServerId::LOCAL, &draft("x"), at(9)).await, Err(StoreError::ThisComputer)));
    let mut slower = ServerDraft::from(&local);
    slower.interval = 10;
    assert!(matches!(store.add_server(&slower, at(0)).await, Err(StoreError::ThisComputer)));
    assert_eq!(store.update_server(ServerId::LOCAL, &slower, at(9)).await.unwrap().interval, 10);
}

#[tokio::test]
async fn a_server_is_kept_as_it_was_described() {
    let (_folder, store) = store().await;
    let server = store.add_server(&draft("web"), at(5)).await.unwrap();
    assert_eq!((ServerDraft::from(&server), server.created_at), (draft("web"), at(5)));

    let mut other = draft("Web");
    other.enabled = false;
    other.environment = None;
    other.tags.clear();
    let changed = store.update_server(server.id, &other, at(9)).await.unwrap();
    assert_eq!((ServerDraft::from(&changed), changed.id, changed.created_at), (other, server.id, at(5)));
    assert_eq!(store.servers().await.unwrap()[1], changed);
}

#[rstest]
#[case("web", "WEB")]
#[case("Küche", "KÜCHE")]
#[case("сервер", "СЕРВЕР")]
#[tokio::test]
async fn a_name_is_taken_whatever_the_case(#[case] name: &str, #[case] same: &str) {
    let (_folder, store) = store().await;
    store.add_server(&draft(name), at(0)).await.unwrap();
    let second = store.add_server(&draft("other"), at(0)).await.unwrap();
    assert!(matches!(store.add_server(&draft(same), at(0)).await, Err(StoreError::NameTaken { name }) if name == same));
    assert!(matches!(store.update_server(second.id, &draft(same), at(9)).await, Err(StoreError::NameTaken { .. })));
    assert!(matches!(store.add_server(&draft("LOCAL"), at(0)).await, Err(StoreError::NameTaken { .. })));
    assert_eq!(store.servers().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_found() {
    let (_folder, store) = store().await;
    assert!(matches!(store.update_server(ServerId(9), &draft("x"), at(9)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.remove_server(ServerId(9)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.fire_alert(alert(ServerId(9), "/")).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn a_removed_server_leaves_only_its_activity() {
    let (_folder, store) = store().await;
    let gone = store.add_server(&draft("gone"), at(0)).await.unwrap().id;
    let stays = store.add_server(&draft("stays"), at(0)).await.unwrap().id;
    for server in [gone, stays] {
        keep(&store, server, &observation(at(server.0), vec![point(Metric::Load1, Attributes::none(), 1.0)])).await;
        store.fire_alert(alert(server, "/")).await.unwrap();
        store.log(at(0), ActivityKind::ServerAdded, Some(server), "added").await.unwrap();
    }
    store.remove_server(gone).await.unwrap();

    let mut look = sqlx::sqlite::SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    for (sql, left) in [
        ("SELECT count(*) FROM head", 1i64),
        ("SELECT count(*) FROM series", 1),
        ("SELECT count(*) FROM layout", 1),
        ("SELECT count(*) FROM latest", 1),
        ("SELECT count(*) FROM collection", 1),
        ("SELECT count(*) FROM alert", 1),
        ("SELECT count(*) FROM activity", 2),
    ] {
        assert_eq!(sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut look).await.unwrap(), left, "{sql}");
    }
    assert_eq!(store.activity(Some(gone), None, 9).await.unwrap().len(), 1);
    assert_eq!(all(&store, stays, Metric::Load1).await.len(), 1);
}

#[rstest]
#[case(CollectionState::Completed, true)]
#[case(CollectionState::Failed, true)]
#[case(CollectionState::Cancelled, true)]
#[case(CollectionState::Waiting, false)]
#[case(CollectionState::Active, false)]
#[case(CollectionState::Delayed, false)]
#[tokio::test]
async fn only_what_ended_is_kept(#[case] state: CollectionState, #[case] is_kept: bool) {
    let (_folder, store) = store().await;
    let run = collection(7, ServerId::LOCAL, state, at(0));
    store.record(&[Record { collection: &run, observation: None, spent: None }]).await.unwrap();
    assert_eq!(store.collection(CollectionId(7)).await.unwrap(), is_kept.then_some(run));
    assert_eq!(store.max_collection_id().await.unwrap(), if is_kept { 7 } else { 0 });
}

#[tokio::test]
async fn a_collection_is_replaced_by_its_later_self() {
    let (_folder, store) = store().await;
    let mut run = collection(7, ServerId::LOCAL, CollectionState::Failed, at(0));
    store.record(&[Record { collection: &run, observation: None, spent: None }]).await.unwrap();
    run.state = CollectionState::Completed;
    run.failure = None;
    store.record(&[Record { collection: &run, observation: None, spent: None }]).await.unwrap();
    assert_eq!(store.collections(None, 9).await.unwrap(), [run]);
}

#[tokio::test]
async fn two_processes_that_count_alike_lose_no_collection() {
    let (_folder, path) = place();
    let window = Store::open(&path).await.unwrap();
    let terminal = Store::open(&path).await.unwrap();
    let first = completed(1, ServerId::LOCAL, at(0));
    let second = completed(1, ServerId::LOCAL, at(1));
    window.record(&[Record { collection: &first, observation: None, spent: None }]).await.unwrap();
    terminal.record(&[Record { collection: &second, observation: None, spent: None }]).await.unwrap();
    let kept = window.collections(None, 9).await.unwrap();
    assert_eq!(kept.iter().map(|it| (it.id.0, it.ended_at)).collect::<Vec<_>>(), [(2, Some(at(1))), (1, Some(at(0)))]);
}

#[tokio::test]
async fn collections_come_newest_first_and_by_server() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for id in 1..=6 {
        let server = if id % 2 == 0 { web } else { ServerId::LOCAL };
        store
            .record(&[Record { collection: &completed(id, server, at(id)), observation: None, spent: None }])
            .await
            .unwrap();
    }
    let ids = |runs: Vec<Collection>| runs.iter().map(|it| it.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.collections(None, 3).await.unwrap()), [6, 5, 4]);
    assert_eq!(ids(store.collections(Some(web), 9).await.unwrap()), [6, 4, 2]);
    assert_eq!(store.clean_collections().await.unwrap(), 6);
    assert_eq!(store.collections(None, 9).await.unwrap(), []);
}

const HOUR: i64 = 3_600_000;

#[rstest]
#[case::completed_by_number(CollectionState::Completed, 103, 0, 100)]
#[case::completed_by_age(CollectionState::Completed, 10, HOUR + 5, 5)]
#[case::completed_of_an_hour(CollectionState::Completed, 10, HOUR, 10)]
#[case::failed_by_number(CollectionState::Failed, 503, 0, 500)]
#[case::failed_by_age(CollectionState::Failed, 10, 24 * HOUR + 5, 5)]
#[case::failed_of_a_day(CollectionState::Failed, 10, 24 * HOUR, 10)]
#[case::cancelled_by_number(CollectionState::Cancelled, 503, 0, 500)]
#[tokio::test]
async fn ended_collections_are_kept_so_long_and_so_many(
    #[case] state: CollectionState,
    #[case] made: i64,
    #[case] age: i64,
    #[case] kept: usize,
) {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let runs: Vec<_> = (1..=made).map(|id| collection(id, web, state, at(id % 10))).collect();
    let batch: Vec<_> = runs.iter().map(|collection| Record { collection, observation: None, spent: None }).collect();
    store.record(&batch).await.unwrap();
    assert_eq!(store.trim_collections(at(age)).await.unwrap() as usize, made as usize - kept);
    assert_eq!(store.collections(None, 1_000).await.unwrap().len(), kept);
    assert_eq!(store.trim_collections(at(age)).await.unwrap(), 0);
}

#[tokio::test]
async fn cancelled_is_neither_completed_nor_failed() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for (id, state) in [
        (1, CollectionState::Completed),
        (2, CollectionState::Failed),
        (3, CollectionState::Failed),
        (4, CollectionState::Cancelled),
    ] {
        store
            .record(&[Record { collection: &collection(id, web, state, at(0)), observation: None, spent: None }])
            .await
            .unwrap();
    }
    assert_eq!(store.collection_counts().await.unwrap(), (1, 2));
}

#[tokio::test]
async fn collections_that_come_every_two_seconds_do_not_drown_the_others() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let db = store.add_server(&draft("db"), at(0)).await.unwrap().id;
    let mut runs = vec![
        completed(1, web, at(1)),
        collection(2, ServerId::LOCAL, CollectionState::Failed, at(2)),
        collection(3, web, CollectionState::Failed, at(3)),
    ];
    for (id, server) in (4..).zip([ServerId::LOCAL, web, db].into_iter().cycle().take(3 * 30)) {
        runs.push(Collection { trigger: Trigger::Live, ..completed(id, server, at(id)) });
    }
    let batch: Vec<_> = runs.iter().map(|collection| Record { collection, observation: None, spent: None }).collect();
    store.record(&batch).await.unwrap();

    let queue: Vec<_> = store.queued_collections(99).await.unwrap().iter().map(|it| it.id.0).collect();
    assert_eq!(queue, [3, 2, 1]);
    assert_eq!(store.collection_counts().await.unwrap(), (1, 2));
    assert_eq!(store.trim_collections(at(100)).await.unwrap(), 3 * (30 - u64::from(QUIET_MOST)));
    for server in [ServerId::LOCAL, web, db] {
        let left = store.collections(Some(server), 99).await.unwrap();
        let newest: Vec<_> = left.iter().filter(|it| it.id.0 > 3).map(|it| it.id.0).collect();
        assert_eq!(newest.len(), QUIET_MOST as usize);
        assert!(newest.iter().all(|id| *id > 33), "the newest stay");
    }
    assert_eq!(store.queued_collections(99).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_another_process_changed_is_noticed_once() {
    let (_folder, path) = place();
    let window = Store::open(&path).await.unwrap();
    let terminal = Store::open(&path).await.unwrap();
    assert!(!window.changed_elsewhere().await.unwrap());
    window.put_setting("own", &1).await.unwrap();
    assert!(!window.changed_elsewhere().await.unwrap());
    terminal.put_setting("foreign", &1).await.unwrap();
    assert!(window.changed_elsewhere().await.unwrap());
    assert!(!window.changed_elsewhere().await.unwrap());
}

fn alert(server: ServerId, part: &str) -> NewAlert {
    NewAlert {
        server,
        rule: RuleKind::Disk,
        attributes: mount(part),
        threshold: Some(0.9),
        value: Some(0.95),
        message: format!("{part} is full"),
        fired_at: at(0),
    }
}

#[tokio::test]
async fn the_alerts_of_a_range_are_those_that_reach_into_it() {
    let (_folder, store) = store().await;
    let other = store.add_server(&draft("other"), at(0)).await.unwrap().id;
    let fired = async |server, part: &str, from: i64, to: Option<i64>| {
        let id = store.fire_alert(NewAlert { fired_at: at(from), ..alert(server, part) }).await.unwrap().unwrap().id;
        if let Some(to) = to {
            store.resolve_alert(id, at(to), "over").await.unwrap();
        }
        id
    };
    fired(ServerId::LOCAL, "/before", 0, Some(100)).await;
    let reaches_in = fired(ServerId::LOCAL, "/in", 50, Some(101)).await;
    let lasts = fired(ServerId::LOCAL, "/on", 199, None).await;
    fired(ServerId::LOCAL, "/after", 200, None).await;
    fired(other, "/other", 150, None).await;
    let ids = async |limit| {
        let alerts = store.alerts_between(ServerId::LOCAL, at(100), at(200), limit).await.unwrap();
        alerts.into_iter().map(|alert| alert.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(9).await, [lasts, reaches_in]);
    assert_eq!(ids(1).await, [lasts]);
}

#[tokio::test]
async fn an_alert_fires_once_and_is_resolved_once() {
    let (_folder, path) = place();
    let store = Store::open(&path).await.unwrap();
    let other = Store::open(&path).await.unwrap();
    let fired = store.fire_alert(alert(ServerId::LOCAL, "/")).await.unwrap().unwrap();
    assert_eq!((fired.state, fired.resolved_at), (AlertState::Firing, None));
    for again in [&store, &other] {
        assert!(matches!(again.fire_alert(alert(ServerId::LOCAL, "/")).await, Err(StoreError::AlreadyFiring)));
    }
    let second = store.fire_alert(alert(ServerId::LOCAL, "/var")).await.unwrap().unwrap();
    assert_eq!(store.firing().await.unwrap(), [second.clone(), fired.clone()]);

    let resolved = store.resolve_alert(fired.id, at(9), "back at 80 %").await.unwrap().unwrap();
    assert_eq!((resolved.state, resolved.resolved_at), (AlertState::Resolved, Some(at(9))));
    assert_eq!(resolved.resolution.as_deref(), Some("back at 80 %"));
    assert_eq!(store.resolve_alert(fired.id, at(10), "again").await.unwrap(), None);
    assert_eq!(store.resolve_alert(AlertId(99), at(10), "").await.unwrap(), None);
    assert_eq!(store.firing().await.unwrap(), std::slice::from_ref(&second));

    let third = store.fire_alert(alert(ServerId::LOCAL, "/")).await.unwrap().unwrap();
    assert_eq!(store.alerts(None, 9).await.unwrap(), [third.clone(), second, resolved]);
    assert_eq!(store.alerts(Some(ServerId::LOCAL), 1).await.unwrap(), [third]);
    assert_eq!(store.alerts(Some(ServerId(5)), 9).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_fires_on_a_server_that_is_disabled() {
    let (_folder, store) = store().await;
    let local = store.servers().await.unwrap().remove(0);
    let disabled = ServerDraft { enabled: false, ..ServerDraft::from(&local) };
    store.update_server(ServerId::LOCAL, &disabled, at(9)).await.unwrap();
    assert_eq!(store.fire_alert(alert(ServerId::LOCAL, "/")).await.unwrap(), None);
    assert_eq!(store.firing().await.unwrap(), []);
}

#[tokio::test]
async fn activity_is_read_page_by_page() {
    let (_folder, store) = store().await;
    let mut lines = Vec::new();
    for step in 0..5 {
        let server = (step % 2 == 0).then_some(ServerId(step));
        lines.push(
            store.log(at(step), ActivityKind::SettingChanged, server, "interval of `web` is 60 s").await.unwrap(),
        );
    }
    lines.reverse();
    assert_eq!(store.activity(None, None, 2).await.unwrap(), lines[..2]);
    assert_eq!(store.activity(None, Some(lines[1].id), 9).await.unwrap(), lines[2..]);
    assert_eq!(store.activity(Some(ServerId(2)), None, 9).await.unwrap(), [lines[2].clone()]);
}

#[tokio::test]
async fn settings_are_values_of_any_shape() {
    let (_folder, store) = store().await;
    assert_eq!(store.setting::<u32>("parallel").await.unwrap(), None);
    store.put_setting("parallel", &5u32).await.unwrap();
    store.put_setting("parallel", &vec![1u8, 2]).await.unwrap();
    assert_eq!(store.setting::<Vec<u8>>("parallel").await.unwrap(), Some(vec![1, 2]));
    assert!(matches!(store.setting::<u32>("parallel").await, Err(StoreError::Value { .. })));
}

#[tokio::test]
async fn there_is_no_column_for_a_secret() {
    let (_folder, store) = store().await;
    store.add_server(&draft("web"), at(0)).await.unwrap();
    let mut look = sqlx::sqlite::SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'",
    )
    .fetch_all(&mut look)
    .await
    .unwrap();
    assert!(columns.len() > 40);
    for column in columns {
        for word in ["password", "passphrase", "secret", "credential", "private", "token"] {
            assert!(!column.contains(word), "{column}");
        }
    }
    // Where to find the key is kept; what is in it is not asked for by any type.
    let target: String =
        sqlx::query_scalar("SELECT target FROM server WHERE id > 0").fetch_one(&mut look).await.unwrap();
    assert_eq!(
        target,
        r#"{"kind":"ssh","host":"192.0.2.1","port":2222,"user":"ops","logins":[{"method":"key","path":"~/.ssh/id_ed25519","certificate":null}],"jumps":[]}"#
    );
}
