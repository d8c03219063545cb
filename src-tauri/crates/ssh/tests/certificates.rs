//! OpenSSH certificates, against an sshd that believes our authority.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::{Path, PathBuf};

use common::{Hosts, attempt, key, say};
use hostrounds_ssh::{ConnectError, Credential, Step};
use hostrounds_testbed::{Agent, Authority, ClientKey, Sshd, SshdConfig};
use rstest::rstest;

/// A server that believes an authority.
async fn believing(lines: &[&str]) -> (Sshd, Hosts, Authority) {
    let authority = Authority::new().await.unwrap();
    let mut config = SshdConfig::default();
    config.lines.push(format!("TrustedUserCAKeys {}", authority.public_key().display()));
    config.lines.extend(lines.iter().map(|line| (*line).to_owned()));
    let sshd = Sshd::start(config).await.unwrap();
    let hosts = Hosts::with(&[sshd.known_hosts_line()]);
    (sshd, hosts, authority)
}

fn with(key: &Path, certificate: Option<PathBuf>) -> Credential {
    Credential::Key { path: key.to_owned(), certificate, passphrase: None }
}

#[rstest]
#[case(ClientKey::Ed25519)]
#[case(ClientKey::Ecdsa521)]
#[case::sha2(ClientKey::Rsa)]
#[tokio::test]
async fn a_certificate_gets_in_named_or_beside_its_key(#[case] kind: ClientKey) {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    // The key itself is not let in: only the certificate is.
    let stranger = sshd.stranger(kind).await.unwrap();
    let certificate = authority.certify(&stranger, &["-n", sshd.user()]).await.unwrap();
    let session = attempt(&sshd, &key(&stranger), &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    let elsewhere = sshd.folder().join("elsewhere.pub");
    std::fs::rename(certificate, &elsewhere).unwrap();
    assert_eq!(attempt(&sshd, &key(&stranger), &hosts).await.unwrap_err().code(), "login_refused");
    let session = attempt(&sshd, &with(&stranger, Some(elsewhere)), &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    assert!(sshd.log().contains("-CERT"), "{}", sshd.log());
}

#[rstest]
#[case::expired("-1d:-1h", "certificate_expired")]
#[case::not_yet("+1d:+2d", "certificate_not_yet_valid")]
#[tokio::test]
async fn one_that_is_not_valid_now_is_not_shown(#[case] validity: &str, #[case] code: &str) {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let certificate = authority.certify(&stranger, &["-n", sshd.user(), "-V", validity]).await.unwrap();
    let error = attempt(&sshd, &with(&stranger, Some(certificate.clone())), &hosts).await.unwrap_err();
    assert_eq!(
        (error.code(), error.step(), error.retryable(), error.refuses_login()),
        (code, Step::Login, false, false)
    );
    assert_eq!(error.remedy(), Some(format!("ssh-keygen -Lf {}", certificate.display())));
    assert!(!sshd.log().contains("CERT"), "{}", sshd.log());
    // Beside a key that is let in without it, it does no harm; beside one that is not, it is the likely cause.
    let error = attempt(&sshd, &key(&stranger), &hosts).await.unwrap_err();
    assert!(error.code() == "login_refused" && error.to_string().contains("certificate"), "{error}");
    authority.certify(sshd.key(), &["-n", sshd.user(), "-V", validity]).await.unwrap();
    attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap();
}

#[tokio::test]
async fn one_for_somebody_else_names_the_names() {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    authority.certify(&stranger, &["-n", "alice,bob"]).await.unwrap();
    let error = attempt(&sshd, &key(&stranger), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.refuses_login()), ("certificate_wrong_principal", true));
    let ConnectError::CertificateWrongPrincipal { principals, .. } = &error else { panic!("{error:?}") };
    assert_eq!(principals, &["alice", "bob"]);
}

#[tokio::test]
async fn a_server_may_take_other_names_for_its_users() {
    let folder = tempfile::tempdir().unwrap();
    let names = folder.path().join("principals");
    std::fs::write(&names, "the-operators\n").unwrap();
    let line = format!("AuthorizedPrincipalsFile {}", names.display());
    let (mut sshd, hosts, authority) = believing(&[&line]).await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    authority.certify(&stranger, &["-n", "the-operators"]).await.unwrap();
    attempt(&sshd, &key(&stranger), &hosts).await.unwrap();
}

#[tokio::test]
async fn what_is_no_certificate_of_the_key_is_told_apart() {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    let (one, other) =
        (sshd.stranger(ClientKey::Ed25519).await.unwrap(), sshd.stranger(ClientKey::Ed25519).await.unwrap());
    let of_other = authority.certify(&other, &["-n", sshd.user()]).await.unwrap();
    let for_host = authority.certify(sshd.key(), &["-h", "-n", "web"]).await.unwrap();
    let text = sshd.folder().join("text");
    std::fs::write(&text, "hello").unwrap();
    for (key, certificate, code, said) in [
        (&*one, of_other, "certificate_other_key", "does not belong"),
        (sshd.key(), for_host, "certificate_unusable", "for a host"),
        (&one, text, "certificate_unusable", "not an OpenSSH certificate"),
        (&one, "/nonexistent".into(), "certificate_unusable", "No such file"),
        (&one, "/dev/zero".into(), "certificate_unusable", "not a certificate"),
    ] {
        let error = attempt(&sshd, &with(key, Some(certificate)), &hosts).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (code, false), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn where_the_authority_is_not_believed_the_plain_key_is_shown_too() {
    let (sshd, hosts) = common::sshd(SshdConfig::default()).await;
    let authority = Authority::new().await.unwrap();
    let certificate = authority.certify(sshd.key(), &["-n", sshd.user()]).await.unwrap();
    attempt(&sshd, &key(sshd.key()), &hosts).await.unwrap();
    // But not where the certificate alone was asked for.
    let error = attempt(&sshd, &with(sshd.key(), Some(certificate)), &hosts).await.unwrap_err();
    assert_eq!(error.code(), "login_refused");
}

#[rstest]
#[case(ClientKey::Ed25519)]
#[case::sha2(ClientKey::Rsa)]
#[tokio::test]
async fn an_agent_s_certificate_gets_in(#[case] kind: ClientKey) {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    let stranger = sshd.stranger(kind).await.unwrap();
    authority.certify(&stranger, &["-n", sshd.user()]).await.unwrap();
    // ssh-add loads the certificate that stands beside the key.
    let agent = Agent::start(&[&stranger]).await.unwrap();
    for key in [None, Some(format!("{}-cert.pub", stranger.display()))] {
        let credential = Credential::Agent { socket: Some(agent.socket().to_owned()), key };
        let session = attempt(&sshd, &credential, &hosts).await.unwrap();
        assert_eq!(say(&session, "echo in").await, "in\n");
    }
}

#[tokio::test]
async fn an_agent_s_certificate_that_has_expired_is_named() {
    let (mut sshd, hosts, authority) = believing(&[]).await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let agent = Agent::start(&[]).await.unwrap();
    authority.certify(&stranger, &["-n", sshd.user(), "-V", "-1d:-1h"]).await.unwrap();
    agent.add(&stranger).await.unwrap();
    let credential = Credential::Agent { socket: Some(agent.socket().to_owned()), key: None };
    let error = attempt(&sshd, &credential, &hosts).await.unwrap_err();
    assert!(error.code() == "login_refused" && error.to_string().contains("expired"), "{error}");
}
