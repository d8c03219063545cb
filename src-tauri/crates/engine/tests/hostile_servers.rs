//! The whole engine against servers that misbehave: what they send is made harmless, and they hold up nobody else.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::collections::BTreeMap;

use hostrounds_core::collection::{Collection, CollectionState};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::probe::{Family, MAX_PARTS};
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId};
use hostrounds_core::text::NAME_MAX;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::{Event, Hostrounds};
use hostrounds_testbed::{TestServer, TestbedError, Variant};
use rstest::rstest;
use support::{PATIENCE, draft_of, form, open};

/// The smallest interval that is accepted, in seconds.
const INTERVAL: u32 = 5;
/// What takes a while on some machines, and is of no interest here.
const NOT_NEEDED: [Family; 4] = [Family::Updates, Family::Reboot, Family::Gpus, Family::Temperatures];
/// What hostile servers may delay others by, in milliseconds.
const DELAY: i64 = 1000;

/// Adds a server of the testbed, and accepts its key where it shows one.
async fn add(hostrounds: &Hostrounds, server: &TestServer, interval: u32) -> ServerId {
    let hop = Hop {
        host: "127.0.0.1".into(),
        port: server.port(),
        user: server.user().into(),
        logins: vec![Login::key(server.key().display().to_string())],
    };
    let draft = ServerDraft {
        name: server.variant().name.into(),
        interval,
        families_off: NOT_NEEDED.to_vec(),
        ..draft_of(vec![], hop)
    };
    let id = hostrounds.add_server(form(draft)).await.unwrap().server.id;
    if let Some(offer) = hostrounds.host_key(id).await.unwrap().offer {
        hostrounds.accept_host_key(offer.id).await.unwrap();
    }
    id
}

async fn start(name: &str) -> TestServer {
    Variant::named(name).unwrap().start(None).await.unwrap()
}

/// A machine of the testbed, visited `visits` times: how the visits ended and what they yielded.
async fn visited(name: &str, visits: usize) -> Vec<(Collection, Option<Observation>)> {
    let folder = tempfile::tempdir().unwrap();
    let server = start(name).await;
    let hostrounds = open(folder.path()).await;
    let id = add(&hostrounds, &server, 3600).await;
    let mut ended = Vec::new();
    for _ in 0..visits {
        ended.push(hostrounds.collect_and_wait(id, 1).await.unwrap());
    }
    hostrounds.shutdown().await;
    ended
}

