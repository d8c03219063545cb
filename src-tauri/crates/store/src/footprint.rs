//! What servers were made to spend, a row per server and day. It is added to in the transaction that keeps the collection.

use hostrounds_core::footprint::{Footprint, FootprintDay};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::{ROWS_PER_STATEMENT, Result, Store};

/// How many days are kept of each server, days without a visit included.
pub const FOOTPRINT_DAYS: i64 = 400;

const DAY: i64 = 24 * 3600 * 1000;

#[derive(sqlx::FromRow)]
struct Row {
    day: i64,
    logins: u32,
    channels: u32,
    received: i64,
    sent: i64,
    cpu: f64,
    collections: u32,
    start_up: f64,
}

impl From<Row> for FootprintDay {
    fn from(row: Row) -> Self {
        Self {
            day: UnixMillis(row.day.saturating_mul(DAY)),
            footprint: Footprint {
                logins: row.logins,
                channels: row.channels,
                received: row.received.cast_unsigned(),
                sent: row.sent.cast_unsigned(),
                cpu: row.cpu,
                collections: row.collections,
                start_up: row.start_up,
            },
        }
    }
}

impl Store {
    /// Adds to what a server was made to spend on a day. Nothing where the server is gone.
    pub async fn spend(&self, server: ServerId, spent: FootprintDay) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            let there: Option<i64> = sqlx::query_scalar("SELECT id FROM server WHERE id = ?")
                .bind(server.0)
                .fetch_optional(&mut *tx)
                .await?;
            if there.is_some() {
                add(&mut tx, &[(server, spent)]).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The latest days of a server, newest first; days without a visit are left out. At most `days` days back from `now`.
    pub async fn footprint(&self, server: ServerId, now: UnixMillis, days: u32) -> Result<Vec<FootprintDay>> {
        self.within(async {
            let rows = sqlx::query_as::<_, Row>(
                "SELECT day, logins, channels, received, sent, cpu, collections, start_up FROM footprint
                 WHERE server = ? AND day > ? ORDER BY day DESC",
            )
            .bind(server.0)
            .bind(number(now).saturating_sub(i64::from(days)))
            .fetch_all(&self.readers)
            .await?;
            Ok(rows.into_iter().map(FootprintDay::from).collect())
        })
        .await
    }

    /// Takes note that a person was warned of what a server spent on a day, also where nothing of that day is kept yet; answers
    /// whether this is the first time. Nothing where the server is gone.
    pub async fn warn_of_footprint(&self, server: ServerId, day: UnixMillis) -> Result<bool> {
        self.within(async {
            let mut tx = self.begin().await?;
            let noted = sqlx::query(
                "INSERT INTO footprint (server, day, logins, channels, received, sent, cpu, collections, start_up, warned)
                 SELECT id, ?2, 0, 0, 0, 0, 0, 0, 0, 1 FROM server WHERE id = ?1
                 ON CONFLICT (server, day) DO UPDATE SET warned = 1 WHERE warned = 0",
            )
            .bind(server.0)
            .bind(number(day))
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(noted.rows_affected() > 0)
        })
        .await
    }

    /// Removes what is older than [`FOOTPRINT_DAYS`]; answers how many days went.
    pub async fn trim_footprints(&self, now: UnixMillis) -> Result<u64> {
        self.within(async {
            let mut tx = self.begin().await?;
            let gone = sqlx::query("DELETE FROM footprint WHERE day <= ?")
                .bind(number(now).saturating_sub(FOOTPRINT_DAYS))
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok(gone.rows_affected())
        })
        .await
    }
}

/// Adds up. The servers must be there.
pub(crate) async fn add(conn: &mut SqliteConnection, spent: &[(ServerId, FootprintDay)]) -> Result<()> {
    for rows in spent.chunks(ROWS_PER_STATEMENT) {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT INTO footprint (server, day, logins, channels, received, sent, cpu, collections, start_up) ",
        );
        sql.push_values(rows, |mut row, (server, FootprintDay { day, footprint })| {
            row.push_bind(server.0)
                .push_bind(number(*day))
                .push_bind(footprint.logins)
                .push_bind(footprint.channels)
                .push_bind(bytes(footprint.received))
                .push_bind(bytes(footprint.sent))
                .push_bind(footprint.cpu)
                .push_bind(footprint.collections)
                .push_bind(footprint.start_up);
        });
        sql.push(
            " ON CONFLICT (server, day) DO UPDATE SET logins = logins + excluded.logins,
             channels = channels + excluded.channels, received = received + excluded.received, sent = sent + excluded.sent,
             cpu = cpu + excluded.cpu, collections = collections + excluded.collections,
             start_up = start_up + excluded.start_up",
        );
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// The number of a day: days since 1970.
fn number(day: UnixMillis) -> i64 {
    day.0.div_euclid(DAY)
}

/// SQLite has no unsigned numbers; nobody transfers 8 EiB.
fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
