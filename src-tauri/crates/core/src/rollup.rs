//! Down-sampling for charts: fewer buckets than values, without losing a peak, a trough or a gap.

use crate::history::Bucket;
use crate::time::UnixMillis;

/// Takes the values of a range in, one by one or many at a time, in any order, and gives them in at most so many buckets.
///
/// Where the values are no more than the buckets, each is a bucket of its own that starts at its time. Otherwise the range is cut
/// into spans of equal length; a span without a value has no bucket.
#[derive(Debug)]
pub struct Rollup {
    from: UnixMillis,
    to: UnixMillis,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Single(Vec<(UnixMillis, f64)>),
    Spans { spans: Spans, buckets: Vec<Option<Bucket>> },
}

impl Rollup {
    /// For `count` values from `from` (included) to `to` (excluded).
    #[must_use]
    pub fn new(count: usize, from: UnixMillis, to: UnixMillis, max_points: usize) -> Self {
        let kind = if count <= max_points || from >= to {
            Kind::Single(Vec::with_capacity(if from >= to { 0 } else { count }))
        } else {
            Kind::Spans { spans: Spans::over(from, to, max_points), buckets: vec![None; max_points] }
        };
        Self { from, to, kind }
    }

    /// Takes values in, each with its time; what is outside the range, or not finite, is left out. Quickest in order of time.
    pub fn add(&mut self, times: &[UnixMillis], values: &[f64]) {
        let range = self.from..self.to;
        match &mut self.kind {
            Kind::Single(single) => single.extend(
                times
                    .iter()
                    .copied()
                    .zip(values.iter().copied())
                    .filter(|(at, value)| range.contains(at) && value.is_finite()),
            ),
            Kind::Spans { spans, buckets } => {
                let (mut times, mut values) = (times, values);
                while let Some(first) = times.first() {
                    // A run of values that fall into one span is looked at as a whole.
                    let span = spans.around(*first, &range);
                    let length = times.iter().take_while(|at| span.contains(at)).count().max(1).min(values.len());
                    let (run, rest) = values.split_at(length);
                    if range.contains(first) {
                        put(buckets, spans, *first, Bucket::of(*first, run));
                    }
                    (times, values) = (times.get(length..).unwrap_or_default(), rest);
                    if values.is_empty() {
                        break;
                    }
                }
            }
        }
    }

    /// Takes in what many values came to. They must share a bucket ([`share_a_bucket`]), and be more than the buckets.
    pub fn add_whole(&mut self, whole: Bucket) {
        if let Kind::Spans { spans, buckets } = &mut self.kind {
            put(buckets, spans, whole.start, Some(whole));
        }
    }

    /// The buckets, in order of time.
    #[must_use]
    pub fn finish(self) -> Vec<Bucket> {
        match self.kind {
            Kind::Single(mut single) => {
                single.sort_by_key(|(at, _)| *at);
                single.into_iter().map(|(at, value)| one(at, value)).collect()
            }
            Kind::Spans { buckets, .. } => buckets.into_iter().flatten().collect(),
        }
    }
}

/// Whether all values from `first` to `last` would share a bucket where there are more values than buckets.
#[must_use]
pub fn share_a_bucket(
    (first, last): (UnixMillis, UnixMillis),
    from: UnixMillis,
    to: UnixMillis,
    max_points: usize,
) -> bool {
    let spans = Spans::over(from, to, max_points);
    first >= from && first <= last && last < to && spans.index(first) == spans.index(last)
}

fn put(buckets: &mut [Option<Bucket>], spans: &Spans, at: UnixMillis, bucket: Option<Bucket>) {
    let index = spans.index(at);
    let (Some(slot), Some(bucket)) = (buckets.get_mut(index), bucket) else { return };
    match slot {
        Some(there) => there.merge(&bucket),
        None => *slot = Some(Bucket { start: spans.start(index), ..bucket }),
    }
}

