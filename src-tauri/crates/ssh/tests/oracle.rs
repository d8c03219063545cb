//! Judged as OpenSSH judges: the oracle is `ssh` itself, with the same files and the same server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::PathBuf;
use std::process::Stdio;

use common::{connect, endpoint, key, patient};
use hostrounds_ssh::{KnownHosts, Verdict};
use hostrounds_testbed::{KeyType, Sshd, SshdConfig};
use tempfile::TempDir;
use tokio::process::Command;

/// The files that are asked, on both sides.
struct Files {
    user: Vec<PathBuf>,
    global: Vec<PathBuf>,
}

impl Files {
    /// Our own file is not among them: it is not there.
    fn known(&self) -> KnownHosts {
        KnownHosts::new("/nonexistent/known_hosts".into(), self.user.clone()).and_global(self.global.clone())
    }
}

fn listed(files: &[PathBuf]) -> String {
    if files.is_empty() {
        return "none".into();
    }
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
}

/// What `ssh` makes of `host` and `port`, behind which is this server.
async fn oracle(sshd: &Sshd, host: &str, port: u16, files: &Files) -> &'static str {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
    // It says no to the login only after it has said yes to the host key.
    ssh.args(["-o", "PreferredAuthentications=none", "-o", "IdentityAgent=none"]);
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", listed(&files.user)));
    ssh.arg("-o").arg(format!("GlobalKnownHostsFile={}", listed(&files.global)));
    if (host, port) != (sshd.host(), sshd.port()) {
        // Whatever the name is, it leads there.
        let relay = format!("exec 3<>/dev/tcp/{}/{}; exec 4<&0; cat <&4 >&3 & exec cat <&3", sshd.host(), sshd.port());
        ssh.arg("-o").arg(format!("ProxyCommand=bash -c '{relay}'"));
    }
    ssh.args(["-p", &port.to_string(), "-l", sshd.user(), "--", host, "true"]);
    let output = ssh.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("REVOKED") {
        "host_key_revoked"
    } else if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        "host_key_changed"
    } else if said.contains("host key is known for") {
        "host_key_unknown"
    } else if said.contains("Permission denied") {
        "known"
    } else {
        panic!("ssh said {said}")
    }
}

/// What we make of the server at its own address.
async fn ours(sshd: &Sshd, files: &Files) -> &'static str {
    let endpoint = endpoint(sshd.port(), sshd.user());
    match connect(&endpoint, &key(sshd.key()), &files.known(), &patient(), &mut |_| {}).await {
        Ok(_) => "known",
        Err(error) => error.code(),
    }
}

/// What we make of a key that `host` shows.
fn judged(host: &str, port: u16, key: &str, files: &Files) -> &'static str {
    match files.known().judge(host, port, key).unwrap() {
        Verdict::Known => "known",
        Verdict::Unknown(_) => "host_key_unknown",
        Verdict::Changed(_) => "host_key_changed",
        Verdict::Revoked { .. } => "host_key_revoked",
    }
}

/// A user's file with this text.
fn file(folder: &TempDir, text: &[u8]) -> Files {
    let path = folder.path().join("hosts");
    std::fs::write(&path, text).unwrap();
    Files { user: vec![path], global: Vec::new() }
}

async fn ssh_keygen(arguments: &[&str]) {
    let status = Command::new("ssh-keygen").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    assert!(status.unwrap().success(), "ssh-keygen {arguments:?}");
}

/// `ssh-keygen -H` on one line: the name is hashed.
async fn hashed(line: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    std::fs::write(&path, format!("{line}\n")).unwrap();
    ssh_keygen(&["-Hf", path.to_str().unwrap()]).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("|1|"), "{text}");
    text.trim().to_owned()
}

fn key_of(sshd: &Sshd) -> String {
    sshd.known_hosts_line().split_once(' ').unwrap().1.to_owned()
}

async fn other_key(kind: KeyType) -> String {
    key_of(&Sshd::start(SshdConfig { host_keys: vec![kind], ..SshdConfig::default() }).await.unwrap())
}

