//! A backup in the place of the present database, which is moved aside and never lost.
//!
//! The new database is made complete, checked and brought up to date in a folder beside the present one. Then the present one
//! gets a second name, and the new one takes its first: at no instant is there no database, and whoever is killed in between
//! has either the old one or the new one. The caller sees to it that no other process has the database open.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hostrounds_core::time::UnixMillis;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};

use crate::backup::{OnProgress, blocking, write_copy};
use crate::carried::{self, Carried};
use crate::open::{self, MIGRATIONS};
use crate::workplace::{self, Workplace};
use crate::{Result, Store, StoreError, file};

/// The setting that tells the keyring entries of several databases apart. It is only compared here.
const INSTALLATION: &str = "installation";

/// What is known of a backup before it is restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupInfo {
    /// When it was made; absent for a database that was not made as a backup.
    pub made_at: Option<UnixMillis>,
    /// The version of the application that made it.
    pub made_by: Option<String>,
    /// Its servers, without this computer.
    pub servers: u32,
    /// When anything was last observed.
    pub newest: Option<UnixMillis>,
    /// Bytes.
    pub size: u64,
}

/// Checks the whole of a backup and says what it is. Nothing is changed.
///
/// # Errors
/// [`StoreError::NoFile`], [`StoreError::NotAFile`], [`StoreError::Empty`], [`StoreError::Foreign`], [`StoreError::Newer`],
/// [`StoreError::Damaged`].
pub async fn inspect(backup: &Path) -> Result<BackupInfo> {
    let size = size_of(backup).await?;
    let mut conn = options_of_backup(backup).connect().await.map_err(|error| StoreError::from(error).about(backup))?;
    let looked = look(&mut conn, backup, size).await.map_err(|error| error.about(backup));
    conn.close().await?;
    looked
}

/// Puts `backup` in the place of the database at `path`, which is moved aside: its name with `suffix` behind it. Answers where
/// that one is now; nothing where there was none. What the
/// backup carried is still in it ([`Store::carried`]).
///
/// # Errors
/// Those of [`inspect`], [`StoreError::SameFile`], and those of the disk; after each of them the database is as it was.
pub async fn restore(backup: &Path, path: &Path, suffix: &str, progress: OnProgress<'_>) -> Result<Option<PathBuf>> {
    let (source, target) = (backup.to_owned(), path.to_owned());
    blocking(backup, move || refuse_same(&source, &target)).await?;
    inspect(backup).await?;
    open::on_disk(path, file::create_folder_of).await?;
    let target = path.to_owned();
    let workplace =
        blocking(path, move || Workplace::beside(&target).map_err(|error| StoreError::from_io(error, &target))).await?;
    let copy = workplace.file("hostrounds.db");
    write_copy(backup, options_of_backup(backup), &copy, path, progress).await?;
    // Opening it is what brings it up to date, and proves that it can be opened.
    Store::open(&copy).await?.close().await;
    complete(&copy, backup, path).await.map_err(|error| error.about(path))?;
    let (target, new) = (path.to_owned(), copy.clone());
    blocking(path, move || workplace::sync(&new).map_err(|error| StoreError::from_io(error, &target))).await?;
    let aside = keep_aside(path, suffix).await?;
    let target = path.to_owned();
    blocking(path, move || {
        workplace::put(&copy, &target, true).map_err(|error| StoreError::from_io(error, &target))?;
        drop(workplace);
        Ok(aside)
    })
    .await
}

/// Moves the database at `path` aside, whatever state it is in, so that an empty one is made when it is next opened. Answers
/// where it is now; nothing where there was none.
pub async fn set_aside(path: &Path, suffix: &str) -> Result<Option<PathBuf>> {
    let aside = keep_aside(path, suffix).await?;
    let path = path.to_owned();
    blocking(&path.clone(), move || {
        if aside.is_some() {
            fs::remove_file(&path)
                .and_then(|()| workplace::sync_folder(&path))
                .map_err(|error| StoreError::from_io(error, &path))?;
        }
        Ok(aside)
    })
    .await
}

