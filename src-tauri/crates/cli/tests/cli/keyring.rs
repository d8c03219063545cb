//! Secrets: through a real keyring, and without one.

use std::process::Stdio;
use std::time::Duration;

use hostrounds_testbed::{
    ClientKey, PASSPHRASE, PasswordMethods, PasswordServer, PasswordServerConfig, Sshd, SshdConfig,
};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::program::Program;

/// A session bus with a gnome-keyring on it, both our own. They end when they are dropped.
struct Keyring {
    bus: String,
    _processes: [Child; 2],
    _folder: TempDir,
}

impl Keyring {
    async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("hostrounds-keyring-").tempdir().unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
        let bus = lines.next_line().await.unwrap().unwrap();
        let mut keyring = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &bus)
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdin = keyring.stdin.take().unwrap();
        stdin.write_all(b"a password for this test").await.unwrap();
        drop(stdin);
        let mut wait = Command::new("gdbus");
        wait.args(["wait", "--session", "--timeout", "60", "org.freedesktop.secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &bus)
            .kill_on_drop(true);
        let waited = tokio::time::timeout(Duration::from_secs(90), wait.status()).await.unwrap().unwrap();
        assert!(waited.success(), "the keyring does not come up");
        Self { bus, _processes: [keyring, daemon], _folder: folder }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_kept_in_the_keyring_and_nowhere_else() {
    let keyring = Keyring::start().await;
    let program = Program::on_bus(&keyring.bus);
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let key = sshd.client_key(ClientKey::Ed25519Encrypted).await.unwrap();
    let port = sshd.port().to_string();
    let target = ["--host", sshd.host(), "--port", &port, "--user", sshd.user(), "--key", key.to_str().unwrap()];
    program.run(&[&["server", "add", "web"][..], &target].concat()).await.done();
    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.done();

    let remedy = "hostrounds server edit web --passphrase-stdin";
    program.run(&["collect", "web"]).await.refused(1, &["passphrase", remedy]);
    let edit = ["server", "edit", "web", "--passphrase-stdin"];
    program.run_with("wrong\n", &edit).await.done();
    program.run(&["collect", "web"]).await.refused(1, &["passphrase", remedy]);
    program.run_with("\n", &edit).await.refused(2, &["empty"]);
    program.run_with(&format!("{PASSPHRASE}\n"), &edit).await.done();
    program.run(&["collect", "web"]).await.done();
    let shown = program.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("passphrase in the keyring"), "{shown}");

    for file in std::fs::read_dir(program.data_dir()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(PASSPHRASE.len()).any(|window| window == PASSPHRASE.as_bytes());
            assert!(!found, "the passphrase is in {}", path.display());
        }
    }

    program.run(&["server", "edit", "web", "--clear-secret"]).await.done();
    program.run(&["collect", "web"]).await.refused(1, &["passphrase", remedy]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_logs_in_and_a_wrong_one_names_the_remedy() {
    let keyring = Keyring::start().await;
    let program = Program::on_bus(&keyring.bus);
    let server = PasswordServer::start(PasswordServerConfig::new("ops", "s3cret word", PasswordMethods::Password))
        .await
        .unwrap();
    let port = server.port().to_string();
    let add = ["server", "add", "web", "--host", "127.0.0.1", "--port", &port, "--user", "ops", "--password-stdin"];
    program.run_with("wrong\n", &add).await.done();
    program.run(&["server", "trust", "web", "--fingerprint", server.fingerprint()]).await.done();
    let remedy = "hostrounds server edit web --password-stdin";
    program.run(&["server", "test", "web"]).await.refused(1, &["password", remedy]);
    program.run_with("s3cret word\n", &["server", "edit", "web", "--password-stdin"]).await.done();
    let test = program.run(&["server", "test", "web"]).await;
    assert!(test.out.contains("ok     login"), "{test:?}");
    assert_eq!(server.passwords_seen(), ["wrong", "s3cret word"]);

    program.run(&["server", "remove", "web", "--yes"]).await.done();
    assert_eq!(program.run(&["--json", "server", "list"]).await.done().json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_says_which_secrets_the_keyring_lacks() {
    let keyring = Keyring::start().await;
    let program = Program::on_bus(&keyring.bus);
    let add = ["server", "add", "web", "--host", "127.0.0.1", "--port", "1", "--user", "ops", "--password-stdin"];
    program.run_with("s3cret word\n", &add).await.done();
    program.run(&["backup", "a.db"]).await.done();
    let bytes = std::fs::read(program.folder().join("a.db")).unwrap();
    assert!(!bytes.windows(11).any(|window| window == b"s3cret word"));

    let here = program.run(&["--json", "restore", "a.db", "--yes"]).await.done().json();
    assert_eq!(here["missingSecrets"], serde_json::json!([]), "{here}");
    let shown = program.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("password (in the keyring)"), "{shown}");

    let other_keyring = Keyring::start().await;
    let other = Program::on_bus(&other_keyring.bus);
    let file = program.folder().join("a.db");
    let there = other.run(&["restore", file.to_str().unwrap()]).await.done();
    assert!(there.out.contains("web: the password is not here"), "{there:?}");
    assert!(there.err.contains("hostrounds server edit NAME --password-stdin"), "{there:?}");
    let shown = other.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("password (not in the keyring)"), "{shown}");
    other.run(&["collect", "web"]).await.refused(1, &["hostrounds server edit web --password-stdin"]);
}

#[tokio::test]
async fn without_a_keyring_nothing_is_saved() {
    let program = Program::new();
    let add = ["server", "add", "web", "--host", "127.0.0.1", "--user", "u"];
    program
        .run_with("s3cret\n", &[&add[..], &["--password-stdin"]].concat())
        .await
        .refused(3, &["keyring", "Secret Service"]);
    program
        .run_with("s3cret\n", &[&add[..], &["--key", "id", "--passphrase-stdin"]].concat())
        .await
        .refused(3, &["keyring", "Secret Service"]);
    assert_eq!(program.run(&["--json", "server", "list"]).await.done().json().as_array().unwrap().len(), 1);
    program.run(&[&add[..], &["--agent"]].concat()).await.done();
}