#[tokio::test]
async fn every_form_of_line_is_judged_as_ssh_judges_it() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let port = sshd.port();
    let right = key_of(&sshd);
    let wrong = other_key(KeyType::Ed25519).await;
    let other_type = other_key(KeyType::Ecdsa).await;
    let rsa = other_key(KeyType::Rsa).await;

    let here = format!("[127.0.0.1]:{port}");
    let elsewhere = format!("[127.0.0.1]:{}", if port == 1 { 2 } else { port - 1 });
    let hash = hashed(&format!("{here} {right}")).await;
    let (hash_alone, _) = hash.split_once(' ').unwrap();
    let (salt, digest) = hash_alone.strip_prefix("|1|").unwrap().split_once('|').unwrap();
    let (kind, blob) = right.split_once(' ').unwrap();
    let long = "x".repeat(1023);
    let cases: Vec<(&str, Vec<String>, &str)> = vec![
        ("nothing", vec![], "host_key_unknown"),
        ("exact", vec![format!("{here} {right}")], "known"),
        ("comment and blanks", vec![format!("  {here}\t{right}   some # comment")], "known"),
        ("tabs", vec![format!("\t{here} \t {kind}\t\t{blob}\tcomment")], "known"),
        ("trailing blanks", vec![format!("{here} {right} \t ")], "known"),
        ("commented out", vec![format!("#{here} {right}")], "host_key_unknown"),
        ("commented out behind blanks", vec![format!(" \t#{here} {right}")], "host_key_unknown"),
        ("comment for a key", vec![format!("{here} #{right}")], "host_key_unknown"),
        ("windows", vec![format!("# x\r\n\r\n{here} {right}\r")], "known"),
        ("windows, wrong key", vec![format!("{here} {wrong}\r")], "host_key_changed"),
        ("no end of line but a return", vec![format!("{elsewhere} {right}\r{here} {wrong}")], "host_key_unknown"),
        ("hashed", vec![hash.clone()], "known"),
        ("hashed, wrong key", vec![format!("{hash_alone} {wrong}")], "host_key_changed"),
        ("hashed, other host", vec![hashed(&format!("{elsewhere} {right}")).await], "host_key_unknown"),
        ("hashed in a list", vec![format!("web,{hash_alone} {right}")], "host_key_unknown"),
        ("hashed and a list", vec![format!("{hash_alone},{here} {right}")], "host_key_unknown"),
        ("hashed and negated", vec![format!("!{hash_alone},* {right}")], "known"),
        ("hashed, unknown kind", vec![format!("|2|{salt}|{digest} {right}")], "host_key_unknown"),
        ("hashed, no hash", vec![format!("|1|{salt} {right}")], "host_key_unknown"),
        ("hashed, short salt", vec![format!("|1|AAAA|{digest} {right}")], "host_key_unknown"),
        ("hashed, bad salt", vec![format!("|1|{salt}x|{digest} {right}")], "host_key_unknown"),
        ("hashed, cut short", vec![format!("{} {right}", &hash_alone[..hash_alone.len() - 4])], "host_key_unknown"),
        ("other port", vec![format!("{elsewhere} {right}")], "host_key_unknown"),
        ("no port", vec![format!("127.0.0.1 {right}")], "known"),
        ("no port, hashed", vec![hashed(&format!("127.0.0.1 {right}")).await], "known"),
        ("no port, wrong key", vec![format!("127.0.0.1 {wrong}")], "host_key_unknown"),
        ("no port, wrong and right", vec![format!("127.0.0.1 {wrong}"), format!("127.0.0.1 {right}")], "known"),
        (
            "no port, right, but wrong with it",
            vec![format!("{here} {wrong}"), format!("127.0.0.1 {right}")],
            "host_key_changed",
        ),
        ("no port, wrong, but right with it", vec![format!("127.0.0.1 {wrong}"), format!("{here} {right}")], "known"),
        ("port without brackets", vec![format!("127.0.0.1:{port} {right}")], "host_key_unknown"),
        ("list", vec![format!("web,{here},db {right}")], "known"),
        ("list with blanks", vec![format!("web, {here} {right}")], "host_key_unknown"),
        ("list with gaps", vec![format!(",,web,,{here}, {right}")], "known"),
        ("long list", vec![format!("{}{here} {right}", "web,".repeat(50_000))], "known"),
        ("long comment", vec![format!("{here} {right} {}", "x".repeat(1_000_000))], "known"),
        ("a name that is too long", vec![format!("{here},{long} {right}")], "host_key_unknown"),
        ("a name that is just not too long", vec![format!("{here},{} {right}", &long[1..])], "known"),
        ("wildcard", vec![format!("[127.*]:{port} {right}")], "known"),
        ("wildcard in the port", vec![format!("[127.0.0.1]:* {right}")], "known"),
        ("wildcard without the port", vec![format!("127.* {right}")], "known"),
        ("question mark", vec![format!("[127.0.0.?]:{port} {right}")], "known"),
        ("question mark for nothing", vec![format!("{here}? {right}")], "host_key_unknown"),
        ("many stars", vec![format!("{}* {right}", "*1".repeat(30))], "host_key_unknown"),
        ("brackets are no class", vec![format!("127.0.0.[1-9] {right}")], "host_key_unknown"),
        ("wildcard, wrong key", vec![format!("* {wrong}")], "host_key_changed"),
        ("wildcard, other port", vec![format!("[*]:22 {right}")], "host_key_unknown"),
        ("negated", vec![format!("*,!{here} {wrong}")], "host_key_unknown"),
        ("negated first", vec![format!("!{here},* {wrong}")], "host_key_unknown"),
        ("negated by wildcard", vec![format!("{here},![127.*]:* {right}")], "host_key_unknown"),
        ("negated elsewhere", vec![format!("!{elsewhere},* {right}")], "known"),
        ("negated without the port", vec![format!("!127.0.0.1,* {right}")], "known"),
        ("negated alone", vec![format!("!{elsewhere} {right}")], "host_key_unknown"),
        ("negated twice", vec![format!("!!{here},* {right}")], "known"),
        ("wrong", vec![format!("{here} {wrong}")], "host_key_changed"),
        ("other type", vec![format!("{here} {other_type}")], "host_key_changed"),
        ("several of one type", vec![format!("{here} {wrong}"), format!("{here} {right}")], "known"),
        ("several of one type, right first", vec![format!("{here} {right}"), format!("{here} {wrong}")], "known"),
        (
            "several types",
            vec![format!("{here} {other_type}"), format!("{here} {rsa}"), format!("{here} {right}")],
            "known",
        ),
        ("several types, all wrong", vec![format!("{here} {other_type}"), format!("{here} {rsa}")], "host_key_changed"),
        ("revoked", vec![format!("@revoked {here} {right}")], "host_key_revoked"),
        ("revoked for all", vec![format!("{here} {right}"), format!("@revoked * {right}")], "host_key_revoked"),
        ("revoked before", vec![format!("@revoked * {right}"), format!("{here} {right}")], "host_key_revoked"),
        ("revoked and hashed", vec![format!("@revoked {hash}")], "host_key_revoked"),
        ("revoked without the port", vec![format!("@revoked 127.0.0.1 {right}")], "host_key_revoked"),
        (
            "revoked without the port, known with it",
            vec![format!("@revoked 127.0.0.1 {right}"), format!("{here} {right}")],
            "known",
        ),
        ("revoked elsewhere", vec![format!("@revoked web {right}"), format!("{here} {right}")], "known"),
        (
            "revoked but for this one",
            vec![format!("@revoked *,!{here},!127.0.0.1 {right}"), format!("{here} {right}")],
            "known",
        ),
        ("another one revoked", vec![format!("@revoked * {wrong}"), format!("{here} {right}")], "known"),
        ("only another one revoked", vec![format!("@revoked * {wrong}")], "host_key_unknown"),
        ("revoked, two blanks", vec![format!("@revoked  {here}  {right}")], "host_key_revoked"),
        ("revoked, tabs", vec![format!("@revoked\t{here}\t{kind}\t{blob}")], "host_key_revoked"),
        ("revoked, a tab and a blank", vec![format!("@revoked\t{here} {right}")], "host_key_unknown"),
        ("revoked in capitals", vec![format!("@REVOKED * {right}"), format!("{here} {right}")], "known"),
        ("marked twice", vec![format!("@revoked @revoked * {right}"), format!("{here} {right}")], "known"),
        ("authority", vec![format!("@cert-authority * {right}")], "host_key_unknown"),
        ("authority with another key", vec![format!("@cert-authority * {wrong}")], "host_key_unknown"),
        ("authority and key", vec![format!("@cert-authority * {wrong}"), format!("{here} {right}")], "known"),
        (
            "authority and wrong key",
            vec![format!("@cert-authority * {right}"), format!("{here} {wrong}")],
            "host_key_changed",
        ),
        ("unknown marker", vec![format!("@trusted {here} {right}")], "host_key_unknown"),
        ("marker alone", vec!["@revoked".into(), format!("{here} {right}")], "known"),
        (
            "garbage before",
            vec!["!!! not a line".into(), "x".into(), String::new(), format!("{here} {right}")],
            "known",
        ),
        (
            "garbage for the host",
            vec![format!("{here} not-a-type {blob}"), format!("{here} 1024 37 1593")],
            "host_key_unknown",
        ),
        ("garbage key", vec![format!("{here} ssh-ed25519 AAAA")], "host_key_unknown"),
        (
            "garbage key, and the right one",
            vec![format!("{here} ssh-ed25519 AAAA"), format!("{here} {right}")],
            "known",
        ),
        ("key cut short", vec![format!("{here} {}", &right[..right.len() - 4])], "host_key_unknown"),
        ("key too long", vec![format!("{here} {right}AAAA")], "host_key_unknown"),
        ("key with padding", vec![format!("{here} {right}=")], "host_key_unknown"),
        (
            "no key",
            vec![here.clone(), format!("{here} "), format!("{here} {kind}"), format!("{here} {kind} ")],
            "host_key_unknown",
        ),
        ("type of another key", vec![format!("{here} ssh-rsa {blob}")], "host_key_unknown"),
        ("type in capitals", vec![format!("{here} SSH-ED25519 {blob}")], "host_key_unknown"),
        (
            "name of a signature",
            vec![format!("{here} {}", rsa.replacen("ssh-rsa", "rsa-sha2-512", 1))],
            "host_key_changed",
        ),
        ("quoted", vec![format!("\"{here}\" {right}")], "host_key_unknown"),
        ("cut by a zero", vec![format!("{here} {kind}\0 {blob}"), format!("{here} {wrong}\0")], "host_key_changed"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (what, lines, expected) in cases {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let files = file(&folder, text.as_bytes());
        assert_eq!(oracle(&sshd, "127.0.0.1", port, &files).await, expected, "ssh: {what}");
        assert_eq!(ours(&sshd, &files).await, expected, "{what}");
    }
    let line = format!("{here} {right}");
    for (what, text, expected) in [
        (
            "bytes that are no text",
            [b"\xff\xfe \xff\n\xc3", line.as_bytes(), b" \xff\xfe\n"].concat(),
            "host_key_unknown",
        ),
        ("such a comment", [line.as_bytes(), b" \xff\xfe\n"].concat(), "known"),
        ("such a name beside it", [b"\xff,", line.as_bytes(), b"\n"].concat(), "known"),
        ("without an end", line.clone().into_bytes(), "known"),
        ("a mark at the beginning", [b"\xef\xbb\xbf", line.as_bytes(), b"\n"].concat(), "host_key_unknown"),
        ("nothing but noise", (0..=255).cycle().take(100_000).collect(), "host_key_unknown"),
    ] {
        let files = file(&folder, &text);
        assert_eq!(oracle(&sshd, "127.0.0.1", port, &files).await, expected, "ssh: {what}");
        assert_eq!(ours(&sshd, &files).await, expected, "{what}");
    }
}

#[tokio::test]
async fn every_form_of_name_is_found_as_ssh_finds_it() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (right, wrong) = (key_of(&sshd), other_key(KeyType::Ed25519).await);
    let folder = tempfile::tempdir().unwrap();
    for (host, port, line, expected) in [
        ("web.example.org", 22, format!("web.example.org {right}"), "known"),
        ("WEB.example.org", 22, format!("web.example.org {right}"), "known"),
        ("web.example.org", 22, format!("Web.EXAMPLE.org {right}"), "known"),
        ("WEB.example.org", 22, hashed(&format!("web.example.org {right}")).await, "known"),
        ("WEB.example.org", 2222, format!("[*.EXAMPLE.org]:2222 {wrong}"), "host_key_changed"),
        ("web.example.org", 22, format!("[web.example.org]:22 {right}"), "host_key_unknown"),
        ("web.example.org", 2222, format!("web.example.org:2222 {right}"), "host_key_unknown"),
        ("web.example.org", 22, format!("[web.example.org]:2222 {wrong}"), "host_key_unknown"),
        ("web", 22, format!("web.example.org {right}"), "host_key_unknown"),
        ("web.example.org.", 22, format!("web.example.org {right}"), "host_key_unknown"),
        ("::1", 22, format!("::1 {right}"), "known"),
        ("::1", 2222, format!("[::1]:2222 {right}"), "known"),
        ("::1", 2222, format!("::1 {right}"), "known"),
        ("::1", 2222, hashed(&format!("[::1]:2222 {wrong}")).await, "host_key_changed"),
        ("2001:DB8::a", 22, format!("2001:db8::A {wrong}"), "host_key_changed"),
        ("2001:db8::a", 22, format!("2001:db8:0::a {right}"), "host_key_unknown"),
        ("fe80::1%lo", 22, format!("fe80::1%lo {right}"), "known"),
        ("fe80::1%lo", 22, format!("fe80::1 {right}"), "host_key_unknown"),
        ("w\u{e9}b", 22, format!("w\u{e9}b {right}"), "known"),
        ("w\u{e9}b", 22, format!("w??b {right}"), "known"),
        ("w\u{e9}b", 22, format!("w?b {right}"), "host_key_unknown"),
    ] {
        let files = file(&folder, format!("{line}\n").as_bytes());
        assert_eq!(oracle(&sshd, host, port, &files).await, expected, "ssh: {host} {port} {line}");
        assert_eq!(judged(host, port, &right, &files), expected, "{host} {port} {line}");
    }
}

