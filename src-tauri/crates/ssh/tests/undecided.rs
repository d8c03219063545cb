//! Servers that take a proof and never say what they make of it: real ones behind a line that breaks at that moment, and
//! one that hangs up or falls silent by itself. What was sent is not sent again as if nothing had happened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::net::Ipv4Addr;
use std::time::Duration;

use async_trait::async_trait;
use common::{Hosts, endpoint, key, patient};
use hostrounds_ssh::{ConnectError, Credential, Hop, Prompter, Questions, Route, Step};
use hostrounds_testbed::{ClientKey, PasswordServer, PasswordServerConfig, Ruling, Sshd, SshdConfig, TestbedError};
use rstest::rstest;
use russh::MethodKind;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// `SSH_MSG_NEWKEYS`
const NEWKEYS: u8 = 21;
/// Bytes of a tag of AES-GCM, which leaves the length of a packet readable.
const TAG: usize = 16;

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Cut,
    Frozen,
}

/// A relay to an SSH server that lets `requests` encrypted packets of the client through, and from then on nothing.
struct BreakingLine {
    port: u16,
    _relay: JoinSet<()>,
}

impl BreakingLine {
    async fn start(port: u16, requests: usize, fate: Fate) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let near = listener.local_addr().unwrap().port();
        let mut relay = JoinSet::new();
        relay.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
                lines.spawn(carry(near, far, requests, fate));
            }
        });
        Self { port: near, _relay: relay }
    }
}

async fn carry(near: TcpStream, far: TcpStream, requests: usize, fate: Fate) {
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let mut last = Vec::new();
    tokio::select! {
        // The last request is held back until nothing comes back any more.
        held = until_last(&mut near_read, &mut far_write, requests) => last = held.unwrap_or_default(),
        _ = copy(&mut far_read, &mut near_write) => {}
    }
    let _ = far_write.write_all(&last).await;
    // The server decides: what it says is heard and kept back.
    let mut verdict = [0; 1024];
    let _ = far_read.read(&mut verdict).await;
    if fate == Fate::Frozen {
        pass(patient().login).await;
        std::future::pending::<()>().await;
    }
}

/// Lets so much time pass at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Passes on all packets before the last one, which is returned.
async fn until_last(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    requests: usize,
) -> std::io::Result<Vec<u8>> {
    while {
        let byte = from.read_u8().await?;
        to.write_u8(byte).await?;
        byte != b'\n'
    } {}
    let (mut encrypted, mut passed) = (false, 0);
    loop {
        let length = from.read_u32().await?;
        let rest = length as usize + if encrypted { TAG } else { 0 };
        let mut packet = length.to_be_bytes().to_vec();
        packet.resize(4 + rest, 0);
        from.read_exact(&mut packet[4..]).await?;
        passed += usize::from(encrypted);
        if passed == requests {
            return Ok(packet);
        }
        encrypted |= packet[5] == NEWKEYS;
        to.write_all(&packet).await?;
    }
}

/// A real sshd; `None` where that needs root and we are not.
async fn started(config: SshdConfig) -> Option<Sshd> {
    let lines = config.lines.into_iter().chain(["Ciphers aes256-gcm@openssh.com".to_owned()]).collect();
    match Sshd::start(SshdConfig { lines, ..config }).await {
        Err(TestbedError::NeedsRoot { .. }) => None,
        started => Some(started.unwrap()),
    }
}

/// The error of a login over a line that breaks after so many encrypted packets.
async fn refusal(sshd: &Sshd, credentials: Vec<Credential>, requests: usize, fate: Fate) -> ConnectError {
    let line = BreakingLine::start(sshd.port(), requests, fate).await;
    let known = sshd.known_hosts_line().replace(&sshd.port().to_string(), &line.port.to_string());
    let hosts = Hosts::with(&[&known]);
    let route = Route::direct(Hop { endpoint: endpoint(line.port, sshd.user()), credentials });
    hostrounds_ssh::connect(&route, &hosts.known, &patient(), None, &mut |_| {}).await.unwrap_err().error
}

async fn until_logged(sshd: &Sshd, text: &str) {
    while !sshd.log().contains(text) {
        tokio::task::yield_now().await;
    }
}

fn password(password: &str) -> Credential {
    Credential::Password(password.into())
}

#[rstest]
#[case::cut_as_by_fail2ban("wrong", "Failed password", Fate::Cut)]
#[case::cut_as_by_a_reboot("s3cret", "Accepted password", Fate::Cut)]
#[case::frozen_as_by_a_slow_directory("wrong", "Failed password", Fate::Frozen)]
#[tokio::test]
async fn a_password_without_an_answer_is_undecided(#[case] secret: &str, #[case] logged: &str, #[case] fate: Fate) {
    let config = SshdConfig { password: Some("s3cret".into()), ..SshdConfig::default() };
    let Some(sshd) = started(config).await else { return };
    // The service, the question which methods there are, the password.
    let error = refusal(&sshd, vec![password(secret)], 3, fate).await;
    assert_eq!((error.code(), error.step(), error.retryable()), ("login_undecided", Step::Login, false), "{error}");
    assert!(error.undecided_login() && !error.refuses_login());
    assert!(error.to_string().contains("sent the password for"), "{error}");
    assert!(error.hint().contains("fail2ban") && error.hint().ends_with('.'), "{}", error.hint());
    until_logged(&sshd, logged).await;
}

