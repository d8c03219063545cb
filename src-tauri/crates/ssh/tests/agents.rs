//! An ssh-agent, and the one of its keys that is meant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::Path;

use common::{attempt, say, sshd};
use hostrounds_ssh::{Credential, Step};
use hostrounds_testbed::{Agent, ClientKey, SshdConfig};

fn chosen(agent: &Agent, key: impl Into<String>) -> Credential {
    Credential::Agent { socket: Some(agent.socket().to_owned()), key: Some(key.into()) }
}

async fn fingerprint(key: &Path) -> String {
    let output = tokio::process::Command::new("ssh-keygen").arg("-lf").arg(key).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn the_key_that_is_meant_is_used_and_no_other() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let right = sshd.client_key(ClientKey::Ecdsa).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(sshd.stranger(ClientKey::Ed25519).await.unwrap());
    }
    held.push(right.clone());
    let agent = Agent::start(&held.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>()).await.unwrap();
    let right = right.display().to_string();
    for key in [fingerprint(right.as_ref()).await, format!("{right}.pub"), right.clone()] {
        let session = attempt(&sshd, &chosen(&agent, key), &hosts).await.unwrap();
        assert_eq!(say(&session, "echo in").await, "in\n");
    }
    assert!(!sshd.log().contains("Failed"), "nothing else was shown: {}", sshd.log());
    // The file of the key need not be there any more, as on a hardware token.
    std::fs::remove_file(&right).unwrap();
    attempt(&sshd, &chosen(&agent, format!("{right}.pub")), &hosts).await.unwrap();
    // A key that is meant and refused is refused, though another one would do.
    let error = attempt(&sshd, &chosen(&agent, held[0].display().to_string()), &hosts).await.unwrap_err();
    assert_eq!(error.code(), "login_refused");
    assert_eq!(error.to_string().matches("SHA256:").count(), 1, "{error}");
    assert_eq!(error.remedy().as_deref(), Some("ssh-add -L"));
}

#[tokio::test]
async fn a_key_that_is_not_there_and_one_that_is_none_are_told_apart() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let agent = Agent::start(&[&stranger]).await.unwrap();
    let spaced = sshd.folder().join("a key");
    std::fs::copy(sshd.key(), &spaced).unwrap();
    std::fs::copy(sshd.key().with_extension("pub"), sshd.folder().join("a key.pub")).unwrap();
    let text = sshd.folder().join("text");
    std::fs::write(&text, "hello").unwrap();
    let absent = fingerprint(sshd.key()).await;
    for (key, code, remedy) in [
        (absent, "agent_key_missing", "ssh-add -l".to_owned()),
        (spaced.display().to_string(), "agent_key_missing", format!("ssh-add '{}'", spaced.display())),
        (format!("{}.pub", spaced.display()), "agent_key_missing", format!("ssh-add '{}'", spaced.display())),
        (text.display().to_string(), "agent_key_unreadable", "ssh-add -l".to_owned()),
        ("/nonexistent".to_owned(), "agent_key_unreadable", "ssh-add -l".to_owned()),
        ("MD5:00:11".to_owned(), "agent_key_unreadable", "ssh-add -l".to_owned()),
    ] {
        let error = attempt(&sshd, &chosen(&agent, key), &hosts).await.unwrap_err();
        assert_eq!((error.code(), error.step(), error.retryable()), (code, Step::Login, false), "{error}");
        assert_eq!(error.remedy(), Some(remedy));
        assert!(!error.refuses_login(), "{error}");
    }
}
