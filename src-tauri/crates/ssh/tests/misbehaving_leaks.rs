//! 200 rounds with servers that misbehave leave no task and no file descriptor behind.
//!
//! A file of its own, because file descriptors belong to the whole process; servers have a runtime of their own, because
//! their tasks are not ours.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::future::Future;
use std::time::Duration;

use common::{Hosts, endpoint};
use hostrounds_ssh::{Credential, Deadlines, Hop, Limits, Route, connect};
use hostrounds_testbed::{MisbehavingServer, Misbehaviour};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const ROUNDS: usize = 200;
/// Rounds that run side by side.
const AT_ONCE: usize = 20;
/// Ends a test that would otherwise hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// For servers from which nothing ever comes.
const MUTE: Deadlines = Deadlines { key_exchange: Duration::from_millis(50), ..PATIENT };
const PATIENT: Deadlines = Deadlines {
    resolve: PATIENCE,
    connect: PATIENCE,
    key_exchange: PATIENCE,
    login: PATIENCE,
    person: PATIENCE,
    shell: PATIENCE,
    keepalive: PATIENCE,
};
const BRIEF_SHELL: Deadlines = Deadlines { shell: Duration::from_millis(100), ..PATIENT };

const SERVERS: [(Misbehaviour, Deadlines); 9] = [
    (Misbehaviour::Silent, MUTE),
    (Misbehaviour::Dripping, MUTE),
    (Misbehaviour::HugePacket, MUTE),
    (Misbehaviour::OpensChannels, BRIEF_SHELL),
    (Misbehaviour::SilentChannel, BRIEF_SHELL),
    (Misbehaviour::HangsUpInAnswer, PATIENT),
    (Misbehaviour::EndlessAnswer, PATIENT),
    (Misbehaviour::Trickle, PATIENT),
    (Misbehaviour::NeverCloses, PATIENT),
];

#[test]
fn nothing_remains_of_two_hundred_rounds() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ours = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // What a runtime or a library opens once and keeps is no leak.
    rounds(&servers, &ours, Misbehaviour::Trickle, PATIENT, 1);
    let files_before = files();
    for (misbehaviour, deadlines) in SERVERS {
        rounds(&servers, &ours, misbehaviour, deadlines, ROUNDS);
        let files = || files() <= files_before;
        settle(&ours, files, &format!("{misbehaviour:?}: file descriptors are left over"));
    }
}

/// So many rounds with a new server, until every task of ours and of the server has ended.
fn rounds(servers: &Runtime, ours: &Runtime, misbehaviour: Misbehaviour, deadlines: Deadlines, count: usize) {
    let server = servers.block_on(MisbehavingServer::start(misbehaviour)).unwrap();
    let all = async {
        let mut running = JoinSet::new();
        for _ in 0..count {
            if running.len() == AT_ONCE {
                running.join_next().await.unwrap().unwrap();
            }
            running.spawn(round(server.port(), server.known_hosts_line().to_owned(), deadlines));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
    };
    ours.block_on(in_time(all, &format!("{misbehaviour:?}: the rounds do not end")));
    settle(ours, || tasks(ours) == 0, &format!("{misbehaviour:?}: tasks are left over"));
    drop(server);
    settle(ours, || tasks(servers) == 0, &format!("{misbehaviour:?}: the server does not end"));
}

/// Connects, asks and leaves, as far as the server lets it.
async fn round(port: u16, line: String, deadlines: Deadlines) {
    let hosts = Hosts::with(&[&line]);
    let hop = Hop::new(endpoint(port, "ops"), Credential::Password("let me in".into()));
    let route = Route::direct(hop);
    let Ok(session) = connect(&route, &hosts.known, &deadlines, None, &mut |_| {}).await else { return };
    if let Ok(mut shell) = session.shell("").await {
        let limits = Limits { deadline: Duration::from_millis(100), max_bytes: 10_000 };
        let _ = shell.ask("echo", limits).await;
    }
    session.close().await;
}

fn tasks(runtime: &Runtime) -> usize {
    runtime.metrics().num_alive_tasks()
}

fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What is dropped ends soon after; this waits for it.
fn settle(runtime: &Runtime, is_settled: impl Fn() -> bool, what: &str) {
    let settled = async {
        while !is_settled() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    runtime.block_on(in_time(settled, what));
}

async fn in_time<T>(work: impl Future<Output = T>, what: &str) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what}"))
}
