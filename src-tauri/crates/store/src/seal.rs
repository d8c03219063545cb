//! Sealing: heads become spans, and small spans become larger ones, since longer columns compress better.
//!
//! Each step is small, and what is read stays valid throughout: the chunks of a new span are written first, a few hundred in a
//! transaction, and the last of those transactions makes it count and what it replaces not. A step that is interrupted leaves
//! a span that is still `writing`; it never counts, and is removed like a dropped one.

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, Transaction};

use crate::block::{Block, NewChunk, NewSpan, SPAN_LONGEST, SPAN_MOST};
use crate::head::Heads;
use crate::layout::{VALUE, keys_of, moment};
use crate::span::{self, Span};
use crate::{ROWS_PER_STATEMENT, Result, Store, StoreError};

/// With more heads than this, those of a server are sealed.
const HEADS: usize = 64;
/// How many heads are sealed in one step at most.
const HEADS_MOST: u32 = 1024;
/// So many neighbouring spans of about the same size become one.
const FAN: u32 = 4;
/// The most values of the heads that are sealed in one step.
const HEAD_VALUES_MOST: i64 = 500_000;
/// The most values of a span that is made of others, so that the memory of a step is bounded: some 64 MiB.
const VALUES_MOST: i64 = 2_000_000;
/// How many chunks are written or removed in one transaction at most: some 10 ms.
const CHUNKS_PER_STEP: usize = 500;
/// How many bytes of chunks are written in one transaction at most, give or take one statement.
const BYTES_PER_STEP: usize = 2 << 20;

/// What becomes new spans.
#[derive(Debug)]
struct Job {
    server: ServerId,
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
            let Some(sealing) = self.prepare(server).await? else { return Ok(false) };
            self.replace(&sealing).await?;
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

    /// Reads what is to be sealed next, and makes new spans of it.
    async fn prepare(&self, server: ServerId) -> Result<Option<Sealing>> {
        let mut tx = self.readers.begin().await?;
        let Some(job) = next_job(&mut tx, server).await? else { return Ok(None) };
        let mut blocks = Vec::with_capacity(job.spans.len() + 1);
        for span in &job.spans {
            blocks.push(span::block(&mut tx, span).await?);
        }
        let heads = Heads::read(&mut tx, &job.heads).await?;
        let mark = heads.mark();
        blocks.push(heads.into_block(&mut tx).await?);
        tx.commit().await?;
        let spans = tokio::task::spawn_blocking(move || Block::merge(blocks).into_spans())
            .await
            .map_err(|error| StoreError::from_io(std::io::Error::other(error), &self.path))?
            .map_err(|error| StoreError::Compress { reason: error.to_string() })?;
        Ok(Some(Sealing { job, mark, spans }))
    }

    /// Writes the new spans and makes them count in place of what they were made of, if that is still there unchanged.
    async fn replace(&self, Sealing { job, mark, spans }: &Sealing) -> Result<()> {
        let mut written = Vec::with_capacity(spans.len());
        let (mut rows, mut bytes) = (0, 0);
        let mut tx = self.begin().await?;
        for span in spans {
            let id = insert_span(&mut tx, job.server, span).await?;
            written.push(id);
            for chunks in span.chunks.chunks(ROWS_PER_STATEMENT) {
                if rows >= CHUNKS_PER_STEP || bytes >= BYTES_PER_STEP {
                    tx.commit().await?;
                    tx = self.begin().await?;
                    (rows, bytes) = (0, 0);
                    // Another process may have given the new spans up meanwhile. Chunks that are written after that would belong to
                    // nothing, and stay for ever.
                    if !are_being_written(&mut tx, &written).await? {
                        return give_up(tx, &written).await;
                    }
                }
                insert_chunks(&mut tx, id, chunks).await?;
                rows += chunks.len();
                bytes += chunks.iter().map(|chunk| chunk.data.len()).sum::<usize>();
            }
        }
        let counts = are_being_written(&mut tx, &written).await?
            && is_unchanged(&mut tx, job, spans).await?
            && Heads::read(&mut tx, &job.heads).await?.mark() == *mark;
        if !counts {
            return give_up(tx, &written).await;
        }
        sqlx::query("DELETE FROM head WHERE key IN (SELECT value FROM json_each(?))")
            .bind(json!(job.heads).to_string())
            .execute(&mut *tx)
            .await?;
        set_state(&mut tx, "dropped", &job.ids()).await?;
        set_state(&mut tx, "sealed", &written).await?;
        Ok(tx.commit().await?)
    }
}

