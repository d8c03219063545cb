//! Values of one server in memory, on their way from heads or spans into new spans.

use std::collections::BTreeMap;

use hostrounds_core::history::Bucket;
use hostrounds_core::time::UnixMillis;

use crate::chunk::{self, CannotCompress};

/// The most collections of a span. A chart of a year has about a thousand buckets: with spans that are no larger, those are
/// answered from what the chunks came to, or from few values.
pub(crate) const SPAN_MOST: usize = 4096;
/// The longest span in milliseconds, so that the oldest part of a history can be given up in steps of two weeks at most.
pub(crate) const SPAN_LONGEST: i64 = 14 * 24 * 3600 * 1000;

/// What some collections held, by series.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct Block {
    /// When they were made.
    pub(crate) times: Vec<UnixMillis>,
    /// For each series which of them have a value (positions in `times`, ascending), and the values.
    pub(crate) columns: BTreeMap<i64, (Vec<u32>, Vec<f64>)>,
}

/// A span as it is written.
#[derive(Debug)]
pub(crate) struct NewSpan {
    pub(crate) first: UnixMillis,
    pub(crate) last: UnixMillis,
    pub(crate) count: u32,
    pub(crate) chunks: Vec<NewChunk>,
}

/// A chunk as it is written.
#[derive(Debug)]
pub(crate) struct NewChunk {
    pub(crate) series: i64,
    pub(crate) count: u32,
    /// Nothing for times.
    pub(crate) sums: Option<Sums>,
    pub(crate) places: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
}

/// What the values of a chunk come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
}

impl NewSpan {
    /// About what it takes on the disk.
    pub(crate) fn bytes(&self) -> i64 {
        // What a row takes besides: its key, its numbers, and what SQLite notes of each.
        const ROW: usize = 40;
        let bytes = |chunk: &NewChunk| ROW + chunk.data.len() + chunk.places.as_ref().map_or(0, Vec::len);
        i64::try_from(self.chunks.iter().map(bytes).sum::<usize>()).unwrap_or(i64::MAX)
    }
}

impl Block {
    /// One block of all, in order of time. Of collections of the same moment, that of the later block counts.
    pub(crate) fn merge(blocks: Vec<Self>) -> Self {
        let mut order: Vec<(UnixMillis, usize, usize)> = Vec::new();
        for (block, Self { times, .. }) in blocks.iter().enumerate() {
            order.extend(times.iter().enumerate().map(|(place, at)| (*at, block, place)));
        }
        order.sort_unstable();
        // For each block, the new place of each of its collections; nothing where a later block has the same moment.
        let mut places: Vec<Vec<Option<u32>>> = blocks.iter().map(|block| vec![None; block.times.len()]).collect();
        let mut merged = Self::default();
        let mut rest = order.iter().peekable();
        while let Some((at, block, place)) = rest.next() {
            if rest.peek().is_some_and(|(next, ..)| next == at) {
                continue;
            }
            let new = u32::try_from(merged.times.len()).ok();
            if let Some(slot) = places.get_mut(*block).and_then(|places| places.get_mut(*place)) {
                *slot = new;
            }
            merged.times.push(*at);
        }
        for (block, places) in blocks.into_iter().zip(places) {
            for (series, (old, values)) in block.columns {
                let column = merged.columns.entry(series).or_default();
                for (old, value) in old.into_iter().zip(values) {
                    if let Some(new) = places.get(old as usize).copied().flatten() {
                        column.0.push(new);
                        column.1.push(value);
                    }
                }
            }
        }
        merged.columns.retain(|_, (places, _)| !places.is_empty());
        for (places, values) in merged.columns.values_mut() {
            if !places.is_sorted() {
                let mut pairs: Vec<_> = std::mem::take(places).into_iter().zip(std::mem::take(values)).collect();
                pairs.sort_unstable_by_key(|(place, _)| *place);
                (*places, *values) = pairs.into_iter().unzip();
            }
        }
        merged
    }

    /// The block as spans, none of them larger or longer than a span may be.
    pub(crate) fn into_spans(self) -> Result<Vec<NewSpan>, CannotCompress> {
        let mut spans = Vec::new();
        let mut begin = 0;
        while let Some(first) = self.times.get(begin) {
            let longest = first.0.saturating_add(SPAN_LONGEST);
            let rest = self.times.get(begin..).unwrap_or_default();
            let length = rest.iter().take(SPAN_MOST).take_while(|at| at.0 < longest).count().max(1);
            spans.push(self.span(begin, length)?);
            begin += length;
        }
        Ok(spans)
    }

