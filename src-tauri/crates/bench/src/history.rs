//! Our history, filled as the application fills it: tick by tick, sealed on the way.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId, SshTarget, Target, Thresholds};
use hostrounds_store::{Record, Store};
use tokio::runtime::Runtime;

use crate::samples::BEGIN;

/// After so many ticks everything is sealed that can be.
const SEAL_EVERY: usize = 16;
/// How many collections are kept in one transaction at most.
const BATCH: usize = 500;

pub(crate) struct History {
    pub(crate) store: Store,
    pub(crate) folder: PathBuf,
    pub(crate) servers: Vec<ServerId>,
}

impl History {
    /// A history of so many servers; the n-th observation of a tick is of the n-th server.
    pub(crate) fn fill(
        runtime: &Runtime,
        beside: &Path,
        servers: usize,
        ticks: impl Iterator<Item = Vec<Observation>>,
    ) -> Result<Self> {
        let folder = beside.join("ours");
        runtime.block_on(async {
            let store = Store::open(&folder.join("hostrounds.db")).await?;
            let servers = add_servers(&store, servers, 60).await?;
            let mut waiting = Vec::new();
            for (number, tick) in ticks.enumerate() {
                waiting.extend(servers.iter().copied().zip(tick));
                // A tick of many servers is one transaction, as are many ticks of one: only the time that it takes differs.
                if waiting.len() >= BATCH.min(servers.len() * SEAL_EVERY) || servers.len() > 1 {
                    keep(&store, &waiting).await?;
                    waiting.clear();
                }
                if number % SEAL_EVERY == SEAL_EVERY - 1 {
                    seal(&store, &servers).await?;
                }
            }
            keep(&store, &waiting).await?;
            seal(&store, &servers).await?;
            Ok(Self { store, folder, servers })
        })
    }

    pub(crate) fn close(self, runtime: &Runtime) {
        runtime.block_on(self.store.close());
    }
}

async fn seal(store: &Store, servers: &[ServerId]) -> Result<()> {
    for server in servers {
        while store.seal(*server).await? {}
    }
    while store.sweep().await? {}
    Ok(())
}

async fn keep(store: &Store, observations: &[(ServerId, Observation)]) -> Result<()> {
    // Only collections that have ended are kept themselves; here the values matter.
    let runs: Vec<Collection> =
        observations.iter().map(|(server, observation)| running(*server, observation)).collect();
    let records: Vec<Record<'_>> = runs
        .iter()
        .zip(observations)
        .map(|(collection, (_, observation))| Record { collection, observation: Some(observation), spent: None })
        .collect();
    store.record(&records).await?;
    Ok(())
}

fn running(server: ServerId, observation: &Observation) -> Collection {
    Collection {
        id: CollectionId(observation.at.0),
        server,
        trigger: Trigger::Schedule,
        state: CollectionState::Active,
        queued_at: observation.at,
        started_at: None,
        ended_at: None,
        retry_at: None,
        attempts: 1,
        max_attempts: 3,
        stages: Vec::new(),
        failure: None,
        points: 0,
    }
}

/// Servers that nobody visits.
pub(crate) async fn add_servers(store: &Store, count: usize, interval: u32) -> Result<Vec<ServerId>> {
    let mut servers = Vec::with_capacity(count);
    for number in 0..count {
        let draft = ServerDraft {
            name: format!("server {number}"),
            target: Target::Ssh(SshTarget::direct(Hop {
                host: "192.0.2.1".into(),
                port: 22,
                user: "ops".into(),
                logins: vec![Login::agent()],
            })),
            enabled: true,
            interval,
            thresholds: Thresholds::default(),
            families_off: Vec::new(),
            environment: None,
            tags: Vec::new(),
        };
        servers.push(store.add_server(&draft, BEGIN).await?.id);
    }
    Ok(servers)
}
