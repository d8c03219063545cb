//! Opening: first a look at the file that cannot change it, then the migrations, then the connections.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::{Result, Store, StoreError, file};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!();

/// The value of `PRAGMA application_id` in our files.
pub(crate) const APPLICATION: i64 = 0x4872_6E64;
/// The first SQLite without the WAL defect of <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST_SQLITE: &str = "3.51.3";
/// How long one process waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon a file that was locked while it was opened is tried again.
const PAUSE: Duration = Duration::from_millis(50);
/// Files up to this many bytes are checked whole when they are opened; checking reads every page. In larger ones a broken
/// page is found when it is read.
const CHECKED_WHOLE: u64 = 64 << 20;
const READERS: u32 = 4;
/// A WAL that grew beyond this many bytes is cut when it has been copied into the file.
const WAL_MOST: &str = "67108864";

impl Store {
    /// Opens the store in the file at `path`, which is created (0600, in a folder with 0700) where it is missing, and brings
    /// its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Foreign`] and [`StoreError::Damaged`] leave the file as it was.
    pub async fn open(path: &Path) -> Result<Self> {
        let began = std::time::Instant::now();
        loop {
            // Turning a new file to WAL needs it alone, and SQLite does not wait for that by itself.
            match try_open(path).await.map_err(|error| error.about(path)) {
                Err(StoreError::Locked) if began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                other => return other,
            }
        }
    }
}

async fn try_open(path: &Path) -> Result<Store> {
    on_disk(path, file::create).await?;
    let is_new = on_disk(path, file::size).await? == 0;
    look(path).await?;
    on_disk(path, file::make_private).await?;

    let options = options(path).pragma("journal_size_limit", WAL_MOST);
    // What is given up leaves free pages; those that are not needed again soon go back to the disk, bit by bit. Asked for again, it
    // would be written again.
    let writing = if is_new { options.clone().auto_vacuum(SqliteAutoVacuum::Incremental) } else { options.clone() };
    let writer = pool(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(writing.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full))
        .await?;

    // One transaction around all of them: all or nothing, and two processes that start at once do it one after the other.
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`: what that returns is not `Send`.
    MIGRATIONS.run_direct(None, &mut *tx, false).await.map_err(StoreError::Migration)?;
    tx.commit().await?;

    let readers = pool(READERS).connect_with(options.read_only(true)).await?;
    let store = Store { path: Arc::from(path), writer, readers, names: Arc::default(), data_version: Arc::default() };
    // What was written before now is no change.
    store.changed_elsewhere().await?;
    Ok(store)
}

fn pool(most: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(most)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE * 4)
        // Where the disk is full or fails, SQLite ends the transaction by itself (https://www.sqlite.org/lang_transaction.html). sqlx
        // takes it to be open still, and would refuse to begin another one on that connection for ever.
        .after_release(|conn, _| {
            Box::pin(async move {
                // A transaction that was dropped is rolled back by the time this is answered.
                conn.ping().await?;
                Ok(!conn.is_in_transaction())
            })
        })
}

pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
}

/// Finds reasons not to touch the file, through a connection that may not write to it.
pub(crate) async fn look(path: &Path) -> Result<()> {
    let size = on_disk(path, file::size).await?;
    // Whoever was killed while the file was turned to WAL, or from it, has left a journal. Nobody can read the file before
    // that is rolled back, and only who may write can do so.
    let is_half_written = file::beside(path, "-journal").exists();
    let mut look = options(path).read_only(!is_half_written).connect().await?;
    let verdict = judge(&mut look, path, size <= CHECKED_WHOLE).await;
    look.close().await?;
    verdict
}

/// Whether the file is ours, of a version that is known, and, where it is read `whole`, sound. One without tables passes.
pub(crate) async fn judge(look: &mut SqliteConnection, path: &Path, whole: bool) -> Result<()> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *look).await?;
    if numbers(&found) < numbers(OLDEST_SQLITE) {
        return Err(StoreError::TooOldSqlite { found, needed: OLDEST_SQLITE });
    }
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema").fetch_all(&mut *look).await?;
    if tables.is_empty() {
        return Ok(());
    }
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *look).await?;
    if application != APPLICATION {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let found = schema(look).await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    if whole {
        let detail: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *look).await?;
        if detail != "ok" {
            return Err(StoreError::Damaged { path: path.to_owned(), detail });
        }
    }
    Ok(())
}

/// The number of the newest migration that the file has seen.
pub(crate) async fn schema(conn: &mut SqliteConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(conn).await?)
}

pub(crate) async fn on_disk<T: Send + 'static>(path: &Path, work: fn(&Path) -> Result<T>) -> Result<T> {
    let owned = path.to_owned();
    match tokio::task::spawn_blocking(move || work(&owned)).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::from_io(std::io::Error::other(error), path)),
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("3.51.3") >= numbers(OLDEST_SQLITE));
        assert!(numbers("3.9.0") < numbers(OLDEST_SQLITE));
        assert!(numbers("3.51.10") > numbers(OLDEST_SQLITE));
        assert!(numbers("3.52.0") > numbers(OLDEST_SQLITE));
    }
}
