//! The configuration as a text file: the same there and back, whole or not at all, and never a deletion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::path::{Path, PathBuf};

use hostrounds_core::server::{Hop, Login, ServerDraft};
use hostrounds_engine::api::view::{ConfigImported, ConfigOutcome, ConfigPreview, ServerForm, Settings};
use hostrounds_engine::api::{ErrorCode, Hostrounds};
use support::{draft_of, open, trust};

const WEB: &str = "[web]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjgSiMcu/nK5ZUr5lcLd5tJ1KThf5ctw0x2WzT6Fw3x";
const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

fn hop(host: &str, logins: Vec<Login>) -> Hop {
    Hop { host: host.into(), port: 22, user: "ops".into(), logins }
}

fn draft(name: &str) -> ServerDraft {
    let jumps = vec![hop("bastion", vec![Login::Password])];
    ServerDraft {
        name: name.into(),
        enabled: false,
        tags: vec!["eu".into()],
        ..draft_of(jumps, hop("db", vec![Login::key("~/.ssh/id"), Login::Password]))
    }
}

async fn add(engine: &Hostrounds, draft: ServerDraft) {
    engine.add_server(ServerForm { draft, secrets: vec![] }).await.unwrap();
}

async fn look(engine: &Hostrounds, folder: &Path, text: &str) -> ConfigPreview {
    let file = folder.join("file.toml");
    std::fs::write(&file, text).unwrap();
    engine.look_at_config(&file).await.unwrap()
}

fn outcomes(preview: &ConfigPreview) -> Vec<(&str, ConfigOutcome)> {
    preview.entries.iter().map(|entry| (entry.name.as_str(), entry.outcome)).collect()
}

fn names(engine: &Hostrounds) -> Vec<String> {
    engine.servers().into_iter().map(|view| view.server.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_the_same_after_an_import_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    trust(folder.path(), &[WEB, "# a note", "*.example.org ssh-ed25519 AAAA"]);
    let engine = open(folder.path()).await;
    add(&engine, draft("db")).await;
    add(&engine, ServerDraft { environment: Some("production".into()), ..draft("Web") }).await;
    let settings = Settings { concurrency: 9, ..engine.snapshot().await.unwrap().settings };
    engine.set_settings(settings).await.unwrap();
    let file = folder.path().join("team.toml");
    engine.export_config(file.clone(), false).await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("example.org"), "patterns are not accepted keys: {text}");
    assert_eq!(engine.export_config(file.clone(), false).await.unwrap_err().code, ErrorCode::Config);
    assert_eq!(
        outcomes(&engine.look_at_config(&file).await.unwrap()),
        [
            ("settings", ConfigOutcome::Same),
            ("local", ConfigOutcome::Same),
            ("db", ConfigOutcome::Same),
            ("Web", ConfigOutcome::Same),
        ]
    );

    let elsewhere = tempfile::tempdir().unwrap();
    let other = open(elsewhere.path()).await;
    let preview = other.look_at_config(&file).await.unwrap();
    assert_eq!(preview.entries[2].secrets, ["password of the jump host ops@bastion", "password"]);
    let imported = other.import_config(preview.id.clone(), false).await.unwrap();
    assert_eq!(imported, ConfigImported { added: 2, changed: 0, settings: true, host_keys: 0 });
    assert!(!other.config_text().await.unwrap().contains("host_keys"), "trust is a thing of its own");
    let imported = other.import_config(preview.id, true).await.unwrap();
    assert_eq!(imported, ConfigImported { host_keys: 1, ..ConfigImported::default() });
    assert_eq!(other.config_text().await.unwrap(), text);
    other.shutdown().await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_merges_by_name_and_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path()).await;
    add(&engine, draft("db")).await;
    add(&engine, draft("stays")).await;
    let text = "version = 1\n[[server]]\nname = \"DB\"\ninterval = 120\n\
                [[server]]\nname = \"new\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"agent\" }]\nenabled = false\ncolour = 1\n";
    let preview = look(&engine, folder.path(), text).await;
    assert_eq!(outcomes(&preview), [("DB", ConfigOutcome::Changed), ("new", ConfigOutcome::Added)]);
    assert!(preview.entries[0].details.join(" ").contains("interval 3600 s to 120 s"), "{preview:?}");
    assert_eq!(preview.unknown, ["new: colour"]);
    engine.import_config(preview.id, false).await.unwrap();
    assert_eq!(names(&engine), ["local", "DB", "new", "stays"]);
    let changed = engine.server_named("db").unwrap().server;
    assert_eq!(
        (changed.interval, ServerDraft { name: "db".into(), interval: 3600, ..ServerDraft::from(&changed) }),
        (120, draft("db"))
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_anything_is_refused_nothing_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    trust(folder.path(), &[WEB]);
    let engine = open(folder.path()).await;
    let good =
        "[[server]]\nname = \"good\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"agent\" }]\nenabled = false\n";
    for (bad, why) in [
        (
            "[[server]]\nname = \"bad\"\nhost = \"-oProxyCommand=x\"\nuser = \"u\"\nlogins = [{ method = \"agent\" }]\n",
            "host",
        ),
        ("[[server]]\nname = \"bad\"\nhost = \"h\"\nuser = \"u\"\n", "logins"),
        ("[[server]]\nname = \"bad\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"key\" }]\n", "path"),
        (
            "[[server]]\nname = \"local\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"agent\" }]\n",
            "name of this computer",
        ),
        ("[[server]]\nname = \"GOOD\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"agent\" }]\n", "same name"),
        ("[settings]\nconcurrency = 65\n", "64"),
    ] {
        let preview = look(&engine, folder.path(), &format!("version = 1\n{good}{bad}")).await;
        assert!(preview.entries.iter().any(|entry| entry.outcome == ConfigOutcome::Refused), "{bad}: {preview:?}");
        let error = engine.import_config(preview.id, false).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Config);
        assert!(error.message.contains(why), "{bad}: {}", error.message);
        assert_eq!(names(&engine), ["local"]);
    }
    // A key that contradicts what is known is in the way only of who wants the keys.
    let keys = format!("version = 1\n{good}[host_keys]\n\"[web]:2222\" = [\"{OTHER}\"]\n");
    let preview = look(&engine, folder.path(), &keys).await;
    assert_eq!(preview.host_keys[0].outcome, ConfigOutcome::Refused);
    let error = engine.import_config(preview.id.clone(), true).await.unwrap_err();
    assert!(error.message.contains("[web]:2222"), "{}", error.message);
    assert_eq!(names(&engine), ["local"]);
    engine.import_config(preview.id, false).await.unwrap();
    assert_eq!(names(&engine), ["local", "good"]);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path()).await;
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name)
    };
    for (path, why) in [
        (folder.path().join("none"), "No such file"),
        (folder.path().to_owned(), "not a file"),
        (file("bytes", &[0xff, 0xfe]), "UTF-8"),
        (file("ssh", b"Host web\n"), "line 1"),
        (file("empty", b""), "version = 1"),
        (file("newer", b"version = 2\n"), "version 2"),
    ] {
        let error = engine.look_at_config(&path).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Config, "{}", path.display());
        assert!(error.message.contains(why), "{}", error.message);
    }
    assert_eq!(engine.import_config("import-9".into(), false).await.unwrap_err().code, ErrorCode::NotFound);
    engine.shutdown().await;
}
