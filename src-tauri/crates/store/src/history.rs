//! Asking the history: heads and spans together, whichever holds what is asked for.

use std::collections::{BTreeMap, HashMap};

use hostrounds_core::coverage::{Coverage, coverage, speaks_for};
use hostrounds_core::history::{Bucket, HistoryQuery, SeriesHistory, SeriesSummary};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::rollup::{Rollup, share_a_bucket};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::head::{self, Column};
use crate::layout::keys;
use crate::span::{self, Span};
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
            // What asks the same range of the same server is read together.
            let mut groups: BTreeMap<Scope, Vec<(usize, &HistoryQuery)>> = BTreeMap::new();
            for (place, query) in queries.iter().enumerate() {
                groups.entry(Scope::of(query)).or_default().push((place, query));
            }
            let mut answers = vec![Vec::new(); queries.len()];
            // One transaction, so that names and values are of one moment.
            let mut tx = self.readers.begin().await?;
            for (scope, group) in groups {
                let wanted = wanted(&mut tx, scope.server, group.iter().map(|(_, query)| *query)).await?;
                let found = gather(&mut tx, scope, &wanted).await?;
                for (series, found) in wanted.iter().zip(found) {
                    let buckets = found.rollup(scope);
                    for (place, query) in &group {
                        if let Some(answer) = answers.get_mut(*place)
                            && series.answers(query)
                            && !buckets.is_empty()
                        {
                            answer.push(SeriesHistory {
                                attributes: series.attributes.clone(),
                                buckets: buckets.clone(),
                            });
                        }
                    }
                }
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
            let scope = Scope { max_points: usize::MAX, ..Scope::of(query) };
            let mut tx = self.readers.begin().await?;
            let wanted = wanted(&mut tx, scope.server, [query]).await?;
            let found = gather(&mut tx, scope, &wanted).await?;
            tx.commit().await?;
            Ok(wanted
                .into_iter()
                .zip(found)
                .filter_map(|(series, found)| SeriesSummary::of(series.attributes, found.values(), quantiles))
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
            let reach = rhythms.iter().map(|rhythm| speaks_for(rhythm.interval)).max();
            let first = from.minus(reach.unwrap_or_default());
            let spans = span::overlapping(&mut tx, server, first, to).await?;
            let sealed = span::times(&mut tx, &spans).await?;
            let mut times = head::times(&mut tx, &keys(server, first, to)).await?;
            tx.commit().await?;
            times.extend(sealed.into_values().flatten().filter(|at| (first..to).contains(at)));
            times.sort_unstable();
            times.dedup();
            Ok(coverage(times, &rhythms, from, to))
        })
        .await
    }
}

/// The part of the history that a question is about, and into how many buckets it is cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Scope {
    server: ServerId,
    from: UnixMillis,
    to: UnixMillis,
    max_points: usize,
}

impl Scope {
    fn of(query: &HistoryQuery) -> Self {
        let max_points = query.max_points.clamp(1, MOST_POINTS) as usize;
        Self { server: query.server, from: query.from, to: query.to, max_points }
    }

    /// Whether all values of a span would share a bucket.
    fn holds_whole(&self, span: &Span) -> bool {
        share_a_bucket((span.first(), span.last()), self.from, self.to, self.max_points)
    }
}

/// A series that is asked for.
struct Wanted {
    id: i64,
    metric: Metric,
    attributes: Attributes,
}

impl Wanted {
    fn answers(&self, query: &HistoryQuery) -> bool {
        self.metric == query.metric && self.attributes.matches(&query.attributes)
    }
}

/// What a range holds of one series.
#[derive(Default)]
struct Found {
    columns: Vec<Column>,
    /// What whole spans came to of which the single values do not matter.
    wholes: Vec<Bucket>,
}

impl Found {
    fn count(&self) -> usize {
        let singles: usize = self.columns.iter().map(|column| column.values.len()).sum();
        singles + self.wholes.iter().map(|whole| whole.count as usize).sum::<usize>()
    }

