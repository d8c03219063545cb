//! What can go wrong with the store, in cases that a person can act on.

use std::path::{Path, PathBuf};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another server has this name, whatever the case of its letters.
    #[error("another server is named `{name}`")]
    NameTaken {
        /// The name as it was asked for.
        name: String,
    },
    /// There is no such server.
    #[error("there is no such server")]
    NotFound,
    /// This computer is always there: it cannot be added, removed, renamed or turned into a server.
    #[error("this computer cannot be added, removed, renamed or pointed elsewhere")]
    ThisComputer,
    /// The same rule fires for the same part of the server already.
    #[error("this alert is firing already")]
    AlreadyFiring,
    /// The clock stands before 1970 or after 2248, or the number of the server is beyond what a key holds.
    #[error("server {server} at {at} ms after 1970 cannot be kept")]
    OutOfRange {
        /// The number of the server.
        server: i64,
        /// The time in milliseconds since 1970.
        at: i64,
    },
    /// The file was written by a newer version. It was not touched.
    #[error("`{}` has schema {found}; this version knows schemas up to {known}", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The file is a database of some other program. It was not touched.
    #[error("`{}` is a database of another program", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not a database, or parts of it are broken. It is never replaced without a person's word.
    #[error("`{}` is damaged: {detail}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process held the file for longer than the store waits.
    #[error("another process keeps the database locked")]
    Locked,
    /// The disk is full.
    #[error("there is no space left for `{}`", path.display())]
    Full {
        /// Which file.
        path: PathBuf,
    },
    /// The file or its folder may not be read or written.
    #[error("`{}` cannot be opened or written", path.display())]
    Permission {
        /// Which file or folder.
        path: PathBuf,
    },
    /// A file stands where the folder should be.
    #[error("`{}` is a file, not a folder", path.display())]
    NotAFolder {
        /// Which file.
        path: PathBuf,
    },
    /// A file of that name is there already.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// A backup beside the database would be lost together with it.
    #[error("`{}` is in the data directory, where a backup would be lost together with the database", path.display())]
    InDataFolder {
        /// Which file.
        path: PathBuf,
    },
    /// The folder of a file that is to be written is not there.
    #[error("there is no folder `{}`", path.display())]
    NoFolder {
        /// Which folder.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no file `{}`", path.display())]
    NoFile {
        /// Which file.
        path: PathBuf,
    },
    /// A folder, or something else that is no file, stands there.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// What stands there.
        path: PathBuf,
    },
    /// The file is empty, or a database without tables.
    #[error("`{}` is empty", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The database cannot be replaced by itself.
    #[error("`{}` is the database that is in use here", path.display())]
    SameFile {
        /// Which file.
        path: PathBuf,
    },
    /// SQLite takes names in UTF-8 only.
    #[error("the name `{}` is not valid Unicode", path.display())]
    Unnameable {
        /// Which file.
        path: PathBuf,
    },
    /// A copy was stopped before it was complete. Nothing of it is left.
    #[error("it was stopped before it was complete")]
    Stopped,
    /// The SQLite that is linked has a known defect that damages files.
    #[error("SQLite {found} is too old; {needed} or newer is needed")]
    TooOldSqlite {
        /// Its version.
        found: String,
        /// The oldest version without the defect.
        needed: &'static str,
    },
    /// The operating system refused something else.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A value in the database is not what this version writes there.
    #[error("the value of {what} cannot be read or written: {source}")]
    Value {
        /// Which column.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The layout of a head holds something else than series numbers.
    #[error("layout {layout} of the history is not a list of series")]
    Layout {
        /// Its number.
        layout: i64,
    },
    /// A chunk of the history does not hold what was written there.
    #[error("span {span} of the history is not what was written there")]
    Chunk {
        /// The number of its span.
        span: i64,
    },
    /// A part of the history could not be compressed; it stays as it was.
    #[error("a part of the history cannot be compressed: {reason}")]
    Compress {
        /// What the compressor said.
        reason: String,
    },
    /// The schema could not be brought up to date; it is as it was before.
    #[error("the schema could not be brought up to date: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// SQLite refused a statement for a reason that is none of the above.
    #[error("the database refused: {0}")]
    Query(#[from] sqlx::Error),
}

impl StoreError {
    /// A stable code in snake case; programs switch on this.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "name_taken",
            Self::NotFound => "not_found",
            Self::ThisComputer => "this_computer",
            Self::AlreadyFiring => "already_firing",
            Self::OutOfRange { .. } => "store_out_of_range",
            Self::Newer { .. } => "store_newer",
            Self::Foreign { .. } => "store_foreign",
            Self::Damaged { .. } | Self::Layout { .. } | Self::Chunk { .. } | Self::Value { .. } => "store_damaged",
            Self::Compress { .. } => "store_compress",
            Self::Locked => "store_locked",
            Self::Full { .. } => "store_full",
            Self::Permission { .. } => "store_permission",
            Self::NotAFolder { .. } => "store_not_a_folder",
            Self::Exists { .. } => "backup_exists",
            Self::InDataFolder { .. } => "backup_in_data_folder",
            Self::NoFolder { .. } => "backup_no_folder",
            Self::NoFile { .. } => "backup_no_file",
            Self::NotAFile { .. } => "backup_not_a_file",
            Self::Empty { .. } => "backup_empty",
            Self::SameFile { .. } => "backup_same_file",
            Self::Unnameable { .. } => "backup_unnameable",
            Self::Stopped => "backup_stopped",
            Self::TooOldSqlite { .. } => "store_sqlite_too_old",
            Self::Io { .. } => "store_io",
            Self::Migration(_) => "store_migration",
            Self::Closed => "store_closed",
            Self::Query(_) => "store_query",
        }
    }

    /// What a person can do about it, in a sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "Choose another name, or edit the server that has it.",
            Self::NotFound => "It may have been removed. List the servers to see which there are.",
            Self::ThisComputer => "Disable this computer if it should not be measured.",
            Self::AlreadyFiring => "Nothing needs to be done: the alert that fires stands for this one.",
            Self::OutOfRange { .. } => "Set the clock of this computer.",
            Self::Newer { .. } => "Install the newest version of Hostrounds, or choose another data directory.",
            Self::Foreign { .. } => "Choose another data directory, or move that file away.",
            Self::Damaged { .. } | Self::Layout { .. } | Self::Chunk { .. } | Self::Value { .. } => {
                "`hostrounds restore FILE` puts a backup in its place, `hostrounds restore --anew` an empty database. Both keep the file."
            }
            Self::Locked => "Close other programs that have the file open; the next try may succeed.",
            Self::Full { .. } => "Free some space on that disk; what waits is written as soon as there is room.",
            Self::Permission { .. } => "Make the file and its folder readable and writable for your user.",
            Self::NotAFolder { .. } => "Choose another data directory, or move that file away.",
            Self::Exists { .. } => "Choose another name, or say that it may be overwritten (--force).",
            Self::InDataFolder { .. } => "Choose a place outside, best on another disk.",
            Self::NoFolder { .. } => "Make the folder first, or correct its name.",
            Self::NoFile { .. } => "Correct the name.",
            Self::NotAFile { .. } => "Name a file.",
            Self::Empty { .. } => "Choose a file that Hostrounds has written as a backup.",
            Self::SameFile { .. } => "Choose a backup of it.",
            Self::Unnameable { .. } => "Choose a name in plain letters.",
            Self::Stopped => "Nothing is left of it. Begin again when you like.",
            Self::TooOldSqlite { .. } => "Build Hostrounds with the SQLite that comes with it.",
            Self::Io { .. } => "Check the disk that holds the data directory.",
            Self::Compress { .. } => "Nothing is lost; report it with this message.",
            Self::Migration(_) => "Nothing was changed. Check the space on the disk and try again.",
            Self::Closed => "Start Hostrounds again.",
            Self::Query(_) => "Try again; if it stays, report it with this message.",
        }
    }

    /// The same error, told more exactly: what SQLite's result codes (<https://www.sqlite.org/rescode.html>) mean for the file.
    pub(crate) fn about(self, path: &Path) -> Self {
        let error = match self {
            Self::Query(error)
            | Self::Migration(
                sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _),
            ) => error,
            other => return other,
        };
        let path = path.to_owned();
        match primary_code(&error) {
            Some(BUSY | LOCKED) => Self::Locked,
            Some(FULL) => Self::Full { path },
            Some(PERM | READONLY | CANTOPEN | AUTH) => Self::Permission { path },
            Some(IOERR) => Self::Io { path, source: std::io::Error::other(error) },
            Some(INTERRUPT) => Self::Stopped,
            Some(CORRUPT | NOTADB) => Self::Damaged { path, detail: error.to_string() },
            _ => match error {
                sqlx::Error::PoolTimedOut => Self::Locked,
                sqlx::Error::PoolClosed => Self::Closed,
                sqlx::Error::Io(source) => Self::from_io(source, &path),
                // The tables are STRICT: a broken page is all that puts something of another kind into a column.
                error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
                    Self::Damaged { path, detail: error.to_string() }
                }
                error => Self::Query(error),
            },
        }
    }

    /// What the operating system said about `path`.
    pub(crate) fn from_io(source: std::io::Error, path: &Path) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => Self::Permission { path },
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full { path },
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => Self::NotAFolder { path },
            _ => Self::Io { path, source },
        }
    }
}

