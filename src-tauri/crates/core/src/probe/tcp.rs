//! TCP connections by state, from `/proc/net/tcp` and `/proc/net/tcp6`.
//!
//! Those files have a line of 150 bytes for each connection, so they are counted on the server: what is sent is a dozen lines,
//! however many connections there are.

use std::collections::BTreeMap;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;

/// - The fourth word is the state. Without `awk`, columns are of no use since the number before them grows; what stands between
///   the third and the fourth colon is `PORT STATE QUEUE`.
/// - The heading of the files is counted as well, as a word that is no state: it proves that they could be read.
pub(super) const SCRIPT: &str = r#"hr_tcp() {
  hr_mark tcp
  set -- /proc/net/tcp
  [ -r /proc/net/tcp6 ] && set -- "$@" /proc/net/tcp6
  if command -v awk >/dev/null; then
    awk '{ n[$4]++ } END { for (s in n) print n[s], s }' "$@"
  else
    cut -d: -f4 "$@" | cut -c6-7 | sort | uniq -c
  fi
}
"#;

/// The states as the kernel numbers them (`include/net/tcp_states.h`) and as OpenTelemetry calls them
/// (<https://opentelemetry.io/docs/specs/semconv/registry/attributes/network/>, `network.connection.state`).
const STATES: [(&str, &str); 11] = [
    ("01", "established"),
    ("02", "syn_sent"),
    ("03", "syn_received"),
    ("04", "fin_wait_1"),
    ("05", "fin_wait_2"),
    ("06", "time_wait"),
    ("07", "closed"),
    ("08", "close_wait"),
    ("09", "last_ack"),
    ("0A", "listen"),
    ("0B", "closing"),
];

/// How a kernel since 4.4 may number half-open connections.
const NEW_SYN_RECEIVED: &str = "0C";

/// Adds how many connections are in each state, 0 included; the reason where they could not be counted.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    let counts = parts.get("tcp").map(parse).filter(|counts| !counts.is_empty());
    let counts = counts.ok_or("The connections (/proc/net/tcp) could not be counted.")?;
    for (number, state) in STATES {
        let known_as = |name: &str| name == number || (name == NEW_SYN_RECEIVED && state == "syn_received");
        let count = counts.iter().filter(|(name, _)| known_as(name)).fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        let attributes = Attributes::none().with(attribute::CONNECTION_STATE, state);
        observation.points.extend(Point::new(Metric::TcpConnections, attributes, real(count)));
    }
    Ok(())
}

/// The lines `COUNT WORD`, by word.
fn parse(text: &str) -> BTreeMap<&str, u64> {
    let count = |line: &str| -> Option<u64> { line.split_ascii_whitespace().next()?.parse().ok() };
    text.lines().filter_map(|line| Some((line.split_ascii_whitespace().nth(1)?, count(line)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn observed(content: &str) -> (Result<(), String>, Observation) {
        let text = format!("@hr n tcp\n{content}\n@hr n end\n");
        let mut observation = Observation::empty(UnixMillis(0));
        (read(&Parts::of(&text, "n"), &System::default(), &mut observation), observation)
    }

    fn count(observation: &Observation, state: &str) -> Option<f64> {
        observation.value(Metric::TcpConnections, &Attributes::none().with(attribute::CONNECTION_STATE, state))
    }

    #[test]
    fn states_are_counted_and_what_is_in_none_is_zero() {
        let (read, observation) = observed("2 st\n17 01\n3 0A\n1 03\n2 0C\n");
        assert_eq!(read, Ok(()));
        for (state, expected) in [("established", 17.0), ("listen", 3.0), ("syn_received", 3.0), ("time_wait", 0.0)] {
            assert_eq!(count(&observation, state), Some(expected), "{state}");
        }
        assert_eq!(observation.points.len(), STATES.len());
    }

    #[test]
    fn uniq_s_columns_are_read_too() {
        let (read, observation) = observed("      2  l\n     40 06\n");
        assert_eq!(read, Ok(()));
        assert_eq!(count(&observation, "time_wait"), Some(40.0));
    }

    #[test]
    fn nothing_that_was_read_is_not_no_connections() {
        for content in ["", "\n", "awk: not found\n", "x 01\n", "-1 01\n", "99999999999999999999 01\n"] {
            let (read, observation) = observed(content);
            assert!(read.is_err() && observation.points.is_empty(), "{content:?}");
        }
    }
}