fn refuse_same(backup: &Path, path: &Path) -> Result<()> {
    match (fs::canonicalize(backup), fs::canonicalize(path)) {
        (Ok(backup), Ok(path)) if backup == path => Err(StoreError::SameFile { path: backup }),
        _ => Ok(()),
    }
}

async fn size_of(backup: &Path) -> Result<u64> {
    let path = backup.to_owned();
    blocking(backup, move || match fs::metadata(&path) {
        Ok(found) if !found.is_file() => Err(StoreError::NotAFile { path }),
        Ok(found) if found.len() == 0 => Err(StoreError::Empty { path }),
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::NoFile { path }),
        Err(error) => Err(StoreError::from_io(error, &path)),
    })
    .await
}

async fn look(conn: &mut SqliteConnection, backup: &Path, size: u64) -> Result<BackupInfo> {
    open::judge(conn, backup, true).await?;
    if !has_table(conn, "server").await? {
        return Err(StoreError::Empty { path: backup.to_owned() });
    }
    let carried = carried::read(conn).await?;
    let servers: i64 = sqlx::query_scalar("SELECT count(*) FROM server WHERE id <> 0").fetch_one(&mut *conn).await?;
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(at) FROM latest").fetch_one(&mut *conn).await?;
    let (made_at, made_by) = carried.map(|carried| (carried.made_at, carried.made_by)).unwrap_or_default();
    Ok(BackupInfo {
        made_at,
        made_by,
        servers: u32::try_from(servers).unwrap_or(u32::MAX),
        newest: newest.map(UnixMillis),
        size,
    })
}

/// For reading a backup where it is. One without a WAL beside it is nobody's open database, and may lie where SQLite can write
/// nothing beside it.
fn options_of_backup(backup: &Path) -> SqliteConnectOptions {
    let is_closed = ["-wal", "-journal"].iter().all(|ending| !file::beside(backup, ending).exists());
    open::options(backup)
        .read_only(true)
        .immutable(is_closed)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
}

async fn has_table(conn: &mut SqliteConnection, name: &'static str) -> Result<bool> {
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?")
        .bind(name)
        .fetch_one(conn)
        .await?;
    Ok(found > 0)
}

/// What is left to do with a copy that has the newest schema, before it takes the place of the database at `path`.
async fn complete(copy: &Path, backup: &Path, path: &Path) -> Result<()> {
    // Without a WAL it is one file.
    let mut conn = open::options(copy).journal_mode(SqliteJournalMode::Delete).connect().await?;
    refuse_strange_code(&mut conn, backup).await?;
    if carried::read(&mut conn).await?.is_none() {
        carried::write(&mut conn, &Carried { made_at: None, made_by: None, known_hosts: None }).await?;
    }
    if let Some(present) = Present::read(path).await {
        present.take_over(&mut conn).await?;
    }
    Ok(conn.close().await?)
}

/// A file from elsewhere must not bring along what SQLite would run by itself: only the triggers and views that the
/// migrations make.
async fn refuse_strange_code(conn: &mut SqliteConnection, backup: &Path) -> Result<()> {
    const CODE: &str =
        "SELECT type || name || coalesce(sql, '') FROM sqlite_schema WHERE type IN ('trigger', 'view') ORDER BY 1";
    let mut fresh = SqliteConnectOptions::new().in_memory(true).disable_statement_logging().connect().await?;
    MIGRATIONS.run_direct(None, &mut fresh, false).await.map_err(StoreError::Migration)?;
    let known: Vec<String> = sqlx::query_scalar(CODE).fetch_all(&mut fresh).await?;
    fresh.close().await?;
    let found: Vec<String> = sqlx::query_scalar(CODE).fetch_all(conn).await?;
    if found == known { Ok(()) } else { Err(StoreError::Foreign { path: backup.to_owned() }) }
}

/// What the present database knows better than its own past: which secrets the keyring holds now, and for which hosts they were
/// given. A password must not be shown to the host that it was *once* for.
struct Present {
    installation: String,
    secrets: Vec<(i64, String, Option<String>)>,
    newest_server: i64,
}

