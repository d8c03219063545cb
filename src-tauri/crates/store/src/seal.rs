//! Sealing: heads become spans, and small spans become larger ones, since longer columns compress better.
//!
//! Each step is small, and what is read stays valid throughout: the chunks of a new span are written first, a few hundred in a
//! transaction, and the last of those transactions makes it count and what it replaces not. A step that is interrupted leaves
//! a span that is still `writing`; it never counts, and is removed like a dropped one.

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::block::{Block, NewChunk, NewSpan, SPAN_LONGEST, SPAN_MOST};
use crate::head;
use crate::layout::{keys_of, moment};
use crate::span::{self, Span};
use crate::{ROWS_PER_STATEMENT, Result, Store, StoreError};

/// With more heads than this, those of a server are sealed.
const HEADS: usize = 64;
/// How many heads are sealed in one step at most.
const HEADS_MOST: u32 = 1024;
/// So many neighbouring spans of about the same size become one.
const FAN: u32 = 4;
/// The most values of a span that is made of others, so that the memory of a step is bounded: some 64 MiB.
const VALUES_MOST: i64 = 2_000_000;
/// How many chunks are written or removed in one transaction at most: some 10 ms.
const CHUNKS_PER_STEP: usize = 500;

/// What becomes new spans.
#[derive(Debug)]
struct Job {
    /// The keys of heads.
    heads: Vec<i64>,
    spans: Vec<Span>,
}

