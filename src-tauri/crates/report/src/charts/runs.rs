//! What belongs together in a chart: values without a gap between them, and which spans can be seen.

use std::time::Duration;

use hostrounds_core::history::Bucket;

use crate::data::Span;

/// Two buckets further apart than this many times their usual distance have a gap between them.
const GAP: f64 = 2.5;
/// The narrowest span that can be seen, in units of the drawing.
const NARROWEST: f64 = 3.0;

/// The buckets that follow each other without a gap. `every` is the longest usual time from one reading to the next.
pub(crate) fn runs(buckets: &[Bucket], every: Duration) -> impl Iterator<Item = &[Bucket]> {
    let longest = usual_distance(buckets).max(every).mul_f64(GAP);
    buckets.chunk_by(move |one, next| next.start.since(one.start) <= longest)
}

/// The distance that half of the neighbours do not exceed.
fn usual_distance(buckets: &[Bucket]) -> Duration {
    let next = buckets.iter().skip(1);
    let mut distances: Vec<Duration> =
        buckets.iter().zip(next).map(|(one, next)| next.start.since(one.start)).collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied().unwrap_or_default()
}

/// The parts of `spans` in `range` that are wide enough to be seen in a chart of this width. Where a gap and a reading share a
/// point of the screen, the reading is shown. A chart has a bounded number of them.
pub(crate) fn wide_enough(spans: &[Span], range: Span, width: f64) -> Vec<Span> {
    let narrowest = narrowest(range, width);
    spans.iter().map(|span| span.within(range)).filter(|span| span.length() >= narrowest).collect()
}

/// The parts of `spans` in `range`, each made wide enough to be seen: an outage is marked however short it was. Those that touch
/// then are one, so that a chart has a bounded number of them.
pub(crate) fn widened(spans: &[Span], range: Span, width: f64) -> Vec<Span> {
    let narrowest = narrowest(range, width);
    let mut marks: Vec<Span> = Vec::new();
    for span in spans.iter().map(|span| span.within(range)).filter(|span| span.from < span.to) {
        let wide = Span { from: span.from, to: span.to.max(span.from.plus(narrowest)) };
        match marks.last_mut() {
            Some(last) if wide.from <= last.to => last.to = last.to.max(wide.to),
            _ => marks.push(wide),
        }
    }
    marks
}

fn narrowest(range: Span, width: f64) -> Duration {
    range.length().mul_f64(NARROWEST / width)
}

#[cfg(test)]
mod tests {
    use hostrounds_core::time::UnixMillis;

    use super::*;

    fn at(starts: &[i64]) -> Vec<Bucket> {
        starts
            .iter()
            .map(|&start| Bucket { start: UnixMillis(start), min: 0.0, avg: 0.0, max: 0.0, count: 1 })
            .collect()
    }

    fn lengths(starts: &[i64], every: u64) -> Vec<usize> {
        runs(&at(starts), Duration::from_millis(every)).map(<[Bucket]>::len).collect()
    }

    #[test]
    fn a_line_ends_at_a_gap() {
        assert_eq!(lengths(&[0, 10, 20, 50, 60], 10), [3, 2]);
        assert_eq!(lengths(&[0, 10, 20, 50, 60], 15), [5]);
        assert_eq!(lengths(&[0, 1000], 10), [2], "two values alone have no other distance");
        assert_eq!(lengths(&[], 10), [0; 0]);
    }

    fn spans(spans: &[(i64, i64)]) -> Vec<Span> {
        spans.iter().map(|&(from, to)| Span { from: UnixMillis(from), to: UnixMillis(to) }).collect()
    }

    const RANGE: Span = Span { from: UnixMillis(0), to: UnixMillis(1000) };

    #[test]
    fn gaps_that_are_too_narrow_to_be_seen_do_not_hide_readings() {
        let gaps = spans(&[(-50, 100), (101, 109), (112, 120), (500, 501), (900, 2000)]);
        assert_eq!(wide_enough(&gaps, RANGE, 300.0), spans(&[(0, 100), (900, 1000)]));
    }

    #[test]
    fn outages_are_seen_however_short() {
        assert_eq!(
            widened(&spans(&[(100, 101), (104, 105), (500, 600)]), RANGE, 300.0),
            spans(&[(100, 114), (500, 600)])
        );
    }

    #[test]
    fn a_chart_has_a_bounded_number_of_spans() {
        let many: Vec<Span> =
            (0..100_000).map(|n| Span { from: UnixMillis(n * 10), to: UnixMillis(n * 10 + 5) }).collect();
        let range = Span { from: UnixMillis(0), to: UnixMillis(1_000_000) };
        assert!(wide_enough(&many, range, 900.0).len() <= 300);
        assert!(widened(&many, range, 900.0).len() <= 300);
    }
}