    fn rollup(&self, scope: Scope) -> Vec<Bucket> {
        let mut rollup = Rollup::new(self.count(), scope.from, scope.to, scope.max_points);
        for column in &self.columns {
            rollup.add(&column.times, &column.values);
        }
        for whole in &self.wholes {
            rollup.add_whole(*whole);
        }
        rollup.finish()
    }

    /// All values in order of time.
    fn values(mut self) -> Vec<f64> {
        self.columns.retain(|column| !column.values.is_empty());
        self.columns.sort_by_key(|column| column.times.first().copied());
        self.columns.into_iter().flat_map(|column| column.values).collect()
    }
}

/// The series that are asked for, in the order of their attributes.
async fn wanted<'a>(
    conn: &mut SqliteConnection,
    server: ServerId,
    queries: impl IntoIterator<Item = &'a HistoryQuery>,
) -> Result<Vec<Wanted>> {
    let queries: Vec<&HistoryQuery> = queries.into_iter().collect();
    let metrics: HashMap<&str, Metric> = queries.iter().map(|query| (query.metric.info().name, query.metric)).collect();
    let rows: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT id, metric, attributes FROM series WHERE server = ? AND metric IN (SELECT value FROM json_each(?))",
    )
    .bind(server.0)
    .bind(json!(metrics.keys().collect::<Vec<_>>()).to_string())
    .fetch_all(conn)
    .await?;
    let mut series = Vec::with_capacity(rows.len());
    for (id, metric, text) in rows {
        let Some(&metric) = metrics.get(metric.as_str()) else { continue };
        let one = Wanted { id, metric, attributes: from_json("series.attributes", &text)? };
        if queries.iter().any(|query| one.answers(query)) {
            series.push(one);
        }
    }
    series.sort_by(|a, b| a.attributes.cmp(&b.attributes));
    Ok(series)
}

/// What the scope holds of each series.
async fn gather(conn: &mut SqliteConnection, scope: Scope, wanted: &[Wanted]) -> Result<Vec<Found>> {
    let keys = keys(scope.server, scope.from, scope.to);
    let mut found: Vec<Found> = wanted.iter().map(|_| Found::default()).collect();
    if keys.is_empty() || wanted.is_empty() {
        return Ok(found);
    }
    let ids: Vec<i64> = wanted.iter().map(|series| series.id).collect();
    let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    for (found, column) in found.iter_mut().zip(head::columns(conn, &keys, &ids).await?) {
        found.columns.push(column);
    }
    let spans = span::overlapping(conn, scope.server, scope.from, scope.to).await?;
    let (whole, split): (Vec<Span>, Vec<Span>) = spans.into_iter().partition(|span| scope.holds_whole(span));
    let add = |found: &mut [Found], series: i64, column: Column| {
        if let Some(found) = places.get(&series).and_then(|place| found.get_mut(*place)) {
            found.columns.push(column.within(scope.from, scope.to));
        }
    };
    for (series, column) in span::columns(conn, &split, &ids).await? {
        add(&mut found, series, column);
    }
    if whole.is_empty() {
        return Ok(found);
    }
    for (series, bucket) in span::sums(conn, &whole, &ids).await? {
        if let Some(found) = places.get(&series).and_then(|place| found.get_mut(*place)) {
            found.wholes.push(bucket);
        }
    }
    // Of a series with no more values than buckets, each value is a bucket of its own.
    let few: Vec<i64> = wanted
        .iter()
        .zip(&mut found)
        .filter(|(_, found)| !found.wholes.is_empty() && found.count() <= scope.max_points)
        .map(|(series, found)| {
            found.wholes.clear();
            series.id
        })
        .collect();
    for (series, column) in span::columns(conn, &whole, &few).await? {
        add(&mut found, series, column);
    }
    Ok(found)
}