#[tokio::test]
async fn all_files_are_asked_as_ssh_asks_them() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let here = format!("[127.0.0.1]:{}", sshd.port());
    let (right, wrong) = (key_of(&sshd), other_key(KeyType::Ed25519).await);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = path("good", &format!("{here} {right}\n"));
    let bad = path("bad", &format!("{here} {wrong}\n"));
    let revoking = path("revoking", &format!("@revoked * {right}\n"));
    let empty = path("empty", "");
    let (missing, directory) = (folder.path().join("missing"), folder.path().to_owned());
    let null = PathBuf::from("/dev/null");
    for (what, user, global, expected) in [
        ("the second", vec![&missing, &good], vec![], "known"),
        ("the computer's", vec![&missing], vec![&good], "known"),
        ("the computer's second", vec![&empty], vec![&empty, &good], "known"),
        ("one says so", vec![&bad], vec![&good], "known"),
        ("none says so", vec![&bad], vec![&bad, &empty], "host_key_changed"),
        ("the computer's says no", vec![&empty], vec![&bad], "host_key_changed"),
        ("the computer's revokes", vec![&good], vec![&revoking], "host_key_revoked"),
        ("one is a folder", vec![&directory, &good], vec![&directory], "known"),
        ("all are no files", vec![&directory, &null], vec![&missing], "host_key_unknown"),
    ] {
        let owned = |paths: Vec<&PathBuf>| paths.into_iter().cloned().collect::<Vec<_>>();
        let files = Files { user: owned(user), global: owned(global) };
        assert_eq!(oracle(&sshd, "127.0.0.1", sshd.port(), &files).await, expected, "ssh: {what}");
        assert_eq!(ours(&sshd, &files).await, expected, "{what}");
    }
}

