//! When a filesystem will be full, from its history, and only where the history says so.
//!
//! What is looked at is the space that ordinary users may still take, because a filesystem is full when that is gone, whatever
//! it counts besides. Of each day (counted back from now) only the lowest reading counts: a disk that is emptied every night is
//! full when its fullest hour is, and the rise and fall within a day says nothing about next week.
//!
//! - The slope is the median of the slopes between all pairs of days, with the range that the order statistics of those slopes
//!   give at 95 % (P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", Journal of the American
//!   Statistical Association 63, 1968). It shrugs off up to 29 % of odd days, where a least-squares line follows a single one.
//!   That the whole range lies on one side of zero is the Mann-Kendall test for a trend; without that there is no forecast.
//! - Days that resemble their neighbours tell less than as many independent ones: a saw-tooth, a curve or a wandering level
//!   looks like a trend to the plain test. The variance is therefore corrected for the autocorrelation of what the line leaves
//!   (S. Yue and C. Wang, "The Mann-Kendall Test Modified by Effective Sample Size to Detect Trend in Serially Correlated
//!   Hydrological Series", Water Resources Management 18, 2004).
//! - What happens once moves the level and is no trend: pairs of days on both sides of it are not compared, as Hirsch, Slack and
//!   Smith do with seasons ("Techniques of Trend Analysis for Monthly Water Quality Data", Water Resources Research 18, 1982).
//! - What was before a change of size is the history of another filesystem.
//! - Four weeks are tried, then two, then one: the first of them whose pace is still that of the last week. A shorter time counts only where it has led to
//!   less space than there ever was: the week before a rotation looks like a trend to whoever does not remember the last one.
//! - Nobody knows more than four times as far ahead as back: 16 weeks at most.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::history::Bucket;
use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point};
use crate::time::UnixMillis;

/// How much history is looked at.
pub const HISTORY: Duration = Duration::from_secs(28 * 86_400);

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// The times that are tried, in days.
const WINDOWS: [f64; 3] = [28.0, 14.0, 7.0];
/// From so many days on that were observed there may be a forecast: fewer show a trend by chance too often.
const FEWEST_DAYS: usize = 5;
/// The quantile of the normal distribution for a range that holds in 95 % of all cases.
const QUANTILE: f64 = 1.96;
/// What the line leaves of the days does not matter below this share of what was taken.
const NEGLIGIBLE: f64 = 0.02;
/// Space that is given back once is no rotation where there was none in so many days before it or after it.
const WITHOUT_ROTATION: f64 = 10.0;
/// In days: the last week must go on as the weeks before it, or they say nothing about the next one.
const WEEK: f64 = 7.0;
/// A pace that is so many times another one is another pace.
const OTHER_PACE: f64 = 1.5;
/// Sizes that differ by this share are different ones.
const RESIZED: f64 = 0.01;
/// How many times farther than it looks back a forecast looks ahead.
const FARTHEST: f64 = 4.0;
/// A range that reaches farther than so many times the forecast says nothing.
const WIDEST: f64 = 3.0;

/// When a filesystem will be full, if it goes on as it did.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// Seconds until it is full; 0 where it is.
    pub full_in: f64,
    /// The fewest seconds that the history makes likely (95 % of the range); at most [`Self::full_in`].
    pub earliest: f64,
    /// The most seconds that the history makes likely; at least [`Self::full_in`].
    pub latest: f64,
}

impl Forecast {
    /// The same forecast some time later.
    #[must_use]
    pub fn after(self, elapsed: Duration) -> Self {
        let later = |seconds: f64| (seconds - elapsed.as_secs_f64()).max(0.0);
        Self { full_in: later(self.full_in), earliest: later(self.earliest), latest: later(self.latest) }
    }
}

/// The forecast of one mounted filesystem.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FilesystemForecast {
    /// Where it is mounted.
    pub mountpoint: String,
    /// What is mounted there.
    pub device: String,
    /// When it will be full.
    #[serde(flatten)]
    pub forecast: Forecast,
}

impl FilesystemForecast {
    /// The attributes of its series.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        Attributes::none().with(attribute::MOUNTPOINT, &self.mountpoint).with(attribute::DEVICE, &self.device)
    }
}

/// Adds to an observation that has read filesystems what is to be expected of them; others stay as they are.
pub fn add(observation: &mut Observation, mut forecasts: Vec<FilesystemForecast>) {
    let read: Vec<&Attributes> = observation.of(Metric::FilesystemLimit).map(|it| &it.series.attributes).collect();
    if read.is_empty() {
        return;
    }
    forecasts.retain(|it| read.contains(&&it.attributes()));
    let points =
        forecasts.iter().filter_map(|it| Point::new(Metric::FilesystemFullIn, it.attributes(), it.forecast.full_in));
    observation.points.extend(points);
    observation.tables.forecasts = Some(forecasts);
}

