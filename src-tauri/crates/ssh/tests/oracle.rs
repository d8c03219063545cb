//! Judged as OpenSSH judges: the oracle is `ssh` itself, with the same file and the same server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{Hosts, attempt, key};
use hostrounds_testbed::{KeyType, Sshd, SshdConfig};
use tokio::process::Command;

/// What `ssh` makes of a file.
async fn oracle(sshd: &Sshd, file: &Path) -> &'static str {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
    ssh.args(["-o", "GlobalKnownHostsFile=none", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"]);
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", file.display()));
    ssh.arg("-i").arg(sshd.key()).arg("-p").arg(sshd.port().to_string());
    ssh.arg(format!("{}@127.0.0.1", sshd.user())).arg("true");
    let output = ssh.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        "known"
    } else if said.contains("REVOKED") {
        "host_key_revoked"
    } else if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        "host_key_changed"
    } else if said.contains("host key is known for") {
        "host_key_unknown"
    } else {
        panic!("ssh said {said}")
    }
}

/// `ssh-keygen -H` on one line: the name is hashed.
async fn hashed(line: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    std::fs::write(&path, format!("{line}\n")).unwrap();
    let status =
        Command::new("ssh-keygen").arg("-Hf").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    assert!(status.unwrap().success());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("|1|"), "{text}");
    text.trim().to_owned()
}

#[tokio::test]
async fn every_form_of_line_is_judged_as_ssh_judges_it() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let port = sshd.port();
    let key_of = |sshd: &Sshd| sshd.known_hosts_line().split_once(' ').unwrap().1.to_owned();
    let right = key_of(&sshd);
    let wrong = key_of(&Sshd::start(SshdConfig::default()).await.unwrap());
    let ecdsa = SshdConfig { host_keys: vec![KeyType::Ecdsa], ..SshdConfig::default() };
    let other_type = key_of(&Sshd::start(ecdsa).await.unwrap());

    let here = format!("[127.0.0.1]:{port}");
    let elsewhere = format!("[127.0.0.1]:{}", if port == 1 { 2 } else { port - 1 });
    let cases: Vec<(&str, Vec<String>, &str)> = vec![
        ("nothing", vec![], "host_key_unknown"),
        ("exact", vec![format!("{here} {right}")], "known"),
        ("comment and blanks", vec![format!("  {here}\t{right}   some # comment")], "known"),
        ("commented out", vec![format!("#{here} {right}")], "host_key_unknown"),
        ("hashed", vec![hashed(&format!("{here} {right}")).await], "known"),
        ("hashed, wrong key", vec![hashed(&format!("{here} {wrong}")).await], "host_key_changed"),
        ("hashed, other host", vec![hashed(&format!("{elsewhere} {right}")).await], "host_key_unknown"),
        ("other port", vec![format!("{elsewhere} {right}")], "host_key_unknown"),
        ("no port", vec![format!("127.0.0.1 {right}")], "known"),
        ("no port, wrong key", vec![format!("127.0.0.1 {wrong}")], "host_key_unknown"),
        ("list", vec![format!("web,{here},db {right}")], "known"),
        ("wildcard", vec![format!("[127.*]:{port} {right}")], "known"),
        ("question mark", vec![format!("[127.0.0.?]:{port} {right}")], "known"),
        ("wildcard, wrong key", vec![format!("* {wrong}")], "host_key_changed"),
        ("negated", vec![format!("*,!{here} {wrong}")], "host_key_unknown"),
        ("negated elsewhere", vec![format!("!{elsewhere},* {right}")], "known"),
        ("wrong", vec![format!("{here} {wrong}")], "host_key_changed"),
        ("other type", vec![format!("{here} {other_type}")], "host_key_changed"),
        ("several, right last", vec![format!("{here} {wrong}"), format!("{here} {right}")], "known"),
        ("other type and right", vec![format!("{here} {other_type}"), format!("{here} {right}")], "known"),
        ("revoked", vec![format!("@revoked {here} {right}")], "host_key_revoked"),
        ("revoked for all", vec![format!("{here} {right}"), format!("@revoked * {right}")], "host_key_revoked"),
        (
            "revoked and hashed",
            vec![format!("@revoked {}", hashed(&format!("{here} {right}")).await)],
            "host_key_revoked",
        ),
        ("another one revoked", vec![format!("@revoked * {wrong}"), format!("{here} {right}")], "known"),
        ("only another one revoked", vec![format!("@revoked * {wrong}")], "host_key_unknown"),
        ("authority", vec![format!("@cert-authority * {right}")], "host_key_unknown"),
        ("authority with another key", vec![format!("@cert-authority * {wrong}")], "host_key_unknown"),
        ("unknown marker", vec![format!("@trusted {here} {right}")], "host_key_unknown"),
        (
            "garbage before",
            vec!["!!! not a line".into(), "x".into(), String::new(), format!("{here} {right}")],
            "known",
        ),
        ("garbage key", vec![format!("{here} ssh-ed25519 AAAA")], "host_key_unknown"),
    ];
    for (what, lines, expected) in cases {
        let hosts = Hosts::with(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(oracle(&sshd, &hosts.folder.path().join("known_hosts")).await, expected, "ssh: {what}");
        let ours = match attempt(&sshd, &key(sshd.key()), &hosts).await {
            Ok(_) => "known",
            Err(error) => error.code(),
        };
        assert_eq!(ours, expected, "{what}");
    }
}
