//! What a backup carries besides the tables of the store, in a table of its own. A database that still has that table was
//! restored and not opened since: whoever opens it takes over what is carried, and then removes the table.

use hostrounds_core::time::UnixMillis;
use sqlx::SqliteConnection;

use crate::{Result, Store};

/// What a backup carries besides the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried {
    /// When the backup was made; absent where a database was restored that was not made as a backup.
    pub made_at: Option<UnixMillis>,
    /// The version of the application that made it.
    pub made_by: Option<String>,
    /// The file of accepted host keys, as it was; absent where there was none.
    pub known_hosts: Option<Vec<u8>>,
}

#[derive(Default, sqlx::FromRow)]
struct Row {
    made_at: Option<i64>,
    made_by: Option<String>,
    known_hosts: Option<Vec<u8>>,
}

const CREATE: &str = "CREATE TABLE IF NOT EXISTS backup (made_at INTEGER, made_by TEXT, known_hosts BLOB) STRICT";

impl Store {
    /// What the backup carried that this database was restored from; nothing where that was taken over already.
    pub async fn carried(&self) -> Result<Option<Carried>> {
        self.within(async {
            let mut conn = self.readers.acquire().await?;
            read(&mut conn).await
        })
        .await
    }

    /// The accepted host keys that were carried are in their place.
    pub async fn carried_host_keys_are_in_place(&self) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            sqlx::query("UPDATE backup SET known_hosts = NULL").execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Everything that was carried is in its place.
    pub async fn forget_carried(&self) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            sqlx::query("DROP TABLE IF EXISTS backup").execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

pub(crate) async fn read(conn: &mut SqliteConnection) -> Result<Option<Carried>> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'backup'")
        .fetch_one(&mut *conn)
        .await?;
    if there == 0 {
        return Ok(None);
    }
    let row: Option<Row> =
        sqlx::query_as("SELECT made_at, made_by, known_hosts FROM backup LIMIT 1").fetch_optional(conn).await?;
    let Row { made_at, made_by, known_hosts } = row.unwrap_or_default();
    Ok(Some(Carried { made_at: made_at.map(UnixMillis), made_by, known_hosts }))
}

/// Puts it into a copy of the database. What that carried before is gone.
pub(crate) async fn write(conn: &mut SqliteConnection, carried: &Carried) -> Result<()> {
    sqlx::query("DROP TABLE IF EXISTS backup").execute(&mut *conn).await?;
    sqlx::query(CREATE).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO backup (made_at, made_by, known_hosts) VALUES (?, ?, ?)")
        .bind(carried.made_at.map(|at| at.0))
        .bind(&carried.made_by)
        .bind(&carried.known_hosts)
        .execute(conn)
        .await?;
    Ok(())
}
