//! Collections that ended. Those that wait or run are known to the engine alone, so a crash leaves none behind that looks alive.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hostrounds_core::collection::{Collection, CollectionId, CollectionState};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqliteConnection};

use crate::text::{from_json, from_word, to_json, to_word};
use crate::{Result, Store, StoreError};

/// How long a completed collection is kept.
pub const COMPLETED_FOR: Duration = Duration::from_secs(3600);
/// How many completed collections are kept.
pub const COMPLETED_MOST: u32 = 100;
/// How long a failed or cancelled collection is kept.
pub const FAILED_FOR: Duration = Duration::from_secs(24 * 3600);
/// How many failed and cancelled collections are kept together.
pub const FAILED_MOST: u32 = 500;

/// How many completed collections of this computer, or made while somebody looked, are kept per server. They come every 2 s
/// and would drown all others in the queue, where they stand only when something failed.
pub const QUIET_MOST: u32 = 20;

/// Which collections belong into the queue; the others are quiet.
const QUEUED: &str = "(failure IS NOT NULL OR (server <> 0 AND \"trigger\" <> 'live'))";

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    server: i64,
    trigger: String,
    state: String,
    queued_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    attempts: u32,
    max_attempts: u32,
    stages: String,
    failure: Option<String>,
    points: u32,
}

impl TryFrom<Row> for Collection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: CollectionId(row.id),
            server: ServerId(row.server),
            trigger: from_word("collection.trigger", row.trigger)?,
            state: from_word("collection.state", row.state)?,
            queued_at: UnixMillis(row.queued_at),
            started_at: row.started_at.map(UnixMillis),
            ended_at: row.ended_at.map(UnixMillis),
            retry_at: None,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            stages: from_json("collection.stages", &row.stages)?,
            failure: row.failure.map(|text| from_json("collection.failure", &text)).transpose()?,
            points: row.points,
        })
    }
}