impl Store {
    /// One step of sealing the history of a server. Answers whether there may be more to do.
    ///
    /// # Errors
    /// [`StoreError::Chunk`] where a part of the history is damaged; it stays as it is. Otherwise those of the file.
    pub async fn seal(&self, server: ServerId) -> Result<bool> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let Some(job) = next_job(&mut tx, server).await? else { return Ok(false) };
            let blocks = read(&mut tx, &job).await?;
            tx.commit().await?;
            let spans = tokio::task::spawn_blocking(move || Block::merge(blocks).into_spans())
                .await
                .map_err(|error| StoreError::from_io(std::io::Error::other(error), &self.path))?
                .map_err(|error| StoreError::Compress { reason: error.to_string() })?;
            self.replace(server, &job, &spans).await?;
            Ok(true)
        })
        .await
    }

    /// One step of removing what no longer counts. Answers whether there may be more to do.
    pub async fn sweep(&self) -> Result<bool> {
        self.within(async {
            let dropped: Option<i64> = sqlx::query_scalar("SELECT id FROM span WHERE state = 'dropped' LIMIT 1")
                .fetch_optional(&self.readers)
                .await?;
            let Some(dropped) = dropped else { return Ok(false) };
            let keys = span::keys(dropped);
            let mut tx = self.begin().await?;
            let gone = sqlx::query(
                "DELETE FROM chunk WHERE key IN (SELECT key FROM chunk WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?)",
            )
            .bind(keys.start())
            .bind(keys.end())
            .bind(CHUNKS_PER_STEP as i64)
            .execute(&mut *tx)
            .await?;
            if gone.rows_affected() < CHUNKS_PER_STEP as u64 {
                sqlx::query("DELETE FROM span WHERE id = ?").bind(dropped).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Gives up the spans that were being written when a process ended. A step that another process makes just now is undone, and
    /// made again by the next call of [`Self::seal`].
    pub async fn drop_unfinished(&self) -> Result<()> {
        self.within(async {
            let mut tx = self.begin().await?;
            sqlx::query("UPDATE span SET state = 'dropped' WHERE state = 'writing'").execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Writes the new spans and makes them count in place of what they were made of, if that is still there unchanged.
    async fn replace(&self, server: ServerId, job: &Job, spans: &[NewSpan]) -> Result<()> {
        let mut written = Vec::with_capacity(spans.len());
        let mut rows = 0;
        let mut tx = self.begin().await?;
        for span in spans {
            let id = insert_span(&mut tx, server, span).await?;
            written.push(id);
            for chunks in span.chunks.chunks(ROWS_PER_STATEMENT) {
                if rows >= CHUNKS_PER_STEP {
                    tx.commit().await?;
                    tx = self.begin().await?;
                    rows = 0;
                }
                insert_chunks(&mut tx, id, chunks).await?;
                rows += chunks.len();
            }
        }
        if is_unchanged(&mut tx, server, job, &written).await? {
            sqlx::query("DELETE FROM head WHERE key IN (SELECT value FROM json_each(?))")
                .bind(json!(job.heads).to_string())
                .execute(&mut *tx)
                .await?;
            set_state(&mut tx, "dropped", &job.ids()).await?;
            set_state(&mut tx, "sealed", &written).await?;
        } else {
            set_state(&mut tx, "dropped", &written).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Job {
    fn ids(&self) -> Vec<i64> {
        self.spans.iter().map(|span| span.id).collect()
    }
}

/// What to do next for a server, if anything.
async fn next_job(conn: &mut SqliteConnection, server: ServerId) -> Result<Option<Job>> {
    let all = keys_of(server);
    let mut heads: Vec<i64> = sqlx::query_scalar("SELECT key FROM head WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?")
        .bind(all.start())
        .bind(all.end())
        .bind(HEADS_MOST + 1)
        .fetch_all(&mut *conn)
        .await?;
    // The newest one stays: what is known now is read from it.
    heads.pop();
    if let (Some(first), Some(last)) = (heads.first(), heads.last())
        && heads.len() >= HEADS
    {
        // Heads may be older than what is sealed, when the clock was set back or another process was slow.
        let end = UnixMillis(moment(*last).0 + 1);
        let spans = span::overlapping(conn, server, moment(*first), end).await?;
        return Ok(Some(Job { heads, spans }));
    }
    let spans = span::newest(conn, server, FAN).await?;
    if may_merge(&spans) && span::values_in(conn, &spans).await? <= VALUES_MOST {
        return Ok(Some(Job { heads: Vec::new(), spans }));
    }
    Ok(None)
}

/// Whether the newest spans, newest first, should become one.
fn may_merge(spans: &[Span]) -> bool {
    let (Some(newest), Some(oldest)) = (spans.first(), spans.last()) else { return false };
    let count: usize = spans.iter().map(|span| span.count as usize).sum();
    spans.len() == FAN as usize
        && count <= SPAN_MOST
        && newest.last().0 - oldest.first().0 < SPAN_LONGEST
        // What was sealed later is smaller. Merging like with like writes each value a few times only.
        && spans.iter().all(|span| span.count <= 2 * newest.count)
}

async fn read(conn: &mut SqliteConnection, job: &Job) -> Result<Vec<Block>> {
    let mut blocks = Vec::with_capacity(job.spans.len() + 1);
    for span in &job.spans {
        blocks.push(span::block(conn, span).await?);
    }
    blocks.push(head::block(conn, &job.heads).await?);
    Ok(blocks)
}

async fn insert_span(conn: &mut SqliteConnection, server: ServerId, span: &NewSpan) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "INSERT INTO span (server, first, last, count, bytes, state) VALUES (?, ?, ?, ?, ?, 'writing') RETURNING id",
    )
    .bind(server.0)
    .bind(span.first.0)
    .bind(span.last.0)
    .bind(span.count)
    .bind(span.bytes())
    .fetch_one(conn)
    .await?)
}

async fn insert_chunks(conn: &mut SqliteConnection, span: i64, chunks: &[NewChunk]) -> Result<()> {
    let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO chunk (key, count, min, max, sum, places, data) ");
    sql.push_values(chunks, |mut row, chunk| {
        row.push_bind(span::key(span, chunk.series))
            .push_bind(chunk.count)
            .push_bind(chunk.sums.map(|sums| sums.min))
            .push_bind(chunk.sums.map(|sums| sums.max))
            .push_bind(chunk.sums.map(|sums| sums.sum))
            .push_bind(&chunk.places)
            .push_bind(&chunk.data);
    });
    sql.build().execute(conn).await?;
    Ok(())
}

/// Whether the server, all that the job was made of and all that was written is still there.
async fn is_unchanged(conn: &mut SqliteConnection, server: ServerId, job: &Job, written: &[i64]) -> Result<bool> {
    let (heads, sealed, writing, servers): (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM head WHERE key IN (SELECT value FROM json_each(?1))),
                (SELECT count(*) FROM span WHERE state = 'sealed' AND id IN (SELECT value FROM json_each(?2))),
                (SELECT count(*) FROM span WHERE state = 'writing' AND id IN (SELECT value FROM json_each(?3))),
                (SELECT count(*) FROM server WHERE id = ?4)",
    )
    .bind(json!(job.heads).to_string())
    .bind(json!(job.ids()).to_string())
    .bind(json!(written).to_string())
    .bind(server.0)
    .fetch_one(conn)
    .await?;
    let found = [heads, sealed, writing, servers].map(|count| usize::try_from(count).unwrap_or(0));
    Ok(found == [job.heads.len(), job.spans.len(), written.len(), 1])
}

async fn set_state(conn: &mut SqliteConnection, state: &'static str, spans: &[i64]) -> Result<()> {
    sqlx::query("UPDATE span SET state = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(state)
        .bind(json!(spans).to_string())
        .execute(conn)
        .await?;
    Ok(())
}
