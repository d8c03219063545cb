//! The history and the settings, in one SQLite file.
//!
//! The only crate that speaks SQL. One connection writes, each time in a `BEGIN IMMEDIATE` transaction; a small pool of
//! read-only connections reads beside it and never waits for it (WAL). Several processes may hold the same file open.
//!
//! What a call answered with `Ok` survives a crash of the process and a loss of power: every commit is synced to the disk
//! (`synchronous = FULL`).

mod activity;
mod alert;
mod backup;
mod block;
mod carried;
mod chunk;
mod collection;
mod connection_test;
mod error;
mod file;
mod footprint;
mod head;
mod history;
mod hold;
mod latest;
mod layout;
mod names;
mod open;
mod record;
mod reserve;
mod restore;
mod retention;
mod rhythm;
mod seal;
mod secret;
mod server;
mod setting;
mod span;
mod text;
mod workplace;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::{Sqlite, SqlitePool, Transaction};

pub use alert::NewAlert;
pub use backup::{CopyProgress, OnProgress};
pub use carried::Carried;
pub use collection::{COMPLETED_FOR, COMPLETED_MOST, FAILED_FOR, FAILED_MOST, QUIET_MOST};
pub use connection_test::{KeptTest, TESTS_MOST};
pub use error::StoreError;
pub use footprint::FOOTPRINT_DAYS;
pub use hold::Hold;
pub use latest::Newest;
pub use names::SERIES_MOST;
pub use record::Record;
pub use restore::{BackupInfo, inspect, restore, set_aside};
pub use secret::KeptSecret;
pub use workplace::write_file;

use names::Names;

/// What the store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// How many rows go into one `INSERT`; SQLite takes at most 32,766 values in one statement.
const ROWS_PER_STATEMENT: usize = 100;

/// The open store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    path: Arc<Path>,
    writer: SqlitePool,
    readers: SqlitePool,
    names: Arc<Names>,
    /// `PRAGMA data_version` of the writer when it was last asked for.
    data_version: Arc<AtomicI64>,
}

impl Store {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for what is being read and written, and closes the file. Every later call fails with [`StoreError::Closed`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Whether another process has changed the file since this was last asked. What this store writes itself does not count:
    /// SQLite tells the writer only of commits that are not its own (<https://www.sqlite.org/pragma.html#pragma_data_version>).
    pub async fn changed_elsewhere(&self) -> Result<bool> {
        self.within(async {
            let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.writer).await?;
            Ok(self.data_version.swap(version, Ordering::Relaxed) != version)
        })
        .await
    }

    /// Begins to write. Taking the lock at once avoids the transaction that reads, wants to write and may not any more.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Does `work` and tells its errors by what they mean for this file.
    async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        work.await.map_err(|error| error.about(&self.path))
    }
}
