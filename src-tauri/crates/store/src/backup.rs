//! A consistent copy of the database while others write to it.
//!
//! `VACUUM INTO` copies within one read transaction, which in WAL mode holds up no writer; the copy is compact, and free pages
//! with what was deleted are not in it. SQLite's backup interface would begin anew whenever another process writes, which with a
//! collector beside the window may be for ever. What the one transaction costs is a WAL that cannot be cut meanwhile: it grows
//! by what is written during the copy.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::carried::{self, Carried};
use crate::open::{self, APPLICATION, on_disk};
use crate::workplace::{self, Workplace};
use crate::{Result, Store, StoreError, file};

/// How often the growing file is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// After how many steps of SQLite's machine it is asked whether to go on. A row takes some five.
const STEPS: i32 = 500;
/// After how many bytes the copy is brought to the disk before it goes on.
const STRIDE: u64 = 1 << 20;

/// How far a copy has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopyProgress {
    /// Bytes that are written.
    pub written: u64,
    /// Bytes that are expected in the end; an estimate, since the copy is packed more tightly.
    pub expected: u64,
}

/// What tells how far a copy has come.
pub type OnProgress<'a> = &'a (dyn Fn(CopyProgress) + Send + Sync);

impl Store {
    /// Writes a backup into the file `to` (0600, whatever the umask): a database of its own, with what is `carried` besides.
    /// Collections go on meanwhile. The file gets its name when it is complete, checked and durable; whoever drops the call
    /// before leaves nothing behind. Answers with its size in bytes.
    ///
    /// # Errors
    /// [`StoreError::Exists`] unless `overwrite`; [`StoreError::InDataFolder`] for a place beside the database, where both
    /// would be lost together; [`StoreError::NoFolder`]; and those of the disk.
    pub async fn backup(&self, to: &Path, carried: &Carried, overwrite: bool, progress: OnProgress<'_>) -> Result<u64> {
        let to = std::path::absolute(to).map_err(|error| StoreError::from_io(error, to))?;
        let database = self.path().to_owned();
        let target = to.clone();
        let (place, workplace) = blocking(&to, move || begin(&target, &database, overwrite)).await?;
        let copy = workplace.file("backup.db");
        let live = open::options(self.path()).read_only(true);
        write_copy(self.path(), live, &copy, &to, progress).await?;
        finish_copy(&copy, &to, carried).await.map_err(|error| error.about(&to))?;
        let target = to.clone();
        blocking(&to, move || {
            workplace::sync(&copy).map_err(|error| StoreError::from_io(error, &target))?;
            let size = file::size(&copy)?;
            workplace::put(&copy, &place, overwrite).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => StoreError::Exists { path: target.clone() },
                _ => StoreError::from_io(error, &target),
            })?;
            drop(workplace);
            Ok(size)
        })
        .await
    }
}

/// Finds reasons not to write there. Gives where the file will stand, and the place where the copy is written.
fn begin(target: &Path, database: &Path, overwrite: bool) -> Result<(PathBuf, Workplace)> {
    let place = workplace::place(target, overwrite)?;
    if let Ok(data) = fs::canonicalize(database.parent().unwrap_or(Path::new(".")))
        && place.starts_with(&data)
    {
        return Err(StoreError::InDataFolder { path: target.to_owned() });
    }
    let workplace = Workplace::beside(&place).map_err(|error| StoreError::from_io(error, target))?;
    Ok((place, workplace))
}

/// Copies the database at `from`, which is opened with `options`, whoever writes to it meanwhile, into the new file `copy`,
/// which errors call `named`.
pub(crate) async fn write_copy(
    from: &Path,
    options: SqliteConnectOptions,
    copy: &Path,
    named: &Path,
    progress: OnProgress<'_>,
) -> Result<()> {
    on_disk(copy, file::create).await?;
    let mut conn = options.connect().await.map_err(|error| StoreError::from(error).about(from))?;
    let copied = copy_from(&mut conn, copy, progress).await;
    // Closing a connection that was told to stop is what waits for it.
    let closed = conn.close().await;
    copied.map_err(|error| match error.about(from) {
        // The only file that is written is the copy.
        StoreError::Full { .. } => StoreError::Full { path: named.to_owned() },
        StoreError::Io { source, .. } => StoreError::Io { path: named.to_owned(), source },
        other => other,
    })?;
    Ok(closed?)
}

async fn copy_from(conn: &mut SqliteConnection, copy: &Path, progress: OnProgress<'_>) -> Result<()> {
    let expected: i64 = sqlx::query_scalar(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
    )
    .fetch_one(&mut *conn)
    .await?;
    let expected = expected.unsigned_abs();
    let stop = Stop::default();
    let stopped = Arc::clone(&stop.0);
    let mut pace = Pace { copy: copy.to_owned(), synced: 0 };
    conn.lock_handle().await?.set_progress_handler(STEPS, move || {
        pace.keep();
        !stopped.load(Ordering::Relaxed)
    });

    let name = copy.to_str().ok_or_else(|| StoreError::Unnameable { path: copy.to_owned() })?;
    let copying = sqlx::query("VACUUM INTO ?").bind(name).execute(&mut *conn);
    tokio::pin!(copying);
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            done = &mut copying => {
                done?;
                break;
            }
            _ = looks.tick() => {
                let written = fs::metadata(copy).map_or(0, |metadata| metadata.len());
                progress(CopyProgress { written: written.min(expected), expected });
            }
        }
    }
    progress(CopyProgress { written: expected, expected });
    Ok(())
}

/// Keeps the copy from running ahead of the disk. Whoever commits meanwhile waits for the disk too: behind hundreds of megabytes
/// that all have to be written at once, that would be long.
struct Pace {
    copy: PathBuf,
    synced: u64,
}

impl Pace {
    fn keep(&mut self) {
        let written = fs::metadata(&self.copy).map_or(0, |metadata| metadata.len());
        if written >= self.synced + STRIDE {
            self.synced = written;
            // A disk that fails is told by SQLite, or when the whole is synced.
            let _ = workplace::sync(&self.copy);
        }
    }
}

/// Stops the copy when it is dropped.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts into the copy what it carries, and reads every page of it once more.
async fn finish_copy(copy: &Path, named: &Path, carried: &Carried) -> Result<()> {
    let mut conn = SqliteConnectOptions::new().filename(copy).disable_statement_logging().connect().await?;
    carried::write(&mut conn, carried).await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut conn).await?;
    let detail: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut conn).await?;
    conn.close().await?;
    if detail != "ok" || application != APPLICATION {
        return Err(StoreError::Damaged { path: named.to_owned(), detail });
    }
    Ok(())
}

/// Does `work` with files on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    about: &Path,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::from_io(std::io::Error::other(error), about)),
    }
}
