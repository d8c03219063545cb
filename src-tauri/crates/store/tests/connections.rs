//! Held servers, connection tests and footprints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use hostrounds_core::collection::{Failure, Stage};
use hostrounds_core::footprint::{Footprint, FootprintDay};
use hostrounds_core::server::{SecretSlot, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{FOOTPRINT_DAYS, Hold, KeptSecret, KeptTest, Record, Store, TESTS_MOST};
use support::*;

const DAY: i64 = 24 * 3600 * 1000;
/// The begin of a day in UTC.
const TODAY: UnixMillis = UnixMillis(NOW - NOW % DAY);

fn refused(message: &str) -> Failure {
    Failure {
        code: "login_refused".into(),
        stage: Stage::Login,
        message: message.into(),
        hint: "hint".into(),
        remedy: None,
        hop: Some("ops@bastion".into()),
        retryable: false,
    }
}

#[tokio::test]
async fn a_held_server_stays_held_over_a_restart_until_it_is_released() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let hold = Hold { server: web, since: at(1), failure: refused("no") };
    store.hold(&hold).await.unwrap();
    store.hold(&Hold { since: at(9), failure: refused("still no"), ..hold.clone() }).await.unwrap();
    store.hold(&Hold { server: ServerId(99), ..hold.clone() }).await.unwrap();

    let again = Store::open(store.path()).await.unwrap();
    let kept = Hold { failure: refused("still no"), ..hold };
    assert_eq!(again.holds().await.unwrap(), [kept], "since when it was first held, with the latest reason");
    assert!(again.release(web).await.unwrap());
    assert!(!again.release(web).await.unwrap());
    assert!(store.holds().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_latest_tests_of_a_server_are_kept() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let db = store.add_server(&draft("db"), at(0)).await.unwrap().id;
    store.add_test(db, at(0), true, &"of another".to_owned()).await.unwrap();
    store.add_test(ServerId(99), at(0), true, &"of nobody".to_owned()).await.unwrap();
    for test in 0..=TESTS_MOST {
        store.add_test(web, at(i64::from(test)), false, &format!("test {test}")).await.unwrap();
    }
    let tests: Vec<KeptTest<String>> = store.tests(web, 1000).await.unwrap();
    assert_eq!(tests.len(), TESTS_MOST as usize);
    assert_eq!((tests[0].report.as_str(), tests[0].at), ("test 50", at(50)));
    assert_eq!(tests.last().unwrap().report, "test 1");
    assert!(tests[0].id > tests[1].id);
    assert_eq!(store.tests::<String>(web, 2).await.unwrap().len(), 2);
    assert_eq!(store.tests::<String>(db, 9).await.unwrap().len(), 1);
}

fn spent(day: UnixMillis, logins: u32) -> FootprintDay {
    let footprint =
        Footprint { logins, channels: 2, received: 300, sent: 40, cpu: 0.5, collections: 1, start_up: 0.125 };
    FootprintDay { day, footprint }
}

#[tokio::test]
async fn what_is_spent_adds_up_by_day() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let run = completed(7, web, at(0));
    // With the collection, twice in one transaction, and by itself.
    let record = Record { collection: &run, observation: None, spent: Some(spent(TODAY, 1)) };
    store.record(&[record, record]).await.unwrap();
    store.spend(web, spent(TODAY.plus(std::time::Duration::from_secs(3600)), 1)).await.unwrap();
    store.spend(web, spent(UnixMillis(TODAY.0 - DAY), 5)).await.unwrap();
    store.spend(ServerId(99), spent(TODAY, 1)).await.unwrap();
    let gone = completed(8, ServerId(99), at(0));
    store.record(&[Record { collection: &gone, observation: None, spent: Some(spent(TODAY, 1)) }]).await.unwrap();

    let days = store.footprint(web, at(0), 30).await.unwrap();
    let three =
        Footprint { logins: 3, channels: 6, received: 900, sent: 120, cpu: 1.5, collections: 3, start_up: 0.375 };
    assert_eq!(days, [FootprintDay { day: TODAY, footprint: three }, spent(UnixMillis(TODAY.0 - DAY), 5)]);
    assert_eq!(store.footprint(web, at(0), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn days_are_given_up_when_they_are_old() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    for back in [0, FOOTPRINT_DAYS - 1, FOOTPRINT_DAYS] {
        store.spend(web, spent(UnixMillis(TODAY.0 - back * DAY), 1)).await.unwrap();
    }
    assert_eq!(store.trim_footprints(at(0)).await.unwrap(), 1);
    assert_eq!(store.footprint(web, at(0), 10_000).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_warning_is_given_once_a_day() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let tomorrow = UnixMillis(TODAY.0 + DAY);
    assert!(store.warn_of_footprint(web, TODAY).await.unwrap(), "also where nothing of the day is kept yet");
    assert!(!store.warn_of_footprint(ServerId(99), TODAY).await.unwrap());
    store.spend(web, spent(TODAY, 1)).await.unwrap();
    assert!(!store.warn_of_footprint(web, at(0)).await.unwrap());
    assert_eq!(store.footprint(web, at(0), 1).await.unwrap(), [spent(TODAY, 1)]);
    store.spend(web, spent(tomorrow, 1)).await.unwrap();
    assert!(store.warn_of_footprint(web, tomorrow).await.unwrap());
}

#[tokio::test]
async fn two_processes_note_secrets_beside_each_other() {
    let (_folder, store) = store().await;
    let other = Store::open(store.path()).await.unwrap();
    let (web, db) = (ServerId(1), ServerId(2));
    let own = SecretSlot::Password { jump: None };
    let of_key = SecretSlot::Passphrase { path: "~/.ssh/id".into() };
    store.note_secrets(web, &[(own.clone(), Some("ops@web".into()))], &[]).await.unwrap();
    other.note_secrets(db, &[(own.clone(), Some("ops@db".into()))], &[]).await.unwrap();
    other.note_secrets(web, &[(of_key.clone(), None)], &[]).await.unwrap();
    let kept = |server, slot: &SecretSlot, place: Option<&str>| KeptSecret {
        server,
        slot: slot.clone(),
        place: place.map(str::to_owned),
    };
    let all = [kept(web, &of_key, None), kept(web, &own, Some("ops@web")), kept(db, &own, Some("ops@db"))];
    let mut noted = store.secrets().await.unwrap();
    noted.sort_by_key(|kept| (kept.server, kept.place.clone()));
    assert_eq!(noted, all);

    store.note_secrets(web, &[(own.clone(), Some("ops@other".into()))], &[of_key]).await.unwrap();
    let all = [kept(web, &own, Some("ops@other")), kept(db, &own, Some("ops@db"))];
    assert_eq!(other.secrets().await.unwrap(), all);
}

#[tokio::test]
async fn what_belongs_to_a_server_goes_with_it() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    store.hold(&Hold { server: web, since: at(1), failure: refused("no") }).await.unwrap();
    store.add_test(web, at(0), true, &"a test".to_owned()).await.unwrap();
    store.spend(web, spent(TODAY, 1)).await.unwrap();
    store.remove_server(web).await.unwrap();
    assert!(store.holds().await.unwrap().is_empty());
    assert!(store.tests::<String>(web, 9).await.unwrap().is_empty());
    assert!(store.footprint(web, at(0), 9).await.unwrap().is_empty());
}
