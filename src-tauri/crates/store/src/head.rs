//! Reading heads: the collections that are not sealed yet, a row each.
//!
//! A head is one row for all series of a collection, so any number of series is answered in one scan; of each row only the
//! part is read in which those series stand.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;

use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::block::Block;
use crate::layout::{VALUE, moment, unpack, values};
use crate::{Result, StoreError};

/// The values of one series in order of time.
#[derive(Clone, Default, Debug)]
pub(crate) struct Column {
    pub(crate) times: Vec<UnixMillis>,
    pub(crate) values: Vec<f64>,
}

impl Column {
    /// The part from `from` (included) to `to` (excluded).
    pub(crate) fn within(mut self, from: UnixMillis, to: UnixMillis) -> Self {
        let first = self.times.partition_point(|at| *at < from);
        let end = self.times.partition_point(|at| *at < to).max(first);
        self.times.truncate(end);
        self.times.drain(..first);
        self.values.truncate(end);
        self.values.drain(..first);
        self
    }
}

/// What the heads with these keys hold of the series whose ids are `wanted`, a column each.
pub(crate) async fn columns(
    conn: &mut SqliteConnection,
    keys: &RangeInclusive<i64>,
    wanted: &[i64],
) -> Result<Vec<Column>> {
    let places: HashMap<i64, usize> = wanted.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let layouts: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT id, series FROM layout WHERE id IN (SELECT DISTINCT layout FROM head WHERE key BETWEEN ? AND ?)",
    )
    .bind(keys.start())
    .bind(keys.end())
    .fetch_all(&mut *conn)
    .await?;
    let mut slices = HashMap::new();
    for (layout, series) in layouts {
        let ids = unpack(&series).ok_or(StoreError::Layout { layout })?;
        slices.extend(Slice::of(&ids, &places).map(|slice| (layout, slice)));
    }
    let mut columns = vec![Column::default(); wanted.len()];
    for (key, layout, bytes) in scan(conn, keys, &slices).await? {
        let Some(slice) = slices.get(&layout) else { continue };
        for (place, value) in slice.places.iter().zip(values(&bytes)) {
            if let Some(column) = place.and_then(|place| columns.get_mut(place)) {
                column.times.push(moment(key));
                column.values.push(value);
            }
        }
    }
    Ok(columns)
}

/// The series whose values stand in heads of this layout, in their order.
pub(crate) async fn layout(conn: &mut SqliteConnection, layout: i64) -> Result<Vec<i64>> {
    let series: Vec<u8> =
        sqlx::query_scalar("SELECT series FROM layout WHERE id = ?").bind(layout).fetch_one(conn).await?;
    unpack(&series).ok_or(StoreError::Layout { layout })
}

/// Heads as they stand in the file: key, layout and values of each, in order of time.
pub(crate) struct Heads(Vec<(i64, i64, Vec<u8>)>);

impl Heads {
    /// All heads from the first of these keys to the last; the keys are in order.
    pub(crate) async fn read(conn: &mut SqliteConnection, keys: &[i64]) -> Result<Self> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(Self(Vec::new())) };
        let heads = sqlx::query_as("SELECT key, layout, \"values\" FROM head WHERE key BETWEEN ? AND ? ORDER BY key")
            .bind(first)
            .bind(last)
            .fetch_all(conn)
            .await?;
        Ok(Self(heads))
    }

    /// Tells heads that have changed from those that have not, within this process.
    pub(crate) fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    /// Everything that they hold.
    pub(crate) async fn into_block(self, conn: &mut SqliteConnection) -> Result<Block> {
        let mut block = Block::default();
        let mut layouts: HashMap<i64, Vec<i64>> = HashMap::new();
        for (place, (key, layout_of_head, bytes)) in (0..).zip(self.0) {
            let ids = match layouts.entry(layout_of_head) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(layout(conn, layout_of_head).await?),
            };
            if bytes.len() != ids.len() * VALUE {
                return Err(StoreError::Layout { layout: layout_of_head });
            }
            block.times.push(moment(key));
            for (series, value) in ids.iter().zip(values(&bytes)) {
                let (places, values) = block.columns.entry(*series).or_default();
                places.push(place);
                values.push(value);
            }
        }
        Ok(block)
    }
}

/// When the collections with these keys were made, in order of time.
pub(crate) async fn times(conn: &mut SqliteConnection, keys: &RangeInclusive<i64>) -> Result<Vec<UnixMillis>> {
    let keys: Vec<i64> = sqlx::query_scalar("SELECT key FROM head WHERE key BETWEEN ? AND ? ORDER BY key")
        .bind(keys.start())
        .bind(keys.end())
        .fetch_all(conn)
        .await?;
    Ok(keys.into_iter().map(moment).collect())
}

/// The part of the heads of one layout in which the wanted series stand.
struct Slice {
    /// The position of its first value.
    first: usize,
    /// For each of its values, the place of its series among the wanted ones.
    places: Vec<Option<usize>>,
}

impl Slice {
    fn of(ids: &[i64], places: &HashMap<i64, usize>) -> Option<Self> {
        let first = ids.iter().position(|id| places.contains_key(id))?;
        let last = ids.iter().rposition(|id| places.contains_key(id))?;
        let places = ids.get(first..=last)?.iter().map(|id| places.get(id).copied()).collect();
        Some(Self { first, places })
    }
}

/// The slices of all heads in the range, in order of time, each with its key and its layout.
async fn scan(
    conn: &mut SqliteConnection,
    keys: &RangeInclusive<i64>,
    slices: &HashMap<i64, Slice>,
) -> Result<Vec<(i64, i64, Vec<u8>)>> {
    if slices.is_empty() {
        return Ok(Vec::new());
    }
    let picks: Vec<_> = slices.iter().map(|(layout, slice)| json!([layout, slice.first, slice.places.len()])).collect();
    // CROSS JOIN keeps the heads outside: one pass over them, in their order, with a look into the small table for each.
    Ok(sqlx::query_as(
        "WITH pick (layout, first, count) AS MATERIALIZED (
           SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1))
         SELECT head.key, head.layout, substr(head.\"values\", pick.first * 8 + 1, pick.count * 8)
         FROM head CROSS JOIN pick ON pick.layout = head.layout WHERE head.key BETWEEN ?2 AND ?3 ORDER BY head.key",
    )
    .bind(serde_json::Value::from(picks).to_string())
    .bind(keys.start())
    .bind(keys.end())
    .fetch_all(conn)
    .await?)
}
