//! Servers that speak SSH properly up to the point where they do not: each ends in its own error, in time.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::time::Duration;

use common::{Hosts, endpoint, patient};
use hostrounds_ssh::{Credential, Deadlines, Hop, Limits, Route, RouteError, Session, ShellError, Step, connect};
use hostrounds_testbed::{MisbehavingServer, Misbehaviour, Sshd, SshdConfig, Staging, TestbedError, TinySsh};
use rstest::rstest;

/// For what is expected never to come.
const SHORT: Duration = Duration::from_millis(300);
/// For what is expected never to come, after a key exchange that has to come about on a busy machine.
const AFTER_KEYS: Duration = Duration::from_secs(3);
const ANSWER: Limits = Limits { deadline: SHORT, max_bytes: 1 << 20 };

async fn attempt(server: &MisbehavingServer, deadlines: &Deadlines) -> Result<Session, RouteError> {
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let hop = Hop::new(endpoint(server.port(), "ops"), Credential::Password("let me in".into()));
    connect(&Route::direct(hop), &hosts.known, deadlines, None, &mut |_| {}).await
}

async fn session(server: &MisbehavingServer, deadlines: &Deadlines) -> Session {
    attempt(server, deadlines).await.unwrap()
}

#[rstest]
#[case(Misbehaviour::Silent, "key_exchange_timeout")]
#[case(Misbehaviour::Dripping, "key_exchange_timeout")]
#[case(Misbehaviour::IdentifiesAndStops, "key_exchange_timeout")]
#[case(Misbehaviour::ClosesAtOnce, "disconnected")]
#[case(Misbehaviour::Http, "not_ssh")]
#[case(Misbehaviour::EndlessBanner, "not_ssh")]
#[case(Misbehaviour::EndlessLine, "not_ssh")]
#[case(Misbehaviour::HugePacket, "key_exchange_failed")]
#[case(Misbehaviour::HangsUpAfterIdentification, "disconnected")]
#[case(Misbehaviour::HangsUpInKeyExchange, "disconnected")]
#[tokio::test]
async fn a_server_that_agrees_on_no_keys_is_given_up(#[case] misbehaviour: Misbehaviour, #[case] code: &str) {
    let server = MisbehavingServer::start(misbehaviour).await.unwrap();
    let error = attempt(&server, &Deadlines { key_exchange: SHORT, ..patient() }).await.unwrap_err().error;
    assert_eq!((error.code(), error.step(), error.retryable()), (code, Step::KeyExchange, true), "{error}");
    assert!(!error.hint().is_empty());
}

#[rstest]
#[case(Misbehaviour::HangsUpAfterHostKey, "disconnected")]
#[case(Misbehaviour::HangsUpInLogin, "disconnected")]
#[case(Misbehaviour::HugeSealedPacket, "disconnected")]
#[case(Misbehaviour::SilentLogin, "login_timeout")]
#[case(Misbehaviour::EndlessLoginBanner, "login_timeout")]
#[case(Misbehaviour::EndlessRefusals, "password_wrong")]
#[case(Misbehaviour::EndlessQuestions, "password_wrong")]
#[tokio::test]
async fn a_server_that_lets_nobody_in_is_given_up(#[case] misbehaviour: Misbehaviour, #[case] code: &str) {
    let server = MisbehavingServer::start(misbehaviour).await.unwrap();
    let error = attempt(&server, &Deadlines { login: AFTER_KEYS, ..patient() }).await.unwrap_err().error;
    assert_eq!((error.code(), error.step()), (code, Step::Login), "{error}");
    assert!(!error.hint().is_empty());
}

#[rstest]
#[case(Misbehaviour::OpensChannels, "shell_timeout")]
#[case(Misbehaviour::AsksForReplies, "shell_timeout")]
#[case(Misbehaviour::HangsUpAtChannel, "disconnected")]
#[case(Misbehaviour::SilentChannel, "shell_timeout")]
#[case(Misbehaviour::SilentShell, "shell_timeout")]
#[case(Misbehaviour::EndlessNoise, "shell_timeout")]
#[tokio::test]
async fn a_server_that_runs_no_shell_is_given_up(#[case] misbehaviour: Misbehaviour, #[case] code: &str) {
    let server = MisbehavingServer::start(misbehaviour).await.unwrap();
    let session = session(&server, &Deadlines { shell: SHORT, ..patient() }).await;
    let error = session.shell("").await.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.is_final() && !error.hint().is_empty());
    session.close().await;
}

#[rstest]
#[case(Misbehaviour::HangsUpInAnswer, "disconnected")]
#[case(Misbehaviour::EndlessErrors, "answer_timeout")]
#[case(Misbehaviour::Trickle, "answer_timeout")]
#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up(#[case] misbehaviour: Misbehaviour, #[case] code: &str) {
    let server = MisbehavingServer::start(misbehaviour).await.unwrap();
    let session = session(&server, &patient()).await;
    let mut shell = session.shell("greet() { echo hello; }").await.unwrap();
    let error = shell.ask("greet", ANSWER).await.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().len() < 600, "what the server says is bounded");
    drop(shell);
    session.close().await;
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server = MisbehavingServer::start(Misbehaviour::EndlessAnswer).await.unwrap();
    let session = session(&server, &patient()).await;
    let mut shell = session.shell("").await.unwrap();
    let limits = Limits { max_bytes: 100_000, ..common::LIMITS };
    assert_eq!(shell.ask("echo", limits).await, Err(ShellError::TooLarge { max_bytes: 100_000 }));
    session.close().await;
}

