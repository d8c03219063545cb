//! Servers that are not there, do not answer, or are no SSH servers: each ends in its own error, in time. Those that misbehave
//! on purpose are in `misbehaving.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::time::Duration;

use common::{Hosts, ask, connect, endpoint, key, patient, session, sshd};
use hostrounds_ssh::{ConnectError, Credential, Deadlines, Endpoint, Session, ShellError, Step, UNANSWERED};
use hostrounds_testbed::{MisbehavingServer, Misbehaviour, Sshd, SshdConfig};
use rstest::rstest;

/// Deadlines that pass soon; what is expected here never comes.
fn brief() -> Deadlines {
    let short = Duration::from_millis(300);
    Deadlines { key_exchange: short, login: short * 2, ..patient() }
}

async fn refusal(endpoint: &Endpoint, deadlines: &Deadlines) -> ConnectError {
    let hosts = Hosts::with(&[]);
    let credential = Credential::Password("never sent".into());
    connect(endpoint, &credential, &hosts.known, deadlines, &mut |_| {}).await.unwrap_err()
}

#[tokio::test]
async fn what_another_service_says_is_shown() {
    let server = MisbehavingServer::start(Misbehaviour::Http).await.unwrap();
    let error = refusal(&endpoint(server.port(), "ops"), &patient()).await;
    assert!(error.to_string().contains("HTTP/1.1 400 Bad Request"), "{error}");
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    sshd.stop().await;
    let error = refusal(&endpoint(sshd.port(), "ops"), &patient()).await;
    assert_eq!((error.code(), error.step(), error.retryable()), ("connection_refused", Step::Connect, true));
    assert!(error.to_string().contains(&sshd.port().to_string()), "{error}");
}

#[rstest]
#[case("nonexistent.invalid")]
#[case("")]
#[tokio::test]
async fn a_name_that_does_not_exist_is_not_found(#[case] host: &str) {
    let error = refusal(&Endpoint { host: host.into(), port: 22, user: "ops".into() }, &patient()).await;
    assert_eq!((error.code(), error.step()), ("name_not_found", Step::Resolve));
}

#[tokio::test]
async fn a_name_is_looked_up_and_all_its_addresses_are_tried() {
    // localhost may stand for ::1 first, where nothing listens.
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let line = sshd.known_hosts_line().replace("127.0.0.1", "localhost");
    let named = Hosts::with(&[&line]);
    let endpoint = Endpoint { host: "LocalHost".into(), port: sshd.port(), user: sshd.user().into() };
    connect(&endpoint, &key(sshd.key()), &named.known, &patient(), &mut |_| {}).await.unwrap();
    let error = connect(&endpoint, &key(sshd.key()), &hosts.known, &patient(), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.code(), "host_key_unknown", "a name is not its address");
}

#[tokio::test]
async fn a_frozen_server_is_given_up_and_a_thawed_one_is_not() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    sshd.freeze();
    let endpoint = endpoint(sshd.port(), sshd.user());
    let error = connect(&endpoint, &key(sshd.key()), &hosts.known, &brief(), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.code(), "key_exchange_timeout");
    sshd.thaw();
    session(&sshd, &hosts).await;
}

#[tokio::test]
async fn a_server_that_freezes_after_the_login_keeps_nobody_waiting() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let deadlines = Deadlines { shell: Duration::from_millis(300), ..patient() };
    let endpoint = endpoint(sshd.port(), sshd.user());
    let session = connect(&endpoint, &key(sshd.key()), &hosts.known, &deadlines, &mut |_| {}).await.unwrap();
    sshd.freeze();
    assert_eq!(session.shell("").await.unwrap_err().code(), "shell_timeout");
    session.close().await;
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_an_answer_is_noticed() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let mark = sshd.folder().join("asked");
    let command = format!("echo begun; : > '{}'; sleep 600", mark.display());
    let stop = async {
        while !mark.exists() {
            tokio::task::yield_now().await;
        }
        sshd.stop().await;
    };
    let (answer, ()) = tokio::join!(shell.ask(&command, common::LIMITS), stop);
    assert!(matches!(answer, Err(ShellError::Disconnected { .. })), "{answer:?}");
    assert!(session.is_closed());
    assert_eq!(shell.ask("echo", common::LIMITS).await.unwrap_err().code(), "disconnected");
    assert_eq!(session.shell("").await.unwrap_err().code(), "disconnected");

    sshd.restart().await.unwrap();
    let again = common::session(&sshd, &hosts).await;
    let mut shell = again.shell("").await.unwrap();
    assert_eq!(ask(&mut shell, "echo back").await, "back\n");
}