/// The forecast of one filesystem, from the history of the bytes that are free for ordinary users and that of its size, both in
/// order of time; what is older than [`HISTORY`] does not count. Buckets of an hour are fine enough, narrower ones do no harm.
///
/// Nothing where the history does not deserve a forecast: too short, flat, shrinking, without a clear trend, or too far ahead.
#[must_use]
pub fn forecast(free: &[Bucket], size: &[Bucket], now: UnixMillis) -> Option<Forecast> {
    let since = since_resized(size)?.max(UnixMillis(now.minus(HISTORY).0.saturating_add(1)));
    let is_sound = |bucket: &&Bucket| {
        (since..=now).contains(&bucket.start) && [bucket.min, bucket.avg, bucket.max].iter().all(|it| it.is_finite())
    };
    let mut free: Vec<Bucket> = free.iter().filter(is_sound).copied().collect();
    free.sort_by_key(|bucket| bucket.start);
    let days = days(&free, now);
    let level = level(&days, free.last()?.avg);
    WINDOWS.iter().find_map(|window| {
        let (before, days) = days.split_at(days.partition_point(|day| day.at <= -*window));
        let pace = Pace::trend(days).filter(|_| leads_lower(before, days))?;
        pace.forecast(level, days.last()?.at - days.first()?.at)
    })
}

/// Since when a filesystem has had the size that it has now. Sizes that drift, as those of datasets in one pool do, are no
/// change.
fn since_resized(size: &[Bucket]) -> Option<UnixMillis> {
    let alike = |a: f64, b: f64| (a - b).abs() <= RESIZED * a.abs().max(b.abs());
    let mut since = None;
    let mut next: Option<f64> = None;
    for bucket in size.iter().rev() {
        if !alike(bucket.min, bucket.max) || !next.is_none_or(|next| alike(bucket.avg, next)) {
            break;
        }
        since = Some(bucket.start);
        next = Some(bucket.avg);
    }
    since
}

/// One day that was observed.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Day {
    /// In whole days from now: 0 is the latest, -1 the one before.
    at: f64,
    /// The lowest that was free, in bytes.
    low: f64,
    /// The most that was free, in bytes.
    high: f64,
}

/// The days of a history, oldest first; those without a reading are left out.
fn days(free: &[Bucket], now: UnixMillis) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for bucket in free {
        let at = -(now.since(bucket.start).as_secs_f64() / DAY).floor();
        match days.last_mut() {
            Some(day) if day.at == at => {
                day.low = day.low.min(bucket.min);
                day.high = day.high.max(bucket.max);
            }
            _ => days.push(Day { at, low: bucket.min, high: bucket.max }),
        }
    }
    days
}

/// What is left now, `free` being the newest reading: the lowest of the latest day, unless more was given back since than
/// comes and goes on an ordinary day.
fn level(days: &[Day], free: f64) -> f64 {
    let swing = median(days.iter().map(|day| day.high - day.low).collect()).unwrap_or_default();
    days.last().map_or(free, |day| day.low.max(free - swing)).max(0.0)
}

/// Whether the days end with clearly less space than there ever was before them.
fn leads_lower(before: &[Day], days: &[Day]) -> bool {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
    before.iter().all(|day| day.low - last.low >= (first.low - last.low) / 2.0)
}

/// How fast space goes, in bytes per day.
struct Pace {
    slope: f64,
    /// The range of the slope; open where the days are too few to say.
    slowest: f64,
    fastest: f64,
}

impl Pace {
    fn of(days: &[Day]) -> Option<Self> {
        let segments = segments(days);
        let mut slopes: Vec<f64> = segments.iter().flat_map(|segment| slopes(segment)).collect();
        slopes.sort_by(f64::total_cmp);
        let slope = median_of_sorted(&slopes)?;
        let taken: f64 = falls(days).map(|fall| fall.max(0.0)).sum();
        let variance: f64 = segments.iter().map(|segment| variance(segment)).sum();
        let spread = QUANTILE * (variance * correction(&segments, slope, taken)).sqrt();
        // The ranks of Sen, counted from 0.
        let rank = ((slopes.len() as f64 - spread) / 2.0).floor() - 1.0;
        let inside = |place: usize| if rank >= 0.0 { slopes.get(place).copied() } else { None };
        let rank = rank as usize;
        let slowest = inside(rank).unwrap_or(f64::NEG_INFINITY);
        let fastest = slopes.len().checked_sub(rank + 1).and_then(inside).unwrap_or(f64::INFINITY);
        Some(Self { slope, slowest, fastest })
    }

