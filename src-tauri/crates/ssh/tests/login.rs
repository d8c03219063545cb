//! Every way to log in, against real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use common::{Hosts, attempt, connect, endpoint, key, patient, say, session, sshd};
use hostrounds_ssh::{ConnectError, Credential, Session, Step};
use hostrounds_testbed::{
    Agent, ClientKey, Dropbear, MisbehavingServer, Misbehaviour, PASSPHRASE, PasswordMethods, PasswordServer,
    PasswordServerConfig, SshdConfig, TestbedError,
};
use rstest::rstest;

#[tokio::test]
async fn a_key_gets_in_and_every_step_is_reported_in_order() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let mut steps = Vec::new();
    let endpoint = endpoint(sshd.port(), sshd.user());
    let session =
        connect(&endpoint, &key(sshd.key()), &hosts.known, &patient(), &mut |step| steps.push(step)).await.unwrap();
    let order: Vec<Step> = steps.iter().map(|done| done.step).collect();
    assert_eq!(order, [Step::Resolve, Step::Connect, Step::KeyExchange, Step::HostKey, Step::Login]);
    assert_eq!(steps[1].detail, format!("127.0.0.1:{}", sshd.port()));
    assert!(steps[2].detail.contains("SSH-2.0-OpenSSH") && steps[2].detail.contains("curve25519"), "{steps:?}");
    assert_eq!(steps[3].detail, format!("ssh-ed25519 {}", sshd.fingerprint()));
    assert!(steps[4].detail.starts_with("the key ssh-ed25519 SHA256:"), "{steps:?}");
    assert_eq!(say(&session, "echo $((6 * 7))").await, "42\n");
    assert!(session.traffic().received > 0 && session.traffic().sent > 0);
    assert!(!session.is_closed());
    session.close().await;
}

