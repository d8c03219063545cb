//! The whole engine with a fleet of 300 servers, for minutes: no visit may be missed, and memory has to stay flat.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hostrounds_core::probe::Family;
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId, SshTarget, Target, Thresholds};
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::view::ServerForm;
use hostrounds_engine::api::{Event, Hostrounds, Options};
use hostrounds_testbed::{Fleet, FleetMember, SshdConfig};
use tokio::runtime::Builder;

use crate::server::WITHOUT_START_UP_FILES;
use crate::{cpu, machine, memory};

const SERVERS: usize = 300;
/// In seconds.
const INTERVAL: u32 = 10;
/// A visit that comes later than this after the one before it was missed, in milliseconds.
const MISSED: u64 = 15_000;
/// What is not read: all these servers are this one machine, and each of them would go through the processes of all.
const LEFT_OUT: [Family; 8] = [
    Family::Processes,
    Family::Tcp,
    Family::Users,
    Family::Units,
    Family::Reboot,
    Family::Updates,
    Family::Containers,
    Family::Gpus,
];
/// How long the first visits of all may take.
const FIRST: Duration = Duration::from_secs(300);

pub(crate) fn run(time: Duration) -> Result<()> {
    machine::describe()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(watch(time))
}

async fn watch(time: Duration) -> Result<()> {
    let config = SshdConfig { lines: vec![WITHOUT_START_UP_FILES.to_owned()], ..SshdConfig::default() };
    let fleet = Fleet::start(SERVERS, &config).await?;
    let folder = tempfile::tempdir()?;
    let known: String = fleet.members().map(|member| member.known_hosts_line() + "\n").collect();
    fs::write(folder.path().join("known_hosts"), known)?;
    let engine = Hostrounds::open(Options { data_dir: folder.path().to_owned(), notify: false }).await?;
    for member in fleet.members() {
        engine.add_server(ServerForm { draft: draft(member), secrets: Vec::new() }).await?;
    }

    let mut visits = Visits::default();
    let mut events = engine.events();
    engine.start_schedule().await?;
    eprintln!("{SERVERS} servers are visited for the first time ...");
    let began = Instant::now();
    while visits.seen.len() < SERVERS {
        let left = FIRST.saturating_sub(began.elapsed());
        let event = tokio::time::timeout(left, events.next()).await.context("not all servers answered")?;
        visits.take(&event.context("the engine ended")?);
    }
    println!("All {SERVERS} servers were seen after {:.1} s.", began.elapsed().as_secs_f64());

    visits.forget();
    let (began, used) = (Instant::now(), cpu::own()?);
    let mut minute = 0;
    while began.elapsed() < time {
        let left = time.saturating_sub(began.elapsed());
        if let Ok(event) = tokio::time::timeout(left, events.next()).await {
            visits.take(&event.context("the engine ended")?);
        }
        if began.elapsed().as_secs() / 60 > minute {
            minute += 1;
            println!("{minute:3} min: {} visits, memory {:.1} MiB", visits.made, memory::own()? / 1024.0);
        }
    }
    let (took, used) = (began.elapsed().as_secs_f64(), (cpu::own()? - used).as_secs_f64());
    println!(
        "{} visits in {took:.0} s, longest from one to the next {:.1} s, {} failed, {} missed, {} lost by the watcher.",
        visits.made,
        visits.longest as f64 / 1000.0,
        visits.failed.len(),
        visits.missed,
        visits.lost
    );
    println!("Our CPU: {:.1} % of one, {:.2} ms a visit.", used / took * 100.0, used * 1000.0 / f64::from(visits.made));
    engine.shutdown().await;
    ensure!(visits.missed == 0 && visits.failed.is_empty(), "not every visit was made: {:?}", visits.failed);
    Ok(())
}

fn draft(member: FleetMember<'_>) -> ServerDraft {
    ServerDraft {
        name: format!("fleet-{}", member.port),
        target: Target::Ssh(SshTarget::direct(Hop {
            host: member.host().into(),
            port: member.port,
            user: member.user().into(),
            logins: vec![Login::key(member.key().display().to_string())],
        })),
        enabled: true,
        interval: INTERVAL,
        thresholds: Thresholds { cpu: None, memory: None, disk: None, disk_full_in: None },
        families_off: LEFT_OUT.to_vec(),
        environment: None,
        tags: Vec::new(),
    }
}

/// What was seen of the visits.
#[derive(Default)]
struct Visits {
    /// When each server was observed last.
    seen: HashMap<ServerId, UnixMillis>,
    made: u32,
    missed: u32,
    /// In milliseconds.
    longest: u64,
    /// Servers and why.
    failed: BTreeSet<String>,
    /// Events that came faster than they were looked at.
    lost: u32,
}

impl Visits {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Latest { id, latest } if *id != ServerId::LOCAL => {
                let apart = self.seen.insert(*id, latest.at).map_or(0, |before| latest.at.0.abs_diff(before.0));
                self.made += 1;
                self.missed += u32::from(apart > MISSED);
                self.longest = self.longest.max(apart);
            }
            Event::Server { view } => {
                self.failed
                    .extend(view.failure.as_ref().map(|failure| format!("{}: {}", view.server.name, failure.code)));
            }
            Event::Missed => self.lost += 1,
            _ => {}
        }
    }

    /// What comes before the time that counts. When each server was seen stays.
    fn forget(&mut self) {
        *self = Self { seen: std::mem::take(&mut self.seen), ..Self::default() };
    }
}