    /// The pace of these days, where it is a trend towards full that the last week still follows.
    fn trend(days: &[Day]) -> Option<Self> {
        if days.len() < FEWEST_DAYS {
            return None;
        }
        let pace = Self::of(days).filter(|pace| pace.slowest > 0.0)?;
        let (_, week) = days.split_at(days.partition_point(|day| day.at <= -WEEK));
        let now = if week.len() < FEWEST_DAYS { None } else { Self::of(week) };
        let goes_on = |now: Self| now.slowest <= pace.slope * OTHER_PACE && now.fastest >= pace.slope / OTHER_PACE;
        now.is_none_or(goes_on).then_some(pace)
    }

    /// The forecast where so much is left and the pace was watched for `span` days, unless it is too far ahead or too vague.
    fn forecast(&self, level: f64, span: f64) -> Option<Forecast> {
        let after = |slope: f64| level / slope * DAY;
        let full_in = after(self.slope);
        let (earliest, latest) = (after(self.fastest).min(full_in), after(self.slowest).max(full_in));
        let is_near = full_in <= FARTHEST * span * DAY && latest <= WIDEST * full_in;
        is_near.then_some(Forecast { full_in, earliest, latest })
    }
}

/// What each day took from the one before; negative where it gave something back.
fn falls(days: &[Day]) -> impl Iterator<Item = f64> {
    pairs(days).map(|(before, after)| before.low - after.low)
}

/// Neighbours.
fn pairs(days: &[Day]) -> impl Iterator<Item = (&Day, &Day)> {
    days.iter().zip(days.iter().skip(1))
}

/// The days, cut where something happened that is the only one of its kind.
///
/// - More was taken at once, beyond the usual pace, than half of all that was taken: a copy.
/// - More was given back at once than half of all that was given back, and it mattered: a clean-up. It may have been a rotation
///   that was seen only once, unless there was none for [`WITHOUT_ROTATION`] days.
fn segments(days: &[Day]) -> Vec<&[Day]> {
    let rates = pairs(days).map(|(before, after)| (before.low - after.low) / (after.at - before.at)).collect();
    let pace = median(rates).unwrap_or_default();
    let (mut taken, mut given) = (0.0, 0.0);
    for fall in falls(days) {
        if fall > 0.0 { taken += fall } else { given -= fall }
    }
    let ends = days.first().zip(days.last());
    let (first, last) = ends.map_or((0.0, 0.0), |(first, last)| (first.at, last.at));

    let mut segments = Vec::new();
    let mut rest = days;
    let mut length = 0;
    for (before, after) in pairs(days) {
        length += 1;
        let fall = before.low - after.low;
        let copied = fall - pace * (after.at - before.at) > taken / 2.0;
        let longest = (before.at - first).max(last - after.at) + 1.0;
        let cleaned = -fall > given / 2.0 && -fall > taken / 4.0 && longest >= WITHOUT_ROTATION;
        if copied || cleaned {
            let (segment, behind) = rest.split_at(length);
            segments.push(segment);
            rest = behind;
            length = 0;
        }
    }
    segments.push(rest);
    segments
}

/// The slopes between all pairs of days; positive towards full.
fn slopes(days: &[Day]) -> impl Iterator<Item = f64> {
    days.iter().enumerate().flat_map(move |(place, before)| {
        days.iter().skip(place + 1).map(move |after| (before.low - after.low) / (after.at - before.at))
    })
}

/// The variance of Kendall's S over these days, with ties.
fn variance(days: &[Day]) -> f64 {
    let of = |count: usize| {
        let n = count as f64;
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let mut lows: Vec<f64> = days.iter().map(|day| day.low).collect();
    lows.sort_by(f64::total_cmp);
    let ties: f64 = lows.chunk_by(|a, b| a == b).map(|tied| of(tied.len())).sum();
    (of(days.len()) - ties) / 18.0
}

/// By how much the variance grows because neighbouring days resemble each other, apart from the trend.
fn correction(segments: &[&[Day]], slope: f64, taken: f64) -> f64 {
    let (mut own, mut shared, mut count) = (0.0, 0.0, 0);
    for segment in segments {
        let levels: Vec<f64> = segment.iter().map(|day| day.low + slope * day.at).collect();
        let middle = median(levels.clone()).unwrap_or_default();
        let left: Vec<f64> = levels.into_iter().map(|level| level - middle).collect();
        own += left.iter().map(|left| left * left).sum::<f64>();
        shared += left.iter().zip(left.iter().skip(1)).map(|(one, next)| one * next).sum::<f64>();
        count += left.len();
    }
    let n = count as f64;
    if (own / n).sqrt() <= NEGLIGIBLE * taken {
        return 1.0;
    }
    let correlation = (shared / own).clamp(0.0, 1.0);
    let (mut sum, mut power) = (0.0, 1.0);
    for lag in 1..count {
        power *= correlation;
        sum += (1.0 - lag as f64 / n) * power;
    }
    1.0 + 2.0 * sum
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    median_of_sorted(&values)
}

fn median_of_sorted(values: &[f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2.0)
}

#[cfg(test)]
mod tests;