    fn span(&self, begin: usize, length: usize) -> Result<NewSpan, CannotCompress> {
        let times: Vec<i64> = self.times.iter().skip(begin).take(length).map(|at| at.0).collect();
        let (first, last) = (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
        let count = u32::try_from(length).unwrap_or(u32::MAX);
        let mut chunks =
            vec![NewChunk { series: TIMES, count, sums: None, places: None, data: chunk::encode_whole(&times)? }];
        let (begin, end) =
            (u32::try_from(begin).unwrap_or(u32::MAX), u32::try_from(begin + length).unwrap_or(u32::MAX));
        for (series, (places, values)) in &self.columns {
            let range = places.partition_point(|place| *place < begin)..places.partition_point(|place| *place < end);
            let (Some(places), Some(values)) = (places.get(range.clone()), values.get(range)) else { continue };
            let Some(Bucket { min, max, .. }) = Bucket::of(UnixMillis(first), values) else { continue };
            let places = if places.len() == length {
                None
            } else {
                let places: Vec<u32> = places.iter().map(|place| place - begin).collect();
                Some(chunk::encode_whole(&places)?)
            };
            chunks.push(NewChunk {
                series: *series,
                count: u32::try_from(values.len()).unwrap_or(u32::MAX),
                sums: Some(Sums { min, max, sum: values.iter().sum() }),
                places,
                data: chunk::encode(values)?,
            });
        }
        Ok(NewSpan { first: UnixMillis(first), last: UnixMillis(last), count, chunks })
    }
}

/// In the place of a series, what stands for the times of the collections.
pub(crate) const TIMES: i64 = 0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(collections: &[(i64, &[(i64, f64)])]) -> Block {
        let mut block = Block::default();
        for (place, (at, values)) in (0..).zip(collections) {
            block.times.push(UnixMillis(*at));
            for (series, value) in *values {
                let column = block.columns.entry(*series).or_default();
                column.0.push(place);
                column.1.push(*value);
            }
        }
        block
    }

    #[test]
    fn blocks_that_interleave_come_into_order() {
        let merged = Block::merge(vec![
            block(&[(10, &[(1, 1.0)]), (30, &[(1, 3.0), (2, 0.3)])]),
            block(&[(20, &[(1, 2.0), (2, 0.2)])]),
        ]);
        assert_eq!(merged, block(&[(10, &[(1, 1.0)]), (20, &[(1, 2.0), (2, 0.2)]), (30, &[(1, 3.0), (2, 0.3)])]));
    }

    #[test]
    fn the_later_block_counts_for_the_same_moment() {
        let merged = Block::merge(vec![block(&[(10, &[(1, 1.0), (2, 5.0)])]), block(&[(10, &[(1, 2.0)])])]);
        assert_eq!(merged, block(&[(10, &[(1, 2.0)])]));
    }

    #[test]
    fn long_histories_are_cut_into_spans() {
        let day = 24 * 3600 * 1000;
        let collections: Vec<(i64, &[(i64, f64)])> = (0..30).map(|at| (at * day, &[(1, 0.5)][..])).collect();
        let spans = block(&collections).into_spans().unwrap();
        assert_eq!(spans.iter().map(|span| span.count).collect::<Vec<_>>(), [14, 14, 2]);
        assert!(spans.iter().all(|span| span.last.0 - span.first.0 < SPAN_LONGEST));

        let many: Vec<(i64, &[(i64, f64)])> = (0..5000).map(|at| (at, &[(1, 0.5)][..])).collect();
        let spans = block(&many).into_spans().unwrap();
        assert_eq!(spans.iter().map(|span| (span.first.0, span.count)).collect::<Vec<_>>(), [(0, 4096), (4096, 904)]);
    }

    #[test]
    fn a_series_that_is_always_there_names_no_places() {
        let spans = block(&[(1, &[(1, 0.5), (2, 1.0)]), (2, &[(1, 0.75)])]).into_spans().unwrap();
        let places: Vec<_> = spans[0].chunks.iter().map(|chunk| (chunk.series, chunk.places.is_some())).collect();
        assert_eq!(places, [(TIMES, false), (1, false), (2, true)]);
    }

    proptest! {
        #[test]
        fn merging_keeps_every_value_of_every_moment(
            histories in proptest::collection::vec(
                proptest::collection::btree_map(0i64..60, proptest::collection::btree_map(1i64..5, 0.0f64..9.0, 0..4), 0..20),
                0..5,
            ),
        ) {
            let mut expected: BTreeMap<i64, BTreeMap<i64, f64>> = BTreeMap::new();
            let mut blocks = Vec::new();
            for history in histories {
                let mut block = Block::default();
                for (place, (at, values)) in (0..).zip(&history) {
                    block.times.push(UnixMillis(*at));
                    for (series, value) in values {
                        let column = block.columns.entry(*series).or_default();
                        column.0.push(place);
                        column.1.push(*value);
                    }
                }
                blocks.push(block);
                expected.extend(history);
            }
            let merged = Block::merge(blocks);
            prop_assert_eq!(merged.times.iter().map(|at| at.0).collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
            let mut found: BTreeMap<i64, BTreeMap<i64, f64>> = expected.keys().map(|at| (*at, BTreeMap::new())).collect();
            for (series, (places, values)) in merged.columns {
                prop_assert!(places.is_sorted());
                for (place, value) in places.into_iter().zip(values) {
                    found.get_mut(&merged.times[place as usize].0).unwrap().insert(series, value);
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
