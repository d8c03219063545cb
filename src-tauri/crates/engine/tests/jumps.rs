//! Servers behind jump hosts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use hostrounds_core::collection::{CollectionState, Stage};
use hostrounds_core::server::Login;
use hostrounds_engine::api::Event;
use hostrounds_engine::api::view::{ServerState, StepOutcome, TestReport};
use hostrounds_testbed::{ClientKey, Sshd, SshdConfig};
use support::*;

/// The steps with their host that passed, failed or were not reached.
fn steps(report: &TestReport, outcome: StepOutcome) -> Vec<(Stage, Option<String>)> {
    let steps = report.steps.iter().filter(|step| step.outcome == outcome && step.family.is_none());
    steps.map(|step| (step.stage, step.hop.clone())).collect()
}

#[tokio::test]
async fn each_host_on_the_way_is_judged_tested_and_timed_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (bastion, sshd) =
        tokio::try_join!(Sshd::start(SshdConfig::default()), Sshd::start(SshdConfig::default())).unwrap();
    let hostrounds = open(folder.path()).await;
    let jump = hop_of(&bastion);
    let name = Some(jump.to_string());
    let id = add(&hostrounds, draft_of(vec![jump], hop_of(&sshd))).await;

    // First the key of the jump host is unknown, and nothing beyond it is reached.
    let report = hostrounds.test_saved_server("first".into(), id).await.unwrap();
    let failure = report.failure.clone().unwrap();
    assert_eq!((failure.code.as_str(), &failure.hop), ("host_key_unknown", &name));
    assert!(failure.message.contains(name.as_deref().unwrap()), "{}", failure.message);
    assert_eq!(steps(&report, StepOutcome::Failed), [(Stage::HostKey, name.clone())]);
    let not_reached = [
        (Stage::Login, name.clone()),
        (Stage::Connect, None),
        (Stage::KeyExchange, None),
        (Stage::HostKey, None),
        (Stage::Login, None),
        (Stage::Shell, None),
    ];
    assert_eq!(steps(&report, StepOutcome::NotReached), not_reached);
    let offer = report.host_key.unwrap();
    assert_eq!(offer.fingerprint, bastion.fingerprint());
    hostrounds.accept_host_key(offer.id).await.unwrap();

    // Then that of the server.
    let check = hostrounds.host_key(id).await.unwrap();
    assert_eq!(check.failure.unwrap().hop, None);
    assert_eq!(sshd.log().matches("Accepted").count(), 0, "nobody logs in to see a key");
    let report = hostrounds.test_saved_server("second".into(), id).await.unwrap();
    assert_eq!(steps(&report, StepOutcome::Failed), [(Stage::HostKey, None)]);
    let offer = report.host_key.unwrap();
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    hostrounds.accept_host_key(offer.id).await.unwrap();

    let report = hostrounds.test_saved_server("third".into(), id).await.unwrap();
    assert_eq!(report.failure, None);
    let tests = hostrounds.connection_tests(id, 10).await.unwrap();
    let passed: Vec<bool> = tests.iter().map(|test| test.report.failure.is_none()).collect();
    assert_eq!(passed, [true, false, false]);
    assert!(tests.iter().all(|test| test.report.host_key.is_none()), "an offer is not kept");

    let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
    assert!(!observation.unwrap().points.is_empty());
    let at_jump: Vec<Stage> =
        collection.stages.iter().filter(|stage| stage.hop == name).map(|stage| stage.stage).collect();
    assert_eq!(at_jump, [Stage::Resolve, Stage::Connect, Stage::KeyExchange, Stage::HostKey, Stage::Login]);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_jump_host_that_refuses_the_login_holds_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut bastion = Sshd::start(SshdConfig::default()).await.unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    trust(folder.path(), &[bastion.known_hosts_line(), sshd.known_hosts_line()]);
    let stranger = bastion.stranger(ClientKey::Ed25519).await.unwrap();
    let mut jump = hop_of(&bastion);
    jump.logins = vec![Login::key(stranger.display().to_string())];
    let name = jump.to_string();
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let id = add(&hostrounds, draft_of(vec![jump], hop_of(&sshd))).await;
    event(&mut events, |event| matches!(event, Event::Alert { .. }).then_some(())).await;
    let held = hostrounds.server_named("web").unwrap();
    assert_eq!(held.state, ServerState::Held);
    let failure = held.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.hop), ("login_refused", Some(name.clone())));
    let collection = hostrounds.collections(Some(id), 1).await.unwrap().remove(0);
    let last = collection.stages.last().unwrap();
    assert_eq!((last.stage, last.hop.as_ref()), (Stage::Login, Some(&name)));
    hostrounds.shutdown().await;
}
