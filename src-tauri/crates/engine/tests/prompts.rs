//! Servers that ask what only a person can answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::path::Path;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::collection::{Collection, CollectionState, Trigger};
use hostrounds_core::server::{Hop, Login, ServerId};
use hostrounds_engine::api::view::{LoginPrompt, ServerState};
use hostrounds_engine::api::{ErrorCode, Event, EventStream, Hostrounds};
use hostrounds_testbed::{Asked, PasswordServer, PasswordServerConfig, Round};
use secrecy::SecretString;
use support::*;

/// A server that asks for a password and a code.
async fn asking(folder: &Path) -> (PasswordServer, Hop) {
    let round = Round {
        name: "Two factors".into(),
        instructions: "Look at your telephone.\nIt is urgent.".into(),
        questions: vec![Asked::hidden("Password: ", "sesame"), Asked::open("Code: ", "123456")],
    };
    let server = PasswordServer::start(PasswordServerConfig::asking("ops", vec![round])).await.unwrap();
    trust(folder, &[server.known_hosts_line()]);
    let hop = Hop { host: "127.0.0.1".into(), port: server.port(), user: "ops".into(), logins: vec![Login::Prompts] };
    (server, hop)
}

async fn prompt(events: &mut EventStream) -> LoginPrompt {
    event(events, |event| match event {
        Event::Prompt { prompt } => Some(prompt),
        _ => None,
    })
    .await
}

fn words(words: &[&str]) -> Option<Vec<SecretString>> {
    Some(words.iter().map(|word| SecretString::from(*word)).collect())
}

/// The newest collection that is as it should be.
async fn collected(
    hostrounds: &Hostrounds,
    events: &mut EventStream,
    id: ServerId,
    is_it: impl Fn(&Collection) -> bool,
) -> Collection {
    loop {
        if let Some(newest) = hostrounds.collections(Some(id), 1).await.unwrap().pop().filter(|newest| is_it(newest)) {
            return newest;
        }
        event(events, |event| matches!(event, Event::Server { .. }).then_some(())).await;
    }
}

#[tokio::test]
async fn a_person_answers_once_for_a_session_and_never_on_a_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hop) = asking(folder.path()).await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let mut draft = draft_of(vec![], hop.clone());
    draft.interval = 5;
    let id = add(&hostrounds, draft).await;

    // The schedule does not ask, and that the server waits for a person is no outage of it.
    let held = view(&mut events, id, |view| view.state == ServerState::Held && view.failure.is_some()).await;
    assert_eq!(held.failure.unwrap().code, "person_needed");
    let first = collected(&hostrounds, &mut events, id, |_| true).await;
    assert_eq!((first.state, first.attempts), (CollectionState::Failed, 1));
    assert!(hostrounds.firing().await.unwrap().is_empty());
    assert!(server.answers_seen().is_empty() && hostrounds.snapshot().await.unwrap().prompts.is_empty());

    // A person's collection does.
    hostrounds.collect(id).await.unwrap();
    let asked = prompt(&mut events).await;
    assert_eq!((asked.server, asked.hop.as_str()), (Some(id), hop.to_string().as_str()));
    assert_eq!(
        (asked.name.as_str(), asked.instructions.as_str()),
        ("Two factors", "Look at your telephone.\nIt is urgent.")
    );
    let questions: Vec<(&str, bool)> =
        asked.questions.iter().map(|question| (question.text.as_str(), question.echo)).collect();
    assert_eq!(questions, [("Password:", false), ("Code:", true)]);
    assert_eq!(hostrounds.snapshot().await.unwrap().prompts, std::slice::from_ref(&asked));
    let wrong_count = hostrounds.answer_prompt(asked.id.clone(), words(&["sesame"])).await.unwrap_err();
    assert_eq!(wrong_count.code, ErrorCode::Invalid);
    hostrounds.answer_prompt(asked.id.clone(), words(&["sesame", "123456"])).await.unwrap();
    let gone = event(&mut events, |event| match event {
        Event::PromptGone { id } => Some(id),
        _ => None,
    })
    .await;
    assert_eq!(gone, asked.id);
    assert_eq!(hostrounds.answer_prompt(asked.id, None).await.unwrap_err().code, ErrorCode::NotFound);
    view(&mut events, id, |view| view.state == ServerState::Up && view.held_since.is_none()).await;

    // The schedule goes on with that session.
    collected(&hostrounds, &mut events, id, |newest| {
        newest.trigger == Trigger::Schedule && newest.state == CollectionState::Completed
    })
    .await;
    assert_eq!(server.answers_seen().len(), 2, "asked once");

    // When it is lost, the server is held again.
    server.lose_patience().await;
    view(&mut events, id, |view| view.state != ServerState::Up).await;
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_person_may_give_up_and_is_not_asked_again_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hop) = asking(folder.path()).await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    let id = add(&hostrounds, draft_of(vec![], hop)).await;
    hostrounds.collect(id).await.unwrap();
    let asked = prompt(&mut events).await;
    hostrounds.answer_prompt(asked.id, None).await.unwrap();
    let held = view(&mut events, id, |view| view.state == ServerState::Held && view.failure.is_some()).await;
    assert_eq!(held.failure.unwrap().code, "prompts_declined");
    assert!(server.answers_seen().is_empty());
    assert_eq!(logged(&hostrounds, ActivityKind::ServerHeld).await, 1);

    // A wrong answer is a refused login.
    hostrounds.collect(id).await.unwrap();
    let asked = prompt(&mut events).await;
    hostrounds.answer_prompt(asked.id, words(&["sesame", "000000"])).await.unwrap();
    let held =
        view(&mut events, id, |view| view.failure.as_ref().is_some_and(|it| it.code != "prompts_declined")).await;
    assert_eq!((held.state, held.failure.unwrap().code.as_str()), (ServerState::Held, "login_refused"));
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn where_nobody_looks_nobody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hop) = asking(folder.path()).await;
    let hostrounds = open(folder.path()).await;
    let id = add(&hostrounds, draft_of(vec![], hop)).await;
    let (collection, _) = hostrounds.collect_and_wait(id, 3).await.unwrap();
    assert_eq!(collection.state, CollectionState::Failed);
    assert_eq!(hostrounds.server_named("web").unwrap().state, ServerState::Held);
    assert!(server.answers_seen().is_empty());
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_test_asks_too() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, hop) = asking(folder.path()).await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    let testing = tokio::spawn({
        let hostrounds = hostrounds.clone();
        async move { hostrounds.test_server("t".into(), form(draft_of(vec![], hop)), None).await.unwrap() }
    });
    let asked = prompt(&mut events).await;
    assert_eq!(asked.server, None);
    hostrounds.answer_prompt(asked.id, words(&["sesame", "123456"])).await.unwrap();
    assert_eq!(testing.await.unwrap().failure, None);
    hostrounds.shutdown().await;
}
