//! Files of earlier versions, brought up to date.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use hostrounds_core::observation::Tables;
use hostrounds_core::server::{Hop, Login, ServerId, SshTarget, Target};
use hostrounds_store::Store;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::*;

/// The schema as it was up to `version`.
async fn migrator(version: i64) -> (tempfile::TempDir, Migrator) {
    let folder = tempfile::tempdir().unwrap();
    let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for file in std::fs::read_dir(migrations).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name[..4].parse::<i64>().unwrap() <= version {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let migrator = Migrator::new(folder.path()).await.unwrap();
    (folder, migrator)
}

#[tokio::test]
async fn a_login_becomes_the_first_of_several_and_a_way_without_jump_hosts() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    let (_migrations, migrator) = migrator(2).await;
    migrator.run_direct(None, &mut old, false).await.unwrap();
    for (name, target) in [
        ("key", r#"{"kind":"ssh","host":"::1","port":22,"user":"ops","login":{"method":"key","path":"~/.ssh/id"}}"#),
        ("password", r#"{"kind":"ssh","host":"web","port":2222,"user":"ops","login":{"method":"password"}}"#),
        ("agent", r#"{"kind":"ssh","host":"web","port":22,"user":"ops","login":{"method":"agent"}}"#),
    ] {
        sqlx::query(
            "INSERT INTO server (name, name_key, target, enabled, interval, thresholds, tags, created_at)
             VALUES (?1, ?1, ?2, 1, 60, '{\"cpu\":90.0,\"memory\":null,\"disk\":null}', '[]', 5)",
        )
        .bind(name)
        .bind(target)
        .execute(&mut old)
        .await
        .unwrap();
    }
    sqlx::raw_sql(
        "INSERT INTO latest (server, at, unavailable) VALUES (1, 0, '[]');
         INSERT INTO head (key, layout, \"values\") VALUES (1 << 43, 0, x'');
         INSERT INTO layout (id, server, series) VALUES (0, 1, x'');
         INSERT INTO setting VALUES ('secrets', '[2]');",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    let servers = store.servers().await.unwrap();
    assert_eq!((servers[0].id, &servers[0].target), (ServerId::LOCAL, &Target::Local));
    let way = |host: &str, port, login| {
        Target::Ssh(SshTarget::direct(Hop { host: host.into(), port, user: "ops".into(), logins: vec![login] }))
    };
    assert_eq!(servers[1].target, way("::1", 22, Login::key("~/.ssh/id")));
    assert_eq!(servers[2].target, way("web", 2222, Login::Password));
    assert_eq!(servers[3].target, way("web", 22, Login::agent()));
    assert!(servers.iter().all(|server| server.families_off.is_empty()));
    assert_eq!(store.latest(ServerId(1)).await.unwrap().unwrap().observation.tables, Tables::default());
    assert_eq!(store.setting::<Vec<i64>>("secrets").await.unwrap(), None, "noted in another form from now on");
}
