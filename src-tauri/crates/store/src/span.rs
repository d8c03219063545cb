//! Reading spans: collections of one server that are sealed, a column for each series.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use hostrounds_core::history::Bucket;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::block::{Block, SPAN_MOST, TIMES};
use crate::chunk;
use crate::head::Column;
use crate::{Result, StoreError};

/// How many low bits of a chunk's key hold the series; the high bits hold the span.
const SERIES_BITS: u32 = 29;
/// One span, without its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::FromRow)]
pub(crate) struct Span {
    pub(crate) id: i64,
    first: i64,
    last: i64,
    pub(crate) count: u32,
}

impl Span {
    /// When its first collection was made.
    pub(crate) fn first(&self) -> UnixMillis {
        UnixMillis(self.first)
    }

    /// When its last collection was made.
    pub(crate) fn last(&self) -> UnixMillis {
        UnixMillis(self.last)
    }
}

/// A chunk of one series as it stands in the file.
#[derive(Debug)]
struct Chunk {
    series: i64,
    count: u32,
    min: f64,
    max: f64,
    sum: f64,
    places: Option<Vec<u8>>,
    data: Vec<u8>,
}

/// The key of a chunk; nothing where a number is too large for it.
pub(crate) fn key(span: i64, series: i64) -> Option<i64> {
    let fits = (0..1 << SERIES_BITS).contains(&series) && (0..1 << (63 - SERIES_BITS)).contains(&span);
    fits.then_some(span << SERIES_BITS | series)
}

/// The keys of all chunks of a span.
pub(crate) fn keys(span: i64) -> RangeInclusive<i64> {
    (span << SERIES_BITS)..=((span << SERIES_BITS) | ((1 << SERIES_BITS) - 1))
}

/// The sealed spans of a server that hold a moment from `from` (included) to `to` (excluded), in order of time.
pub(crate) async fn overlapping(
    conn: &mut SqliteConnection,
    server: ServerId,
    from: UnixMillis,
    to: UnixMillis,
) -> Result<Vec<Span>> {
    // They do not overlap each other: of those that begin before the range, only the newest can reach into it.
    Ok(sqlx::query_as(
        "SELECT id, first, last, count FROM span
         WHERE server = ?1 AND state = 'sealed' AND first < ?3 AND last >= ?2 AND first >= coalesce(
           (SELECT max(first) FROM span WHERE server = ?1 AND state = 'sealed' AND first <= ?2), ?2)
         ORDER BY first",
    )
    .bind(server.0)
    .bind(from.0)
    .bind(to.0)
    .fetch_all(conn)
    .await?)
}

/// When the first sealed span of a server begins that begins after `after`.
pub(crate) async fn next_after(
    conn: &mut SqliteConnection,
    server: ServerId,
    after: UnixMillis,
) -> Result<Option<UnixMillis>> {
    let first: Option<i64> =
        sqlx::query_scalar("SELECT min(first) FROM span WHERE server = ? AND state = 'sealed' AND first > ?")
            .bind(server.0)
            .bind(after.0)
            .fetch_one(conn)
            .await?;
    Ok(first.map(UnixMillis))
}

/// The newest `limit` sealed spans of a server, newest first.
pub(crate) async fn newest(conn: &mut SqliteConnection, server: ServerId, limit: u32) -> Result<Vec<Span>> {
    Ok(sqlx::query_as(
        "SELECT id, first, last, count FROM span WHERE server = ? AND state = 'sealed' ORDER BY first DESC LIMIT ?",
    )
    .bind(server.0)
    .bind(limit)
    .fetch_all(conn)
    .await?)
}

/// When the collections of the spans were made, by span.
pub(crate) async fn times(conn: &mut SqliteConnection, spans: &[Span]) -> Result<HashMap<i64, Vec<UnixMillis>>> {
    let chunks: HashMap<i64, Chunk> = rows(conn, "data", spans, &[TIMES]).await?.into_iter().collect();
    let times = |span: &Span| {
        let chunk = chunks.get(&span.id).ok_or(StoreError::Chunk { span: span.id })?;
        Ok((span.id, chunk.times(span)?))
    };
    spans.iter().map(times).collect()
}

/// The values of some series in some spans, in the order of the spans, each with its series.
pub(crate) async fn columns(conn: &mut SqliteConnection, spans: &[Span], series: &[i64]) -> Result<Vec<(i64, Column)>> {
    if series.is_empty() {
        return Ok(Vec::new());
    }
    // The times first, then the series of each span.
    let series: Vec<i64> = std::iter::once(TIMES).chain(series.iter().copied()).collect();
    let mut chunks = rows(conn, "data", spans, &series).await?.into_iter().peekable();
    let mut columns = Vec::with_capacity(chunks.len());
    for span in spans {
        let times = match chunks.next_if(|(id, chunk)| *id == span.id && chunk.series == TIMES) {
            Some((_, chunk)) => chunk.times(span)?,
            None => return Err(StoreError::Chunk { span: span.id }),
        };
        while let Some((_, chunk)) = chunks.next_if(|(id, _)| *id == span.id) {
            columns.push((chunk.series, chunk.column(span.id, &times)?));
        }
    }
    Ok(columns)
}

