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
    for step in ["credential", "resolve", "connect", "key exchange", "host key", "login", "shell", "cpu", "filesystems"]
    {
        assert_eq!(steps.iter().filter(|line| line.starts_with(step)).count(), 1, "{step}: {test}");
    }
    let report = program.run(&["--json", "server", "test", "web"]).await.done().json();
    assert_eq!(report["failure"], serde_json::Value::Null);
    assert!(report["steps"].as_array().unwrap().len() > 8, "{report}");
    let tests = program.run(&["server", "tests", "web"]).await.done().out;
    let results: Vec<&str> = tests.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(results, ["passed", "passed", "failed"], "newest first: {tests}");
    let footprint = program.run(&["--json", "server", "footprint", "web"]).await.done().json();
    assert_eq!(footprint["days"][0]["footprint"]["logins"], 2, "{footprint}");
    let page = program.run(&["server", "footprint", "web"]).await.done().out;
    assert!(page.contains("Budget per day: 48 logins"), "{page}");
    let page = program.run(&["collect", "web"]).await.done().out;
    assert!(page.contains("web · ") && page.contains("MOUNT"), "{page}");

    let old = sshd.fingerprint().to_owned();
    sshd.restart_with_new_host_keys().await.unwrap();
    let replace = "hostrounds server trust web --replace";
    for command in [&["collect", "web"][..], &["server", "test", "web"], &["server", "trust", "web"]] {
        program.run(command).await.refused(1, &["changed", replace]);
    }
    let trust = ["server", "trust", "web", "--fingerprint", sshd.fingerprint()];
    let place = format!("{}/known_hosts:1", program.data_dir().display());
    program.run(&trust).await.refused(1, &["has changed", old.as_str(), sshd.fingerprint(), &place]);
    let told = program.run(&["--json", "server", "trust", "web"]).await;
    assert_eq!((told.code, &told.json()["offer"]["replaces"][0]["fingerprint"]), (1, &old.as_str().into()), "{told:?}");
    program
        .run(&["server", "trust", "web", "--replace"])
        .await
        .refused(2, &["no terminal", &format!("{replace} --fingerprint")]);
    program
        .run(&["server", "trust", "web", "--replace", "--fingerprint", other])
        .await
        .refused(1, &["was not accepted"]);
    program.run(&["collect", "web"]).await.refused(1, &["changed"]);
    program.run(&[&trust[..], &["--replace"]].concat()).await.done();
    program.run(&["collect", "web"]).await.done();
    let kept = program.run(&["--json", "history", "web", "--metric", "system.uptime"]).await.done().json();
    assert_eq!(kept["series"][0]["buckets"].as_array().unwrap().len(), 2, "the history is still there");
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
async fn a_jump_host_is_passed_with_a_key_and_a_host_key_of_its_own() {
    let program = Program::new();
    let bastion = Sshd::start(SshdConfig::default()).await.unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add(&program, &sshd, "web").await;
    let jump = format!("{}@{}:{}", bastion.user(), bastion.host(), bastion.port());
    let edit = ["server", "edit", "web", "--jump", &jump];
    let with_key = [&edit[..], &["--jump-key", bastion.key().to_str().unwrap()]].concat();
    program.run(&with_key).await.done();
    program
        .run(&["collect", "web"])
        .await
        .refused(1, &[jump.as_str(), bastion.fingerprint(), "hostrounds server trust web"]);
    let accepted = program.run(&["server", "trust", "web", "--fingerprint", bastion.fingerprint()]).await.done();
    assert!(accepted.out.contains("on the way to web"), "{accepted:?}");
    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.done();

    let test = program.run(&["server", "test", "web"]).await.done().out;
    let (at_jump, at_server) = test.split_once("At the server:").unwrap();
    assert!(at_jump.contains(&format!("At jump host {jump}:")) && at_server.contains("ok     cpu"), "{test}");
    assert!(program.run(&["server", "list"]).await.done().out.contains(&format!("via {jump}")));
    program.run(&["collect", "web"]).await.done();

    // The key of the server opens no door of the jump host.
    program.run(&[&edit[..], &["--jump-key", sshd.key().to_str().unwrap()]].concat()).await.done();
    program.run(&["collect", "web"]).await.refused(1, &["Jump host", &jump, "login"]);
    let held = program.run(&["server", "show", "web"]).await.done().out;
    assert!(held.contains("hostrounds collect web"), "{held}");
    let list = program.run(&["--json", "server", "list"]).await.done().json();
    assert_eq!(list[1]["state"], "held", "{list}");
    program.run(&["server", "edit", "web", "--no-jump"]).await.done();
    program.run(&["collect", "web"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn families_are_switched_off_and_on() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    program.run(&["server", "edit", "web", "--without", "filesystems", "--without", "load"]).await.done();
    let page = program.run(&["collect", "web"]).await.done().out;
    assert!(!page.contains("MOUNT") && !page.contains("Load ") && page.contains("Memory "), "{page}");
    let shown = program.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("Not read      load, filesystems"), "{shown}");
    program.run(&["server", "edit", "web", "--with", "load"]).await.done();
    let page = program.run(&["collect", "web"]).await.done().out;
    assert!(!page.contains("MOUNT") && page.contains("Load "), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kit_is_printed_whole_and_in_parts() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add(&program, &sshd, "web").await;
    let kit = program.run(&["--json", "server", "restrict", "web"]).await.done().json();
    let script = program.run(&["server", "restrict", "web", "--script"]).await.done().out;
    let line = program.run(&["server", "restrict", "web", "--line"]).await.done().out;
    assert_eq!(
        (kit["script"].as_str(), kit["authorizedKeys"].as_str()),
        (Some(script.as_str()), Some(line.trim_end()))
    );
    assert!(script.starts_with("#!/bin/sh") && line.starts_with("restrict,command="), "{line}");
    let page = program.run(&["server", "restrict", "web"]).await.done().out;
    for part in [script.trim_end(), line.trim_end(), "What is given up:"] {
        assert!(page.contains(part), "{part}: {page}");
    }
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
    let thresholds = serde_json::json!({ "cpu": 85.5, "memory": null, "disk": 90.0, "diskFullIn": 3.0 });
    assert_eq!(server["thresholds"], thresholds);
    assert_eq!(server["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(server["target"]["logins"][0]["method"], "key", "what was not named stays");
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
