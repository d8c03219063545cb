//! What a hostile server can make us hold: at most 64 MiB, however much it sends.
//!
//! Each server is met by a process of its own (this test again, with the server's address in its environment), so that
//! its memory is that of the client alone.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::env;
use std::process::Stdio;
use std::time::Duration;

use common::{Hosts, endpoint, patient};
use hostrounds_ssh::{Credential, Deadlines, Hop, Limits, Route, connect};
use hostrounds_testbed::{MisbehavingServer, Misbehaviour};
use rstest::rstest;
use tokio::process::Command;

/// KiB that a server may cost.
const BOUND: u64 = 64 * 1024;
/// How long the server may send as much as it can.
const FLOOD: Duration = Duration::from_secs(2);
/// Where the process that is measured finds its server, and the line of known hosts.
const SERVER: &str = "HOSTROUNDS_TEST_SERVER";

#[rstest]
#[case(Misbehaviour::EndlessBanner)]
#[case(Misbehaviour::EndlessLine)]
#[case(Misbehaviour::HugePacket)]
#[case(Misbehaviour::HugeSealedPacket)]
#[case(Misbehaviour::EndlessLoginBanner)]
#[case(Misbehaviour::EndlessRefusals)]
#[case(Misbehaviour::OpensChannels)]
#[case(Misbehaviour::AsksForReplies)]
#[case(Misbehaviour::EndlessNoise)]
#[case(Misbehaviour::EndlessAnswer)]
#[case(Misbehaviour::EndlessErrors)]
#[tokio::test]
async fn memory_is_bounded(#[case] misbehaviour: Misbehaviour) {
    let server = MisbehavingServer::start(misbehaviour).await.unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_measured", "--nocapture"])
        .env(SERVER, format!("{} {}", server.port(), server.known_hosts_line()))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let grown: u64 = said.split("grown by ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(grown <= BOUND, "{said}");
}

/// Does nothing unless it is told of a server.
#[tokio::test]
async fn the_process_that_is_measured() {
    let Ok(server) = env::var(SERVER) else { return };
    let (port, line) = server.split_once(' ').unwrap();
    let hosts = Hosts::with(&[line]);
    let hop = Hop::new(endpoint(port.parse().unwrap(), "ops"), Credential::Password("let me in".into()));
    let deadlines = Deadlines { login: 2 * FLOOD, shell: FLOOD, ..patient() };
    let before = memory("VmRSS:");
    let connected = connect(&Route::direct(hop), &hosts.known, &deadlines, None, &mut |_| {}).await;
    let ended = match connected {
        Err(error) => error.error.code(),
        Ok(session) => match session.shell("").await {
            Err(error) => error.code(),
            Ok(mut shell) => {
                let first = shell.ask("echo", Limits { deadline: FLOOD, max_bytes: 1 << 20 }).await;
                // What comes after the answer was given up is thrown away.
                tokio::time::sleep(FLOOD).await;
                first.map_or_else(|error| error.code(), |_| "no error")
            }
        },
    };
    println!("{ended}, grown by {} KiB", memory("VmHWM:").saturating_sub(before));
}

/// KiB, from `/proc/self/status`.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
