//! Network interfaces from `/proc/net/dev`.
//!
//! Read by hand: `procfs_core::InterfaceDeviceStatus` fails where no space follows the colon after the name (kernels before
//! 3.x, once a counter has eight digits).

use std::collections::BTreeMap;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Point};
use crate::probe::MAX_PARTS;
use crate::rate;
use crate::text;

/// The file that it is read from.
pub const PATH: &str = "/proc/net/dev";

/// The host's ends of the interfaces of containers: named at random, gone in minutes, and their traffic is seen on the
/// bridge as well.
const OF_CONTAINERS: [&str; 2] = ["veth", "cali"];

/// The counters of one moment, by interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    interfaces: BTreeMap<String, [Counters; 2]>,
    /// Whether there were more than [`MAX_PARTS`].
    pub is_cut: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Counters {
    bytes: u64,
    packets: u64,
    errors: u64,
    dropped: u64,
}

const DIRECTIONS: [&str; 2] = ["receive", "transmit"];

impl Reading {
    /// What the content of [`PATH`] says: every interface, loopback too, that ever saw a packet. Nothing where no line can be
    /// read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all: Vec<_> = text.lines().filter_map(interface).collect();
        if all.is_empty() {
            return None;
        }
        let wanted: Vec<_> = all
            .into_iter()
            .filter(|(_, [receive, transmit])| receive.packets > 0 || transmit.packets > 0)
            .filter(|(name, _)| !OF_CONTAINERS.iter().any(|prefix| name.starts_with(prefix)))
            .collect();
        let is_cut = wanted.len() > MAX_PARTS;
        let kept = wanted.into_iter().take(MAX_PARTS);
        Some(Self { interfaces: kept.map(|(name, counters)| (text::name(name), counters)).collect(), is_cut })
    }
}

fn interface(line: &str) -> Option<(&str, [Counters; 2])> {
    // The last colon, since the name of an alias (eth0:1) holds one.
    let (name, numbers) = line.rsplit_once(':')?;
    let numbers: Vec<u64> = numbers.split_ascii_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let side = |first: usize| {
        let &[bytes, packets, errors, dropped] = numbers.get(first..first + 4)? else { return None };
        Some(Counters { bytes, packets, errors, dropped })
    };
    Some((name.trim(), [side(0)?, side(8)?]))
}

/// Adds what each interface did since the reading `before`, the given number of seconds ago.
pub fn points(before: Option<(&Reading, f64)>, now: &Reading, points: &mut Vec<Point>) {
    let Some((before, elapsed)) = before else { return };
    for (name, now) in &now.interfaces {
        let Some(before) = before.interfaces.get(name) else { continue };
        for ((direction, before), now) in DIRECTIONS.iter().zip(before).zip(now) {
            let rates = [
                (Metric::NetworkIo, before.bytes, now.bytes),
                (Metric::NetworkPackets, before.packets, now.packets),
                (Metric::NetworkErrors, before.errors, now.errors),
                (Metric::NetworkDropped, before.dropped, now.dropped),
            ];
            for (metric, before, now) in rates {
                let attributes =
                    Attributes::none().with(attribute::INTERFACE, name).with(attribute::NETWORK_DIRECTION, *direction);
                points.extend(
                    rate::per_second(before, now, elapsed).and_then(|rate| Point::new(metric, attributes, rate)),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "Inter-|   Receive    |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes\n";

    fn names(lines: &str) -> Vec<String> {
        Reading::parse(&format!("{HEAD}{lines}")).unwrap().interfaces.into_keys().collect()
    }

    #[test]
    fn rates_are_taken_over_the_elapsed_time() {
        let before = Reading::parse(&format!("{HEAD} eth0: 1000 10 1 2 0 0 0 0 500 5 0 0 0 0 0 0\n")).unwrap();
        let now = Reading::parse(&format!("{HEAD} eth0: 3000 30 1 4 0 0 0 0 100 9 0 0 0 0 0 0\n")).unwrap();
        let mut out = Vec::new();
        points(Some((&before, 10.0)), &now, &mut out);
        let value = |metric, direction: &str| {
            let is_it = |point: &&Point| {
                point.series.metric == metric
                    && point.series.attributes.get(attribute::NETWORK_DIRECTION) == Some(direction)
            };
            out.iter().find(is_it).map(|point| point.value)
        };
        assert_eq!(value(Metric::NetworkIo, "receive"), Some(200.0));
        assert_eq!(value(Metric::NetworkPackets, "receive"), Some(2.0));
        assert_eq!(value(Metric::NetworkErrors, "receive"), Some(0.0));
        assert_eq!(value(Metric::NetworkDropped, "receive"), Some(0.2));
        assert_eq!(value(Metric::NetworkIo, "transmit"), None, "it went backwards");
        assert_eq!(value(Metric::NetworkPackets, "transmit"), Some(0.4));
    }

    #[test]
    fn old_kernels_put_no_space_after_the_colon() {
        assert_eq!(names("  eth0:355204949 1 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n"), ["eth0"]);
    }

    #[test]
    fn aliases_keep_their_colon_and_ends_of_containers_are_left_out() {
        let numbers = "1 1 0 0 0 0 0 0 5 5 0 0 0 0 0 0";
        assert_eq!(names(&format!("br0:1: {numbers}\nveth12ab: {numbers}\nlo: {numbers}\n")), ["br0:1", "lo"]);
    }

    #[test]
    fn an_interface_that_never_saw_a_packet_is_left_out() {
        assert_eq!(names("ifb0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\nlo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"), ["lo"]);
    }

    #[test]
    fn garbage_is_nothing() {
        assert_eq!(Reading::parse(""), None);
        assert_eq!(Reading::parse("eth0: 1 2 3\n"), None);
        assert_eq!(Reading::parse(HEAD), None);
    }
}
