//! What is known of a server now, after a restart: the newest values of each family.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Observation, Point, Series};
use hostrounds_core::probe::Family;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::layout::{keys_of, moment, unpack, values};
use crate::text::from_json;
use crate::{Result, Store, StoreError};

/// How far back from the newest head [`Store::latest`] looks for families that are not read in every collection: twice the
/// slowest rhythm, in milliseconds.
const LATEST_SPAN: i64 = 2 * 3600 * 1000;
/// How many heads it looks through at most: those of that span at one every 2 s.
const LATEST_HEADS: u32 = 3600;

/// What is known of a server now.
#[derive(Clone, PartialEq, Debug)]
pub struct Newest {
    /// The newest values, under the time of the newest observation.
    pub observation: Observation,
    /// When each family was read whose values these are.
    pub read_at: BTreeMap<Family, UnixMillis>,
}

impl Store {
    /// What is known of a server now: the time of its newest observation and, for each family, the values of the newest
    /// observation that read it; the processes and the facts as they were last read. Nothing where it was never observed.
    ///
    /// A family that no observation of the two hours before the newest has read is left out, and so is one that the newest
    /// could not read.
    pub async fn latest(&self, server: ServerId) -> Result<Option<Newest>> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let keys = keys_of(server);
            let heads: Vec<(i64, i64)> = sqlx::query_as(
                "SELECT key, layout FROM head WHERE key BETWEEN ?1 AND ?2
                   AND key >= (SELECT max(key) FROM head WHERE key BETWEEN ?1 AND ?2) - ?3
                 ORDER BY key DESC LIMIT ?4",
            )
            .bind(keys.start())
            .bind(keys.end())
            .bind(LATEST_SPAN)
            .bind(LATEST_HEADS)
            .fetch_all(&mut *tx)
            .await?;
            let Some((newest, _)) = heads.first() else { return Ok(None) };
            let mut observation = Observation::empty(moment(*newest));

            let mut layouts: HashMap<i64, Vec<i64>> = HashMap::new();
            let mut series: HashMap<i64, Option<Series>> = HashMap::new();
            let mut read_at: BTreeMap<Family, UnixMillis> = BTreeMap::new();
            let mut seen = BTreeSet::new();
            for (key, layout) in heads {
                if !seen.insert(layout) {
                    continue; // a newer head of this layout gave all that this one could
                }
                let ids = match layouts.entry(layout) {
                    std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::hash_map::Entry::Vacant(entry) => {
                        entry.insert(series_of_layout(&mut tx, layout, &mut series).await?)
                    }
                };
                let new: BTreeSet<_> = ids
                    .iter()
                    .filter_map(|id| series.get(id)?.as_ref())
                    .map(|series| series.metric.info().family)
                    .filter(|family| !read_at.contains_key(family))
                    .collect();
                if new.is_empty() {
                    continue;
                }
                let bytes: Vec<u8> = sqlx::query_scalar("SELECT \"values\" FROM head WHERE key = ?")
                    .bind(key)
                    .fetch_one(&mut *tx)
                    .await?;
                observation.points.extend(ids.iter().zip(values(&bytes)).filter_map(|(id, value)| {
                    let series = series.get(id)?.as_ref()?;
                    new.contains(&series.metric.info().family).then(|| Point { series: series.clone(), value })
                }));
                read_at.extend(new.into_iter().map(|family| (family, moment(key))));
            }
            observation.points.sort_by(|a, b| a.series.cmp(&b.series));
            add_tables(&mut tx, server, &mut observation).await?;
            tx.commit().await?;
            for unavailable in &observation.unavailable {
                read_at.remove(&unavailable.family);
            }
            observation.points.retain(|point| read_at.contains_key(&point.series.metric.info().family));
            Ok(Some(Newest { observation, read_at }))
        })
        .await
    }
}

/// The ids of a layout; their series go into `series`, a metric that the catalogue no longer has as nothing.
async fn series_of_layout(
    conn: &mut SqliteConnection,
    layout: i64,
    series: &mut HashMap<i64, Option<Series>>,
) -> Result<Vec<i64>> {
    let bytes: Vec<u8> =
        sqlx::query_scalar("SELECT series FROM layout WHERE id = ?").bind(layout).fetch_one(&mut *conn).await?;
    let ids = unpack(&bytes).ok_or(StoreError::Layout { layout })?;
    let missing: Vec<_> = ids.iter().filter(|id| !series.contains_key(id)).collect();
    if !missing.is_empty() {
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT id, metric, attributes FROM series WHERE id IN (SELECT value FROM json_each(?))")
                .bind(json!(missing).to_string())
                .fetch_all(conn)
                .await?;
        for (id, metric, attributes) in rows {
            let attributes = from_json("series.attributes", &attributes)?;
            series.insert(id, Metric::named(&metric).map(|metric| Series { metric, attributes }));
        }
    }
    Ok(ids)
}

/// The row of a server in `latest`, as far as it is not told by its points.
#[derive(sqlx::FromRow)]
struct Latest {
    processes: Option<String>,
    facts: Option<String>,
    tables: Option<String>,
    unavailable: String,
}

async fn add_tables(conn: &mut SqliteConnection, server: ServerId, observation: &mut Observation) -> Result<()> {
    let row: Option<Latest> =
        sqlx::query_as("SELECT processes, facts, tables, unavailable FROM latest WHERE server = ?")
            .bind(server.0)
            .fetch_optional(conn)
            .await?;
    if let Some(Latest { processes, facts, tables, unavailable }) = row {
        observation.processes = processes.map(|text| from_json("latest.processes", &text)).transpose()?;
        observation.facts = facts.map(|text| from_json("latest.facts", &text)).transpose()?;
        observation.tables = tables.map(|text| from_json("latest.tables", &text)).transpose()?.unwrap_or_default();
        observation.unavailable = from_json("latest.unavailable", &unavailable)?;
    }
    Ok(())
}
