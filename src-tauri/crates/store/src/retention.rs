//! What the history takes, and giving up the oldest of it.
//!
//! Spans are given up whole, once all of them is old enough, so up to two weeks more than asked for are kept. Every step is
//! small: a span is only marked here, and its chunks are removed bit by bit ([`Store::sweep`]).

use hostrounds_core::retention::{Expired, ServerStorage, StorageUse};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::SqliteConnection;

use crate::layout::{keys, keys_of, moment};
use crate::{Result, Store, file};

/// How many heads are removed in one step at most.
const HEADS_PER_STEP: u32 = 500;
/// Growth is what came in so many milliseconds.
const GROWTH_SPAN: i64 = 30 * DAY;
const DAY: i64 = 24 * 3600 * 1000;
/// Free pages up to this share of the file stay in it: what comes next needs them.
const FREE_SHARE: i64 = 8;
/// How many pages go back to the disk in one step.
const PAGES_PER_STEP: i64 = 256;

impl Store {
    /// How many days the history of a server is kept where the settings do not say it.
    pub async fn keep_days(&self, server: ServerId) -> Result<Option<u32>> {
        self.within(async {
            Ok(sqlx::query_scalar("SELECT days FROM retention WHERE server = ?")
                .bind(server.0)
                .fetch_optional(&self.readers)
                .await?)
        })
        .await
    }

    /// Sets how many days the history of a server is kept, or leaves it to the settings.
    pub async fn set_keep_days(&self, server: ServerId, days: Option<u32>) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            match days {
                Some(days) => {
                    sqlx::query("INSERT OR REPLACE INTO retention (server, days) VALUES (?, ?)")
                        .bind(server.0)
                        .bind(days)
                        .execute(&mut *tx)
                        .await?
                }
                None => sqlx::query("DELETE FROM retention WHERE server = ?").bind(server.0).execute(&mut *tx).await?,
            };
            Ok(tx.commit().await?)
        })
        .await
    }

    /// What the database takes.
    pub async fn storage(&self, now: UnixMillis) -> Result<StorageUse> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let free = pages(&mut tx, "PRAGMA freelist_count").await?;
            let all = pages(&mut tx, "PRAGMA page_count").await?;
            let page = pages(&mut tx, "PRAGMA page_size").await?;
            let rows: Vec<OfServer> = sqlx::query_as(
                "SELECT server.id, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(count), 0) AS collections, min(first) AS first,
                 max(days) AS days FROM server
                 LEFT JOIN span ON span.server = server.id AND state = 'sealed'
                 LEFT JOIN retention ON retention.server = server.id GROUP BY server.id ORDER BY server.id",
            )
            .fetch_all(&mut *tx)
            .await?;
            let mut servers = Vec::with_capacity(rows.len());
            for OfServer { id, bytes, collections, first, days } in rows {
                let server = ServerId(id);
                let heads = heads(&mut tx, keys_of(server)).await?;
                servers.push(ServerStorage {
                    server,
                    bytes: bytes.saturating_add(heads.bytes).cast_unsigned(),
                    collections: collections.saturating_add(heads.count).cast_unsigned(),
                    first: [first, heads.first].into_iter().flatten().min().map(UnixMillis),
                    days,
                });
            }
            let (grown, since): (i64, Option<i64>) = sqlx::query_as(
                "SELECT coalesce(sum(bytes), 0), min(first) FROM span WHERE state = 'sealed' AND first >= ?",
            )
            .bind(now.0.saturating_sub(GROWTH_SPAN))
            .fetch_one(&mut *tx)
            .await?;
            tx.commit().await?;
            let days = since.map(|since| now.0.saturating_sub(since) as f64 / DAY as f64).filter(|days| *days >= 1.0);
            Ok(StorageUse {
                file: (all * page).cast_unsigned(),
                log: file::log_size(&self.path)?,
                free: (free * page).cast_unsigned(),
                growth: days.map(|days| grown as f64 / days),
                servers,
            })
        })
        .await
    }

    /// What [`Self::expire`] would give up of a server in all its steps.
    pub async fn expired(&self, server: ServerId, before: UnixMillis) -> Result<Expired> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let (count, bytes): (i64, i64) = sqlx::query_as(
                "SELECT coalesce(sum(count), 0), coalesce(sum(bytes), 0) FROM span
                 WHERE server = ? AND state = 'sealed' AND last < ?",
            )
            .bind(server.0)
            .bind(before.0)
            .fetch_one(&mut *tx)
            .await?;
            let heads = heads(&mut tx, keys(server, UnixMillis(0), before)).await?;
            tx.commit().await?;
            Ok(Expired {
                collections: count.saturating_add(heads.count).cast_unsigned(),
                bytes: bytes.saturating_add(heads.bytes).cast_unsigned(),
            })
        })
        .await
    }

    /// One step of giving up what was collected of a server before a moment. Answers whether there may be more to do.
    pub async fn expire(&self, server: ServerId, before: UnixMillis) -> Result<bool> {
        self.within(async {
            let keys = keys(server, UnixMillis(0), before);
            let old: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM span WHERE server = ?1 AND state = 'sealed' AND last < ?2)
                     OR EXISTS (SELECT 1 FROM head WHERE key BETWEEN ?3 AND ?4)",
            )
            .bind(server.0)
            .bind(before.0)
            .bind(keys.start())
            .bind(keys.end())
            .fetch_one(&self.readers)
            .await?;
            if old == 0 {
                return Ok(false);
            }
            let mut tx = self.begin().await?;
            sqlx::query("UPDATE span SET state = 'dropped' WHERE server = ? AND state = 'sealed' AND last < ?")
                .bind(server.0)
                .bind(before.0)
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "DELETE FROM head WHERE key IN (SELECT key FROM head WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?)",
            )
            .bind(keys.start())
            .bind(keys.end())
            .bind(HEADS_PER_STEP)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// About what [`Self::shrink`] would give up in all its steps.
    pub async fn over(&self, bytes: u64) -> Result<Expired> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let used = used(&mut tx).await?;
            let mut over = Expired::default();
            let excess = used.saturating_sub(i64::try_from(bytes).unwrap_or(i64::MAX));
            if excess > 0 {
                let spans: Vec<(i64, i64)> =
                    sqlx::query_as("SELECT count, bytes FROM span WHERE state = 'sealed' ORDER BY last, id")
                        .fetch_all(&mut *tx)
                        .await?;
                // What spans are said to take leaves out how SQLite fills its pages.
                let told: f64 = spans.iter().map(|(_, bytes)| *bytes as f64).sum();
                let wanted = excess as f64 * told / used as f64;
                for (count, bytes) in spans {
                    if over.bytes as f64 >= wanted {
                        break;
                    }
                    over = over.and(Expired { collections: count.cast_unsigned(), bytes: bytes.cast_unsigned() });
                }
            }
            tx.commit().await?;
            Ok(over)
        })
        .await
    }

    /// One step towards a database of at most so many bytes: removes a part of what is given up already, or gives up the oldest span
    /// of all servers. Answers whether there may be more to do. What is not sealed yet stays.
    pub async fn shrink(&self, bytes: u64) -> Result<bool> {
        // Only what is gone shows how much it took.
        if self.sweep().await? {
            return Ok(true);
        }
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let used = used(&mut tx).await?;
            tx.commit().await?;
            if used <= i64::try_from(bytes).unwrap_or(i64::MAX) {
                return Ok(false);
            }
            let mut tx = self.begin().await?;
            let gone = sqlx::query(
                "UPDATE span SET state = 'dropped'
                 WHERE id = (SELECT id FROM span WHERE state = 'sealed' ORDER BY last, id LIMIT 1)",
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(gone.rows_affected() > 0)
        })
        .await
    }

    /// One step of giving free pages back to the disk. Answers whether there may be more to do. The file becomes smaller when what
    /// was written has been copied into it.
    pub async fn give_back(&self) -> Result<bool> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let free = pages(&mut tx, "PRAGMA freelist_count").await?;
            let all = pages(&mut tx, "PRAGMA page_count").await?;
            let mode = pages(&mut tx, "PRAGMA auto_vacuum").await?;
            tx.commit().await?;
            if mode != INCREMENTAL || free <= PAGES_PER_STEP.max(all / FREE_SHARE) {
                return Ok(false);
            }
            let mut conn = self.writer.acquire().await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA incremental_vacuum({PAGES_PER_STEP})")))
                .execute(&mut *conn)
                .await?;
            Ok(true)
        })
        .await
    }
}

