//! What series and layouts are called in the file.
//!
//! A name that was looked up once is kept in memory. That stays right although other processes write too: rows of `series` and
//! `layout` never change, go only with their server, and no id is used twice. What a transaction looked up is learned only
//! after it was committed, since a rollback takes its new rows away again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hostrounds_core::observation::{Observation, Series};
use hostrounds_core::server::ServerId;
use sqlx::SqliteConnection;

use crate::layout::{VALUE, pack};
use crate::text::to_json;
use crate::{Result, StoreError};

/// The most series and the most layouts of a server that are kept in memory; with one more, that server starts afresh.
const MOST: usize = 4096;

/// The names in memory, by server.
#[derive(Default, Debug)]
pub(crate) struct Names(Mutex<HashMap<ServerId, ServerNames>>);

#[derive(Default, Debug)]
struct ServerNames {
    series: HashMap<Series, i64>,
    layouts: HashMap<Vec<i64>, i64>,
}

/// The values of an observation in the order of a layout.
pub(crate) struct Laid {
    pub(crate) layout: i64,
    pub(crate) values: Vec<u8>,
}

/// Names that a transaction looked up.
pub(crate) struct Lookup<'a> {
    names: &'a Names,
    learned: HashMap<ServerId, ServerNames>,
}

impl Names {
    /// Lays out an observation whose names are all in memory.
    pub(crate) fn lay_out(&self, server: ServerId, observation: &Observation) -> Option<Laid> {
        let all = self.lock();
        let names = all.get(&server)?;
        let sorted = Sorted::of(observation, |series| names.series.get(series).copied())?;
        let layout = *names.layouts.get(&sorted.ids)?;
        Some(Laid { layout, values: sorted.values })
    }

    pub(crate) fn lookup(&self) -> Lookup<'_> {
        Lookup { names: self, learned: HashMap::new() }
    }

    pub(crate) fn forget(&self, server: ServerId) {
        self.lock().remove(&server);
    }

    /// The map holds no half-done change at any point where a thread could have panicked.
    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, ServerNames>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lookup<'_> {
    /// Lays out an observation; names that the file does not have are written to it.
    pub(crate) async fn lay_out(
        &mut self,
        conn: &mut SqliteConnection,
        server: ServerId,
        observation: &Observation,
    ) -> Result<Laid> {
        for point in &observation.points {
            if self.series(server, &point.series).is_none() {
                let id = series_in_file(conn, server, &point.series).await?;
                self.learned.entry(server).or_default().series.insert(point.series.clone(), id);
            }
        }
        let Some(Sorted { ids, values }) = Sorted::of(observation, |series| self.series(server, series)) else {
            return Err(StoreError::NotFound);
        };
        let layout = match self.layout(server, &ids) {
            Some(layout) => layout,
            None => {
                let layout = layout_in_file(conn, server, &ids).await?;
                self.learned.entry(server).or_default().layouts.insert(ids, layout);
                layout
            }
        };
        Ok(Laid { layout, values })
    }

    /// Keeps what was looked up; call it once the transaction is committed.
    pub(crate) fn learn(self) {
        let mut all = self.names.lock();
        for (server, learned) in self.learned {
            let names = all.entry(server).or_default();
            if names.series.len() + learned.series.len() > MOST || names.layouts.len() + learned.layouts.len() > MOST {
                *names = ServerNames::default();
            }
            names.series.extend(learned.series);
            names.layouts.extend(learned.layouts);
        }
    }

    fn series(&self, server: ServerId, series: &Series) -> Option<i64> {
        let learned = self.learned.get(&server).and_then(|names| names.series.get(series)).copied();
        learned.or_else(|| self.names.lock().get(&server)?.series.get(series).copied())
    }

    fn layout(&self, server: ServerId, ids: &[i64]) -> Option<i64> {
        let learned = self.learned.get(&server).and_then(|names| names.layouts.get(ids)).copied();
        learned.or_else(|| self.names.lock().get(&server)?.layouts.get(ids).copied())
    }
}

/// Points in ascending order of their series ids, so that the order in which they were read makes no other layout.
struct Sorted {
    ids: Vec<i64>,
    values: Vec<u8>,
}

impl Sorted {
    /// Nothing where `id` does not know a series. Values that are not finite are left out; of a series that stands
    /// twice, the first value counts.
    fn of(observation: &Observation, id: impl Fn(&Series) -> Option<i64>) -> Option<Self> {
        let mut points = Vec::with_capacity(observation.points.len());
        for point in observation.points.iter().filter(|point| point.value.is_finite()) {
            points.push((id(&point.series)?, point.value));
        }
        points.sort_by_key(|(id, _)| *id);
        points.dedup_by_key(|(id, _)| *id);
        let mut values = Vec::with_capacity(points.len() * VALUE);
        for (_, value) in &points {
            values.extend_from_slice(&value.to_le_bytes());
        }
        Some(Self { ids: points.into_iter().map(|(id, _)| id).collect(), values })
    }
}

async fn series_in_file(conn: &mut SqliteConnection, server: ServerId, series: &Series) -> Result<i64> {
    let attributes = to_json("series.attributes", &series.attributes)?;
    sqlx::query("INSERT OR IGNORE INTO series (server, metric, attributes) VALUES (?, ?, ?)")
        .bind(server.0)
        .bind(series.metric.info().name)
        .bind(&attributes)
        .execute(&mut *conn)
        .await?;
    Ok(sqlx::query_scalar("SELECT id FROM series WHERE server = ? AND metric = ? AND attributes = ?")
        .bind(server.0)
        .bind(series.metric.info().name)
        .bind(&attributes)
        .fetch_one(conn)
        .await?)
}

async fn layout_in_file(conn: &mut SqliteConnection, server: ServerId, ids: &[i64]) -> Result<i64> {
    let series = pack(ids);
    sqlx::query("INSERT OR IGNORE INTO layout (server, series) VALUES (?, ?)")
        .bind(server.0)
        .bind(&series)
        .execute(&mut *conn)
        .await?;
    Ok(sqlx::query_scalar("SELECT id FROM layout WHERE server = ? AND series = ?")
        .bind(server.0)
        .bind(&series)
        .fetch_one(conn)
        .await?)
}
