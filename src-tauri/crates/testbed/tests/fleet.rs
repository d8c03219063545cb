//! The parts of the testbed that stand for many servers and for distant ones.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use hostrounds_testbed::{Fleet, SlowLine, Sshd, SshdConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn identification(port: u16) -> String {
    let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let mut bytes = [0; 8];
    tcp.read_exact(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn every_server_of_a_fleet_answers_on_a_port_of_its_own() {
    let fleet = Fleet::start(18, &SshdConfig::default()).await.unwrap();
    let ports: BTreeSet<u16> = fleet.members().map(|member| member.port).collect();
    assert_eq!(ports.len(), 18);
    for member in fleet.members() {
        assert_eq!(identification(member.port).await, "SSH-2.0-");
        assert!(member.known_hosts_line().starts_with(&format!("[127.0.0.1]:{} ssh-ed25519 ", member.port)));
    }
}

#[tokio::test]
async fn a_slow_line_carries_everything_and_the_end_but_late() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let far = tokio::spawn({
        let port = listener.local_addr().unwrap().port();
        let round_trip = Duration::from_millis(40);
        async move {
            let line = SlowLine::start(port, round_trip).await.unwrap();
            let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, line.port())).await.unwrap();
            let began = Instant::now();
            let sent: Vec<u8> = (0..500_000_u32).map(|number| (number % 251) as u8).collect();
            tcp.write_all(&sent).await.unwrap();
            tcp.shutdown().await.unwrap();
            let mut back = Vec::new();
            tcp.read_to_end(&mut back).await.unwrap();
            assert_eq!(back, sent);
            assert!(began.elapsed() >= round_trip, "nothing arrives before its time");
        }
    });
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut heard = Vec::new();
    tcp.read_to_end(&mut heard).await.unwrap();
    tcp.write_all(&heard).await.unwrap();
    tcp.shutdown().await.unwrap();
    far.await.unwrap();
}

#[tokio::test]
async fn a_slow_line_leads_to_a_real_server() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let line = SlowLine::start(sshd.port(), Duration::from_millis(2)).await.unwrap();
    assert_eq!(identification(line.port()).await, "SSH-2.0-");
}