/// A host key with a certificate, and the authority that signed it.
struct Certified {
    folder: TempDir,
}

impl Certified {
    async fn with_keys(kind: &str, authority: &str) -> Self {
        let certified = Self { folder: tempfile::tempdir().unwrap() };
        for (name, kind) in [("host", kind), ("authority", authority)] {
            ssh_keygen(&["-q", "-t", kind, "-N", "", "-f", &certified.path(name)]).await;
        }
        certified
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn public(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name) + ".pub").unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// A server with the key and a certificate that was signed with these arguments to ssh-keygen.
    async fn serve(&self, arguments: &[&str]) -> Sshd {
        let (host, authority) = (self.path("host"), self.path("authority"));
        let common = ["-q", "-s", &authority, "-I", "a host", "-h"];
        ssh_keygen(&[&common, arguments, &[&format!("{host}.pub")]].concat()).await;
        let lines = vec![format!("HostKey {host}"), format!("HostCertificate {host}-cert.pub")];
        Sshd::start(SshdConfig { host_keys: Vec::new(), lines, ..SshdConfig::default() }).await.unwrap()
    }
}

async fn compare(sshd: &Sshd, lines: &[String], expected: &str, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let files = file(&folder, text.as_bytes());
    assert_eq!(oracle(sshd, "127.0.0.1", sshd.port(), &files).await, expected, "ssh: {what}");
    assert_eq!(ours(sshd, &files).await, expected, "{what}");
}

