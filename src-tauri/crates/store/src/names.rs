//! What series and layouts are called in the file.
//!
//! A name that was looked up once is kept in memory. That stays right although other processes write too: rows of `series` and
//! `layout` never change, go only with their server, and no id is used twice. What a transaction looked up is learned only
//! after it was committed, since a rollback takes its new rows away again.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hostrounds_core::observation::{Observation, Series};
use hostrounds_core::server::ServerId;
use sqlx::SqliteConnection;

use crate::Result;
use crate::layout::{VALUE, pack};
use crate::text::to_json;

/// The most places in all layouts of a server that are kept in memory, some 8 MiB; with one more, its layouts start afresh.
const PLACES_MOST: usize = 1_000_000;

/// The most series that are kept of a server. One that names its parts anew in every collection, by accident or to do harm, would
/// otherwise fill the disk with names.
pub const SERIES_MOST: i64 = 20_000;

/// The names in memory, by server.
#[derive(Default, Debug)]
pub(crate) struct Names(Mutex<HashMap<ServerId, ServerNames>>);

#[derive(Default, Debug)]
struct ServerNames {
    series: HashMap<Series, i64>,
    layouts: HashMap<Vec<i64>, i64>,
}

impl ServerNames {
    fn places(&self) -> usize {
        self.layouts.keys().map(Vec::len).sum()
    }
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
    full: BTreeSet<ServerId>,
}

impl Names {
    /// Lays out an observation whose names are all in memory.
    pub(crate) fn lay_out(&self, server: ServerId, observation: &Observation) -> Option<Laid> {
        let all = self.lock();
        let names = all.get(&server)?;
        let points = finite(observation).map(|(series, value)| Some((*names.series.get(series)?, value)));
        let sorted = Sorted::of(points.collect::<Option<_>>()?);
        let layout = *names.layouts.get(&sorted.ids)?;
        Some(Laid { layout, values: sorted.values })
    }

    pub(crate) fn lookup(&self) -> Lookup<'_> {
        Lookup { names: self, learned: HashMap::new(), full: BTreeSet::new() }
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
    /// Lays out an observation; names that the file does not have are written to it, as long as there is room for them. What
    /// has no name is left out.
    pub(crate) async fn lay_out(
        &mut self,
        conn: &mut SqliteConnection,
        server: ServerId,
        observation: &Observation,
    ) -> Result<Laid> {
        let mut left = None;
        for (series, _) in finite(observation) {
            if self.series(server, series).is_some() {
                continue;
            }
            let id = match series_in_file(conn, server, series).await? {
                Some(id) => id,
                None => {
                    let room = match left {
                        Some(room) => room,
                        None => room(conn, server).await?,
                    };
                    left = Some(room - 1);
                    if room <= 0 {
                        self.full.insert(server);
                        continue;
                    }
                    new_series(conn, server, series).await?
                }
            };
            self.learned.entry(server).or_default().series.insert(series.clone(), id);
        }
        let named = finite(observation).filter_map(|(series, value)| Some((self.series(server, series)?, value)));
        let Sorted { ids, values } = Sorted::of(named.collect());
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

    /// Keeps what was looked up; call it once the transaction is committed. Gives the servers of which something was left out.
    pub(crate) fn learn(self) -> BTreeSet<ServerId> {
        let mut all = self.names.lock();
        for (server, learned) in self.learned {
            let names = all.entry(server).or_default();
            // There are no more series than the file takes, and without them a server with many would hold up all others.
            if names.places() + learned.places() > PLACES_MOST {
                names.layouts.clear();
            }
            names.series.extend(learned.series);
            names.layouts.extend(learned.layouts);
        }
        self.full
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
    /// Of a series that stands twice, the first value counts.
    fn of(mut points: Vec<(i64, f64)>) -> Self {
        points.sort_by_key(|(id, _)| *id);
        points.dedup_by_key(|(id, _)| *id);
        let mut values = Vec::with_capacity(points.len() * VALUE);
        for (_, value) in &points {
            values.extend_from_slice(&value.to_le_bytes());
        }
        Self { ids: points.into_iter().map(|(id, _)| id).collect(), values }
    }
}

/// What can be kept: values that are not finite cannot.
fn finite(observation: &Observation) -> impl Iterator<Item = (&Series, f64)> {
    observation.points.iter().filter(|point| point.value.is_finite()).map(|point| (&point.series, point.value))
}

async fn series_in_file(conn: &mut SqliteConnection, server: ServerId, series: &Series) -> Result<Option<i64>> {
    let attributes = to_json("series.attributes", &series.attributes)?;
    Ok(sqlx::query_scalar("SELECT id FROM series WHERE server = ? AND metric = ? AND attributes = ?")
        .bind(server.0)
        .bind(series.metric.info().name)
        .bind(&attributes)
        .fetch_optional(conn)
        .await?)
}

async fn new_series(conn: &mut SqliteConnection, server: ServerId, series: &Series) -> Result<i64> {
    Ok(sqlx::query_scalar("INSERT INTO series (server, metric, attributes) VALUES (?, ?, ?) RETURNING id")
        .bind(server.0)
        .bind(series.metric.info().name)
        .bind(to_json("series.attributes", &series.attributes)?)
        .fetch_one(conn)
        .await?)
}

/// How many more series the file takes of a server.
async fn room(conn: &mut SqliteConnection, server: ServerId) -> Result<i64> {
    let taken: i64 =
        sqlx::query_scalar("SELECT count(*) FROM series WHERE server = ?").bind(server.0).fetch_one(conn).await?;
    Ok(SERIES_MOST - taken)
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
