//! A backup is whole, whatever is written meanwhile, and a restore loses nothing, whatever goes wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::{SecretSlot, ServerId};
use hostrounds_store::{Carried, CopyProgress, Store, StoreError, inspect, restore, set_aside};
use rstest::rstest;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use support::*;

const CHILD: &str = "HOSTROUNDS_STORE_TEST_BACKUP_CHILD";

fn silent(_: CopyProgress) {}

fn carried() -> Carried {
    Carried {
        made_at: Some(at(7)),
        made_by: Some("1.2.3".into()),
        known_hosts: Some(b"web ssh-ed25519 AAAA\n".to_vec()),
    }
}

async fn load(store: &Store, step: i64) {
    keep(store, ServerId::LOCAL, &observation(at(step), vec![point(Metric::Load1, Attributes::none(), step as f64)]))
        .await;
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn integrity(path: &Path) -> String {
    let mut conn = raw(path).await;
    let verdict = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    verdict
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A store with some history beside a folder for backups.
async fn filled(steps: i64) -> (tempfile::TempDir, Store, PathBuf) {
    let (folder, store) = store().await;
    for step in 0..steps {
        load(&store, step).await;
    }
    let backups = folder.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    (folder, store, backups)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_beside_a_writer_is_whole_and_holds_a_prefix() {
    let (_folder, store, backups) = filled(500).await;
    let acknowledged = std::sync::Arc::new(AtomicU64::new(500));
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, acknowledged, stop) = (store.clone(), acknowledged.clone(), stop.clone());
        async move {
            for step in 500.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                load(&store, step).await;
                acknowledged.store(step as u64 + 1, Ordering::SeqCst);
            }
        }
    });
    for round in 0..10 {
        let to = backups.join(format!("{round}.db"));
        let before = acknowledged.load(Ordering::SeqCst);
        let size = store.backup(&to, &carried(), false, &silent).await.unwrap();
        assert_eq!(size, std::fs::metadata(&to).unwrap().len());
        assert_eq!(integrity(&to).await, "ok");
        let copy = Store::open(&to).await.unwrap();
        let kept = all(&copy, ServerId::LOCAL, Metric::Load1).await;
        assert!(kept.len() as u64 >= before, "{} of {before}", kept.len());
        assert!(kept.iter().zip(0..).all(|(point, step)| *point == (NOW + step, step as f64)));
        assert_eq!(copy.carried().await.unwrap(), Some(carried()));
        copy.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    assert_eq!(store.carried().await.unwrap(), None, "only the copy carries");
}

#[tokio::test]
async fn a_backup_is_private_alone_and_tells_how_far_it_is() {
    let (_folder, store, backups) = filled(50).await;
    let to = backups.join("a #1%?.db");
    let seen = std::sync::Mutex::new(Vec::new());
    store.backup(&to, &carried(), false, &|progress| seen.lock().unwrap().push(progress)).await.unwrap();
    assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&backups), ["a #1%?.db"], "nothing else is left");
    let last = *seen.lock().unwrap().last().unwrap();
    assert!(last.written == last.expected && last.expected > 0, "{last:?}");
    let info = inspect(&to).await.unwrap();
    assert_eq!((info.made_at, info.made_by.as_deref(), info.servers), (Some(at(7)), Some("1.2.3"), 0));
    assert_eq!(info.newest, Some(at(49)));
    assert_eq!(names(&backups), ["a #1%?.db"], "a look leaves nothing beside it");
}

#[tokio::test]
async fn a_file_is_overwritten_only_when_told_to() {
    let (_folder, store, backups) = filled(1).await;
    let to = backups.join("a.db");
    std::fs::write(&to, "precious").unwrap();
    let error = store.backup(&to, &carried(), false, &silent).await.unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error:?}");
    assert_eq!(std::fs::read(&to).unwrap(), b"precious");
    store.backup(&to, &carried(), true, &silent).await.unwrap();
    inspect(&to).await.unwrap();
    assert_eq!(names(&backups), ["a.db"]);
}