/// A range of time cut into spans of equal length. Computed in 128 bits, so that no range can overflow it.
#[derive(Debug)]
struct Spans {
    from: i128,
    width: i128,
}

impl Spans {
    fn over(from: UnixMillis, to: UnixMillis, spans: usize) -> Self {
        let length = i128::from(to.0) - i128::from(from.0);
        let spans = i128::try_from(spans.max(1)).unwrap_or(i128::MAX);
        Self { from: i128::from(from.0), width: ((length - 1) / spans + 1).max(1) }
    }

    fn index(&self, at: UnixMillis) -> usize {
        usize::try_from((i128::from(at.0) - self.from) / self.width).unwrap_or(usize::MAX)
    }

    fn start(&self, index: usize) -> UnixMillis {
        let offset = self.width.saturating_mul(i128::try_from(index).unwrap_or(i128::MAX));
        UnixMillis(i64::try_from(self.from.saturating_add(offset)).unwrap_or(i64::MAX))
    }

    /// The part of the span of `at` that lies in `range`.
    fn around(&self, at: UnixMillis, range: &std::ops::Range<UnixMillis>) -> std::ops::Range<UnixMillis> {
        let index = self.index(at);
        self.start(index).max(range.start)..self.start(index.saturating_add(1)).min(range.end)
    }
}

fn one(start: UnixMillis, value: f64) -> Bucket {
    Bucket { start, min: value, avg: value, max: value, count: 1 }
}

impl Bucket {
    /// What the finite ones of `values` come to, in a bucket that starts at `start`; nothing where there are none.
    #[must_use]
    pub fn of(start: UnixMillis, values: &[f64]) -> Option<Self> {
        let (mut min, mut max, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32);
        for value in values.iter().copied().filter(|value| value.is_finite()) {
            min = min.min(value);
            max = max.max(value);
            sum += value;
            count = count.saturating_add(1);
        }
        if count == 0 {
            return None;
        }
        if f64::is_finite(sum) {
            return Some(Self { start, min, avg: (sum / f64::from(count)).clamp(min, max), max, count });
        }
        // The sum of very large values overflows; their running mean does not.
        let mut bucket: Option<Self> = None;
        for value in values.iter().copied().filter(|value| value.is_finite()) {
            match &mut bucket {
                Some(bucket) => bucket.merge(&one(start, value)),
                None => bucket = Some(one(start, value)),
            }
        }
        bucket
    }

    /// Takes the values of another bucket in; the start stays.
    pub fn merge(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        let count = self.count.saturating_add(other.count);
        // Shares instead of sums, which could overflow; rounding must not carry the mean past the extremes.
        let share = f64::from(other.count) / f64::from(count);
        self.avg = (self.avg * (1.0 - share) + other.avg * share).clamp(self.min, self.max);
        self.count = count;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rollup(values: &[(i64, f64)], from: UnixMillis, to: UnixMillis, max_points: usize) -> Vec<Bucket> {
        let count = values.iter().filter(|(at, _)| (from..to).contains(&UnixMillis(*at))).count();
        let mut rollup = Rollup::new(count, from, to, max_points);
        let (times, values): (Vec<_>, Vec<_>) = values.iter().map(|(at, value)| (UnixMillis(*at), *value)).unzip();
        rollup.add(&times, &values);
        rollup.finish()
    }

    #[test]
    fn few_values_stay_as_they_are() {
        let buckets = rollup(&[(10, 1.0), (20, 3.0)], UnixMillis(0), UnixMillis(100), 2);
        assert_eq!(buckets, [one(UnixMillis(10), 1.0), one(UnixMillis(20), 3.0)]);
    }

    #[test]
    fn many_values_share_buckets_and_a_gap_stays_a_gap() {
        let values = [(0, 1.0), (10, 3.0), (24, 2.0), (80, 7.0), (99, 9.0)];
        let buckets = rollup(&values, UnixMillis(0), UnixMillis(100), 4);
        assert_eq!(
            buckets,
            [
                Bucket { start: UnixMillis(0), min: 1.0, avg: 2.0, max: 3.0, count: 3 },
                Bucket { start: UnixMillis(75), min: 7.0, avg: 8.0, max: 9.0, count: 2 },
            ]
        );
    }

    #[test]
    fn the_end_of_the_range_does_not_count() {
        assert_eq!(rollup(&[(0, 1.0), (100, 2.0)], UnixMillis(0), UnixMillis(100), 9).len(), 1);
    }

    #[test]
    fn nothing_is_asked_for_and_nothing_is_given() {
        assert_eq!(rollup(&[(0, 1.0)], UnixMillis(0), UnixMillis(100), 0), []);
        assert_eq!(rollup(&[(0, 1.0)], UnixMillis(5), UnixMillis(5), 9), []);
        assert_eq!(rollup(&[(0, 1.0)], UnixMillis(9), UnixMillis(5), 0), []);
    }

    #[test]
    fn the_whole_of_time_does_not_overflow() {
        let values = [(i64::MIN, 1.0), (0, f64::MAX), (1, f64::MAX), (i64::MAX - 1, 2.0)];
        let buckets = rollup(&values, UnixMillis(i64::MIN), UnixMillis(i64::MAX), 3);
        assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u32>(), 4);
        assert!(buckets.iter().all(|bucket| bucket.avg.is_finite()));
    }

