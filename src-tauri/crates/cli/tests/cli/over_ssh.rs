//! Servers over SSH: added, trusted, tested, collected; and everything that can be wrong on the way.

use std::os::unix::fs::PermissionsExt;

use hostrounds_testbed::{Agent, ClientKey, Sshd, SshdConfig};

use crate::program::{Ended, Program};

/// A server on the private sshd, with a short interval.
async fn add(program: &Program, sshd: &Sshd, name: &str) -> Ended {
    let port = sshd.port().to_string();
    let key = sshd.key().to_str().unwrap();
    let target = ["--host", sshd.host(), "--port", &port, "--user", sshd.user(), "--key", key, "--interval", "5"];
    program.run(&[&["server", "add", name][..], &target].concat()).await.done()
}

/// The same, with its host key accepted.
pub(crate) async fn add_trusted(program: &Program, sshd: &Sshd, name: &str) {
    add(program, sshd, name).await;
    program.run(&["server", "trust", name, "--fingerprint", sshd.fingerprint()]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_accepted_by_its_fingerprint_only() {
    let program = Program::new();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let added = add(&program, &sshd, "web").await;
    assert_eq!(added.out, "web was added.\n");

    for command in [&["server", "test", "web"][..], &["collect", "web"]] {
        program.run(command).await.refused(1, &["not known", sshd.fingerprint(), "hostrounds server trust web"]);
    }
    let other = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGRkWXwCRxRzvBBcGwI";
    program
        .run(&["server", "trust", "web", "--fingerprint", other])
        .await
        .refused(1, &["was not accepted", other, sshd.fingerprint()]);
    program.run(&["server", "trust", "web"]).await.refused(
        2,
        &["no terminal", "ssh-ed25519", sshd.fingerprint(), "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"],
    );
    program.run(&["collect", "web"]).await.refused(1, &["not known"]);

    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.done();
    let again = program.run(&["server", "trust", "web"]).await.done();
    assert!(again.out.contains("accepted already"), "{again:?}");
    program
        .run(&["server", "trust", "web", "--fingerprint", other])
        .await
        .refused(1, &["another one", other, sshd.fingerprint()]);

    let test = program.run(&["server", "test", "web"]).await.done().out;
    let steps: Vec<&str> = test.lines().filter_map(|line| line.strip_prefix("ok     ")).collect();
    assert_eq!(steps.len(), 8, "{test}");
    let report = program.run(&["--json", "server", "test", "web"]).await.done().json();
    assert_eq!(report["failure"], serde_json::Value::Null);
    assert_eq!(report["steps"].as_array().unwrap().len(), 8);
    let page = program.run(&["collect", "web"]).await.done().out;
    assert!(page.contains("web · ") && page.contains("MOUNT"), "{page}");

    sshd.restart_with_new_host_keys().await.unwrap();
    for command in [&["collect", "web"][..], &["server", "test", "web"], &["server", "trust", "web"]] {
        program.run(command).await.refused(1, &["changed"]);
    }
    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.refused(1, &["changed"]);
    let kept = program.run(&["--json", "history", "web", "--metric", "system.uptime"]).await.done().json();
    assert_eq!(kept["series"][0]["buckets"].as_array().unwrap().len(), 1, "the history is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_named_and_nothing_is_lost() {
    let program = Program::new();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    program.run(&["collect", "web"]).await.done();
    sshd.stop().await;

    let page = program.run(&["collect", "web", "local"]).await.refused(1, &["web failed at the connect stage"]);
    assert!(page.out.contains("local · "), "one server that failed costs no other: {page:?}");
    let collected = program.run(&["--json", "collect", "web", "local"]).await;
    assert_eq!(collected.code, 1);
    let document = collected.json();
    assert_eq!(document[0]["collection"]["failure"]["code"], "connection_refused");
    assert_eq!(document[0]["observation"], serde_json::Value::Null);
    assert_eq!(document[1]["collection"]["state"], "completed");
    program.run(&["server", "test", "web"]).await.refused(1, &["refuses connections", "sshd"]);
    program.run(&["server", "trust", "web"]).await.refused(1, &["refuses connections"]);

    let queue = program.run(&["queue"]).await.done().out;
    assert!(queue.contains("web") && queue.contains("connect: "), "{queue}");
    sshd.restart().await.unwrap();
    program.run(&["collect", "web"]).await.done();
    let shown = program.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("completed") && shown.contains("failed"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_names_its_remedy() {
    let program = Program::new();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    let encrypted = sshd.client_key(ClientKey::Ed25519Encrypted).await.unwrap();
    let garbage = program.folder().join("garbage");
    std::fs::write(&garbage, "no key\n").unwrap();
    let folder = program.folder().join("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    let [good, stranger, encrypted] = [sshd.key(), &stranger, &encrypted].map(|path| path.to_str().unwrap());

    let change_key = "hostrounds server edit web --key FILE";
    let cases: [(&[&str], &[&str]); 7] = [
        (&["--host", "no-such-host.invalid"], &["resolve", "no-such-host.invalid", "spelling"]),
        (&["--port", "1"], &["refuses connections", "Check the port"]),
        (&["--user", "nobody-of-that-name"], &["login", "nobody-of-that-name", "authorized_keys"]),
        (&["--key", stranger], &["login", "refused the key", "authorized_keys"]),
        (&["--key", "missing"], &["missing", change_key]),
        (&["--key", "garbage"], &["garbage", "not a private key", change_key]),
        (&["--key", "folder"], &["folder", change_key]),
    ];
    let port = sshd.port().to_string();
    let right = ["--host", sshd.host(), "--port", &port, "--user", sshd.user(), "--key", good];
    for (wrong, words) in cases {
        program.run(&[&["server", "edit", "web"][..], wrong].concat()).await.done();
        program.run(&["collect", "web"]).await.refused(1, words);
        program.run(&["server", "test", "web"]).await.refused(1, &words[1..]);
        program.run(&[&["server", "edit", "web"][..], &right].concat()).await.done();
    }
    program.run(&["collect", "web"]).await.done();

    // Nobody has given a passphrase, so the keyring is not even asked.
    program.run(&["server", "edit", "web", "--key", encrypted]).await.done();
    program.run(&["collect", "web"]).await.refused(1, &["encrypted", "--passphrase-stdin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_logs_in() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let agent = Agent::start(&[sshd.key()]).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    program.run(&["server", "edit", "web", "--agent"]).await.done();
    program.run(&["collect", "web"]).await.refused(1, &["agent"]);
    let mut command = program.command(&["collect", "web"]);
    command.env("SSH_AUTH_SOCK", agent.socket());
    crate::program::ended(command).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_edited_switched_and_removed_with_everything() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    program.run(&["collect", "web"]).await.done();
    let edited = program
        .run(&[
            "--json",
            "server",
            "edit",
            "web",
            "--name",
            "Web 1",
            "--interval",
            "90",
            "--cpu",
            "85.5",
            "--memory",
            "off",
            "--tag",
            "b",
            "--tag",
            "a",
            "--environment",
            "production",
        ])
        .await
        .done()
        .json();
    let server = &edited["server"];
    assert_eq!(server["name"], "Web 1");
    assert_eq!(server["interval"], 90);
    assert_eq!(server["thresholds"], serde_json::json!({ "cpu": 85.5, "memory": null, "disk": 90.0 }));
    assert_eq!(server["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(server["target"]["login"]["method"], "key", "what was not named stays");
    assert_eq!(server["target"]["port"], sshd.port());
    assert_eq!(server["target"]["host"], sshd.host());

    program.run(&["server", "disable", "web 1"]).await.done();
    program.run(&["server", "edit", "Web 1", "--clear-tags", "--clear-environment"]).await.done();
    let shown = program.run(&["--json", "server", "show", "web 1"]).await.done().json();
    assert_eq!(shown["server"]["enabled"], false);
    assert_eq!(shown["server"]["tags"], serde_json::json!([]));
    assert_eq!(shown["server"]["environment"], serde_json::Value::Null);

    let removed = program.run(&["--json", "server", "remove", "Web 1", "--yes"]).await.done().json();
    assert_eq!(removed["removed"]["name"], "Web 1");
    program.run(&["server", "show", "Web 1"]).await.refused(2, &["no server named"]);
    let activity = program.run(&["activity"]).await.done().out;
    for word in ["web was added", "host key", "was disabled", "Web 1 was removed"] {
        assert!(activity.contains(word), "{word}: {activity}");
    }
}