impl Store {
    /// The highest number that a kept collection has, or 0: the engine counts on from there.
    pub async fn max_collection_id(&self) -> Result<i64> {
        self.within(async {
            Ok(sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM collection").fetch_one(&self.readers).await?)
        })
        .await
    }

    /// At most `limit` ended collections, newest first; of one server, or of all.
    pub async fn collections(&self, server: Option<ServerId>, limit: u32) -> Result<Vec<Collection>> {
        self.within(async {
            let sql = match server {
                Some(_) => "SELECT * FROM collection WHERE server = ?2 ORDER BY id DESC LIMIT ?1",
                None => "SELECT * FROM collection ORDER BY id DESC LIMIT ?1",
            };
            let mut query = sqlx::query_as::<_, Row>(sql).bind(limit);
            if let Some(server) = server {
                query = query.bind(server.0);
            }
            query.fetch_all(&self.readers).await?.into_iter().map(Collection::try_from).collect()
        })
        .await
    }

    /// At most `limit` ended collections that belong into the queue, newest first.
    pub async fn queued_collections(&self, limit: u32) -> Result<Vec<Collection>> {
        self.within(async {
            let sql = format!("SELECT * FROM collection WHERE {QUEUED} ORDER BY id DESC LIMIT ?");
            let rows = sqlx::query_as::<_, Row>(AssertSqlSafe(sql)).bind(limit).fetch_all(&self.readers).await?;
            rows.into_iter().map(Collection::try_from).collect()
        })
        .await
    }

    /// One ended collection.
    pub async fn collection(&self, id: CollectionId) -> Result<Option<Collection>> {
        self.within(async {
            sqlx::query_as::<_, Row>("SELECT * FROM collection WHERE id = ?")
                .bind(id.0)
                .fetch_optional(&self.readers)
                .await?
                .map(Collection::try_from)
                .transpose()
        })
        .await
    }

    /// Removes what is older or more than is kept ([`COMPLETED_FOR`], [`COMPLETED_MOST`], [`FAILED_FOR`], [`FAILED_MOST`],
    /// [`QUIET_MOST`]); answers how many went.
    pub async fn trim_collections(&self, now: UnixMillis) -> Result<u64> {
        self.within(async {
            let mut tx = self.begin().await?;
            let mut gone = 0;
            for (is_completed, oldest, most) in
                [(true, now.minus(COMPLETED_FOR), COMPLETED_MOST), (false, now.minus(FAILED_FOR), FAILED_MOST)]
            {
                let sql = format!(
                    "DELETE FROM collection WHERE (state = 'completed') = ?1 AND (coalesce(ended_at, queued_at) < ?2
                       OR {QUEUED} AND id NOT IN (
                         SELECT id FROM collection WHERE (state = 'completed') = ?1 AND {QUEUED}
                         ORDER BY coalesce(ended_at, queued_at) DESC, id DESC LIMIT ?3)
                       OR NOT {QUEUED} AND id NOT IN (
                         SELECT id FROM (
                           SELECT id, row_number() OVER (PARTITION BY server ORDER BY id DESC) AS place
                           FROM collection WHERE NOT {QUEUED})
                         WHERE place <= ?4))"
                );
                let done = sqlx::query(AssertSqlSafe(sql))
                    .bind(is_completed)
                    .bind(oldest.0)
                    .bind(most)
                    .bind(QUIET_MOST)
                    .execute(&mut *tx)
                    .await?;
                gone += done.rows_affected();
            }
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }

    /// Removes every ended collection; answers how many went.
    pub async fn clean_collections(&self) -> Result<u64> {
        self.within(async {
            let mut tx = self.begin().await?;
            let done = sqlx::query("DELETE FROM collection").execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    /// How many completed and how many failed collections of the queue are kept. Cancelled ones are neither.
    pub async fn collection_counts(&self) -> Result<(u32, u32)> {
        self.within(async {
            let sql = format!(
                "SELECT count(*) FILTER (WHERE state = 'completed'), count(*) FILTER (WHERE state = 'failed')
                 FROM collection WHERE {QUEUED}"
            );
            Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&self.readers).await?)
        })
        .await
    }
}

/// A collection as its columns take it.
pub(crate) struct Ended<'a> {
    collection: &'a Collection,
    trigger: String,
    state: String,
    stages: String,
    failure: Option<String>,
}

impl<'a> Ended<'a> {
    pub(crate) fn server(&self) -> ServerId {
        self.collection.server
    }

    /// The columns of a collection, or nothing where it has not ended.
    pub(crate) fn of(collection: &'a Collection) -> Result<Option<Self>> {
        if !matches!(
            collection.state,
            CollectionState::Completed | CollectionState::Failed | CollectionState::Cancelled
        ) {
            return Ok(None);
        }
        Ok(Some(Self {
            collection,
            trigger: to_word("collection.trigger", collection.trigger)?,
            state: to_word("collection.state", collection.state)?,
            stages: to_json("collection.stages", &collection.stages)?,
            failure: collection.failure.as_ref().map(|it| to_json("collection.failure", it)).transpose()?,
        }))
    }
}

/// Writes them all. A collection that is there already is replaced. Where another process gave the same number to another
/// collection, the newcomer gets a number of its own, so that neither is lost.
pub(crate) async fn write(conn: &mut SqliteConnection, ended: &[Ended<'_>]) -> Result<()> {
    for rows in ended.chunks(crate::ROWS_PER_STATEMENT) {
        let taken = taken_numbers(&mut *conn, rows).await?;
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT OR REPLACE INTO collection (id, server, \"trigger\", state, queued_at, started_at, ended_at, attempts,
             max_attempts, stages, failure, points) ",
        );
        sql.push_values(rows, |mut row, ended| {
            let it = ended.collection;
            row.push_bind((!taken.contains(&it.id)).then_some(it.id.0))
                .push_bind(it.server.0)
                .push_bind(&ended.trigger)
                .push_bind(&ended.state)
                .push_bind(it.queued_at.0)
                .push_bind(it.started_at.map(|at| at.0))
                .push_bind(it.ended_at.map(|at| at.0))
                .push_bind(it.attempts)
                .push_bind(it.max_attempts)
                .push_bind(&ended.stages)
                .push_bind(&ended.failure)
                .push_bind(it.points);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// The numbers of `ended` that other collections have in the file.
async fn taken_numbers(conn: &mut SqliteConnection, ended: &[Ended<'_>]) -> Result<HashSet<CollectionId>> {
    let own: HashMap<i64, (i64, i64)> = ended
        .iter()
        .map(|ended| (ended.collection.id.0, (ended.collection.server.0, ended.collection.queued_at.0)))
        .collect();
    let ids: Vec<i64> = own.keys().copied().collect();
    let rows: Vec<(i64, i64, i64)> =
        sqlx::query_as("SELECT id, server, queued_at FROM collection WHERE id IN (SELECT value FROM json_each(?))")
            .bind(to_json("collection.id", &ids)?)
            .fetch_all(conn)
            .await?;
    Ok(rows
        .into_iter()
        .filter(|(id, server, queued_at)| own.get(id) != Some(&(*server, *queued_at)))
        .map(|(id, ..)| CollectionId(id))
        .collect())
}
