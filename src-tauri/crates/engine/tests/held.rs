//! Servers that refuse the login are left alone until a person acts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::alert::RuleKind;
use hostrounds_core::collection::{CollectionState, Stage};
use hostrounds_core::server::{Login, ServerDraft, ServerId};
use hostrounds_engine::api::Event;
use hostrounds_engine::api::view::ServerState;
use hostrounds_testbed::{ClientKey, Sshd, SshdConfig};
use support::*;

/// How often somebody has tried to log in in vain, as sshd tells it.
fn refusals(sshd: &Sshd) -> usize {
    sshd.log().lines().filter(|line| line.contains("[preauth]") && line.contains("authenticating user")).count()
}

/// An sshd that does not let the key of the draft in.
async fn refusing() -> (Sshd, ServerDraft, tempfile::TempDir) {
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let mut draft = draft(&sshd);
    hop(&mut draft).logins = vec![Login::key(stranger.display().to_string())];
    draft.interval = 5;
    let folder = tempfile::tempdir().unwrap();
    trust(folder.path(), &[sshd.known_hosts_line()]);
    (sshd, draft, folder)
}

/// The administrator of the server lets the key of the draft in.
fn let_in(sshd: &Sshd, draft: &ServerDraft) {
    let mut draft = draft.clone();
    let Login::Key { path, .. } = &hop(&mut draft).logins[0] else { panic!("a key") };
    let public = std::fs::read_to_string(format!("{path}.pub")).unwrap();
    std::fs::write(sshd.folder().join("authorized_keys"), public).unwrap();
}

#[tokio::test]
async fn a_refused_login_is_tried_once_kept_over_a_restart_and_resumed_by_new_settings() {
    let (sshd, wrong, folder) = refusing().await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let id = add(&hostrounds, wrong.clone()).await;
    event(&mut events, |event| matches!(event, Event::Alert { .. }).then_some(())).await;
    let held = hostrounds.server_named("web").unwrap();
    assert_eq!(held.state, ServerState::Held);
    assert!(held.held_since.is_some() && held.next_visit.is_none());
    let failure = held.failure.unwrap();
    assert_eq!(failure.code, "login_refused");
    assert!(failure.remedy.is_some(), "{failure:?}");
    // Somebody who looks changes nothing.
    hostrounds.set_live(id, true).await.unwrap();
    hostrounds.set_live(id, false).await.unwrap();
    let collection = hostrounds.collections(Some(id), 9).await.unwrap().remove(0);
    assert_eq!((collection.state, collection.attempts), (CollectionState::Failed, 1));
    log_of(&sshd, |_| refusals(&sshd) == 1).await;
    assert_eq!(hostrounds.firing().await.unwrap()[0].rule, RuleKind::Unreachable);
    assert_eq!(logged(&hostrounds, ActivityKind::ServerHeld).await, 1);
    hostrounds.shutdown().await;

    // The next run of the application does not knock either; a person does, and is refused again.
    let again = open(folder.path()).await;
    let mut events = again.events();
    again.start_schedule().await.unwrap();
    let view_now = again.server_named("web").unwrap();
    assert_eq!((view_now.state, view_now.failure.unwrap().code.as_str()), (ServerState::Held, "login_refused"));
    // By the time this computer was read twice, the server would have been visited as well.
    for _ in 0..2 {
        event(&mut events, |event| matches!(event, Event::Latest { id: ServerId::LOCAL, .. }).then_some(())).await;
    }
    assert_eq!((again.collections(Some(id), 9).await.unwrap().len(), refusals(&sshd)), (1, 1));
    let (collection, _) = again.collect_and_wait(id, 3).await.unwrap();
    assert_eq!((collection.state, collection.attempts), (CollectionState::Failed, 1));
    assert_eq!(again.collections(Some(id), 9).await.unwrap().len(), 2, "the schedule made none of its own");
    assert_eq!(again.server_named("web").unwrap().state, ServerState::Held);
    assert_eq!(logged(&again, ActivityKind::ServerHeld).await, 1, "it was held all the time");

    // Another name is no reason to knock, another key is.
    again.update_server(id, form(ServerDraft { name: "web-1".into(), ..wrong })).await.unwrap();
    assert_eq!(again.server_named("web-1").unwrap().state, ServerState::Held);
    let right = ServerDraft { name: "web-1".into(), ..draft(&sshd) };
    again.update_server(id, form(right)).await.unwrap();
    view(&mut events, id, |view| view.state == ServerState::Up && view.held_since.is_none()).await;
    assert_eq!(logged(&again, ActivityKind::ServerResumed).await, 1);
    assert_eq!(refusals(&sshd), 2, "{}", sshd.log());
    again.shutdown().await;
}

