//! Columns of numbers as bytes: lossless, and as small as the numbers allow. Compressed by pco (<https://docs.rs/pco>).
//!
//! Most values are decimals: shares in steps of 0.0001, bytes, hundredths of a load. As whole numbers of such steps they
//! compress far better than as floating point. A column is written so only where every value comes back to the last bit.

use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress_into};

/// The most decimals that are tried.
const DECIMALS_MOST: u8 = 6;
/// What marks a column that is no decimals.
const FLOATS: u8 = 0xFF;
/// Whole numbers up to this stand in an f64 without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Why a column could not be written. It never is for columns as short as ours; pco's limits are far beyond.
#[derive(Debug, thiserror::Error)]
#[error("a column cannot be compressed: {0}")]
pub(crate) struct CannotCompress(#[from] pco::errors::PcoError);

/// The values of a column. Nothing where all are the same.
pub(crate) fn encode(values: &[f64]) -> Result<Vec<u8>, CannotCompress> {
    let Some((first, rest)) = values.split_first() else { return Ok(Vec::new()) };
    if rest.iter().all(|value| value.to_bits() == first.to_bits()) {
        return Ok(Vec::new());
    }
    let whole = (0..=DECIMALS_MOST).find_map(|decimals| {
        Some((decimals, values.iter().map(|value| steps(*value, decimals)).collect::<Option<Vec<_>>>()?))
    });
    match whole {
        Some((decimals, steps)) => compress(decimals, &steps),
        None => compress(FLOATS, values),
    }
}

/// The `count` values that [`encode`] wrote; `same` is their value where all are the same. Nothing where the bytes are something
/// else.
pub(crate) fn decode(bytes: &[u8], count: usize, same: f64) -> Option<Vec<f64>> {
    match bytes.split_first() {
        None => Some(vec![same; count]),
        Some((&FLOATS, bytes)) => decompress(bytes, count),
        Some((&decimals, bytes)) if decimals <= DECIMALS_MOST => {
            let scale = scale(decimals);
            Some(decompress::<i64>(bytes, count)?.into_iter().map(|steps| steps as f64 / scale).collect())
        }
        Some(_) => None,
    }
}

/// Whole numbers that grow steadily, such as times.
pub(crate) fn encode_whole<T: Number>(numbers: &[T]) -> Result<Vec<u8>, CannotCompress> {
    Ok(simple_compress(numbers, &ChunkConfig::default())?)
}

/// The `count` numbers that [`encode_whole`] wrote.
pub(crate) fn decode_whole<T: Number>(bytes: &[u8], count: usize) -> Option<Vec<T>> {
    decompress(bytes, count)
}

fn scale(decimals: u8) -> f64 {
    10_f64.powi(i32::from(decimals))
}

/// How many steps of `decimals` decimals a value is, where it is that to the last bit.
fn steps(value: f64, decimals: u8) -> Option<i64> {
    let scale = scale(decimals);
    let steps = (value * scale).round();
    let whole = steps as i64;
    // Compared by their bits, since 0 and -0 are equal.
    (steps.abs() < EXACT && (whole as f64 / scale).to_bits() == value.to_bits()).then_some(whole)
}

fn compress<T: Number>(kind: u8, numbers: &[T]) -> Result<Vec<u8>, CannotCompress> {
    let mut bytes = vec![kind];
    bytes.extend(simple_compress(numbers, &ChunkConfig::default())?);
    Ok(bytes)
}

/// Into a buffer of the size that is expected, so that damaged bytes cannot ask for more memory.
fn decompress<T: Number>(bytes: &[u8], count: usize) -> Option<Vec<T>> {
    let mut numbers = vec![T::default(); count];
    let progress = simple_decompress_into(bytes, &mut numbers).ok()?;
    (progress.finished && progress.n_processed == count).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(values: &[f64]) -> Vec<u64> {
        let bytes = encode(values).unwrap();
        let same = values.first().copied().unwrap_or_default();
        decode(&bytes, values.len(), same).unwrap().into_iter().map(f64::to_bits).collect()
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().copied().map(f64::to_bits).collect()
    }

    #[test]
    fn equal_values_take_no_bytes() {
        assert_eq!(encode(&[0.25; 4096]).unwrap(), Vec::<u8>::new());
        assert_eq!(back(&[0.25; 9]), bits(&[0.25; 9]));
    }

    #[test]
    fn shares_of_percent_take_about_a_byte() {
        let values: Vec<f64> = (0..4096_u32).map(|step| f64::from(step * 7919 % 97) / 1e4).collect();
        let bytes = encode(&values).unwrap();
        assert!(bytes.len() < 4096, "{}", bytes.len());
        assert_eq!(back(&values), bits(&values));
    }

    #[test]
    fn what_is_no_decimal_comes_back_too() {
        for values in
            [vec![1.0 / 3.0, 0.5], vec![f64::MAX, f64::MIN_POSITIVE], vec![-0.0, 0.0, 1.0], vec![1e300, 1e-300, 0.1]]
        {
            assert_eq!(back(&values), bits(&values));
        }
    }

    proptest! {
        #[test]
        fn every_column_comes_back_to_the_last_bit(values in proptest::collection::vec(
            prop_oneof![any::<f64>(), (0u32..20_000).prop_map(|steps| f64::from(steps) / 1e4), (0i64..1 << 50).prop_map(|n| n as f64)],
            0..300,
        )) {
            prop_assert_eq!(back(&values), bits(&values));
        }

        #[test]
        fn times_come_back(mut times in proptest::collection::vec(any::<i64>(), 1..300)) {
            times.sort_unstable();
            prop_assert_eq!(decode_whole::<i64>(&encode_whole(&times).unwrap(), times.len()), Some(times));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), count in 0usize..500) {
            let _ = decode(&bytes, count, 1.0);
            let _ = decode_whole::<u32>(&bytes, count);
        }

        #[test]
        fn damaged_bytes_are_survived(
            values in proptest::collection::vec(0u32..20_000, 2..300),
            place in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let values: Vec<f64> = values.into_iter().map(|steps| f64::from(steps) / 1e4).collect();
            let mut bytes = encode(&values).unwrap();
            if !bytes.is_empty() {
                *place.get_mut(&mut bytes) ^= 1 << bit;
                if let Some(decoded) = decode(&bytes, values.len(), 0.0) {
                    prop_assert_eq!(decoded.len(), values.len());
                }
            }
        }
    }
}
