//! The activity log. Its lines outlive the server that they tell of.

use hostrounds_core::activity::{Activity, ActivityKind};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::text::{from_word, to_word};
use crate::{Result, Store, StoreError};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: i64,
    kind: String,
    server: Option<i64>,
    message: String,
}

impl TryFrom<Row> for Activity {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            at: UnixMillis(row.at),
            kind: from_word("activity.kind", row.kind)?,
            server: row.server.map(ServerId),
            message: row.message,
        })
    }
}

impl Store {
    /// Writes one line.
    pub async fn log(
        &self,
        at: UnixMillis,
        kind: ActivityKind,
        server: Option<ServerId>,
        message: &str,
    ) -> Result<Activity> {
        self.within(async {
            let word = to_word("activity.kind", kind)?;
            let mut tx = self.begin().await?;
            let id =
                sqlx::query_scalar("INSERT INTO activity (at, kind, server, message) VALUES (?, ?, ?, ?) RETURNING id")
                    .bind(at.0)
                    .bind(word)
                    .bind(server.map(|server| server.0))
                    .bind(message)
                    .fetch_one(&mut *tx)
                    .await?;
            tx.commit().await?;
            Ok(Activity { id, at, kind, server, message: message.to_owned() })
        })
        .await
    }

    /// At most `limit` lines with numbers below `before`, newest first; of one server, or of all.
    pub async fn activity(&self, server: Option<ServerId>, before: Option<i64>, limit: u32) -> Result<Vec<Activity>> {
        self.within(async {
            let sql = match server {
                Some(_) => "SELECT * FROM activity WHERE id < ?1 AND server = ?3 ORDER BY id DESC LIMIT ?2",
                None => "SELECT * FROM activity WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            };
            let mut query = sqlx::query_as::<_, Row>(sql).bind(before.unwrap_or(i64::MAX)).bind(limit);
            if let Some(server) = server {
                query = query.bind(server.0);
            }
            query.fetch_all(&self.readers).await?.into_iter().map(Activity::try_from).collect()
        })
        .await
    }
}