const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xFF)
}

/// Whether a unique index stood in the way.
pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    async fn refusal(prepare: &'static str, statement: &'static str) -> StoreError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.db");
        let mut conn = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE t (x)").execute(&mut conn).await.unwrap();
        sqlx::raw_sql(prepare).execute(&mut conn).await.unwrap();
        StoreError::from(sqlx::query(statement).execute(&mut conn).await.unwrap_err()).about(&path)
    }

    #[tokio::test]
    async fn what_sqlite_refuses_is_told_by_its_cause() {
        // A limit on its pages is to SQLite the same as a full disk.
        let full = refusal("PRAGMA max_page_count = 1", "INSERT INTO t VALUES (hex(zeroblob(100000)))").await;
        assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
        let read_only = refusal("PRAGMA query_only = 1", "INSERT INTO t VALUES (1)").await;
        assert!(matches!(read_only, StoreError::Permission { .. }), "{read_only:?}");
        let nonsense = refusal("", "INSERT INTO t VALUES (1, 2)").await;
        assert!(matches!(nonsense, StoreError::Query(_)), "{nonsense:?}");
    }

    #[test]
    fn the_system_is_told_by_its_cause() {
        use std::io::ErrorKind;

        let told = |kind: ErrorKind| StoreError::from_io(kind.into(), Path::new("/x")).code();
        assert_eq!(told(ErrorKind::PermissionDenied), "store_permission");
        assert_eq!(told(ErrorKind::ReadOnlyFilesystem), "store_permission");
        assert_eq!(told(ErrorKind::StorageFull), "store_full");
        assert_eq!(told(ErrorKind::NotADirectory), "store_not_a_folder");
        assert_eq!(told(ErrorKind::AlreadyExists), "store_not_a_folder");
        assert_eq!(told(ErrorKind::TimedOut), "store_io");
    }
}