#[tokio::test]
async fn a_server_without_a_common_algorithm_is_named() {
    let lines = vec!["KexAlgorithms diffie-hellman-group18-sha512".into()];
    let (sshd, hosts) = sshd(SshdConfig { lines, ..SshdConfig::default() }).await;
    let error = common::attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("no_common_algorithm", false));
    assert!(error.to_string().contains("diffie-hellman-group18-sha512"), "{error}");
}

#[tokio::test]
async fn sha1_signatures_are_never_asked_for() {
    let lines = vec!["HostKeyAlgorithms ssh-rsa".into()];
    let host_keys = vec![hostrounds_testbed::KeyType::Rsa];
    let (sshd, hosts) = sshd(SshdConfig { lines, host_keys, ..SshdConfig::default() }).await;
    let error = common::attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!(error.code(), "no_common_algorithm");
}

/// A server that may be asked soon, and often, whether it lives.
async fn watched(keepalive: Duration) -> (Sshd, Session) {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let (endpoint, deadlines) = (endpoint(sshd.port(), sshd.user()), Deadlines { keepalive, ..patient() });
    let session = connect(&endpoint, &key(sshd.key()), &hosts.known, &deadlines, &mut |_| {}).await.unwrap();
    (sshd, session)
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_after_the_questions_it_leaves_unanswered() {
    let (sshd, session) = watched(Duration::from_millis(50)).await;
    let mut shell = session.shell("").await.unwrap();
    let before = session.traffic();
    sshd.freeze();
    let error = shell.ask("echo", common::LIMITS).await.unwrap_err();
    assert_eq!(error.code(), "disconnected", "{error}");
    assert!(session.is_closed());
    assert!(session.traffic().sent > before.sent);
    assert!(session.shell("").await.is_err());
    sshd.thaw();
}

#[tokio::test]
async fn a_server_that_is_only_idle_is_kept() {
    let (_sshd, session) = watched(Duration::from_millis(500)).await;
    let mut shell = session.shell("").await.unwrap();
    assert_eq!(ask(&mut shell, "echo in").await, "in\n");
    // The answers to more questions than may be left unanswered, each at least a packet of the smallest size; nothing
    // else is on its way.
    let enough = session.traffic().received + (UNANSWERED as u64 + 2) * 28;
    while session.traffic().received < enough {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!session.is_closed());
    assert_eq!(ask(&mut shell, "echo still").await, "still\n");
}

#[tokio::test]
async fn ipv6_is_spoken_and_filed_as_ssh_files_it() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let lines = vec!["ListenAddress ::1".into()];
    let sshd = Sshd::start(SshdConfig { lines, ..SshdConfig::default() }).await.unwrap();
    let hosts = Hosts::with(&[&sshd.known_hosts_line().replace("127.0.0.1", "::1")]);
    assert!(hosts.text().starts_with(&format!("[::1]:{} ", sshd.port())));
    let endpoint = Endpoint { host: "::1".into(), ..endpoint(sshd.port(), sshd.user()) };
    assert_eq!(endpoint.to_string(), format!("{}@[::1]:{}", sshd.user(), sshd.port()));
    let mut steps = Vec::new();
    let session = connect(&endpoint, &key(sshd.key()), &hosts.known, &patient(), &mut |step| steps.push(step)).await;
    assert_eq!(common::say(&session.unwrap(), "echo in").await, "in\n");
    assert_eq!(steps[1].detail, format!("[::1]:{}", sshd.port()));
}
