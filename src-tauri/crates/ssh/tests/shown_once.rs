//! No kept password is sent twice in one login, whatever the methods, their order, and what the server makes of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::collections::BTreeSet;

use async_trait::async_trait;
use common::{Hosts, endpoint, patient};
use hostrounds_ssh::{Credential, Hop, Prompter, Questions, Route};
use hostrounds_testbed::{PasswordServer, PasswordServerConfig, Ruling};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use russh::MethodKind;
use secrecy::SecretString;

/// What the person says.
const BY_HAND: &str = "by hand";

struct Person;

#[async_trait]
impl Prompter for Person {
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>> {
        Some(questions.questions.iter().map(|_| BY_HAND.into()).collect())
    }
}

fn both() -> Vec<MethodKind> {
    vec![MethodKind::Password, MethodKind::KeyboardInteractive]
}

fn one() -> Credential {
    Credential::Password("one".into())
}

/// What a server that rules so was shown by one login that failed.
async fn shown(rulings: Vec<Ruling>, credentials: Vec<Credential>, person: bool) -> Vec<String> {
    let server = PasswordServer::start(PasswordServerConfig::ruling("ops", rulings)).await.unwrap();
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let route = Route::direct(Hop { endpoint: endpoint(server.port(), "ops"), credentials });
    let prompter: Option<&dyn Prompter> = if person { Some(&Person) } else { None };
    let connected = hostrounds_ssh::connect(&route, &hosts.known, &patient(), prompter, &mut |_| {}).await;
    connected.unwrap_err();
    server.passwords_seen()
}

#[tokio::test]
async fn a_kept_password_that_answered_a_prompt_in_vain_is_not_shown_as_a_password() {
    let refused = vec![Ruling::Refused(both()); 5];
    assert_eq!(shown(refused.clone(), vec![Credential::Prompts, one()], true).await, ["one"]);
    assert_eq!(shown(refused.clone(), vec![one(), Credential::Prompts], true).await, ["one", BY_HAND]);
    assert_eq!(shown(refused, vec![one(), one()], false).await, ["one"]);
}

#[tokio::test]
async fn a_password_that_was_right_is_not_shown_again_where_more_is_wanted() {
    let partial = vec![Ruling::Partial(vec![MethodKind::KeyboardInteractive]); 5];
    assert_eq!(shown(partial.clone(), vec![one(), one()], false).await, ["one"]);
    assert_eq!(shown(partial, vec![one(), Credential::Prompts, one()], true).await, ["one", BY_HAND]);
}

fn methods() -> impl Strategy<Value = Vec<MethodKind>> {
    prop_oneof![
        Just(both()),
        Just(vec![MethodKind::Password]),
        Just(vec![MethodKind::KeyboardInteractive]),
        Just(vec![MethodKind::KeyboardInteractive, MethodKind::PublicKey]),
    ]
}

fn ruling() -> impl Strategy<Value = Ruling> {
    prop_oneof![methods().prop_map(Ruling::Refused), methods().prop_map(Ruling::Partial), Just(Ruling::HangsUp)]
}

fn credential() -> impl Strategy<Value = Credential> {
    prop_oneof![
        Just(one()),
        Just(one()),
        Just(Credential::Password("two".into())),
        Just(Credential::Prompts),
        Just(Credential::Key { path: "/nonexistent".into(), certificate: None, passphrase: None }),
    ]
}

#[test]
fn no_password_is_shown_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let logins = (prop::collection::vec(ruling(), 0..6), prop::collection::vec(credential(), 1..6), any::<bool>());
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&logins, |(rulings, credentials, person)| {
        let mut seen = runtime.block_on(shown(rulings, credentials, person));
        seen.retain(|password| password != BY_HAND);
        let distinct: BTreeSet<&String> = seen.iter().collect();
        prop_assert_eq!(distinct.len(), seen.len(), "{:?}", seen);
        Ok(())
    });
    checked.unwrap();
}