async fn observed(name: &str) -> Observation {
    let (collection, observation) = visited(name, 1).await.remove(0);
    assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
    observation.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hostile_servers_delay_a_good_one_by_no_more_than_a_second() {
    const ROUNDS: usize = 2;
    let expected = [
        ("silent", "key_exchange_timeout"),
        ("dripping", "key_exchange_timeout"),
        ("silent-login", "login_timeout"),
        ("trickle", "answer_timeout"),
        ("endless-stderr", "answer_timeout"),
        ("opens-channels", "shell_timeout"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let mut hostile = Vec::new();
    for (name, code) in expected {
        let server = start(name).await;
        let id = add(&hostrounds, &server, INTERVAL).await;
        hostile.push((id, code, server));
    }
    let sshd = start("sshd").await;
    let good = add(&hostrounds, &sshd, INTERVAL).await;

    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let mut observations = 0;
    let mut failures = BTreeMap::new();
    let watching = async {
        while observations < ROUNDS || failures.len() < hostile.len() {
            match events.next().await.expect("the engine runs") {
                Event::Latest { id, .. } if id == good => observations += 1,
                Event::Queue { queue } => {
                    for collection in queue.collections {
                        if let Some(failure) = collection.failure {
                            failures.entry(collection.server).or_insert(failure);
                        }
                    }
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, watching).await.expect("everybody is visited");

    for (id, code, server) in &hostile {
        let failure = &failures[id];
        assert_eq!(failure.code, *code, "{}: {}", server.variant().name, failure.message);
        assert!(!failure.hint.is_empty());
    }
    let mut rounds = hostrounds.collections(Some(good), 10).await.unwrap();
    rounds.retain(|round| round.ended_at.is_some());
    rounds.sort_by_key(|round| round.queued_at);
    assert!(rounds.len() >= ROUNDS);
    for round in &rounds {
        assert_eq!(round.state, CollectionState::Completed, "{:?}", round.failure);
        let waited = round.started_at.unwrap().0 - round.queued_at.0;
        assert!(waited <= DELAY, "it had to wait for {waited} ms");
    }
    for pair in rounds.windows(2) {
        let apart = pair[1].queued_at.0 - pair[0].queued_at.0;
        assert!(apart <= i64::from(INTERVAL) * 1000 + DELAY, "it was due only after {apart} ms");
    }
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn hostile_names_arrive_harmless() {
    let observation = observed("hostile-names").await;
    let mut names = Vec::new();
    gather(&serde_json::to_value(&observation).unwrap(), &mut names);
    for name in &names {
        assert!(name.chars().count() <= NAME_MAX, "{} characters: {name:.80}", name.chars().count());
        let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        assert!(!name.chars().any(|c| c.is_control() || turns(c)), "{name:?}");
    }
    // They did arrive, in every place where a server can name something.
    let has = |metric: Metric| {
        observation.of(metric).any(|point| format!("{:?}", point.series.attributes).contains("alert(1)"))
    };
    assert!(has(Metric::FilesystemUtilization), "{:?}", observation.unavailable);
    assert!(has(Metric::NetworkIo));
    let tables = &observation.tables;
    let units = tables.units.as_ref().unwrap();
    assert!(units.iter().any(|unit| format!("{unit:?}").contains("alert(1)")), "{units:?}");
    let containers = tables.containers.as_ref().unwrap();
    assert!(containers.iter().any(|container| format!("{container:?}").contains("alert(1)")), "{containers:?}");
    assert!(observation.facts.unwrap().hostname.unwrap().contains("plain"));
    let processes = observation.processes.unwrap();
    assert!(processes.by_memory.iter().any(|process| process.name.contains("alert(1)")), "{processes:?}");
}

/// Every text in a document, keys included.
fn gather(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| gather(value, texts)),
        serde_json::Value::Object(fields) => {
            texts.extend(fields.keys().cloned());
            fields.values().for_each(|value| gather(value, texts));
        }
        _ => {}
    }
}

#[rstest]
#[case("hostile-numbers")]
#[case("counters-backwards")]
#[tokio::test]
async fn impossible_numbers_are_left_out(#[case] name: &str) {
    for (collection, observation) in visited(name, 2).await {
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        for point in &observation.points {
            assert!(point.value.is_finite() && point.value >= 0.0, "{point:?}");
        }
        for rate in [Metric::CpuUtilization, Metric::DiskIo, Metric::NetworkIo] {
            assert_eq!(observation.of(rate).count(), 0, "{rate}: {:?}", observation.of(rate).next());
        }
    }
}

#[rstest]
#[case("clock-1970", "behind")]
#[case("clock-next-year", "ahead")]
#[tokio::test]
async fn a_wrong_clock_is_told_and_does_not_shift_the_history(#[case] name: &str, #[case] direction: &str) {
    let before = now();
    let ended = visited(name, 2).await;
    let after = now();
    let told = ended.iter().find_map(|(_, observation)| observation.as_ref()?.facts.as_ref()?.clock()).unwrap();
    assert!(told.ends_with(direction) && told.contains(" d "), "{told}");
    for (collection, observation) in ended {
        let observation = observation.unwrap_or_else(|| panic!("{:?}", collection.failure));
        assert!(before <= observation.at && observation.at <= after, "{:?}", observation.at);
        let cpu = observation.value(Metric::CpuUtilization, &Attributes::none());
        assert!(cpu.is_some(), "{:?}", observation.unavailable);
    }
}

fn now() -> UnixMillis {
    UnixMillis(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap())
}

#[tokio::test]
async fn a_df_that_hangs_costs_only_the_filesystems() {
    for (collection, observation) in visited("hung-df", 2).await {
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        let missing = observation.unavailable.iter().find(|missing| missing.family == Family::Filesystems).unwrap();
        assert!(missing.reason.contains("`df`"), "{}", missing.reason);
        assert!(observation.value(Metric::CpuUtilization, &Attributes::none()).is_some());
        assert!(observation.of(Metric::MemoryUtilization).count() > 0);
    }
}

/// What there is too much of yields at most [`MAX_PARTS`] series of each metric, or a reason; everything else goes on.
#[rstest]
#[case("many-mounts", Metric::FilesystemUtilization)]
#[case("many-interfaces", Metric::NetworkIo)]
#[case("many-processes", Metric::ProcessCount)]
#[tokio::test]
async fn too_many_of_anything_cost_only_their_family(#[case] name: &str, #[case] metric: Metric) {
    let observation = observed(name).await;
    let family = metric.info().family;
    let series = observation.of(metric).count();
    let missing = observation.unavailable.iter().find(|missing| missing.family == family);
    assert!(series > 0 || missing.is_some(), "neither values nor a reason");
    // A metric may stand there twice for a part, for two directions.
    assert!(series <= 2 * MAX_PARTS, "{series}");
    assert!(missing.is_none_or(|missing| !missing.reason.is_empty()));
    assert!(observation.value(Metric::CpuUtilization, &Attributes::none()).is_some(), "{:?}", observation.unavailable);
    assert!(observation.of(Metric::MemoryUtilization).count() > 0);
}

#[tokio::test]
async fn tinyssh_is_collected_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = match Variant::named("tinyssh").unwrap().start(None).await {
        Err(TestbedError::NeedsRoot { .. }) => return,
        started => started.unwrap(),
    };
    let hostrounds = open(folder.path()).await;
    let id = add(&hostrounds, &server, 3600).await;
    for _ in 0..2 {
        let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        let observation = observation.unwrap();
        assert!(observation.value(Metric::CpuUtilization, &Attributes::none()).is_some());
    }
    hostrounds.shutdown().await;
}
