//! Further host keys, learned from a server that proves to hold them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use common::{connect, endpoint, key, patient, say};
use hostrounds_ssh::{KnownHosts, Session};
use hostrounds_testbed::{HostKeyLiar, KeyType, Lie, Sshd, SshdConfig};
use rstest::rstest;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

const ALL: [KeyType; 3] = [KeyType::Ed25519, KeyType::Ecdsa, KeyType::Rsa];

/// Our own file, a user's and the computer's.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, lines: &[&str]) {
        std::fs::write(self.path(name), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }

    /// The lines of one of the files; none if it is not there.
    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn known(&self) -> KnownHosts {
        KnownHosts::new(self.path("own"), vec![self.path("user")]).and_global(vec![self.path("global")])
    }
}

async fn log_in(port: u16, sshd: &Sshd, files: &Files) -> Session {
    let endpoint = endpoint(port, sshd.user());
    connect(&endpoint, &key(sshd.key()), &files.known(), &patient(), &mut |_| {}).await.unwrap()
}

async fn visit_at(port: u16, sshd: &Sshd, files: &Files) -> Session {
    let session = log_in(port, sshd, files).await;
    // The announcement comes before anything that is asked for after the login.
    assert_eq!(say(&session, "echo in").await, "in\n");
    session.host_keys_settled().await;
    session
}

/// Fingerprints of the keys that were learned in a session from its beginning to its end.
async fn visit(sshd: &Sshd, files: &Files) -> Vec<String> {
    visit_at(sshd.port(), sshd, files).await.learned_host_keys()
}

async fn with_keys(host_keys: &[KeyType]) -> Sshd {
    Sshd::start(SshdConfig { host_keys: host_keys.to_vec(), ..SshdConfig::default() }).await.unwrap()
}

/// A key of this type that no server holds.
async fn stale(kind: KeyType) -> String {
    with_keys(&[kind]).await.known_hosts_line().split_once(' ').unwrap().1.to_owned()
}

fn fingerprint(line: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    std::fs::write(&path, line).unwrap();
    let output = Command::new("ssh-keygen").arg("-lf").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// A port that leads to whichever server it is told.
async fn switchboard(to: Arc<AtomicU16>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let mut there = TcpStream::connect(("127.0.0.1", to.load(Ordering::SeqCst))).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut here, &mut there).await });
        }
    });
    port
}

#[tokio::test]
async fn what_a_server_proves_to_hold_is_known_when_it_shows_only_that() {
    let keys = tempfile::tempdir().unwrap();
    let path = |kind: &str| keys.path().join(kind).to_str().unwrap().to_owned();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let status = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-f", &path(kind)]).status().unwrap();
        assert!(status.success());
    }
    let with = async |kinds: &[&str]| {
        let lines = kinds.iter().map(|kind| format!("HostKey {}", path(kind))).collect();
        Sshd::start(SshdConfig { host_keys: Vec::new(), lines, ..SshdConfig::default() }).await.unwrap()
    };
    let public = |kind: &str| {
        let text = std::fs::read_to_string(path(kind) + ".pub").unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    let (all, ecdsa, rsa) = (with(&["ed25519", "ecdsa", "rsa"]).await, with(&["ecdsa"]).await, with(&["rsa"]).await);
    let target = Arc::new(AtomicU16::new(all.port()));
    let port = switchboard(Arc::clone(&target)).await;
    let here = |kind: &str| format!("[127.0.0.1]:{port} {}", public(kind));
    let files = Files::new();
    files.write("own", &[&here("ed25519")]);

    let session = visit_at(port, &all, &files).await;
    let mut learned = session.learned_host_keys();
    learned.sort();
    let mut expected = vec![fingerprint(&here("ecdsa")), fingerprint(&here("rsa"))];
    expected.sort();
    assert_eq!(learned, expected);
    let mut lines = files.lines("own");
    assert_eq!(lines.remove(0), here("ed25519"));
    lines.sort();
    assert_eq!(lines, [here("ecdsa"), here("rsa")]);
    let again = visit_at(port, &all, &files).await;
    assert!(again.learned_host_keys().is_empty(), "nothing is left to learn");

    // The server is changed over: nobody is asked, and what it does not announce any more is forgotten.
    target.store(rsa.port(), Ordering::SeqCst);
    assert!(visit_at(port, &rsa, &files).await.learned_host_keys().is_empty());
    assert_eq!(files.lines("own"), [here("rsa")]);
    target.store(ecdsa.port(), Ordering::SeqCst);
    let endpoint = endpoint(port, ecdsa.user());
    let refusal = connect(&endpoint, &key(ecdsa.key()), &files.known(), &patient(), &mut |_| {}).await.unwrap_err();
    assert_eq!(refusal.code(), "host_key_changed");
}