    #[test]
    fn what_shares_a_bucket_is_taken_in_as_a_whole() {
        let share =
            |first, last| share_a_bucket((UnixMillis(first), UnixMillis(last)), UnixMillis(0), UnixMillis(100), 2);
        assert!(share(10, 49));
        assert!(!share(10, 50), "two buckets");
        assert!(!share(-1, 10) && !share(99, 100), "not in the range");
        let mut rollup = Rollup::new(100, UnixMillis(0), UnixMillis(100), 2);
        rollup.add(&[UnixMillis(1)], &[5.0]);
        rollup.add_whole(Bucket { start: UnixMillis(10), min: 1.0, avg: 2.0, max: 3.0, count: 3 });
        assert_eq!(rollup.finish(), [Bucket { start: UnixMillis(0), min: 1.0, avg: 2.75, max: 5.0, count: 4 }]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_invented(
            values in proptest::collection::vec((-1_000i64..2_000, -1e9f64..1e9), 0..300),
            sorted in any::<bool>(),
            from in -500i64..500,
            length in 1i64..1_500,
            max_points in 1usize..50,
        ) {
            let mut values = values;
            if sorted {
                values.sort_by_key(|(at, _)| *at);
            }
            let (first, end) = (UnixMillis(from), UnixMillis(from + length));
            let expected: Vec<f64> =
                values.iter().filter(|(at, _)| (first..end).contains(&UnixMillis(*at))).map(|(_, v)| *v).collect();
            let buckets = rollup(&values, first, end, max_points);

            prop_assert!(buckets.len() <= max_points);
            prop_assert_eq!(buckets.iter().map(|b| b.count as usize).sum::<usize>(), expected.len());
            prop_assert!(buckets.iter().all(|b| b.count > 0 && b.min <= b.avg && b.avg <= b.max));
            prop_assert!(buckets.iter().all(|b| (first..end).contains(&b.start)));
            prop_assert!(buckets.windows(2).all(|pair| pair[0].start <= pair[1].start));
            let extreme = |pick: fn(f64, f64) -> f64, values: &mut dyn Iterator<Item = f64>| values.reduce(pick);
            prop_assert_eq!(
                extreme(f64::max, &mut buckets.iter().map(|b| b.max)), extreme(f64::max, &mut expected.iter().copied()));
            prop_assert_eq!(
                extreme(f64::min, &mut buckets.iter().map(|b| b.min)), extreme(f64::min, &mut expected.iter().copied()));
        }
    }
}