#[tokio::test]
async fn a_person_s_collection_that_succeeds_resumes_the_schedule() {
    let (sshd, wrong, folder) = refusing().await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let id = add(&hostrounds, wrong.clone()).await;
    view(&mut events, id, |view| view.state == ServerState::Held).await;

    let_in(&sshd, &wrong);
    hostrounds.collect(id).await.unwrap();
    view(&mut events, id, |view| view.state == ServerState::Up && view.next_visit.is_some()).await;
    let visited = |event| matches!(event, Event::Latest { id: of, .. } if of == id).then_some(());
    event(&mut events, visited).await;
    event(&mut events, visited).await;
    assert_eq!(logged(&hostrounds, ActivityKind::ServerResumed).await, 1);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn two_processes_agree_on_who_is_held() {
    let (sshd, wrong, folder) = refusing().await;
    let keeper = open(folder.path()).await;
    let mut events = keeper.events();
    keeper.start_schedule().await.unwrap();
    let other = open(folder.path()).await;
    let mut onlooker = other.events();
    other.start_schedule().await.unwrap_err();
    let id = add(&keeper, wrong).await;
    view(&mut events, id, |view| view.state == ServerState::Held).await;
    view(&mut onlooker, id, |view| view.state == ServerState::Held).await;

    other.update_server(id, form(draft(&sshd))).await.unwrap();
    view(&mut events, id, |view| view.state == ServerState::Up).await;
    view(&mut onlooker, id, |view| view.state == ServerState::Up).await;
    assert_eq!(refusals(&sshd), 1, "{}", sshd.log());
    other.shutdown().await;
    keeper.shutdown().await;
}

#[tokio::test]
async fn an_edit_by_another_process_that_touches_no_login_neither_knocks_nor_logs_in_anew() {
    let (sshd, wrong, folder) = refusing().await;
    let keeper = open(folder.path()).await;
    let mut events = keeper.events();
    keeper.start_schedule().await.unwrap();
    let other = open(folder.path()).await;
    let id = add(&keeper, wrong.clone()).await;
    view(&mut events, id, |view| view.state == ServerState::Held).await;
    let tagged = |tag: &str| form(ServerDraft { tags: vec![tag.into()], interval: 3600, ..wrong.clone() });
    let is_tagged = |tag: &str| keeper.server_named("web").unwrap().server.tags == [tag.to_owned()];
    let mut onlooker = other.events();
    other.start_schedule().await.unwrap_err();
    view(&mut onlooker, id, |view| view.state == ServerState::Held).await;

    other.update_server(id, tagged("x")).await.unwrap();
    event(&mut events, |_| is_tagged("x").then_some(())).await;
    // By the time this computer was read twice, the server would have been visited as well.
    for _ in 0..2 {
        event(&mut events, |event| matches!(event, Event::Latest { id: ServerId::LOCAL, .. }).then_some(())).await;
    }
    assert_eq!(keeper.server_named("web").unwrap().state, ServerState::Held);
    assert_eq!(refusals(&sshd), 1, "{}", sshd.log());

    let_in(&sshd, &wrong);
    let (collection, _) = keeper.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(collection.state, CollectionState::Completed);
    assert_eq!(keeper.server_named("web").unwrap().held_since, None);
    view(&mut onlooker, id, |view| view.held_since.is_none()).await;

    other.update_server(id, tagged("y")).await.unwrap();
    event(&mut events, |_| is_tagged("y").then_some(())).await;
    let (collection, _) = keeper.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(collection.state, CollectionState::Completed);
    assert!(collection.stages.iter().all(|stage| stage.stage != Stage::Login), "{:?}", collection.stages);
    other.shutdown().await;
    keeper.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_disabled_or_removed_is_left() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (_folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let goodbyes =
        || sshd.log().matches("disconnected by user").count() + sshd.log().matches("Disconnected from user").count();
    let id = add(&hostrounds, draft(&sshd)).await;
    view(&mut events, id, |view| view.state == ServerState::Up).await;
    assert_eq!(goodbyes(), 0, "{}", sshd.log());
    hostrounds.set_enabled(id, false).await.unwrap();
    log_of(&sshd, |_| goodbyes() >= 1).await;
    let mut events = hostrounds.events();
    hostrounds.set_enabled(id, true).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Latest { id: of, .. } if of == id).then_some(())).await;
    let before = goodbyes();
    hostrounds.remove_server(id).await.unwrap();
    log_of(&sshd, |_| goodbyes() > before).await;
    hostrounds.shutdown().await;
}
