//! Servers taken over from an SSH configuration: exactly what was looked at, and each one whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::Target;
use hostrounds_engine::api::{ErrorCode, Hostrounds, Options};
use tempfile::TempDir;

async fn engine(folder: &TempDir) -> Hostrounds {
    let options = Options { notify: false, ..Options::at(folder.path().join("data")) };
    Hostrounds::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_at_is_added_whatever_the_file_says_by_then() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder).await;
    let file = folder.path().join("config");
    std::fs::write(&file, "Host web\n Port 23\nHost db\nHost other\nMatch user x\n").unwrap();
    let preview = engine.ssh_config(Some(file.clone())).await.unwrap();
    assert_eq!(preview.files, [file.display().to_string()]);
    assert_eq!((preview.skipped.len(), preview.skipped[0].line), (1, 5));
    std::fs::write(&file, "Host web\n Port 24\n").unwrap();

    let added = engine.import_ssh_config(preview.id.clone(), vec!["WEB".into(), "db".into()]).await.unwrap();
    let names: Vec<&str> = added.iter().map(|view| view.server.name.as_str()).collect();
    assert_eq!(names, ["web", "db"]);
    assert!(matches!(&added[0].server.target, Target::Ssh(ssh) if ssh.hop.port == 23), "{added:?}");
    assert!(added.iter().all(|view| !view.server.enabled && view.server.interval == 900));
    assert!(preview.servers.iter().all(|candidate| !candidate.draft.enabled), "the preview says so");

    // What exists stays as it is.
    let again = engine.import_ssh_config(preview.id, vec!["web".into(), "other".into()]).await.unwrap();
    assert_eq!(again.len(), 1);
    let later = engine.ssh_config(Some(file)).await.unwrap();
    assert!(later.servers[0].exists);
    let web = engine.server_named("web").unwrap();
    assert!(matches!(&web.server.target, Target::Ssh(ssh) if ssh.hop.port == 23), "{web:?}");
    let activity = engine.activity(None, None, 10).await.unwrap();
    let imports: Vec<&str> = activity
        .iter()
        .filter(|entry| entry.kind == ActivityKind::ServersImported)
        .map(|entry| entry.message.as_str())
        .collect();
    assert_eq!(
        imports,
        [
            "1 server was taken over from an SSH configuration: other",
            "2 servers were taken over from an SSH configuration: web, db"
        ]
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_shown_is_refused_and_nothing_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder).await;
    let file = folder.path().join("config");
    let missing = engine.ssh_config(Some(file.clone())).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::SshConfig);
    assert!(missing.message.contains("config"), "{missing:?}");
    std::fs::write(&file, "Host web\n").unwrap();
    let preview = engine.ssh_config(Some(file)).await.unwrap().id;
    let unknown = engine.import_ssh_config(preview, vec!["web".into(), "db".into()]).await.unwrap_err();
    assert_eq!((unknown.code, unknown.fields[0].field.as_str()), (ErrorCode::Invalid, "aliases"));
    let unknown = engine.import_ssh_config("import-0".into(), vec!["web".into()]).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    assert_eq!(engine.servers().len(), 1, "this computer only");
    engine.shutdown().await;
}
