//! Host keys as a person meets them: unknown, accepted, changed, revoked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Hosts, attempt, key, say, session, sshd};
use hostrounds_ssh::{ConnectError, HostKeyOffer, KnownHosts, KnownHostsError, Step, connect};
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
async fn a_changed_key_is_refused_and_cannot_be_accepted() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let old = sshd.fingerprint().to_owned();
    sshd.restart_with_new_host_keys().await.unwrap();
    let error = attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.step(), error.retryable()), ("host_key_changed", Step::HostKey, false));
    assert!(error.host_key().is_none());
    assert!(error.hint().contains(&format!("ssh-keygen -R '[127.0.0.1]:{}'", sshd.port())), "{}", error.hint());
    let ConnectError::HostKeyChanged { offer, known } = &error else { panic!("{error:?}") };
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    assert_eq!((known.len(), known[0].fingerprint.as_str(), known[0].line), (1, old.as_str(), 1));
    assert_eq!(known[0].file, hosts.folder.path().join("known_hosts"));
    let before = hosts.text();
    assert!(matches!(hosts.known.accept(offer), Err(KnownHostsError::Contradicted { line: 1, .. })));
    assert_eq!(hosts.text(), before);
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
