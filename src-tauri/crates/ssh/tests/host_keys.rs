//! Host keys as a person meets them: unknown, accepted, changed, revoked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use common::{Hosts, attempt, connect, key, say, session, sshd};
use hostrounds_ssh::{ConnectError, HostKeyOffer, KnownHosts, KnownHostsError, KnownKey, Step, Verdict};
use hostrounds_testbed::{KeyType, Sshd, SshdConfig};

#[tokio::test]
async fn an_unknown_key_is_refused_until_it_is_accepted() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hosts = Hosts::with(&[]);
    let mut steps = Vec::new();
    let endpoint = common::endpoint(sshd.port(), sshd.user());
    let error = connect(&endpoint, &key(sshd.key()), &hosts.known, &common::patient(), &mut |done| {
        steps.push(done.step);
    })
    .await
    .unwrap_err();
    assert_eq!((error.code(), error.step(), error.retryable()), ("host_key_unknown", Step::HostKey, false));
    assert_eq!(steps, [Step::Resolve, Step::Connect, Step::KeyExchange]);
    let offer = error.host_key().unwrap();
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    assert_eq!(offer.algorithm, "ssh-ed25519");
    assert_eq!(format!("{} {}", offer.host, offer.openssh), sshd.known_hosts_line());

    hosts.known.accept(offer).unwrap();
    hosts.known.accept(offer).unwrap();
    assert_eq!(hosts.text(), format!("{}\n", sshd.known_hosts_line()), "written once");
    assert_eq!(say(&session(&sshd, &hosts).await, "echo in").await, "in\n");
}

#[tokio::test]
async fn a_changed_key_is_refused_until_it_replaces_the_old_one() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let old_line = sshd.known_hosts_line().to_owned();
    let old = sshd.fingerprint().to_owned();
    sshd.restart_with_new_host_keys().await.unwrap();
    let error = attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.step(), error.retryable()), ("host_key_changed", Step::HostKey, false));
    let offer = error.host_key().unwrap();
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    let known = &offer.replaces;
    assert_eq!((known.len(), known[0].fingerprint.as_str(), known[0].line), (1, old.as_str(), 1));
    assert_eq!(known[0].file, hosts.folder.path().join("known_hosts"));
    assert!(error.to_string().contains(&format!("{old} ({}:1)", known[0].file.display())), "{error}");
    let before = hosts.text();
    assert!(matches!(hosts.known.accept(offer), Err(KnownHostsError::Contradicted { line: 1, .. })));
    assert_eq!(hosts.text(), before);

    hosts.known.replace(offer).unwrap();
    hosts.known.replace(offer).unwrap();
    assert_eq!(hosts.text(), format!("{}\n", sshd.known_hosts_line()));
    assert_eq!(say(&session(&sshd, &hosts).await, "echo in").await, "in\n");
    assert_eq!(judge(&hosts.known, &old_line), "changed");
}

/// What is made of the key of a line, shown by the host of that line.
fn judge(known: &KnownHosts, line: &str) -> &'static str {
    let (name, key) = line.split_once(' ').unwrap();
    let (host, port) = match name.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((host, port)) => (host, port.parse().unwrap()),
        None => (name, 22),
    };
    match known.judge(host, port, key).unwrap() {
        Verdict::Known => "known",
        Verdict::Unknown(_) => "unknown",
        Verdict::Changed(_) => "changed",
        Verdict::Revoked { .. } => "revoked",
    }
}

const KEYS: [&str; 3] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjgSiMcu/nK5ZUr5lcLd5tJ1KThf5ctw0x2WzT6Fw3x",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/BRGrce4/M2lBq1eKOli00eJ90k+nItL/Pm66dsVZG",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEeQPlJu8XqLSRw+JHG2jBCYkw8Alb82WoJBKtHBlZEH",
];

fn offer(known: &KnownHosts, host: &str, key: &str) -> HostKeyOffer {
    match known.judge(host, 22, key).unwrap() {
        Verdict::Unknown(offer) | Verdict::Changed(offer) | Verdict::Revoked { offer, .. } => offer,
        Verdict::Known => panic!("{host} is known with {key}"),
    }
}

#[test]
fn a_key_in_a_file_of_others_is_overruled_and_stays_where_it_is() {
    let [old, new, third] = KEYS;
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    let text = format!("# theirs\nweb,db {old}\n*.example.org {old}\n");
    std::fs::write(&theirs, &text).unwrap();
    let own = folder.path().join("known_hosts");
    let known = KnownHosts::new(own.clone(), vec![theirs.clone()]);
    let verdicts = |host: &str| KEYS.map(|key| judge(&known, &format!("{host} {key}")));
    assert_eq!(verdicts("web"), ["known", "changed", "changed"]);

    known.replace(&offer(&known, "web", new)).unwrap();
    assert_eq!(verdicts("web"), ["changed", "known", "changed"]);
    assert_eq!(verdicts("db"), ["known", "changed", "changed"], "the same line still counts for others");
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), text);

    // Whoever changes their file to yet another key says something new.
    std::fs::write(&theirs, text.replace(old, third)).unwrap();
    assert_eq!(verdicts("web"), ["changed", "known", "known"]);
    assert_eq!(offer(&known, "web", old).replaces.len(), 2);

    // And back again, knowingly: what was overruled is good again.
    std::fs::write(&theirs, &text).unwrap();
    known.replace(&offer(&known, "web", old)).unwrap();
    assert_eq!(verdicts("web"), ["known", "changed", "changed"]);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), format!("web {old}\n"));
}