/// New spans, and what they are made of.
#[derive(Debug)]
struct Sealing {
    job: Job,
    /// What the heads held when they were read.
    mark: u64,
    spans: Vec<NewSpan>,
}

impl Job {
    fn ids(&self) -> Vec<i64> {
        self.spans.iter().map(|span| span.id).collect()
    }
}

/// What to do next for a server, if anything.
async fn next_job(conn: &mut SqliteConnection, server: ServerId) -> Result<Option<Job>> {
    let all = keys_of(server);
    let mut heads: Vec<(i64, i64)> =
        sqlx::query_as("SELECT key, length(\"values\") FROM head WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?")
            .bind(all.start())
            .bind(all.end())
            .bind(HEADS_MOST + 1)
            .fetch_all(&mut *conn)
            .await?;
    // The newest one stays: what is known now is read from it.
    heads.pop();
    if heads.len() >= HEADS
        && let Some((first, _)) = heads.first()
    {
        // Heads may be older than what is sealed, when the clock was set back or another process was slow. Those that fall into a
        // span are sealed with it, and those before the next one stay apart from it, so that no clock can have the whole history
        // written anew in one step.
        let first = moment(*first);
        let spans = span::overlapping(conn, server, first, UnixMillis(first.0 + 1)).await?;
        let end = span::next_after(conn, server, first).await?;
        let mut bytes: i64 = 0;
        let heads = heads
            .into_iter()
            .take_while(|(key, _)| end.is_none_or(|end| moment(*key) < end))
            .take_while(|(_, length)| {
                let is_first = bytes == 0;
                bytes += *length;
                is_first || bytes <= HEAD_VALUES_MOST * VALUE as i64
            })
            .map(|(key, _)| key)
            .collect();
        return Ok(Some(Job { server, heads, spans }));
    }
    let spans = span::newest(conn, server, FAN).await?;
    if may_merge(&spans) && span::values_in(conn, &spans).await? <= VALUES_MOST {
        return Ok(Some(Job { server, heads: Vec::new(), spans }));
    }
    Ok(None)
}

/// Whether the newest spans, newest first, should become one.
fn may_merge(spans: &[Span]) -> bool {
    let (Some(newest), Some(oldest)) = (spans.first(), spans.last()) else { return false };
    let count: usize = spans.iter().map(|span| span.count as usize).sum();
    spans.len() == FAN as usize
        && count <= SPAN_MOST
        && newest.last().0.saturating_sub(oldest.first().0) < SPAN_LONGEST
        // What was sealed later is smaller. Merging like with like writes each value a few times only.
        && spans.iter().all(|span| span.count <= newest.count.saturating_mul(2))
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

/// Whether nobody has given up the spans that are being written.
async fn are_being_written(conn: &mut SqliteConnection, written: &[i64]) -> Result<bool> {
    let there: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM span WHERE state = 'writing' AND id IN (SELECT value FROM json_each(?))",
    )
    .bind(json!(written).to_string())
    .fetch_one(conn)
    .await?;
    Ok(usize::try_from(there) == Ok(written.len()))
}

/// Whether the server and the spans of the job are still there, and nobody else has sealed anything where the new spans lie.
async fn is_unchanged(conn: &mut SqliteConnection, job: &Job, new: &[NewSpan]) -> Result<bool> {
    let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(false) };
    let (servers, spans, others): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM server WHERE id = ?1),
                (SELECT count(*) FROM span WHERE state = 'sealed' AND id IN (SELECT value FROM json_each(?2))),
                (SELECT count(*) FROM span WHERE server = ?1 AND state = 'sealed' AND first <= ?4 AND last >= ?3
                   AND id NOT IN (SELECT value FROM json_each(?2)))",
    )
    .bind(job.server.0)
    .bind(json!(job.ids()).to_string())
    .bind(first.first.0)
    .bind(last.last.0)
    .fetch_one(conn)
    .await?;
    Ok((servers, usize::try_from(spans), others) == (1, Ok(job.spans.len()), 0))
}

/// What was written does not count, and goes.
async fn give_up(mut tx: Transaction<'_, Sqlite>, written: &[i64]) -> Result<()> {
    set_state(&mut tx, "dropped", written).await?;
    Ok(tx.commit().await?)
}

async fn set_state(conn: &mut SqliteConnection, state: &'static str, spans: &[i64]) -> Result<()> {
    sqlx::query("UPDATE span SET state = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(state)
        .bind(json!(spans).to_string())
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