#[tokio::test]
async fn authorities_are_believed_as_ssh_believes_them() {
    let certified = Certified::with_keys("ed25519", "ed25519").await;
    let sshd = certified.serve(&["-n", "web,127.0.0.1", "-V", "-1d:+1d"]).await;
    let here = format!("[127.0.0.1]:{}", sshd.port());
    let (authority, host) = (certified.public("authority"), certified.public("host"));
    let stranger = other_key(KeyType::Ed25519).await;
    for (what, lines, expected) in [
        ("for all", vec![format!("@cert-authority * {authority}")], "known"),
        ("for this one", vec![format!("@cert-authority {here} {authority}")], "known"),
        ("hashed", vec![format!("@cert-authority {}", hashed(&format!("{here} {authority}")).await)], "known"),
        ("without the port", vec![format!("@cert-authority 127.0.0.1 {authority}")], "known"),
        ("for others", vec![format!("@cert-authority *.example.org {authority}")], "host_key_unknown"),
        ("not marked", vec![format!("* {authority}")], "host_key_changed"),
        ("another one", vec![format!("@cert-authority * {stranger}")], "host_key_unknown"),
        ("two", vec![format!("@cert-authority * {stranger}"), format!("@cert-authority * {authority}")], "known"),
        (
            "another one with the port",
            vec![format!("@cert-authority {here} {stranger}"), format!("@cert-authority 127.0.0.1 {authority}")],
            "known",
        ),
        (
            "a wrong key with the port",
            vec![format!("{here} {stranger}"), format!("@cert-authority 127.0.0.1 {authority}")],
            "known",
        ),
        ("another one, and the key", vec![format!("@cert-authority * {stranger}"), format!("{here} {host}")], "known"),
        ("the key alone", vec![format!("{here} {host}")], "known"),
        ("the key, marked", vec![format!("@cert-authority * {host}")], "host_key_unknown"),
        ("and a wrong key", vec![format!("@cert-authority * {authority}"), format!("{here} {stranger}")], "known"),
        (
            "revoked",
            vec![format!("@cert-authority * {authority}"), format!("@revoked * {authority}")],
            "host_key_revoked",
        ),
        (
            "revoked, and the key known",
            vec![format!("{here} {host}"), format!("@cert-authority * {authority}"), format!("@revoked * {authority}")],
            "host_key_revoked",
        ),
        (
            "the key revoked",
            vec![format!("@cert-authority * {authority}"), format!("@revoked * {host}")],
            "host_key_revoked",
        ),
        (
            "another one revoked",
            vec![format!("@cert-authority * {authority}"), format!("@revoked * {stranger}")],
            "known",
        ),
    ] {
        compare(&sshd, &lines, expected, what).await;
    }
}

