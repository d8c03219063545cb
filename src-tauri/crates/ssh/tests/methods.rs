//! Several ways to log in, one after the other: what is skipped, what goes on, what is said when nothing did.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use common::{Hosts, endpoint, key, patient, say};
use hostrounds_ssh::{ConnectError, Credential, Hop, Route, Session, Step, StepDone};
use hostrounds_testbed::{
    Agent, ClientKey, PasswordMethods, PasswordServer, PasswordServerConfig, Sshd, SshdConfig, TestbedError,
};

/// A server with these lines; `None` where its password needs root and we are not.
async fn started(password: Option<&str>, lines: &[&str]) -> Option<(Sshd, Hosts)> {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    let config = SshdConfig { password: password.map(Into::into), lines, ..SshdConfig::default() };
    match Sshd::start(config).await {
        Err(TestbedError::NeedsRoot { .. }) => None,
        started => {
            let sshd = started.unwrap();
            let hosts = Hosts::with(&[sshd.known_hosts_line()]);
            Some((sshd, hosts))
        }
    }
}

async fn with(
    sshd: &Sshd,
    hosts: &Hosts,
    credentials: Vec<Credential>,
    on_step: &mut (dyn FnMut(StepDone) + Send),
) -> Result<Session, ConnectError> {
    let route = Route::direct(Hop { endpoint: endpoint(sshd.port(), sshd.user()), credentials });
    hostrounds_ssh::connect(&route, &hosts.known, &patient(), None, on_step).await.map_err(|error| error.error)
}

