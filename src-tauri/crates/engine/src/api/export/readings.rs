//! Every kept value of some series, in windows of time that are small enough to be held.

use std::collections::BTreeSet;

use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Series};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Store, StoreError};

/// The most values of a series that are read at once; where a window holds more, a narrower one is read.
const MOST_OF_SERIES: u32 = 10_000;
/// About how many values a window shall hold: a few MiB.
const ENOUGH: usize = 100_000;
/// How wide the first window is, and how wide one is at least, in milliseconds.
const FIRST: i64 = 3_600_000;
const NARROWEST: i64 = 1_000;
/// How wide the windows are in which series are looked for, as long as there are any.
const SURVEY: i64 = 30 * 24 * 3_600_000;

/// What is read of one server.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) server: ServerId,
    pub(super) metrics: Vec<Metric>,
    pub(super) attributes: Attributes,
    pub(super) from: UnixMillis,
    pub(super) to: UnixMillis,
}

impl Wanted {
    /// The questions that a window of time puts to the store.
    pub(super) fn queries(&self, from: UnixMillis, to: UnixMillis, max_points: u32) -> Vec<HistoryQuery> {
        let query = |metric: &Metric| HistoryQuery {
            server: self.server,
            metric: *metric,
            attributes: self.attributes.clone(),
            from,
            to,
            max_points,
        };
        self.metrics.iter().map(query).collect()
    }

    /// The share of the whole range that lies before a moment.
    fn share(&self, until: UnixMillis) -> f64 {
        let length = |to: UnixMillis| (i128::from(to.0) - i128::from(self.from.0)) as f64;
        (length(until) / length(self.to).max(1.0)).clamp(0.0, 1.0)
    }
}

/// The values of a window, in order of time and of the series.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) series: Vec<Series>,
    pub(super) values: Vec<Value>,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) at: UnixMillis,
    /// Its place in [`Window::series`].
    pub(super) series: usize,
    pub(super) value: f64,
}

/// Goes through a range, window by window.
pub(super) struct Readings<'a> {
    store: &'a Store,
    wanted: &'a Wanted,
    next: UnixMillis,
    width: i64,
}

impl<'a> Readings<'a> {
    pub(super) fn new(store: &'a Store, wanted: &'a Wanted) -> Self {
        Self { store, wanted, next: wanted.from, width: FIRST }
    }

    /// How much of the range has been read, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        self.wanted.share(self.next)
    }

    /// The values of the next window, which may be empty; nothing at the end of the range.
    pub(super) async fn next(&mut self) -> Result<Option<Window>, StoreError> {
        while self.next < self.wanted.to {
            let end = UnixMillis(self.next.0.saturating_add(self.width)).min(self.wanted.to);
            let Some(window) = self.read(end).await? else {
                self.width = (self.width / 2).max(NARROWEST);
                continue;
            };
            self.next = end;
            // Where nothing was kept for years, the steps become long ones.
            match window.values.len() {
                0 => self.width = self.width.saturating_mul(2),
                few if few < ENOUGH / 2 => self.width = self.width.saturating_mul(2),
                many if many > ENOUGH => self.width = (self.width / 2).max(NARROWEST),
                _ => {}
            }
            return Ok(Some(window));
        }
        Ok(None)
    }

    /// The values up to `end`; nothing where they are so many that the store put some together.
    async fn read(&self, end: UnixMillis) -> Result<Option<Window>, StoreError> {
        let narrowest = end.0.saturating_sub(self.next.0) <= NARROWEST;
        let mut window = Window::default();
        let queries = self.wanted.queries(self.next, end, MOST_OF_SERIES);
        for (query, all) in queries.iter().zip(self.store.ranges(&queries).await?) {
            for found in all {
                if !narrowest && found.buckets.iter().any(|bucket| bucket.count > 1) {
                    return Ok(None);
                }
                let series = window.series.len();
                window.series.push(Series { metric: query.metric, attributes: found.attributes });
                let values = found.buckets.iter().map(|bucket| Value { at: bucket.start, series, value: bucket.avg });
                window.values.extend(values);
            }
        }
        window.values.sort_by_key(|value| (value.at, value.series));
        Ok(Some(window))
    }
}

/// Finds out which series have values in a range, window by window.
pub(super) struct Survey<'a> {
    store: &'a Store,
    wanted: &'a Wanted,
    next: UnixMillis,
    width: i64,
    found: Vec<BTreeSet<Attributes>>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(store: &'a Store, wanted: &'a Wanted) -> Self {
        let found = vec![BTreeSet::new(); wanted.metrics.len()];
        Self { store, wanted, next: wanted.from, width: SURVEY, found }
    }

    pub(super) fn share(&self) -> f64 {
        self.wanted.share(self.next)
    }

    /// Looks into the next window; false at the end of the range.
    pub(super) async fn step(&mut self) -> Result<bool, StoreError> {
        if self.next >= self.wanted.to {
            return Ok(false);
        }
        let end = UnixMillis(self.next.0.saturating_add(self.width)).min(self.wanted.to);
        let mut empty = true;
        let all = self.store.ranges(&self.wanted.queries(self.next, end, 1)).await?;
        for (found, all) in self.found.iter_mut().zip(all) {
            empty = empty && all.is_empty();
            found.extend(all.into_iter().map(|series| series.attributes));
        }
        self.width = if empty { self.width.saturating_mul(2) } else { SURVEY };
        self.next = end;
        Ok(true)
    }

    /// What was found: by metric in the order of the request, then by attributes.
    pub(super) fn series(self) -> Vec<Series> {
        let of = |(metric, found): (&Metric, BTreeSet<Attributes>)| {
            let metric = *metric;
            found.into_iter().map(move |attributes| Series { metric, attributes }).collect::<Vec<_>>()
        };
        self.wanted.metrics.iter().zip(self.found).flat_map(of).collect()
    }
}