#[tokio::test]
async fn certificates_are_checked_as_ssh_checks_them() {
    let certified = Certified::with_keys("ecdsa", "ed25519").await;
    let trust = format!("@cert-authority * {}", certified.public("authority"));
    for (what, arguments, expected) in [
        ("for ever", vec!["-n", "127.0.0.1"], "known"),
        ("another name", vec!["-n", "web"], "host_key_unknown"),
        ("the name with its port", vec!["-n", "[127.0.0.1]:22"], "host_key_unknown"),
        ("expired", vec!["-n", "127.0.0.1", "-V", "-2d:-1d"], "host_key_unknown"),
        ("not yet valid", vec!["-n", "127.0.0.1", "-V", "+1d:+2d"], "host_key_unknown"),
        ("critical option", vec!["-n", "127.0.0.1", "-O", "critical:new@example.org=x"], "host_key_unknown"),
        ("extension", vec!["-n", "127.0.0.1", "-O", "extension:new@example.org=x"], "known"),
    ] {
        let sshd = certified.serve(&arguments).await;
        compare(&sshd, std::slice::from_ref(&trust), expected, what).await;
        let here = format!("[127.0.0.1]:{}", sshd.port());
        let with_key = [trust.clone(), format!("{here} {}", certified.public("host"))];
        compare(&sshd, &with_key, "known", &format!("{what}, and the key is known")).await;
    }
}