#[rstest]
#[case(ClientKey::Ecdsa, None)]
#[case(ClientKey::EcdsaPem, None)]
#[case(ClientKey::EcdsaPkcs8, None)]
#[case(ClientKey::Ecdsa384, None)]
#[case(ClientKey::Ecdsa384Pem, None)]
#[case(ClientKey::Ecdsa521, None)]
#[case(ClientKey::Ecdsa521Pkcs8, None)]
#[case(ClientKey::Ed25519Pkcs8, None)]
#[case(ClientKey::Rsa, None)]
#[case(ClientKey::Rsa3072Encrypted, Some(PASSPHRASE))]
#[case(ClientKey::Rsa4096Pem, None)]
#[case(ClientKey::RsaPem, None)]
#[case(ClientKey::RsaPemEncrypted, Some(PASSPHRASE))]
#[case(ClientKey::RsaPkcs8, None)]
#[case(ClientKey::RsaPkcs8Encrypted, Some(PASSPHRASE))]
#[case(ClientKey::Ed25519Encrypted, Some(PASSPHRASE))]
#[case::a_passphrase_too_many(ClientKey::RsaPkcs8, Some("not needed"))]
#[case::an_empty_passphrase(ClientKey::Ed25519, Some(""))]
#[tokio::test]
async fn every_kind_of_key_file_gets_in(#[case] kind: ClientKey, #[case] passphrase: Option<&str>) {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let path = sshd.client_key(kind).await.unwrap();
    let credential = Credential::Key { path, certificate: None, passphrase: passphrase.map(Into::into) };
    let session = attempt(&sshd, &credential, &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
}

#[rstest]
#[case(ClientKey::Ed25519Encrypted)]
#[case(ClientKey::RsaPemEncrypted)]
#[case(ClientKey::RsaPkcs8Encrypted)]
#[tokio::test]
async fn a_missing_and_a_wrong_passphrase_are_told_apart(#[case] kind: ClientKey) {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let path = sshd.client_key(kind).await.unwrap();
    for (passphrase, code) in [
        (None, "key_passphrase_missing"),
        (Some(""), "key_passphrase_missing"),
        (Some("wrong"), "key_passphrase_wrong"),
    ] {
        let credential =
            Credential::Key { path: path.clone(), certificate: None, passphrase: passphrase.map(Into::into) };
        let error = attempt(&sshd, &credential, &hosts).await.unwrap_err();
        assert_eq!((error.code(), error.step(), error.retryable()), (code, Step::Login, false));
        assert!(!error.hint().is_empty());
    }
}

#[rstest]
#[case(ClientKey::RsaPemEncryptedAes256, "AES-256-CBC")]
#[case(ClientKey::EcdsaPemEncrypted, "AES-128-CBC")]
#[tokio::test]
async fn an_old_encryption_names_the_command_that_rewrites_the_key(#[case] kind: ClientKey, #[case] cipher: &str) {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let path = sshd.client_key(kind).await.unwrap();
    let passphrase = Some(PASSPHRASE.into());
    let credential = Credential::Key { path: path.clone(), certificate: None, passphrase: passphrase.clone() };
    let error = attempt(&sshd, &credential, &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.step(), error.retryable()), ("key_file_old_encryption", Step::Login, false));
    assert!(error.to_string().contains(cipher), "{error}");
    let remedy = error.remedy().unwrap();
    assert_eq!(remedy, format!("ssh-keygen -p -f {}", path.display()));
    // What it says works: with the passphrases given, the key gets in afterwards.
    let rewrite = format!("{remedy} -P '{PASSPHRASE}' -N '{PASSPHRASE}'");
    let done = tokio::process::Command::new("sh").args(["-c", &rewrite]).output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
    let session = attempt(&sshd, &credential, &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
}

#[rstest]
#[case::as_openssl_writes_it(&["-v2", "aes-256-cbc"], None)]
#[case::scrypt(&["-scrypt"], None)]
#[case::triple_des(&["-v2", "des3"], Some("key_file_old_encryption"))]
#[case::pkcs_12(&["-v1", "PBE-SHA1-3DES"], Some("key_file_old_encryption"))]
#[tokio::test]
async fn an_encryption_of_pkcs8_is_opened_or_called_too_old(#[case] how: &[&str], #[case] code: Option<&str>) {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let open = sshd.client_key(ClientKey::RsaPkcs8).await.unwrap();
    let path = sshd.folder().join("encrypted");
    let mut encrypt = tokio::process::Command::new("openssl");
    encrypt.args(["pkcs8", "-topk8", "-passout"]).arg(format!("pass:{PASSPHRASE}")).args(how);
    let done = encrypt.arg("-in").arg(&open).arg("-out").arg(&path).output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
    for (passphrase, code) in [(PASSPHRASE, code), ("wrong", Some(code.unwrap_or("key_passphrase_wrong")))] {
        let credential = Credential::Key { path: path.clone(), certificate: None, passphrase: Some(passphrase.into()) };
        let outcome = attempt(&sshd, &credential, &hosts).await;
        assert_eq!(outcome.err().map(|error| error.code()), code, "{passphrase}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_authorized_is_refused_with_the_methods_that_are_left() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let path = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let error = attempt(&sshd, &key(&path), &hosts).await.unwrap_err();
    let ConnectError::LoginRefused { methods, .. } = &error else { panic!("{error:?}") };
    assert_eq!(methods, &["publickey"]);
    assert_eq!((error.code(), error.retryable()), ("login_refused", false));
    assert!(error.hint().contains("authorized_keys"), "{}", error.hint());
}

#[tokio::test]
async fn a_server_that_hangs_up_instead_of_refusing_has_refused() {
    let config = SshdConfig { lines: vec!["MaxAuthTries 1".into()], ..SshdConfig::default() };
    let (mut sshd, hosts) = sshd(config).await;
    let path = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let error = attempt(&sshd, &key(&path), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("login_refused", false), "{error}");
}

#[tokio::test]
async fn a_user_that_does_not_exist_is_refused() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let endpoint = endpoint(sshd.port(), "nobody-of-that-name");
    let error = connect(&endpoint, &key(sshd.key()), &hosts.known, &patient(), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.code(), "login_refused");
    assert!(error.hint().contains("nobody-of-that-name"), "{}", error.hint());
}

#[tokio::test]
async fn files_that_are_no_keys_are_named() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let folder = sshd.folder();
    std::fs::write(folder.join("text"), "hello\n").unwrap();
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::write(folder.join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(folder.join("huge"), vec![b'x'; 100_000]).unwrap();
    std::fs::write(folder.join("torn"), "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n").unwrap();
    let public = sshd.key().with_extension("pub");
    for (path, code, said) in [
        (folder.join("missing"), "key_file_missing", "missing"),
        (folder.join("text"), "key_file_not_a_key", "no key"),
        (folder.join("empty"), "key_file_not_a_key", "empty"),
        (folder.join("binary"), "key_file_not_a_key", "not text"),
        (folder.join("huge"), "key_file_not_a_key", "too large"),
        (folder.join("torn"), "key_file_not_a_key", "torn"),
        (public, "key_file_not_a_key", "public key"),
        (folder.to_owned(), "key_file_not_a_key", "folder"),
        ("/dev/null".into(), "key_file_not_a_key", "regular"),
    ] {
        let error = attempt(&sshd, &key(&path), &hosts).await.unwrap_err();
        assert_eq!((error.code(), error.step(), error.retryable()), (code, Step::Login, false), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    // Root reads everything that has a mode; a file of /proc that belongs to no memory refuses even root.
    let mut path = sshd.folder().join("closed");
    std::fs::copy(sshd.key(), &path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        path = "/proc/self/mem".into();
    }
    let error = attempt(&sshd, &key(&path), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("key_file_unreadable", false), "{error}");
    assert_eq!(error.remedy(), Some(format!("chmod 600 {}", path.display())));
}

#[tokio::test]
async fn an_agent_gets_in_with_whichever_of_its_keys_fits() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let strange = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let rsa = sshd.client_key(ClientKey::Rsa).await.unwrap();
    let agent = Agent::start(&[&strange, &rsa]).await.unwrap();
    let credential = Credential::Agent { socket: Some(agent.socket().to_owned()), key: None };
    let session = attempt(&sshd, &credential, &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
}

#[tokio::test]
async fn agents_that_are_of_no_use_are_told_apart() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let strange = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let empty = Agent::start(&[]).await.unwrap();
    let useless = Agent::start(&[&strange]).await.unwrap();
    for (socket, code) in [
        (empty.socket().to_owned(), "agent_empty"),
        (useless.socket().to_owned(), "login_refused"),
        (sshd.folder().join("no-socket"), "agent_unavailable"),
        (sshd.key().to_owned(), "agent_unavailable"),
    ] {
        let error = attempt(&sshd, &Credential::Agent { socket: Some(socket), key: None }, &hosts).await.unwrap_err();
        assert_eq!((error.code(), error.step()), (code, Step::Login), "{error}");
        assert!(!error.hint().is_empty());
    }
}

#[tokio::test]
async fn an_agent_with_many_keys_does_not_get_us_locked_out() {
    let (mut sshd, hosts) = sshd(SshdConfig::default()).await;
    let mut keys = Vec::new();
    for _ in 0..8 {
        keys.push(sshd.stranger(ClientKey::Ed25519).await.unwrap());
    }
    let agent = Agent::start(&keys.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>()).await.unwrap();
    let error = attempt(&sshd, &Credential::Agent { socket: Some(agent.socket().to_owned()), key: None }, &hosts)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "login_refused", "{error}");
    assert_eq!(error.to_string().matches("SHA256:").count(), 5, "sshd hangs up after the sixth: {error}");
}

async fn with_password(server: &PasswordServer, password: &str) -> Result<Session, ConnectError> {
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let credential = Credential::Password(password.into());
    connect(&endpoint(server.port(), "ops"), &credential, &hosts.known, &patient(), &mut |_| {}).await
}

#[rstest]
#[case(PasswordMethods::Password)]
#[case(PasswordMethods::KeyboardInteractive)]
#[case(PasswordMethods::Both)]
#[tokio::test]
async fn a_password_gets_in_and_a_wrong_one_does_not(#[case] methods: PasswordMethods) {
    let server = PasswordServer::start(PasswordServerConfig::new("ops", "s3cret", methods)).await.unwrap();
    let session = with_password(&server, "s3cret").await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    let error = with_password(&server, "wrong").await.unwrap_err();
    assert_eq!((error.code(), error.step(), error.retryable()), ("password_wrong", Step::Login, false), "{error}");
    assert_eq!(server.passwords_seen(), ["s3cret", "wrong"], "each password is shown once");
}

#[rstest]
#[case(PasswordMethods::Neither, "method_not_offered", 0)]
#[case(PasswordMethods::TwoPrompts, "login_prompts", 0)]
#[case(PasswordMethods::PasswordThenKey, "login_incomplete", 1)]
#[tokio::test]
async fn a_password_is_shown_only_where_a_password_is_asked_for(
    #[case] methods: PasswordMethods,
    #[case] code: &str,
    #[case] shown: usize,
) {
    let server = PasswordServer::start(PasswordServerConfig::new("ops", "s3cret", methods)).await.unwrap();
    let error = with_password(&server, "s3cret").await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (code, false), "{error}");
    assert_eq!(server.passwords_seen().len(), shown);
}

#[tokio::test]
async fn a_password_gets_into_a_real_sshd() {
    let config = SshdConfig { password: Some("s3cret".into()), ..SshdConfig::default() };
    let server = match hostrounds_testbed::Sshd::start(config).await {
        Err(TestbedError::NeedsRoot { .. }) => return,
        started => started.unwrap(),
    };
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let session = attempt(&server, &Credential::Password("s3cret".into()), &hosts).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    let error = attempt(&server, &Credential::Password("wrong".into()), &hosts).await.unwrap_err();
    assert_eq!(error.code(), "password_wrong");
}

#[tokio::test]
async fn a_password_where_only_keys_are_taken_names_the_method() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let error = attempt(&sshd, &Credential::Password("s3cret".into()), &hosts).await.unwrap_err();
    assert_eq!((error.code(), error.refuses_login()), ("method_not_offered", true));
    assert!(error.to_string().contains("publickey"), "{error}");
    assert_eq!(error.remedy().as_deref(), Some("PasswordAuthentication yes"));
    assert!(!sshd.log().contains("Failed password"), "it was never shown: {}", sshd.log());
}