/// What the chunks of some series in some spans came to, each with its series, in a bucket that begins with its span.
pub(crate) async fn sums(conn: &mut SqliteConnection, spans: &[Span], series: &[i64]) -> Result<Vec<(i64, Bucket)>> {
    let starts: HashMap<i64, UnixMillis> = spans.iter().map(|span| (span.id, span.first())).collect();
    let chunks = rows(conn, "x''", spans, series).await?;
    chunks
        .into_iter()
        .map(|(span, Chunk { series, count, min, max, sum, .. })| {
            let start = starts.get(&span).copied().ok_or(StoreError::Chunk { span })?;
            if count == 0 || !(min.is_finite() && max.is_finite() && min <= max) {
                return Err(StoreError::Chunk { span });
            }
            // The sum of very large values overflows; their average then is no better known than their extremes.
            let avg = if sum.is_finite() { sum / f64::from(count) } else { f64::midpoint(min, max) };
            Ok((series, Bucket { start, min, avg: avg.clamp(min, max), max, count }))
        })
        .collect()
}

/// How many values stand in the chunks of some spans, times included.
pub(crate) async fn values_in(conn: &mut SqliteConnection, spans: &[Span]) -> Result<i64> {
    let mut all = 0;
    for span in spans {
        let keys = keys(span.id);
        let count: i64 = sqlx::query_scalar("SELECT coalesce(sum(count), 0) FROM chunk WHERE key BETWEEN ? AND ?")
            .bind(keys.start())
            .bind(keys.end())
            .fetch_one(&mut *conn)
            .await?;
        all += count;
    }
    Ok(all)
}

/// Everything that a span holds.
pub(crate) async fn block(conn: &mut SqliteConnection, span: &Span) -> Result<Block> {
    if span.count as usize > SPAN_MOST {
        return Err(StoreError::Chunk { span: span.id });
    }
    let keys = keys(span.id);
    let rows: Vec<Row> =
        sqlx::query_as("SELECT key, count, min, max, sum, places, data FROM chunk WHERE key BETWEEN ? AND ?")
            .bind(keys.start())
            .bind(keys.end())
            .fetch_all(conn)
            .await?;
    let mut block = Block::default();
    for row in rows {
        let (_, chunk) = chunk_of(row)?;
        if chunk.series == TIMES {
            block.times = chunk.times(span)?;
        } else {
            let places = chunk.places(span.id)?.unwrap_or_else(|| (0..span.count).collect());
            block.columns.insert(chunk.series, (places, chunk.values(span.id)?));
        }
    }
    let is_whole = block.times.len() == span.count as usize
        && block
            .columns
            .values()
            .all(|(places, values)| places.len() == values.len() && places.iter().all(|place| *place < span.count));
    if is_whole { Ok(block) } else { Err(StoreError::Chunk { span: span.id }) }
}

/// Smallest, largest and sum are absent for times.
type Row = (i64, u32, Option<f64>, Option<f64>, Option<f64>, Option<Vec<u8>>, Vec<u8>);

/// A chunk with its span. No damaged count may ask for more memory than a span can take.
fn chunk_of((key, count, min, max, sum, places, data): Row) -> Result<(i64, Chunk)> {
    let span = key >> SERIES_BITS;
    if count as usize > SPAN_MOST {
        return Err(StoreError::Chunk { span });
    }
    let [min, max, sum] = [min, max, sum].map(|value| value.unwrap_or(f64::NAN));
    Ok((span, Chunk { series: key & ((1 << SERIES_BITS) - 1), count, min, max, sum, places, data }))
}

async fn rows(
    conn: &mut SqliteConnection,
    data: &'static str,
    spans: &[Span],
    series: &[i64],
) -> Result<Vec<(i64, Chunk)>> {
    if spans.is_empty() || series.is_empty() {
        return Ok(Vec::new());
    }
    // CROSS JOIN keeps the order: for each span, then for each series, one look into the table; the keys ascend.
    let sql = format!(
        "SELECT chunk.key, count, min, max, sum, places, {data} FROM json_each(?1) AS of_span CROSS JOIN json_each(?2) AS of_series
         CROSS JOIN chunk ON chunk.key = of_span.value << ?3 | of_series.value"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids(spans))
        .bind(json!(series).to_string())
        .bind(SERIES_BITS)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(chunk_of).collect()
}

fn ids(spans: &[Span]) -> String {
    json!(spans.iter().map(|span| span.id).collect::<Vec<_>>()).to_string()
}

impl Chunk {
    /// The times that it holds in place of values.
    fn times(&self, span: &Span) -> Result<Vec<UnixMillis>> {
        let millis: Vec<i64> = (self.count == span.count)
            .then(|| chunk::decode_whole(&self.data, span.count as usize))
            .flatten()
            .ok_or(StoreError::Chunk { span: span.id })?;
        Ok(millis.into_iter().map(UnixMillis).collect())
    }

    /// Which collections of its span have a value; nothing where all have.
    fn places(&self, span: i64) -> Result<Option<Vec<u32>>> {
        let Some(bytes) = &self.places else { return Ok(None) };
        Ok(Some(chunk::decode_whole(bytes, self.count as usize).ok_or(StoreError::Chunk { span })?))
    }

    /// Its values, in order of time.
    fn values(&self, span: i64) -> Result<Vec<f64>> {
        chunk::decode(&self.data, self.count as usize, self.min).ok_or(StoreError::Chunk { span })
    }

    /// Its values with their times, out of those of its span.
    fn column(&self, span: i64, times: &[UnixMillis]) -> Result<Column> {
        let values = self.values(span)?;
        let times = match self.places(span)? {
            None => times.to_vec(),
            Some(places) => {
                let times = places.into_iter().map(|place| times.get(place as usize).copied());
                times.collect::<Option<_>>().ok_or(StoreError::Chunk { span })?
            }
        };
        if times.len() == values.len() { Ok(Column { times, values }) } else { Err(StoreError::Chunk { span }) }
    }
}