#[tokio::test]
async fn places_that_cannot_be_are_named() {
    let (folder, store, backups) = filled(1).await;
    let data = folder.path().join("data");
    let link = backups.join("link.db");
    std::os::unix::fs::symlink(store.path(), &link).unwrap();
    for (to, code) in [
        (backups.clone(), "backup_not_a_file"),
        (backups.join("none").join("a.db"), "backup_no_folder"),
        (data.join("a.db"), "backup_in_data_folder"),
        (store.path().to_owned(), "backup_in_data_folder"),
        (link.clone(), "backup_in_data_folder"),
        (PathBuf::from("/dev/null"), "backup_not_a_file"),
    ] {
        let error = store.backup(&to, &carried(), true, &silent).await.unwrap_err();
        assert_eq!(error.code(), code, "{}: {error:?}", to.display());
    }
    std::fs::remove_file(link).unwrap();
    assert!(names(&backups).is_empty());
    assert_eq!(integrity(store.path()).await, "ok");
}

#[tokio::test]
async fn a_backup_that_is_stopped_leaves_nothing() {
    let (_folder, store, backups) = filled(200).await;
    let to = backups.join("a.db");
    {
        let (began, begun) = tokio::sync::oneshot::channel();
        let began = std::sync::Mutex::new(Some(began));
        let on_progress = |_| {
            if let Some(began) = began.lock().unwrap().take() {
                let _ = began.send(());
            }
        };
        let contents = carried();
        let copying = store.backup(&to, &contents, false, &on_progress);
        tokio::select! {
            biased;
            _ = begun => {}
            done = copying => { done.unwrap(); panic!("it was to be stopped"); }
        }
    }
    assert!(names(&backups).is_empty(), "{:?}", names(&backups));
    store.backup(&to, &carried(), false, &silent).await.unwrap();
}

/// A backup of a store with one server and one value, and another store in `data/hostrounds.db` with other ones.
async fn backup_and_present() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (folder, store, backups) = filled(3).await;
    store.add_server(&draft("web"), at(0)).await.unwrap();
    store.put_setting("installation", &"here").await.unwrap();
    let backup = backups.join("a.db");
    store.backup(&backup, &carried(), false, &silent).await.unwrap();
    load(&store, 3).await;
    let path = store.path().to_owned();
    store.close().await;
    (folder, backup, path)
}

