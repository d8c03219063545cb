//! How a head is laid out: its key, the list of its series, its values.

use std::ops::RangeInclusive;

use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::{Result, StoreError};

/// The low bits of a key hold milliseconds since 1970, which lasts until 2248; the high bits hold the server.
const TIME_BITS: u32 = 43;
const TIME_END: i64 = 1 << TIME_BITS;
const SERVER_END: i64 = 1 << 20;
/// Bytes of one value.
pub(crate) const VALUE: usize = size_of::<f64>();

/// The key of the head of a server at a moment. Keys of one server stand together, in order of time.
pub(crate) fn key(server: ServerId, at: UnixMillis) -> Result<i64> {
    if (0..SERVER_END).contains(&server.0) && (0..TIME_END).contains(&at.0) {
        Ok(server.0 << TIME_BITS | at.0)
    } else {
        Err(StoreError::OutOfRange { server: server.0, at: at.0 })
    }
}

/// The keys of a server from `from` (included) to `to` (excluded), however far those reach.
pub(crate) fn keys(server: ServerId, from: UnixMillis, to: UnixMillis) -> RangeInclusive<i64> {
    if !(0..SERVER_END).contains(&server.0) {
        return RangeInclusive::new(1, 0);
    }
    let base = server.0 << TIME_BITS;
    let first = from.0.clamp(0, TIME_END);
    let end = to.0.clamp(0, TIME_END);
    // `first` may be 2^43, one beyond the last key of this server; the end then lies before it.
    RangeInclusive::new(base + first, base + end - 1)
}

/// Every key of a server.
pub(crate) fn keys_of(server: ServerId) -> RangeInclusive<i64> {
    keys(server, UnixMillis(0), UnixMillis(TIME_END))
}

/// The moment of a key.
pub(crate) fn moment(key: i64) -> UnixMillis {
    UnixMillis(key & (TIME_END - 1))
}

/// Ascending series ids as the differences between them, seven bits a byte: about one byte a series.
pub(crate) fn pack(ids: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ids.len() + 8);
    let mut previous = 0;
    for &id in ids {
        let mut rest = id.wrapping_sub(previous).cast_unsigned();
        previous = id;
        while rest >= 0x80 {
            bytes.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// The ids that [`pack`] packed; nothing where the bytes are something else.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<i64>> {
    let mut ids = Vec::with_capacity(bytes.len());
    let mut previous = 0i64;
    let (mut value, mut shift) = (0u64, 0u32);
    for &byte in bytes {
        if shift > 63 {
            return None;
        }
        value |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            previous = previous.wrapping_add(value.cast_signed());
            ids.push(previous);
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(ids)
}

/// The values of a head, or of a part of one.
pub(crate) fn values(bytes: &[u8]) -> impl Iterator<Item = f64> {
    let (values, _) = bytes.as_chunks::<VALUE>();
    values.iter().map(|value| f64::from_le_bytes(*value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(ids in proptest::collection::vec(any::<i64>(), 0..100)) {
            prop_assert_eq!(unpack(&pack(&ids)), Some(ids));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = unpack(&bytes);
        }

        #[test]
        fn a_key_holds_the_moment_and_keeps_servers_apart(
            server in 0..SERVER_END,
            at in 0..TIME_END,
            other in 0..SERVER_END,
        ) {
            let key = key(ServerId(server), UnixMillis(at)).unwrap();
            prop_assert_eq!(moment(key), UnixMillis(at));
            prop_assert_eq!(keys_of(ServerId(other)).contains(&key), other == server);
        }
    }

    #[test]
    fn a_range_leaves_out_its_end() {
        let server = ServerId(3);
        let range = keys(server, UnixMillis(10), UnixMillis(20));
        assert!(range.contains(&key(server, UnixMillis(10)).unwrap()));
        assert!(!range.contains(&key(server, UnixMillis(20)).unwrap()));
        assert!(keys(server, UnixMillis(20), UnixMillis(10)).is_empty());
        assert_eq!(keys(server, UnixMillis(i64::MIN), UnixMillis(i64::MAX)), keys_of(server));
        assert!(keys(server, UnixMillis(i64::MAX), UnixMillis(i64::MAX)).is_empty());
        assert!(keys(server, UnixMillis(i64::MIN), UnixMillis(i64::MIN)).is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(key(ServerId(SERVER_END), UnixMillis(0)).is_err());
        assert!(key(ServerId(0), UnixMillis(-1)).is_err());
        assert!(key(ServerId(0), UnixMillis(TIME_END)).is_err());
    }

    #[test]
    fn near_ids_take_a_byte_each() {
        let ids: Vec<i64> = (1_000..1_060).collect();
        assert_eq!(pack(&ids).len(), 61);
    }
}