#[tokio::test]
async fn a_server_that_hangs_up_with_the_password_in_hand_has_not_decided() {
    let config = PasswordServerConfig {
        hangs_up: true,
        ..PasswordServerConfig::new("ops", "s3cret", PasswordMethods::Password)
    };
    let server = PasswordServer::start(config).await.unwrap();
    match with_password(&server, "s3cret").await {
        Err(error) => {
            assert_eq!((error.code(), error.refuses_login()), ("login_undecided", false), "{error}");
        }
        // The login may be confirmed before the connection goes down.
        Ok(session) => assert_eq!(session.shell("").await.unwrap_err().code(), "disconnected"),
    }
}

#[tokio::test]
async fn channels_opened_by_the_server_are_refused() {
    let config = PasswordServerConfig {
        intrusive: true,
        ..PasswordServerConfig::new("ops", "s3cret", PasswordMethods::Password)
    };
    let server = PasswordServer::start(config).await.unwrap();
    let session = with_password(&server, "s3cret").await.unwrap();
    for _ in 0..4 {
        let intrusion = server.next_intrusion().await.unwrap();
        assert!(!intrusion.accepted, "{intrusion:?}");
    }
    assert_eq!(say(&session, "echo still here").await, "still here\n");
}

#[tokio::test]
async fn dropbear_lets_an_rsa_key_in() {
    let server = match Dropbear::start().await {
        Err(TestbedError::NeedsRoot { .. }) => return,
        started => started.unwrap(),
    };
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    let endpoint = endpoint(server.port(), "root");
    let session = connect(&endpoint, &key(server.key()), &hosts.known, &patient(), &mut |_| {}).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
}