#[tokio::test]
async fn a_backup_takes_the_place_and_the_present_is_kept_aside() {
    let (_folder, backup, path) = backup_and_present().await;
    // Not in the file yet, only in its WAL.
    let present = Store::open(&path).await.unwrap();
    load(&present, 4).await;
    let (db, wal) = (std::fs::read(&path).unwrap(), std::fs::read(format!("{}-wal", path.display())).unwrap());
    present.close().await;
    std::fs::write(&path, db).unwrap();
    std::fs::write(format!("{}-wal", path.display()), wal).unwrap();

    let aside = restore(&backup, &path, "before-restore-x", &silent).await.unwrap().unwrap();
    assert_eq!(aside, path.with_file_name("hostrounds.db.before-restore-x"));
    assert_eq!(names(path.parent().unwrap()), ["hostrounds.db", "hostrounds.db.before-restore-x"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = Store::open(&aside).await.unwrap();
    assert_eq!(all(&kept, ServerId::LOCAL, Metric::Load1).await.len(), 5, "what stood in the WAL is there");
    kept.close().await;

    let store = Store::open(&path).await.unwrap();
    assert_eq!(all(&store, ServerId::LOCAL, Metric::Load1).await.len(), 3);
    assert_eq!(store.carried().await.unwrap(), Some(carried()));
    store.carried_host_keys_are_in_place().await.unwrap();
    assert_eq!(store.carried().await.unwrap().unwrap().known_hosts, None);
    store.forget_carried().await.unwrap();
    assert_eq!(store.carried().await.unwrap(), None);
    store.close().await;

    // And back: what was moved aside is a backup too.
    let again = restore(&aside, &path, "before-restore-x", &silent).await.unwrap().unwrap();
    assert_eq!(again, path.with_file_name("hostrounds.db.before-restore-x-2"));
    let store = Store::open(&path).await.unwrap();
    assert_eq!(all(&store, ServerId::LOCAL, Metric::Load1).await.len(), 5);
    assert_eq!(store.carried().await.unwrap(), Some(Carried { made_at: None, made_by: None, known_hosts: None }));
}

#[tokio::test]
async fn it_is_restored_where_nothing_is() {
    let (folder, backup, _) = backup_and_present().await;
    let path = folder.path().join("new").join("data").join("hostrounds.db");
    assert_eq!(restore(&backup, &path, "x", &silent).await.unwrap(), None);
    assert_eq!(Store::open(&path).await.unwrap().servers().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_the_keyring_holds_is_known_best_by_the_present() {
    let (_folder, backup, path) = backup_and_present().await;
    let slot = SecretSlot::Password { jump: None };
    for (file, place) in [(&backup, "ops@old"), (&path, "ops@new")] {
        let store = Store::open(file).await.unwrap();
        store.note_secrets(ServerId(1), &[(slot.clone(), Some(place.into()))], &[]).await.unwrap();
        store.close().await;
    }
    let store = Store::open(&path).await.unwrap();
    store.add_server(&draft("later"), at(0)).await.unwrap();
    store.close().await;
    restore(&backup, &path, "x", &silent).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.secrets().await.unwrap()[0].place.as_deref(), Some("ops@new"));
    let next = store.add_server(&draft("next"), at(0)).await.unwrap();
    assert_eq!(next.id, ServerId(3), "the number of a server that was there once is not used again");

    // Another installation has other entries in the keyring.
    store.put_setting("installation", &"elsewhere").await.unwrap();
    store.close().await;
    restore(&backup, &path, "x", &silent).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.secrets().await.unwrap()[0].place.as_deref(), Some("ops@old"));
}

#[derive(Debug, Clone, Copy)]
enum Wrong {
    Missing,
    Folder,
    Empty,
    NoTables,
    Text,
    Truncated,
    BrokenPage,
    Foreign,
    Newer,
    Trigger,
    Same,
}

#[rstest]
#[case(Wrong::Missing, "backup_no_file")]
#[case(Wrong::Folder, "backup_not_a_file")]
#[case(Wrong::Empty, "backup_empty")]
#[case(Wrong::NoTables, "backup_empty")]
#[case(Wrong::Text, "store_damaged")]
#[case(Wrong::Truncated, "store_damaged")]
#[case(Wrong::BrokenPage, "store_damaged")]
#[case(Wrong::Foreign, "store_foreign")]
#[case(Wrong::Newer, "store_newer")]
#[case(Wrong::Trigger, "store_foreign")]
#[case(Wrong::Same, "backup_same_file")]
#[tokio::test]
async fn what_is_no_backup_is_refused_and_the_present_stays(#[case] wrong: Wrong, #[case] code: &str) {
    let (folder, backup, path) = backup_and_present().await;
    let mut file = folder.path().join("wrong.db");
    let bytes = std::fs::read(&backup).unwrap();
    match wrong {
        Wrong::Missing => {}
        Wrong::Folder => std::fs::create_dir(&file).unwrap(),
        Wrong::Empty => std::fs::write(&file, "").unwrap(),
        Wrong::NoTables => {
            let mut conn = SqliteConnectOptions::new().filename(&file).create_if_missing(true).connect().await.unwrap();
            sqlx::raw_sql("PRAGMA application_id = 1215458916; PRAGMA user_version = 1")
                .execute(&mut conn)
                .await
                .unwrap();
            conn.close().await.unwrap();
        }
        Wrong::Text => std::fs::write(&file, "This is a text. ".repeat(1000)).unwrap(),
        Wrong::Truncated => std::fs::write(&file, &bytes[..bytes.len() / 2 / 4096 * 4096]).unwrap(),
        Wrong::BrokenPage => {
            let mut broken = bytes;
            let last = broken.len() - 4096;
            for byte in &mut broken[last..] {
                *byte ^= 0x5A;
            }
            std::fs::write(&file, broken).unwrap();
        }
        Wrong::Foreign | Wrong::Newer | Wrong::Trigger => {
            std::fs::copy(&backup, &file).unwrap();
            let statement = match wrong {
                Wrong::Foreign => "PRAGMA application_id = 4711",
                Wrong::Newer => {
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (4711, 'from the future', 1, x'00', 1)"
                }
                _ => "CREATE TRIGGER t AFTER INSERT ON setting BEGIN DELETE FROM server; END",
            };
            let mut conn = raw(&file).await;
            sqlx::raw_sql(statement).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
        Wrong::Same => file.clone_from(&path),
    }
    let before = (std::fs::read(&path).unwrap(), names(path.parent().unwrap()));
    let source = std::fs::read(&file).ok();
    let error = restore(&file, &path, "x", &silent).await.unwrap_err();
    assert_eq!(error.code(), code, "{error:?}");
    assert_eq!((std::fs::read(&path).unwrap(), names(path.parent().unwrap())), before);
    assert_eq!(std::fs::read(&file).ok(), source, "the file itself is not touched either");
}

#[tokio::test]
async fn an_old_backup_is_brought_up_to_date() {
    let (folder, _, path) = backup_and_present().await;
    let old = folder.path().join("old.db");
    let mut conn = SqliteConnectOptions::new().filename(&old).create_if_missing(true).connect().await.unwrap();
    let mut migrations = sqlx::migrate!();
    migrations.migrations.to_mut().retain(|migration| migration.version <= 2);
    migrations.run(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    restore(&old, &path, "x", &silent).await.unwrap();
    assert_eq!(Store::open(&path).await.unwrap().servers().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_database_is_kept_aside_with_its_wal() {
    let (_folder, backup, path) = backup_and_present().await;
    let garbage = b"no database at all, but the only one there is".repeat(500);
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    std::fs::write(&path, &garbage).unwrap();
    std::fs::write(&wal, "what was written last").unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Damaged { .. })));

    let aside = restore(&backup, &path, "x", &silent).await.unwrap().unwrap();
    assert_eq!(std::fs::read(&aside).unwrap(), garbage);
    assert_eq!(std::fs::read(format!("{}-wal", aside.display())).unwrap(), b"what was written last");
    assert!(!wal.exists());
    assert_eq!(Store::open(&path).await.unwrap().servers().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside_and_an_empty_one_begun() {
    let (_folder, _, path) = backup_and_present().await;
    std::fs::write(&path, "no database").unwrap();
    let aside = set_aside(&path, "set-aside-x").await.unwrap().unwrap();
    assert_eq!(std::fs::read(&aside).unwrap(), b"no database");
    assert_eq!(names(path.parent().unwrap()), ["hostrounds.db.set-aside-x"]);
    assert_eq!(Store::open(&path).await.unwrap().servers().await.unwrap().len(), 1);
    let (_other, nowhere) = place();
    assert_eq!(set_aside(&nowhere, "x").await.unwrap(), None);
}

/// Not a test by itself: the process that the one below kills.
#[tokio::test]
async fn child_that_backs_up_and_restores_without_end() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let (path, backup) = (folder.join("data").join("hostrounds.db"), folder.join("copy.db"));
    for round in 0.. {
        let store = Store::open(&path).await.unwrap();
        store.backup(&backup, &carried(), true, &silent).await.unwrap();
        store.close().await;
        restore(&backup, &path, &format!("x-{}-{round}", std::process::id()), &silent).await.unwrap();
    }
}

struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Each round is killed at another moment; a round is some tens of milliseconds long.
#[tokio::test]
async fn kill_9_in_the_middle_leaves_the_database_whole() {
    let (folder, store, _) = filled(200).await;
    let path = store.path().to_owned();
    store.close().await;
    for round in 0..25u64 {
        let child = KilledOnDrop(
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_that_backs_up_and_restores_without_end", "--nocapture"])
                .env(CHILD, folder.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        std::thread::sleep(Duration::from_millis(40 + round * 17));
        drop(child);
        let store = Store::open(&path).await.unwrap();
        assert_eq!(all(&store, ServerId::LOCAL, Metric::Load1).await.len(), 200, "round {round}");
        store.close().await;
        assert_eq!(integrity(&path).await, "ok");
        // What has a final name is whole.
        for name in names(&folder.path().join("data")) {
            if name.starts_with("hostrounds.db.x") && !name.ends_with("-wal") {
                assert_eq!(integrity(&folder.path().join("data").join(name)).await, "ok");
            }
        }
        if folder.path().join("copy.db").exists() {
            inspect(&folder.path().join("copy.db")).await.unwrap();
        }
    }
}