#[tokio::test]
async fn a_flood_on_a_channel_that_was_closed_ends_the_session() {
    let server = MisbehavingServer::start(Misbehaviour::FloodsClosedChannels).await.unwrap();
    let session = session(&server, &patient()).await;
    let mut kept = session.shell("").await.unwrap();
    assert_eq!(kept.ask("echo in", common::LIMITS).await.unwrap(), b"in\n");
    drop(session.shell("").await.unwrap());
    while !session.is_closed() {
        assert!(session.traffic().received < 18 << 20, "{session:?}");
        tokio::task::yield_now().await;
    }
    let error = kept.ask("echo", common::LIMITS).await.unwrap_err();
    assert!(
        error.code() == "disconnected" && error.to_string().contains("16 MiB that nobody had asked for"),
        "{error}"
    );
}

#[tokio::test]
async fn a_channel_that_is_never_closed_keeps_nobody_waiting() {
    let server = MisbehavingServer::start(Misbehaviour::NeverCloses).await.unwrap();
    let session = session(&server, &patient()).await;
    let mut shell = session.shell("").await.unwrap();
    let error = shell.ask("echo bye >&2; exit 3", ANSWER).await.unwrap_err();
    let ShellError::Timeout { stderr, .. } = &error else { panic!("{error:?}") };
    assert_eq!(stderr, "bye; exit status 3", "how it ended is told all the same");
    drop(shell);
    let mut another = session.shell("").await.unwrap();
    assert_eq!(another.ask("echo more", common::LIMITS).await.unwrap(), b"more\n");
    session.close().await;
}

#[tokio::test]
async fn forged_delimiters_are_no_answer() {
    let server = MisbehavingServer::start(Misbehaviour::ForgedDelimiters).await.unwrap();
    let session = session(&server, &patient()).await;
    let mut shell = session.shell("").await.unwrap();
    for turn in 0..3 {
        let answer = shell.ask(&format!("echo true {turn}"), common::LIMITS).await.unwrap();
        // What the server puts into the middle of an answer of its own is part of it, and no delimiter.
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(&format!("true {turn}\n")), "{answer}");
    }
}

#[tokio::test]
async fn a_program_that_hangs_holds_up_only_its_own_shell() {
    let server = MisbehavingServer::staged(Staging::HungDf).await.unwrap();
    let session = session(&server, &patient()).await;
    let (mut hung, mut other) = (session.shell("").await.unwrap(), session.shell("").await.unwrap());
    assert_eq!(hung.ask("df", ANSWER).await.unwrap_err().code(), "answer_timeout");
    assert_eq!(hung.ask("df", ANSWER).await, Err(ShellError::StillBusy));
    assert_eq!(other.ask("echo unharmed", common::LIMITS).await.unwrap(), b"unharmed\n");
}

#[tokio::test]
async fn a_session_that_is_frozen_is_given_up_and_others_are_not() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hosts = Hosts::with(&[sshd.known_hosts_line()]);
    let key = Credential::Key { path: sshd.key().to_owned(), certificate: None, passphrase: None };
    let route = Route::direct(Hop::new(endpoint(sshd.port(), sshd.user()), key));
    let login = || async { connect(&route, &hosts.known, &patient(), None, &mut |_| {}).await.unwrap() };
    let frozen = login().await;
    let mut shell = frozen.shell("").await.unwrap();
    sshd.freeze_sessions(Duration::ZERO);
    assert_eq!(shell.ask("echo", ANSWER).await.unwrap_err().code(), "answer_timeout");
    let other = login().await;
    let mut fresh = other.shell("").await.unwrap();
    assert_eq!(fresh.ask("echo unharmed", common::LIMITS).await.unwrap(), b"unharmed\n");
    // It waits for no answer of the frozen one.
    frozen.close().await;
}

#[tokio::test]
async fn tinyssh_is_a_server_like_any_other() {
    let server = match TinySsh::start().await {
        Err(TestbedError::NeedsRoot { .. }) => return,
        started => started.unwrap(),
    };
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let key = Credential::Key { path: server.key().to_owned(), certificate: None, passphrase: None };
    let route = Route::direct(Hop::new(endpoint(server.port(), "root"), key));
    let session = connect(&route, &hosts.known, &patient(), None, &mut |_| {}).await.unwrap();
    let mut first = session.shell("greet() { echo \"hello $1\"; }").await.unwrap();
    for turn in 0..20 {
        let answer = first.ask(&format!("greet {turn}"), common::LIMITS).await.unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), format!("hello {turn}\n"));
    }
    let large = first.ask("head -c 500000 /dev/zero", common::LIMITS).await.unwrap();
    assert_eq!(large.len(), 500_000);
    session.close().await;
}