#[tokio::test]
async fn a_line_that_breaks_before_anything_was_sent_is_an_accident() {
    let config = SshdConfig { password: Some("s3cret".into()), ..SshdConfig::default() };
    let Some(sshd) = started(config).await else { return };
    for (fate, code) in [(Fate::Cut, "disconnected"), (Fate::Frozen, "login_timeout")] {
        let error = refusal(&sshd, vec![password("s3cret")], 2, fate).await;
        assert_eq!((error.code(), error.retryable(), error.undecided_login()), (code, true, false), "{error}");
    }
    assert!(!sshd.log().contains("password for"), "{}", sshd.log());
}

#[tokio::test]
async fn a_key_without_an_answer_may_be_shown_again_unless_one_was_refused() {
    let mut sshd = started(SshdConfig::default()).await.unwrap();
    for (fate, code) in [(Fate::Cut, "disconnected"), (Fate::Frozen, "login_timeout")] {
        let error = refusal(&sshd, vec![key(sshd.key())], 2, fate).await;
        assert_eq!((error.code(), error.retryable(), error.undecided_login()), (code, true, false), "{error}");
    }
    // The service, the question which methods there are, the stranger, the key.
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let keys = vec![key(&stranger), key(sshd.key())];
    for fate in [Fate::Cut, Fate::Frozen] {
        let error = refusal(&sshd, keys.clone(), 4, fate).await;
        assert_eq!((error.code(), error.refuses_login()), ("login_refused", true), "{error}");
        assert!(matches!(&error, ConnectError::LoginRefused { tried, .. } if tried.len() == 1), "{error:?}");
    }
}

#[tokio::test]
async fn a_password_that_is_undecided_after_a_key_was_refused_is_undecided() {
    let config = SshdConfig { password: Some("s3cret".into()), ..SshdConfig::default() };
    let Some(mut sshd) = started(config).await else { return };
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let error = refusal(&sshd, vec![key(&stranger), password("wrong")], 4, Fate::Cut).await;
    let ConnectError::LoginUndecided { tried, .. } = &error else { panic!("{error:?}") };
    assert!(tried[0].starts_with("the key ") && tried[1] == "the password" && tried.len() == 2, "{tried:?}");
}

/// Always says the same.
struct Person;

#[async_trait]
impl Prompter for Person {
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>> {
        Some(questions.questions.iter().map(|_| "by hand".into()).collect())
    }
}

const BOTH: [MethodKind; 2] = [MethodKind::Password, MethodKind::KeyboardInteractive];

/// The error of a login at a server that rules so, and the passwords it has seen.
async fn ruled(
    rulings: Vec<Ruling>,
    credentials: Vec<Credential>,
    prompter: Option<&dyn Prompter>,
) -> (ConnectError, Vec<String>) {
    // Where it never decides, what passes then is only time.
    let silent = rulings.iter().position(|ruling| matches!(ruling, Ruling::Silence));
    let server = PasswordServer::start(PasswordServerConfig::ruling("ops", rulings)).await.unwrap();
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let route = Route::direct(Hop { endpoint: endpoint(server.port(), "ops"), credentials });
    let silence = async {
        let Some(position) = silent else { return };
        while server.passwords_seen().len() <= position {
            tokio::task::yield_now().await;
        }
        pass(patient().login).await;
    };
    let (deadlines, mut ignore) = (patient(), |_| {});
    let login = hostrounds_ssh::connect(&route, &hosts.known, &deadlines, prompter, &mut ignore);
    let (failed, ()) = tokio::join!(login, silence);
    (failed.unwrap_err().error, server.passwords_seen())
}

#[rstest]
#[case(Ruling::HangsUp)]
#[case(Ruling::Silence)]
#[tokio::test]
async fn answers_and_passwords_at_prompts_are_undecided_too(#[case] ruling: Ruling) {
    let prompts = || vec![Ruling::Partial(vec![MethodKind::KeyboardInteractive]), ruling.clone()];
    let credentials = vec![password("one"), password("two")];
    let (error, seen) = ruled(prompts(), credentials, None).await;
    assert_eq!((error.code(), seen), ("login_undecided", vec!["one".to_owned(), "two".to_owned()]), "{error}");
    let (error, seen) = ruled(vec![ruling.clone()], vec![Credential::Prompts, password("one")], Some(&Person)).await;
    assert_eq!((error.code(), seen), ("login_undecided", vec!["one".to_owned()]), "{error}");
    // What a person has answered is nobody's to repeat: a server that hangs up then is taken for one that did not wait.
    let (error, seen) = ruled(vec![ruling.clone()], vec![Credential::Prompts], Some(&Person)).await;
    assert_eq!((error.retryable(), seen), (false, vec!["by hand".to_owned()]), "{error}");
}

#[rstest]
#[case(Ruling::HangsUp)]
#[case(Ruling::Silence)]
#[tokio::test]
async fn a_secret_that_was_refused_before_is_a_refusal(#[case] ruling: Ruling) {
    let rulings = vec![Ruling::Refused(BOTH.to_vec()), ruling];
    let (error, seen) = ruled(rulings, vec![password("one"), password("two")], None).await;
    assert_eq!((error.code(), error.refuses_login(), error.retryable()), ("password_wrong", true, false), "{error}");
    assert_eq!(seen, ["one", "two"]);
}