#[tokio::test]
async fn an_authority_must_not_sign_with_sha_1() {
    let certified = Certified::with_keys("rsa", "rsa").await;
    let trust = [format!("@cert-authority * {}", certified.public("authority"))];
    for (signature, expected) in [("rsa-sha2-512", "known"), ("rsa-sha2-256", "known"), ("ssh-rsa", "host_key_unknown")]
    {
        let sshd = certified.serve(&["-n", "127.0.0.1", "-t", signature]).await;
        compare(&sshd, &trust, expected, signature).await;
    }
}

#[tokio::test]
async fn a_server_without_a_certificate_is_judged_by_its_key() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let authority = format!("@cert-authority * {}", other_key(KeyType::Ed25519).await);
    compare(&sshd, std::slice::from_ref(&authority), "host_key_unknown", "authority alone").await;
    compare(&sshd, &[authority, sshd.known_hosts_line().to_owned()], "known", "authority and key").await;
}

#[tokio::test]
async fn a_server_with_several_keys_is_asked_for_what_is_known_as_ssh_does() {
    let host_keys = vec![KeyType::Ed25519, KeyType::Ecdsa, KeyType::Rsa];
    let sshd = Sshd::start(SshdConfig { host_keys, ..SshdConfig::default() }).await.unwrap();
    for line in sshd.known_hosts_lines() {
        compare(&sshd, std::slice::from_ref(line), "known", line).await;
    }
    let rsa = sshd.known_hosts_lines()[2].clone();
    let wrong = other_key(KeyType::Ecdsa).await;
    let here = format!("[127.0.0.1]:{}", sshd.port());
    compare(&sshd, &[rsa.clone(), format!("@revoked * {wrong}")], "known", "a revoked key is not asked for").await;
    compare(&sshd, &[rsa, format!("{here} {wrong}")], "host_key_changed", "the best of the known types is asked for")
        .await;
}

#[tokio::test]
async fn the_address_of_a_name_is_not_asked_about() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (right, wrong) = (key_of(&sshd), other_key(KeyType::Ed25519).await);
    let folder = tempfile::tempdir().unwrap();
    let port = sshd.port();
    let files = file(&folder, format!("[localhost]:{port} {right}\n[127.0.0.1]:{port} {wrong}\n").as_bytes());
    assert_eq!(judged("localhost", port, &right, &files), "known");
    assert_eq!(oracle(&sshd, "localhost", port, &files).await, "known");
}