#[test]
fn an_overruled_key_is_not_good_without_its_port_either() {
    let [old, new, _] = KEYS;
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    std::fs::write(&theirs, format!("web {old}\n[web]:2222 {old}\n")).unwrap();
    let known = KnownHosts::new(folder.path().join("known_hosts"), vec![theirs]);
    let Verdict::Changed(offer) = known.judge("web", 2222, new).unwrap() else { panic!() };
    known.replace(&offer).unwrap();
    assert_eq!(judge(&known, &format!("[web]:2222 {old}")), "changed");
    assert_eq!(judge(&known, &format!("web {old}")), "known");
}

#[test]
fn only_what_was_shown_is_replaced() {
    let [old, new, third] = KEYS;
    let hosts = Hosts::with(&[&format!("web {old}")]);
    let offer = offer(&hosts.known, "web", new);
    std::fs::write(hosts.folder.path().join("known_hosts"), format!("web {third}\n")).unwrap();
    assert!(matches!(hosts.known.replace(&offer), Err(KnownHostsError::Outdated { .. })));
    assert_eq!(hosts.text(), format!("web {third}\n"));
}

#[test]
fn a_revoked_key_is_neither_accepted_nor_put_in_the_place_of_another() {
    let [old, new, _] = KEYS;
    for lines in [vec![format!("@revoked * {new}")], vec![format!("web {old}"), format!("@revoked web {new}")]] {
        let hosts = Hosts::with(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let (before, offer) = (hosts.text(), offer(&hosts.known, "web", new));
        assert!(matches!(hosts.known.accept(&offer), Err(KnownHostsError::Revoked { .. })));
        let claimed = HostKeyOffer { replaces: offer_of(&hosts.known, "web", old), ..offer };
        assert!(matches!(hosts.known.replace(&claimed), Err(KnownHostsError::Revoked { .. })));
        assert_eq!(hosts.text(), before);
    }
    let hosts = Hosts::with(&[&format!("@revoked web {new}")]);
    assert_eq!(judge(&hosts.known, &format!("[web]:2222 {new}")), "revoked", "on every port");
}

fn offer_of(known: &KnownHosts, host: &str, key: &str) -> Vec<KnownKey> {
    match known.judge(host, 22, key).unwrap() {
        Verdict::Changed(offer) => offer.replaces,
        _ => Vec::new(),
    }
}

#[test]
fn a_replacement_leaves_other_lines_as_they_are() {
    let [old, new, third] = KEYS;
    let hosts = Hosts::with(&[]);
    let own = hosts.folder.path().join("known_hosts");
    let others = format!("# mine \r\n\n  web.example.org\t{old}  a comment \t\nweb,db {third}\nbroken line\n");
    std::fs::write(&own, format!("web {old} why\n{others}web {third}")).unwrap();
    hosts.known.replace(&offer(&hosts.known, "web", new)).unwrap();
    let fingerprint = offer(&hosts.known, "elsewhere", third).fingerprint;
    assert_eq!(hosts.text(), format!("{others}#hostrounds-overrules web {fingerprint}\nweb {new}\n"));
    assert_eq!(KEYS.map(|key| judge(&hosts.known, &format!("web {key}"))), ["changed", "known", "changed"]);
    assert_eq!(judge(&hosts.known, &format!("db {third}")), "known");
}

#[test]
fn decisions_at_the_same_time_are_all_kept() {
    let hosts = Hosts::with(&[]);
    let own = hosts.folder.path().join("known_hosts");
    std::thread::scope(|scope| {
        for half in ["a", "b"] {
            let known = KnownHosts::new(own.clone(), Vec::new());
            scope.spawn(move || {
                for number in 0..50 {
                    let host = format!("{half}{number}");
                    known.accept(&offer(&known, &host, KEYS[0])).unwrap();
                }
            });
        }
    });
    assert_eq!(hosts.text().lines().count(), 100);
    for host in ["a0", "a49", "b0", "b49"] {
        assert_eq!(judge(&hosts.known, &format!("{host} {}", KEYS[0])), "known");
    }
}

#[test]
fn ssh_keygen_finds_what_was_written() {
    let [old, new, _] = KEYS;
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    std::fs::write(&theirs, format!("[web]:2222 {old}\n")).unwrap();
    let own = folder.path().join("known_hosts");
    let known = KnownHosts::new(own.clone(), vec![theirs]);
    known.accept(&offer(&known, "db", old)).unwrap();
    let Verdict::Changed(changed) = known.judge("web", 2222, new).unwrap() else { panic!() };
    known.replace(&changed).unwrap();
    let ssh_keygen = |arguments: &[&str]| {
        let output = Command::new("ssh-keygen").args(arguments).arg("-f").arg(&own).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (found, printed) = ssh_keygen(&["-F", "[web]:2222"]);
    assert!(found && printed.contains(new), "{printed}");
    let (listed, printed) = ssh_keygen(&["-l"]);
    assert!(listed && printed.contains(&changed.fingerprint), "{printed}");
    assert_eq!(printed.lines().count(), 2);
    assert!(ssh_keygen(&["-R", "[web]:2222"]).0);
    assert_eq!(judge(&known, &format!("[web]:2222 {new}")), "unknown", "the old key is not good again by that");
    assert_eq!(judge(&known, &format!("[web]:2222 {old}")), "unknown");
    known.accept(&HostKeyOffer { host: "[web]:2222".into(), ..offer(&known, "x", old) }).unwrap();
    assert_eq!(judge(&known, &format!("[web]:2222 {old}")), "known");
}

#[tokio::test]
async fn a_revoked_key_is_refused_even_if_it_is_known_too() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let key_alone = sshd.known_hosts_line().split_once(' ').unwrap().1;
    let hosts = Hosts::with(&[sshd.known_hosts_line(), &format!("@revoked * {key_alone}")]);
    let error = attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("host_key_revoked", false));
    let ConnectError::HostKeyRevoked { offer, entry } = &error else { panic!("{error:?}") };
    assert_eq!(entry.line, 2);
    assert!(hosts.known.accept(offer).is_err());
}

