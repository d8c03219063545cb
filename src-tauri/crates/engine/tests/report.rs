//! What a report says of a real store, above all of what nobody observed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::path::Path;

use hostrounds_core::alert::RuleKind;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point};
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::export::Destination;
use hostrounds_engine::api::report::{ReportEnd, ReportRequest};
use hostrounds_engine::api::{ErrorCode, Event, Hostrounds};
use hostrounds_store::{NewAlert, Record, Store};
use support::{draft_of, open};

/// A moment in 2025.
const THEN: i64 = 1_764_000_000_000;
const MINUTE: i64 = 60_000;
const ID: &str = "report-1";

/// A server that is visited every minute, and was added before anything happens.
async fn server(store: &Store, name: &str) -> ServerId {
    let hop = Hop { host: "192.0.2.1".into(), port: 22, user: "ops".into(), logins: vec![Login::agent()] };
    let draft = ServerDraft { name: name.into(), interval: 60, ..draft_of(vec![], hop) };
    store.add_server(&draft, UnixMillis(THEN - MINUTE)).await.unwrap().id
}

/// Keeps an observation a minute.
async fn keep(store: &Store, server: ServerId, minutes: impl IntoIterator<Item = i64>) {
    for minute in minutes {
        let at = UnixMillis(THEN + minute * MINUTE);
        let collection = Collection {
            id: CollectionId(at.0 * 100 + server.0),
            server,
            trigger: Trigger::Schedule,
            state: CollectionState::Completed,
            queued_at: at,
            started_at: Some(at),
            ended_at: Some(at),
            retry_at: None,
            attempts: 1,
            max_attempts: 1,
            stages: Vec::new(),
            failure: None,
            points: 1,
        };
        let flow = |interface: &str| {
            let attributes =
                Attributes::none().with(attribute::INTERFACE, interface).with(attribute::NETWORK_DIRECTION, "receive");
            Point::new(Metric::NetworkIo, attributes, 1024.0).unwrap()
        };
        let cpu = Point::new(Metric::CpuUtilization, Attributes::none(), 0.25).unwrap();
        let observation = Observation { points: vec![cpu, flow("eth0"), flow("lo")], ..Observation::empty(at) };
        store
            .record(&[Record { collection: &collection, observation: Some(&observation), spent: None }])
            .await
            .unwrap();
    }
}

async fn was_unreachable(store: &Store, server: ServerId, from: i64, to: i64) {
    let new = NewAlert {
        server,
        rule: RuleKind::Unreachable,
        attributes: Attributes::none(),
        threshold: None,
        value: None,
        message: "web cannot be reached: connection refused".into(),
        fired_at: UnixMillis(THEN + from * MINUTE),
    };
    let alert = store.fire_alert(new).await.unwrap().unwrap();
    store.resolve_alert(alert.id, UnixMillis(THEN + to * MINUTE), "web can be reached again").await.unwrap();
}

async fn store(folder: &Path) -> Store {
    Store::open(&folder.join("data/hostrounds.db")).await.unwrap()
}

fn request(servers: &[ServerId]) -> ReportRequest {
    ReportRequest { servers: servers.to_vec(), from: UnixMillis(THEN), to: UnixMillis(THEN + 100 * MINUTE) }
}

async fn page(hostrounds: &Hostrounds, folder: &Path, servers: &[ServerId]) -> String {
    let path = folder.join("out.html");
    let end = hostrounds
        .report(ID.into(), request(servers), Destination::File { path: path.clone(), replace: true })
        .await
        .unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let count = if servers.is_empty() { hostrounds.servers().len() } else { servers.len() };
    let expected = ReportEnd::Complete {
        file: Some("out.html".into()),
        servers: u32::try_from(count).unwrap(),
        bytes: text.len() as u64,
    };
    assert_eq!(end, expected);
    text
}

/// The value of a tile of the first server.
fn tile<'a>(page: &'a str, label: &str) -> &'a str {
    page.split_once(&format!("<dt>{label}</dt><dd>")).unwrap().1.split_once("</dd>").unwrap().0
}