#[rstest]
#[case::it_gives_up(Lie::Refuses)]
#[case::it_signs_with_another_key(Lie::SignsWithAnother)]
#[tokio::test]
async fn nothing_is_learned_from_a_server_that_claims_a_key_it_does_not_hold(#[case] lie: Lie) {
    let liar = HostKeyLiar::start(lie).await.unwrap();
    let host_keys = vec![KeyType::Ed25519, KeyType::Rsa];
    let sshd = Sshd::start(SshdConfig { host_keys, lines: liar.lines(), ..SshdConfig::default() }).await.unwrap();
    let files = Files::new();
    let old = format!("[127.0.0.1]:{} {}", sshd.port(), stale(KeyType::Ecdsa).await);
    let before = [sshd.known_hosts_line(), &old];
    files.write("own", &before);
    let session = log_in(sshd.port(), &sshd, &files).await;
    // sshd hangs up when it cannot sign; whatever it does, it has announced its keys by now.
    let _ = session.shell("").await;
    session.host_keys_settled().await;
    assert!(session.learned_host_keys().is_empty());
    assert!(liar.asked() > 0, "the server was asked for proof");
    assert_eq!(files.lines("own"), before, "neither the claimed key nor the other one was learned, none was removed");
}

#[tokio::test]
async fn on_the_strength_of_the_users_file_only_our_own_is_written() {
    let sshd = with_keys(&ALL).await;
    let files = Files::new();
    let old = format!("[127.0.0.1]:{} {}", sshd.port(), stale(KeyType::Ed25519).await);
    files.write("user", &[&old, sshd.known_hosts_line()]);
    assert_eq!(visit(&sshd, &files).await.len(), 2);
    assert_eq!(files.lines("user"), [&old, sshd.known_hosts_line()]);
    let mut own = files.lines("own");
    own.sort();
    assert_eq!(own, sshd.known_hosts_lines()[1..]);
}

#[tokio::test]
async fn what_is_not_announced_any_more_is_forgotten_after_the_rest_is_proven() {
    let sshd = with_keys(&ALL).await;
    let here = format!("[127.0.0.1]:{}", sshd.port());
    let (first, second) = (stale(KeyType::Ed25519).await, stale(KeyType::Ecdsa).await);
    let files = Files::new();
    let own = [
        "# mine",
        &format!("{here} {first}"),
        sshd.known_hosts_line(),
        &format!("{here},web {second}"),
        &format!("web {first}"),
        &format!("@revoked {here} {second}"),
    ];
    files.write("own", &own);
    assert_eq!(visit(&sshd, &files).await.len(), 2);
    let mut lines = files.lines("own");
    let mut learned = lines.split_off(5);
    learned.sort();
    assert_eq!(learned, sshd.known_hosts_lines()[1..]);
    assert_eq!(lines, [own[0], own[2], own[3], own[4], own[5]], "lines that speak of others as well are not touched");
}

#[tokio::test]
async fn nothing_is_learned_where_others_decide() {
    let sshd = with_keys(&ALL).await;
    let (here, right) = sshd.known_hosts_line().split_once(' ').unwrap();
    let hashed = |line: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line");
        std::fs::write(&path, format!("{line}\n")).unwrap();
        assert!(Command::new("ssh-keygen").arg("-Hf").arg(&path).output().unwrap().status.success());
        std::fs::read_to_string(&path).unwrap().trim().to_owned()
    };
    let authority = format!("@cert-authority {here} {}", stale(KeyType::Ed25519).await);
    for (what, name, lines, expected) in [
        ("the computer's file", "global", vec![format!("{here} {right}")], 0),
        ("a wildcard", "own", vec![format!("[127.0.0.?]:* {right}")], 0),
        ("a negation", "user", vec![format!("{here},!web {right}")], 0),
        ("no port", "user", vec![format!("127.0.0.1 {right}")], 0),
        ("an authority", "own", vec![format!("{here} {right}"), authority], 0),
        ("a list of names", "user", vec![format!("web,{here} {right}")], 2),
        ("a hashed name", "user", vec![hashed(&format!("{here} {right}"))], 2),
    ] {
        let files = Files::new();
        files.write(name, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(visit(&sshd, &files).await.len(), expected, "{what}");
        if expected == 0 {
            assert_eq!(files.lines(name), lines, "{what}");
            assert!(name == "own" || !files.path("own").exists(), "{what}");
        }
    }
}

#[tokio::test]
async fn what_was_revoked_or_replaced_is_not_learned_again() {
    let sshd = with_keys(&ALL).await;
    let [ed25519, ecdsa, rsa] = sshd.known_hosts_lines() else { panic!() };
    let here = ed25519.split_once(' ').unwrap().0;
    let files = Files::new();
    let revoked = format!("@revoked * {}", ecdsa.split_once(' ').unwrap().1);
    let overruled = format!("#hostrounds-overrules {here} {}", fingerprint(rsa));
    files.write("own", &[ed25519, &revoked, &overruled]);
    assert!(visit(&sshd, &files).await.is_empty());
    assert_eq!(files.lines("own"), [ed25519.as_str(), &revoked, &overruled]);
}

#[tokio::test]
async fn a_server_that_announces_too_many_keys_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let key = |number: usize| {
        let path = folder.path().join(number.to_string()).to_str().unwrap().to_owned();
        let status = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path]).status().unwrap();
        assert!(status.success());
        format!("HostKey {path}")
    };
    let mut lines: Vec<_> = (0..15).map(key).collect();
    for (more, expected) in [(0, 15), (1, 0)] {
        lines.extend((0..more).map(|number| key(15 + number)));
        let config = SshdConfig { host_keys: vec![KeyType::Rsa], lines: lines.clone(), ..SshdConfig::default() };
        let sshd = Sshd::start(config).await.unwrap();
        let files = Files::new();
        files.write("own", &[sshd.known_hosts_line()]);
        assert_eq!(visit(&sshd, &files).await.len(), expected, "{} keys", lines.len() + 1);
    }
}