impl Present {
    /// Nothing where there is no database, or it cannot be read.
    async fn read(path: &Path) -> Option<Self> {
        let mut conn = open::options(path).read_only(true).connect().await.ok()?;
        let read = async {
            Ok::<_, sqlx::Error>(Self {
                installation: sqlx::query_scalar("SELECT value FROM setting WHERE key = ?")
                    .bind(INSTALLATION)
                    .fetch_one(&mut conn)
                    .await?,
                secrets: sqlx::query_as("SELECT server, slot, place FROM in_keyring").fetch_all(&mut conn).await?,
                newest_server: sqlx::query_scalar(
                    "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'server'",
                )
                .fetch_one(&mut conn)
                .await?,
            })
        };
        let present = read.await.ok();
        // It was only read.
        let _ = conn.close().await;
        present
    }

    /// Takes it over into a database of the same installation: the entries of the keyring are the same ones then.
    async fn take_over(self, conn: &mut SqliteConnection) -> Result<()> {
        let mut tx = conn.begin().await?;
        let installation: Option<String> = sqlx::query_scalar("SELECT value FROM setting WHERE key = ?")
            .bind(INSTALLATION)
            .fetch_optional(&mut *tx)
            .await?;
        if installation.as_ref() != Some(&self.installation) {
            return Ok(());
        }
        sqlx::query("DELETE FROM in_keyring").execute(&mut *tx).await?;
        for (server, slot, place) in self.secrets {
            sqlx::query("INSERT INTO in_keyring (server, slot, place) VALUES (?, ?, ?)")
                .bind(server)
                .bind(slot)
                .bind(place)
                .execute(&mut *tx)
                .await?;
        }
        // Numbers are never used twice: a secret that is left in the keyring would be another server's.
        sqlx::query("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'server'")
            .bind(self.newest_server)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

/// Gives the database at `path` a second name, with everything that stands in its WAL. Nothing where there is none.
async fn keep_aside(path: &Path, suffix: &str) -> Result<Option<PathBuf>> {
    let (owned, suffix) = (path.to_owned(), suffix.to_owned());
    if !path.exists() {
        if !file::beside(path, "-wal").exists() {
            return Ok(None);
        }
        // The rest of a database that somebody has moved away.
        open::on_disk(path, file::create).await?;
    }
    // Somebody may have it open after all. One that is damaged, foreign or newer is left as it is, its WAL beside it.
    if let Err(error @ StoreError::Locked) = fold(path).await {
        return Err(error);
    }
    blocking(path, move || {
        let kept = link_aside(&owned, &suffix).map_err(|error| StoreError::from_io(error, &owned))?;
        Ok(Some(kept))
    })
    .await
}

/// Writes the WAL into the file, which is then all there is.
async fn fold(path: &Path) -> Result<()> {
    let work = async {
        open::look(path).await?;
        let conn = open::options(path).journal_mode(SqliteJournalMode::Delete).connect().await?;
        Ok(conn.close().await?)
    };
    work.await.map_err(|error: StoreError| error.about(path))
}

fn link_aside(path: &Path, suffix: &str) -> std::io::Result<PathBuf> {
    let mut count = 1;
    let aside = loop {
        let ending = if count == 1 { format!(".{suffix}") } else { format!(".{suffix}-{count}") };
        let aside = file::beside(path, &ending);
        match fs::hard_link(path, &aside) {
            Ok(()) => break aside,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => count += 1,
            // Not every file system knows links.
            Err(_) if path.exists() && !aside.exists() => {
                fs::copy(path, &aside)?;
                workplace::sync(&aside)?;
                break aside;
            }
            Err(error) => return Err(error),
        }
    };
    // The WAL belongs to the file that it was written for, and must be gone before another one has that name.
    for ending in ["-wal", "-journal"] {
        match fs::rename(file::beside(path, ending), file::beside(&aside, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match fs::remove_file(file::beside(path, "-shm")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    workplace::sync_folder(path)?;
    Ok(aside)
}
