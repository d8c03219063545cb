//! Asking the history.

use hostrounds_core::coverage::{Coverage, coverage};
use hostrounds_core::history::{HistoryQuery, SeriesHistory, SeriesSummary};
use hostrounds_core::observation::Attributes;
use hostrounds_core::rollup::Rollup;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use sqlx::SqliteConnection;

use crate::head::{self, Column};
use crate::layout::keys;
use crate::text::from_json;
use crate::{Result, Store, rhythm};

/// The most buckets that a series is answered with.
const MOST_POINTS: u32 = 100_000;

impl Store {
    /// The series of a metric that carry the attributes asked for, in the order of their attributes, each in at most
    /// `max_points` buckets. A series without a value in the range is left out.
    pub async fn range(&self, query: &HistoryQuery) -> Result<Vec<SeriesHistory>> {
        Ok(self.ranges(std::slice::from_ref(query)).await?.pop().unwrap_or_default())
    }

    /// The answers to several questions, of one server or many, all from one moment of the store.
    pub async fn ranges(&self, queries: &[HistoryQuery]) -> Result<Vec<Vec<SeriesHistory>>> {
        self.within(async {
            // One transaction, so that names and values are of one moment.
            let mut tx = self.readers.begin().await?;
            let mut answers = Vec::with_capacity(queries.len());
            for query in queries {
                answers.push(range(&mut tx, query).await?);
            }
            tx.commit().await?;
            Ok(answers)
        })
        .await
    }

    /// What each series that the query asks for came to, from all its values; `max_points` does not matter. `quantiles` are
    /// shares from 0 to 1, such as 0.95.
    pub async fn summaries(&self, query: &HistoryQuery, quantiles: &[f64]) -> Result<Vec<SeriesSummary>> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let series = columns(&mut tx, query).await?;
            tx.commit().await?;
            Ok(series
                .into_iter()
                .filter_map(|(attributes, column)| SeriesSummary::of(attributes, column.values, quantiles))
                .collect())
        })
        .await
    }

    /// How much of a range was observed of a server. Choose an end that has passed: what is still to come is not observed.
    pub async fn coverage(&self, server: ServerId, from: UnixMillis, to: UnixMillis) -> Result<Coverage> {
        self.within(async {
            let mut tx = self.readers.begin().await?;
            let rhythms = rhythm::of(&mut tx, server).await?;
            // The last collection before the range may reach into it, as far as the slowest rhythm goes.
            let reach = rhythms.iter().map(|rhythm| hostrounds_core::coverage::speaks_for(rhythm.interval)).max();
            let times = head::times(&mut tx, &keys(server, from.minus(reach.unwrap_or_default()), to)).await?;
            tx.commit().await?;
            Ok(coverage(times, &rhythms, from, to))
        })
        .await
    }
}

async fn range(conn: &mut SqliteConnection, query: &HistoryQuery) -> Result<Vec<SeriesHistory>> {
    let max_points = query.max_points.clamp(1, MOST_POINTS) as usize;
    Ok(columns(conn, query)
        .await?
        .into_iter()
        .map(|(attributes, column)| {
            let mut rollup = Rollup::new(column.values.len(), query.from, query.to, max_points);
            rollup.add(&column.times, &column.values);
            SeriesHistory { attributes, buckets: rollup.finish() }
        })
        .filter(|series| !series.buckets.is_empty())
        .collect())
}

/// Every value of the series that are asked for.
async fn columns(conn: &mut SqliteConnection, query: &HistoryQuery) -> Result<Vec<(Attributes, Column)>> {
    let keys = keys(query.server, query.from, query.to);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, attributes): (Vec<i64>, Vec<Attributes>) = matching_series(conn, query).await?.into_iter().unzip();
    let columns = head::columns(conn, &keys, &ids).await?;
    Ok(attributes.into_iter().zip(columns).collect())
}

/// The series that are asked for, with their ids, in the order of their attributes.
async fn matching_series(conn: &mut SqliteConnection, query: &HistoryQuery) -> Result<Vec<(i64, Attributes)>> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, attributes FROM series WHERE server = ? AND metric = ?")
        .bind(query.server.0)
        .bind(query.metric.info().name)
        .fetch_all(conn)
        .await?;
    let mut series = Vec::with_capacity(rows.len());
    for (id, text) in rows {
        let attributes: Attributes = from_json("series.attributes", &text)?;
        if attributes.matches(&query.attributes) {
            series.push((id, attributes));
        }
    }
    series.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(series)
}
