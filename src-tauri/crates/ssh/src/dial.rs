//! From a name to an open TCP connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;

/// More addresses than this are not tried.
const ADDRESSES: usize = 8;

/// All addresses of the endpoint, in the resolver's order.
pub(crate) async fn resolve(endpoint: &Endpoint, deadline: Instant) -> Result<Vec<SocketAddr>, ConnectError> {
    let host = endpoint.host.trim();
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, endpoint.port)]);
    }
    let not_found = |reason: &str| ConnectError::NameNotFound { host: host.to_owned(), reason: reason.to_owned() };
    if host.is_empty() {
        return Err(not_found("no name was given"));
    }
    // RFC 6761, 6.4: such names never exist, and name servers are not to be bothered with them.
    if host.to_lowercase().trim_end_matches('.').ends_with(".invalid") {
        return Err(not_found("names in .invalid never exist"));
    }
    match timeout_at(deadline, lookup_host((host, endpoint.port))).await {
        Err(_) => Err(ConnectError::ResolveTimeout { host: host.to_owned() }),
        Ok(Err(error)) => Err(lookup_error(host, &error)),
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.take(ADDRESSES).collect();
            if addresses.is_empty() { Err(not_found("it has no address")) } else { Ok(addresses) }
        }
    }
}

/// The resolver's code does not survive the standard library, only its text does; the text is always in English,
/// because this process never sets a locale.
fn lookup_error(host: &str, error: &io::Error) -> ConnectError {
    let text = error.to_string();
    let reason = text.rsplit(": ").next().unwrap_or(&text).to_owned();
    let host = host.to_owned();
    if reason.contains("Temporary failure") {
        ConnectError::NameLookupFailed { host, reason }
    } else {
        ConnectError::NameNotFound { host, reason }
    }
}

/// Tries the addresses in turn; each gets its share of the time that is left. The most telling failure is reported.
pub(crate) async fn dial(addresses: &[SocketAddr], deadline: Instant) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let mut failures = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len().saturating_sub(index)).unwrap_or(1).max(1);
        match attempt(*address, share).await {
            Ok(tcp) => return Ok((tcp, *address)),
            Err(failure) => failures.push(failure),
        }
    }
    let names = addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ");
    Err(most_telling(failures, names))
}

async fn attempt(address: SocketAddr, share: Duration) -> Result<TcpStream, io::Error> {
    match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
        Ok(result) => result,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A host that refuses is there; one that is silent may be; one without a route is known only to this computer.
fn most_telling(failures: Vec<io::Error>, address: String) -> ConnectError {
    let rank = |error: &io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => 0,
        io::ErrorKind::TimedOut => 1,
        io::ErrorKind::HostUnreachable => 2,
        io::ErrorKind::NetworkUnreachable => 3,
        _ => 4,
    };
    let Some(error) = failures.into_iter().min_by_key(rank) else {
        return ConnectError::ConnectTimeout { address };
    };
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::ConnectionRefused { address },
        io::ErrorKind::TimedOut => ConnectError::ConnectTimeout { address },
        io::ErrorKind::HostUnreachable => ConnectError::HostUnreachable { address, reason: error.to_string() },
        io::ErrorKind::NetworkUnreachable => ConnectError::NetworkUnreachable { address },
        _ => ConnectError::ConnectFailed { address, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_failure_wins() {
        let of = |kinds: &[io::ErrorKind]| {
            most_telling(kinds.iter().map(|kind| io::Error::from(*kind)).collect(), String::new()).code()
        };
        use io::ErrorKind::*;
        assert_eq!(of(&[NetworkUnreachable, ConnectionRefused]), "connection_refused");
        assert_eq!(of(&[ConnectionRefused, NetworkUnreachable]), "connection_refused");
        assert_eq!(of(&[NetworkUnreachable, TimedOut]), "connect_timeout");
        assert_eq!(of(&[NetworkUnreachable]), "network_unreachable");
        assert_eq!(of(&[HostUnreachable]), "host_unreachable");
        assert_eq!(of(&[PermissionDenied]), "connect_failed");
        assert_eq!(of(&[]), "connect_timeout");
    }

    #[tokio::test]
    async fn the_addresses_of_a_name_are_tried_in_turn() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = |last: u8| SocketAddr::from(([127, 0, 0, last], good.port()));
        let far = Instant::now() + Duration::from_secs(60);
        let (_, reached) = dial(&[closed(2), closed(3), good, closed(4)], far).await.unwrap();
        assert_eq!(reached, good);
        let error = dial(&[closed(2), closed(3)], far).await.unwrap_err();
        assert_eq!(error.code(), "connection_refused");
        assert!(error.to_string().contains("127.0.0.2") && error.to_string().contains("127.0.0.3"), "{error}");
    }

    #[tokio::test]
    async fn an_address_is_not_looked_up_and_a_name_may_have_blanks_around_it() {
        let of = async |host: &str| {
            let endpoint = Endpoint { host: host.into(), port: 22, user: "ops".into() };
            resolve(&endpoint, Instant::now() + Duration::from_secs(60)).await.unwrap()
        };
        assert_eq!(of("::1").await, [SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 22))]);
        assert_eq!(of(" 192.0.2.7 ").await, [SocketAddr::from(([192, 0, 2, 7], 22))]);
    }

    #[test]
    fn a_resolver_that_cannot_say_is_told_from_one_that_says_no() {
        let said = |text: &str| lookup_error("web", &io::Error::other(text)).code();
        assert_eq!(
            said("failed to lookup address information: Temporary failure in name resolution"),
            "name_lookup_failed"
        );
        assert_eq!(said("failed to lookup address information: Name or service not known"), "name_not_found");
    }
}