#[tokio::test]
async fn a_report_says_what_was_observed_and_what_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let web = server(&store, "web").await;
    keep(&store, web, 0..50).await;
    store.close().await;
    let hostrounds = open(folder.path()).await;
    let page = page(&hostrounds, folder.path(), &[web]).await;
    assert!(page.contains("<h1>Report on web</h1>"));
    assert_eq!(tile(&page, "Uptime"), "100 %");
    assert_eq!(tile(&page, "Coverage"), "50.5 %", "50 minutes, and half a minute for which the last one speaks");
    assert_eq!(tile(&page, "CPU"), "25 %");
    assert!(page.contains("Network eth0") && !page.contains("Network lo"), "what it says to itself is no traffic");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn while_hostrounds_slept_a_server_was_not_down() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let web = server(&store, "web").await;
    keep(&store, web, (0..20).chain(80..100)).await;
    // It failed at 20; the laptop slept from 30 to 70; it answered again at 80.
    was_unreachable(&store, web, 20, 80).await;
    let asleep = page_of(&store, &folder, web).await;
    assert!(asleep.contains("1 h unreachable"), "without a trace of this computer the alert counts as it is");

    let awake = (20 * 30..30 * 30).chain(70 * 30..80 * 30);
    let store = self::store(folder.path()).await;
    keep_local(&store, awake.map(|step| step * 2_000)).await;
    let page = page_of(&store, &folder, web).await;
    // The last reading before the laptop slept speaks for 10 s.
    assert!(page.contains("20 min 8 s unreachable"), "{page}");
    assert!(page.contains("in part unreachable, in part not observed"));
}

/// The report on `web`, once the store is closed.
async fn page_of(store: &Store, folder: &tempfile::TempDir, web: ServerId) -> String {
    store.close().await;
    let hostrounds = open(folder.path()).await;
    let text = page(&hostrounds, folder.path(), &[web]).await;
    hostrounds.shutdown().await;
    text
}

/// Readings of this computer, in milliseconds from the beginning.
async fn keep_local(store: &Store, moments: impl Iterator<Item = i64>) {
    let made: Vec<(Collection, Observation)> = moments
        .map(|offset| {
            let at = UnixMillis(THEN + offset);
            let collection = Collection {
                id: CollectionId(at.0),
                server: ServerId::LOCAL,
                trigger: Trigger::Schedule,
                state: CollectionState::Completed,
                queued_at: at,
                started_at: Some(at),
                ended_at: Some(at),
                retry_at: None,
                attempts: 1,
                max_attempts: 1,
                stages: Vec::new(),
                failure: None,
                points: 1,
            };
            let cpu = Point::new(Metric::CpuUtilization, Attributes::none(), 0.5).unwrap();
            (collection, Observation { points: vec![cpu], ..Observation::empty(at) })
        })
        .collect();
    let records: Vec<Record<'_>> = made
        .iter()
        .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
        .collect();
    store.record(&records).await.unwrap();
}

#[tokio::test]
async fn all_servers_are_covered_where_none_is_named_and_a_server_without_data_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    server(&store, "<b>spare</b>").await;
    store.close().await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    let page = page(&hostrounds, folder.path(), &[]).await;
    assert!(page.contains("<h1>Server report</h1>") && page.contains("Nothing was observed of this server"));
    assert!(page.contains("&lt;b&gt;spare") && !page.contains("<b>spare"));
    let share = support::event(&mut events, |event| match event {
        Event::Export { id, share, .. } if id == ID && share >= 1.0 => Some(share),
        _ => None,
    });
    assert_eq!(share.await, 1.0);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let path = folder.path().join("there.html");
    std::fs::write(&path, "precious").unwrap();
    let file = |replace| Destination::File { path: path.clone(), replace };
    let refused = hostrounds.report(ID.into(), request(&[]), file(false)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let empty = ReportRequest { to: UnixMillis(THEN), ..request(&[]) };
    assert_eq!(hostrounds.report(ID.into(), empty, file(true)).await.unwrap_err().code, ErrorCode::Invalid);
    let gone = request(&[ServerId(99)]);
    assert_eq!(hostrounds.report(ID.into(), gone, file(true)).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_cancelled_report_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let place = tempfile::tempdir().unwrap();
    let destination = Destination::File { path: place.path().join("out.html"), replace: false };
    let mut reporting = std::pin::pin!(hostrounds.report(ID.into(), request(&[]), destination));
    tokio::select! {
        biased;
        end = &mut reporting => panic!("nothing can be ready at once: {end:?}"),
        () = std::future::ready(()) => hostrounds.cancel_export(ID),
    }
    assert_eq!(reporting.await.unwrap(), ReportEnd::Cancelled);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    hostrounds.shutdown().await;
}
