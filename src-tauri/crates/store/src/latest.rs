//! What is known of a server now, after a restart: the newest values of each family.

use std::collections::{BTreeMap, HashMap, HashSet};

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation, Point, Series};
use hostrounds_core::probe::Family;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::SqliteConnection;

use crate::head::{self, Column};
use crate::layout::{keys_of, moment, values};
use crate::span;
use crate::text::from_json;
use crate::{Result, Store};

/// How far back from the newest head [`Store::latest`] looks for families that are not read in every collection: twice the
/// slowest rhythm, in milliseconds.
const LATEST_SPAN: i64 = 2 * 3600 * 1000;

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
                 ORDER BY key DESC",
            )
            .bind(keys.start())
            .bind(keys.end())
            .bind(LATEST_SPAN)
            .fetch_all(&mut *tx)
            .await?;
            // The newest collection is never sealed.
            let Some((newest, _)) = heads.first() else { return Ok(None) };
            let newest = moment(*newest);

            let mut known = Known { series: series_of(&mut tx, server).await?, ..Known::default() };
            let mut seen = HashSet::new();
            for (key, layout) in heads {
                if !seen.insert(layout) {
                    continue; // a newer head of this layout gave all that this one could
                }
                let ids = head::layout(&mut tx, layout).await?;
                if !known.lacks_any(&ids) {
                    continue;
                }
                let bytes: Vec<u8> = sqlx::query_scalar("SELECT \"values\" FROM head WHERE key = ?")
                    .bind(key)
                    .fetch_one(&mut *tx)
                    .await?;
                let at = moment(key);
                known.learn(ids.into_iter().zip(values(&bytes)).map(|(series, value)| (series, at, value)));
            }
            let first = UnixMillis(newest.0 - LATEST_SPAN);
            for span in span::overlapping(&mut tx, server, first, newest).await?.into_iter().rev() {
                let missing = known.missing();
                let columns = span::columns(&mut tx, &[span], &missing).await?;
                known.learn(columns.into_iter().filter_map(|(series, Column { times, values })| {
                    let at = times.last().copied().filter(|at| *at >= first)?;
                    Some((series, at, values.last().copied()?))
                }));
            }
            let Known { mut points, mut read_at, .. } = known;
            points.sort_by(|a, b| a.series.cmp(&b.series));
            let mut observation = Observation { points, ..Observation::empty(newest) };
            add_tables(&mut tx, server, &mut observation).await?;
            tx.commit().await?;
            for unavailable in observation.unavailable.iter().filter(|unavailable| !unavailable.partial) {
                read_at.remove(&unavailable.family);
            }
            observation.points.retain(|point| read_at.contains_key(&point.series.metric.info().family));
            Ok(Some(Newest { observation, read_at }))
        })
        .await
    }
}

/// What was found so far, the newest first.
#[derive(Default)]
struct Known {
    series: HashMap<i64, Series>,
    points: Vec<Point>,
    read_at: BTreeMap<Family, UnixMillis>,
}

impl Known {
    fn family(&self, series: i64) -> Option<Family> {
        self.series.get(&series).map(|series| series.metric.info().family)
    }

    fn lacks_any(&self, ids: &[i64]) -> bool {
        ids.iter().filter_map(|id| self.family(*id)).any(|family| !self.read_at.contains_key(&family))
    }

    /// The series of the families of which nothing is known yet.
    fn missing(&self) -> Vec<i64> {
        let mut missing: Vec<i64> = self.series.keys().copied().filter(|id| self.lacks_any(&[*id])).collect();
        missing.sort_unstable();
        missing
    }

    /// Takes in the values of families that were not known: of each family those of its newest moment.
    fn learn(&mut self, values: impl Iterator<Item = (i64, UnixMillis, f64)>) {
        let values: Vec<_> = values
            .filter_map(|(id, at, value)| Some((self.family(id)?, id, at, value)))
            .filter(|(family, ..)| !self.read_at.contains_key(family))
            .collect();
        for (family, _, at, _) in &values {
            let newest = self.read_at.entry(*family).or_insert(*at);
            *newest = (*newest).max(*at);
        }
        for (family, id, at, value) in values {
            if self.read_at.get(&family) == Some(&at)
                && let Some(series) = self.series.get(&id)
            {
                self.points.push(Point { series: series.clone(), value });
            }
        }
    }
}

/// All series of a server, but those of metrics that the catalogue no longer has.
async fn series_of(conn: &mut SqliteConnection, server: ServerId) -> Result<HashMap<i64, Series>> {
    let rows: Vec<(i64, String, String)> = sqlx::query_as("SELECT id, metric, attributes FROM series WHERE server = ?")
        .bind(server.0)
        .fetch_all(conn)
        .await?;
    let mut series = HashMap::with_capacity(rows.len());
    for (id, metric, attributes) in rows {
        if let Some(metric) = Metric::named(&metric) {
            let attributes: Attributes = from_json("series.attributes", &attributes)?;
            series.insert(id, Series { metric, attributes });
        }
    }
    Ok(series)
}

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
