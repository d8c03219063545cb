//! Down-sampling for charts: fewer buckets than values, without losing a peak, a trough or a gap.

use crate::history::Bucket;
use crate::time::UnixMillis;

/// The values from `from` (included) to `to` (excluded) in at most `max_points` buckets, in order of time.
///
/// Where the values are no more than `max_points`, each is a bucket of its own that starts at its time. Otherwise the range
/// is cut into spans of equal length; a span without a value has no bucket. Values that are not finite are left out. The
/// order in which the values come does not matter.
#[must_use]
pub fn rollup(
    values: impl Iterator<Item = (UnixMillis, f64)>,
    from: UnixMillis,
    to: UnixMillis,
    max_points: usize,
) -> Vec<Bucket> {
    if from >= to || max_points == 0 {
        return Vec::new();
    }
    let mut in_range = values.filter(|(at, value)| (from..to).contains(at) && value.is_finite());

    let mut single: Vec<(UnixMillis, f64)> = Vec::new();
    let surplus = loop {
        match in_range.next() {
            None => {
                single.sort_by_key(|(at, _)| *at);
                return single.into_iter().map(|(at, value)| bucket_of(at, value)).collect();
            }
            Some(value) if single.len() == max_points => break value,
            Some(value) => single.push(value),
        }
    };

    let spans = Spans::over(from, to, max_points);
    let mut buckets: Vec<Option<Bucket>> = vec![None; max_points];
    for (at, value) in single.into_iter().chain([surplus]).chain(in_range) {
        let index = spans.index(at);
        if let Some(slot) = buckets.get_mut(index) {
            match slot {
                Some(bucket) => bucket.add(value),
                None => *slot = Some(bucket_of(spans.start(index), value)),
            }
        }
    }
    buckets.into_iter().flatten().collect()
}

/// A range of time cut into spans of equal length. Computed in 128 bits, so that no range can overflow it.
struct Spans {
    from: i128,
    width: i128,
}

impl Spans {
    fn over(from: UnixMillis, to: UnixMillis, spans: usize) -> Self {
        let length = i128::from(to.0) - i128::from(from.0);
        let spans = i128::try_from(spans).unwrap_or(i128::MAX);
        Self { from: i128::from(from.0), width: ((length - 1) / spans + 1).max(1) }
    }

    fn index(&self, at: UnixMillis) -> usize {
        usize::try_from((i128::from(at.0) - self.from) / self.width).unwrap_or(usize::MAX)
    }

    fn start(&self, index: usize) -> UnixMillis {
        let offset = self.width.saturating_mul(i128::try_from(index).unwrap_or(i128::MAX));
        UnixMillis(i64::try_from(self.from.saturating_add(offset)).unwrap_or(i64::MAX))
    }
}

fn bucket_of(start: UnixMillis, value: f64) -> Bucket {
    Bucket { start, min: value, avg: value, max: value, count: 1 }
}

impl Bucket {
    /// Takes one more finite value in.
    pub fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.count = self.count.saturating_add(1);
        // A running mean, since a sum of large values could overflow; rounding must not carry it past the extremes.
        let share = 1.0 / f64::from(self.count);
        self.avg = (self.avg * (1.0 - share) + value * share).clamp(self.min, self.max);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(values: &[(i64, f64)]) -> impl Iterator<Item = (UnixMillis, f64)> {
        values.iter().map(|&(at, value)| (UnixMillis(at), value))
    }

    #[test]
    fn few_values_stay_as_they_are() {
        let buckets = rollup(points(&[(10, 1.0), (20, 3.0)]), UnixMillis(0), UnixMillis(100), 2);
        assert_eq!(buckets, [bucket_of(UnixMillis(10), 1.0), bucket_of(UnixMillis(20), 3.0)]);
    }

    #[test]
    fn many_values_share_buckets_and_a_gap_stays_a_gap() {
        let values = [(0, 1.0), (10, 3.0), (24, 2.0), (80, 7.0), (99, 9.0)];
        let buckets = rollup(points(&values), UnixMillis(0), UnixMillis(100), 4);
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
        assert_eq!(rollup(points(&[(0, 1.0), (100, 2.0)]), UnixMillis(0), UnixMillis(100), 9).len(), 1);
    }

    #[test]
    fn nothing_is_asked_for_and_nothing_is_given() {
        assert_eq!(rollup(points(&[(0, 1.0)]), UnixMillis(0), UnixMillis(100), 0), []);
        assert_eq!(rollup(points(&[(0, 1.0)]), UnixMillis(5), UnixMillis(5), 9), []);
    }

    #[test]
    fn the_whole_of_time_does_not_overflow() {
        let values = [(i64::MIN, 1.0), (0, f64::MAX), (1, f64::MAX), (i64::MAX - 1, 2.0)];
        let buckets = rollup(points(&values), UnixMillis(i64::MIN), UnixMillis(i64::MAX), 3);
        assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u32>(), 4);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_invented(
            values in proptest::collection::vec((-1_000i64..2_000, -1e9f64..1e9), 0..300),
            from in -500i64..500,
            length in 1i64..1_500,
            max_points in 1usize..50,
        ) {
            let (first, end) = (UnixMillis(from), UnixMillis(from + length));
            let expected: Vec<f64> = points(&values).filter(|(at, _)| (first..end).contains(at)).map(|(_, v)| v).collect();
            let buckets = rollup(points(&values), first, end, max_points);

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