#[tokio::test]
async fn secrets_are_not_in_debug_output() {
    let shown = format!(
        "{:?} {:?}",
        Credential::Password("s3cret".into()),
        Credential::Key { path: "/key".into(), certificate: None, passphrase: Some("s3cret".into()) }
    );
    assert!(!shown.contains("s3cret") && shown.contains("/key"), "{shown}");
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

async fn until_tasks(are: impl Fn(usize) -> bool) {
    while !are(tasks()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_dropped_leaves_no_task_behind() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let before = tasks();
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    assert_eq!(common::ask(&mut shell, "echo in").await, "in\n");
    drop(shell);
    let mut kept = session.shell("").await.unwrap();
    assert!(tasks() > before);
    // A session that is dropped takes its shells with it, even if they are still held, and even if nobody answers.
    sshd.freeze();
    drop(session);
    until_tasks(|now| now == before).await;
    assert_eq!(kept.ask("echo", common::LIMITS).await.unwrap_err().code(), "disconnected");
}

#[tokio::test]
async fn what_is_given_up_half_way_leaves_no_task_behind() {
    let server = MisbehavingServer::start(Misbehaviour::IdentifiesAndStops).await.unwrap();
    let hosts = Hosts::with(&[]);
    let before = tasks();
    let (endpoint, deadlines) = (endpoint(server.port(), "ops"), patient());
    let credential = Credential::Password("never sent".into());
    let mut ignore = |_| {};
    tokio::select! {
        _ = connect(&endpoint, &credential, &hosts.known, &deadlines, &mut ignore) => panic!("it never answers"),
        // The server's task for this connection, and ours for the key exchange.
        () = until_tasks(|now| now == before + 2) => {}
    }
    until_tasks(|now| now == before).await;
}
