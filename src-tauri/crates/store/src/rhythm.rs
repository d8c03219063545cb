//! How often each server was meant to be visited, since when: what coverage is measured by.

use std::time::Duration;

use hostrounds_core::coverage::Rhythm;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::SqliteConnection;

use crate::Result;

/// The rhythms of a server in order of time.
pub(crate) async fn of(conn: &mut SqliteConnection, server: ServerId) -> Result<Vec<Rhythm>> {
    let rows: Vec<(i64, u32)> = sqlx::query_as("SELECT since, interval FROM rhythm WHERE server = ? ORDER BY since")
        .bind(server.0)
        .fetch_all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(since, interval)| Rhythm {
            since: UnixMillis(since),
            interval: Duration::from_secs(u64::from(interval)),
        })
        .collect())
}

/// Notes the interval of a server where it is another one than before.
pub(crate) async fn note(conn: &mut SqliteConnection, server: ServerId, interval: u32, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO rhythm (server, since, interval) SELECT ?1, ?2, ?3
         WHERE ?3 IS NOT (SELECT interval FROM rhythm WHERE server = ?1 ORDER BY since DESC LIMIT 1)",
    )
    .bind(server.0)
    .bind(now.0)
    .bind(interval)
    .execute(conn)
    .await?;
    Ok(())
}