/// What `PRAGMA auto_vacuum` says of files whose free pages can go back.
const INCREMENTAL: i64 = 2;

/// What is sealed of a server, and how long it is kept.
#[derive(sqlx::FromRow)]
struct OfServer {
    id: i64,
    bytes: i64,
    collections: i64,
    first: Option<i64>,
    days: Option<u32>,
}

struct Heads {
    count: i64,
    bytes: i64,
    first: Option<i64>,
}

async fn heads(conn: &mut SqliteConnection, keys: std::ops::RangeInclusive<i64>) -> Result<Heads> {
    let (count, bytes, first): (i64, i64, Option<i64>) = sqlx::query_as(
        "SELECT count(*), coalesce(sum(length(\"values\") + 16), 0), min(key) FROM head WHERE key BETWEEN ? AND ?",
    )
    .bind(keys.start())
    .bind(keys.end())
    .fetch_one(conn)
    .await?;
    Ok(Heads { count, bytes, first: first.map(|key| moment(key).0) })
}

/// How many bytes of the file are in use.
async fn used(conn: &mut SqliteConnection) -> Result<i64> {
    let all = pages(conn, "PRAGMA page_count").await?;
    let free = pages(conn, "PRAGMA freelist_count").await?;
    Ok((all - free) * pages(conn, "PRAGMA page_size").await?)
}

async fn pages(conn: &mut SqliteConnection, pragma: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(pragma).fetch_one(conn).await?)
}