#[tokio::test]
async fn a_server_with_several_keys_is_asked_for_the_one_that_is_known() {
    let config =
        SshdConfig { host_keys: vec![KeyType::Ed25519, KeyType::Ecdsa, KeyType::Rsa], ..SshdConfig::default() };
    let sshd = Sshd::start(config).await.unwrap();
    for line in sshd.known_hosts_lines() {
        let hosts = Hosts::with(&[line]);
        let session = session(&sshd, &hosts).await;
        assert_eq!(say(&session, "echo in").await, "in\n", "{line}");
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_a_changed_key() {
    let ecdsa = SshdConfig { host_keys: vec![KeyType::Ecdsa], ..SshdConfig::default() };
    let (other, sshd) = (Sshd::start(ecdsa).await.unwrap(), Sshd::start(SshdConfig::default()).await.unwrap());
    let key_alone = other.known_hosts_line().split_once(' ').unwrap().1;
    let hosts = Hosts::with(&[&format!("[127.0.0.1]:{} {key_alone}", sshd.port())]);
    let error = attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!(error.code(), "host_key_changed");
}

#[tokio::test]
async fn the_files_of_others_are_believed_and_never_written() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let theirs = Hosts::with(&[sshd.known_hosts_line()]);
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("new/folder/known_hosts");
    let known = KnownHosts::new(own.clone(), vec![theirs.folder.path().join("known_hosts"), "/nonexistent".into()]);
    let endpoint = common::endpoint(sshd.port(), sshd.user());
    connect(&endpoint, &key(sshd.key()), &known, &common::patient(), &mut |_| {}).await.unwrap();
    let offer = HostKeyOffer {
        host: "elsewhere".into(),
        algorithm: "ssh-ed25519".into(),
        fingerprint: sshd.fingerprint().into(),
        openssh: sshd.known_hosts_line().split_once(' ').unwrap().1.into(),
        replaces: Vec::new(),
    };
    known.accept(&offer).unwrap();
    assert_eq!(theirs.text(), format!("{}\n", sshd.known_hosts_line()));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&own), mode(own.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn an_offer_that_would_smuggle_lines_is_not_written() {
    let hosts = Hosts::with(&[]);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQtTWVzd2t27+t0DEHBPW7iOD23TUiYLio";
    for host in ["*", "a,b", "a\nb", "", "@revoked x", "|1|a|b"] {
        let offer = HostKeyOffer {
            host: host.into(),
            algorithm: "ssh-ed25519".into(),
            fingerprint: String::new(),
            openssh: key.into(),
            replaces: Vec::new(),
        };
        assert!(hosts.known.accept(&offer).is_err(), "{host:?}");
    }
    assert_eq!(hosts.text(), "");
}

#[test]
fn a_line_that_lost_its_end_is_not_lengthened() {
    let hosts = Hosts::with(&[]);
    std::fs::write(hosts.folder.path().join("known_hosts"), "# no newline").unwrap();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
    let offer = HostKeyOffer {
        host: "web".into(),
        algorithm: "ssh-ed25519".into(),
        fingerprint: String::new(),
        openssh: key.into(),
        replaces: Vec::new(),
    };
    hosts.known.accept(&offer).unwrap();
    assert_eq!(hosts.text(), format!("# no newline\nweb {key}\n"));
}

#[test]
fn an_own_file_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let known = KnownHosts::new(folder.path().to_owned(), Vec::new());
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
    assert!(matches!(known.judge("web", 22, key), Err(KnownHostsError::Read { .. })));
}