async fn refusal(sshd: &Sshd, hosts: &Hosts, credentials: Vec<Credential>) -> ConnectError {
    with(sshd, hosts, credentials, &mut |_| {}).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_wants_a_key_and_a_password_gets_both() {
    let Some((sshd, hosts)) = started(Some("s3cret"), &["AuthenticationMethods publickey,password"]).await else {
        return;
    };
    let (key, password) = (key(sshd.key()), Credential::Password("s3cret".into()));
    // In whichever order they stand.
    for credentials in [vec![key.clone(), password.clone()], vec![password.clone(), key.clone()]] {
        let mut how = String::new();
        let session = with(&sshd, &hosts, credentials, &mut |done| how = done.detail).await.unwrap();
        assert_eq!(say(&session, "echo in").await, "in\n");
        assert!(how.starts_with("the key ssh-ed25519") && how.ends_with(", then the password"), "{how}");
    }
    assert!(!sshd.log().contains("Failed"), "nothing was shown in vain: {}", sshd.log());

    let error = refusal(&sshd, &hosts, vec![key.clone()]).await;
    assert_eq!((error.code(), error.step(), error.refuses_login()), ("login_incomplete", Step::Login, true));
    let ConnectError::LoginIncomplete { accepted, tried, methods, .. } = &error else { panic!("{error:?}") };
    assert_eq!((accepted.len(), tried.len(), methods.as_slice()), (1, 0, ["password".to_owned()].as_slice()));

    let error = refusal(&sshd, &hosts, vec![key, Credential::Password("wrong".into())]).await;
    let ConnectError::LoginIncomplete { tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried, &["the password"]);
    assert!(error.to_string().contains("it refused the password"), "{error}");

    let error = refusal(&sshd, &hosts, vec![password]).await;
    assert_eq!(error.code(), "method_not_offered", "{error}");
}

#[tokio::test]
async fn two_keys_where_two_are_wanted() {
    let (mut sshd, hosts) = started(None, &["AuthenticationMethods publickey,publickey"]).await.unwrap();
    let second = sshd.client_key(ClientKey::Ecdsa).await.unwrap();
    let session = with(&sshd, &hosts, vec![key(sshd.key()), key(&second)], &mut |_| {}).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    let agent = Agent::start(&[sshd.key(), &second]).await.unwrap();
    let agent = Credential::Agent { socket: Some(agent.socket().to_owned()), key: None };
    let error = refusal(&sshd, &hosts, vec![agent]).await;
    assert_eq!(error.code(), "login_incomplete", "one credential is one proof: {error}");
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_skipped_without_an_attempt() {
    let server =
        PasswordServer::start(PasswordServerConfig::new("ops", "s3cret", PasswordMethods::Neither)).await.unwrap();
    let (sshd, _) = started(None, &[]).await.unwrap();
    let hosts = Hosts::with(&[sshd.known_hosts_line(), server.known_hosts_line()]);
    let credentials = vec![Credential::Password("s3cret".into()), key(sshd.key())];
    with(&sshd, &hosts, credentials.clone(), &mut |_| {}).await.unwrap();
    assert!(!sshd.log().contains("Failed password"), "{}", sshd.log());
    let route = Route::direct(Hop { endpoint: endpoint(server.port(), "ops"), credentials });
    let error = hostrounds_ssh::connect(&route, &hosts.known, &patient(), None, &mut |_| {}).await.unwrap_err();
    assert_eq!(error.error.code(), "login_refused");
    assert_eq!(server.passwords_seen(), [""; 0]);
}

#[tokio::test]
async fn one_report_names_all_that_was_tried_and_what_the_server_takes() {
    let Some((mut sshd, hosts)) = started(Some("s3cret"), &[]).await else { return };
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let credentials = vec![key("/nonexistent".as_ref()), key(&stranger), Credential::Password("wrong".into())];
    let error = refusal(&sshd, &hosts, credentials).await;
    let ConnectError::LoginRefused { tried, methods, unusable, .. } = &error else { panic!("{error:?}") };
    assert!(tried[0].starts_with("the key ssh-ed25519 SHA256:"), "{tried:?}");
    assert_eq!(tried[1..], ["the password"]);
    assert_eq!(unusable, &["there is no key file /nonexistent"]);
    assert!(
        error.to_string().ends_with("accepts publickey, password; besides, there is no key file /nonexistent"),
        "{error}"
    );
    assert_eq!(methods, &["publickey", "password"]);
    let (file, port, user) = (stranger.display(), sshd.port(), sshd.user());
    assert_eq!(error.remedy(), Some(format!("ssh-copy-id -i {file}.pub -p {port} -- {user}@{}", sshd.host())));
    // A key that is not there is not the end where the next one is good.
    let credentials = vec![key("/nonexistent".as_ref()), key(&stranger), Credential::Password("s3cret".into())];
    with(&sshd, &hosts, credentials, &mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn what_lies_with_this_computer_is_told_as_such() {
    let (sshd, hosts) = started(None, &[]).await.unwrap();
    let error = refusal(&sshd, &hosts, vec![key("/nonexistent".as_ref()), Credential::Password("s3cret".into())]).await;
    assert_eq!((error.code(), error.refuses_login()), ("key_file_missing", false));
    let error = refusal(&sshd, &hosts, Vec::new()).await;
    assert_eq!((error.code(), error.refuses_login()), ("no_credential", false));
    assert!(!sshd.log().contains("Failed"), "{}", sshd.log());
}

#[tokio::test]
async fn a_server_is_never_refused_more_often_than_it_bears() {
    let Some((mut sshd, hosts)) = started(Some("s3cret"), &[]).await else { return };
    let mut credentials = Vec::new();
    for _ in 0..5 {
        credentials.push(key(&sshd.stranger(ClientKey::Ed25519).await.unwrap()));
    }
    credentials.push(Credential::Password("wrong".into()));
    credentials.push(Credential::Password("wrong".into()));
    let error = refusal(&sshd, &hosts, credentials).await;
    let ConnectError::LoginRefused { tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried.len(), 5, "sshd hangs up at the sixth: {error}");
    assert!(!sshd.log().contains("Too many authentication failures"), "{}", sshd.log());
    assert!(!sshd.log().contains("Failed password"), "{}", sshd.log());
}
