//! What several tests need: an engine on a folder of its own, servers that are known to it, and its events.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "not every test file uses everything; a test may fail loudly"
)]

use std::path::Path;
use std::time::Duration;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::{Hop, Login, ServerDraft, ServerId, SshTarget, Target, Thresholds};
use hostrounds_engine::api::view::{ServerForm, ServerView};
use hostrounds_engine::api::{Event, EventStream, Hostrounds, Options};
use hostrounds_testbed::Sshd;
use tempfile::TempDir;

/// Longer than anything here may take; it only ends a test that would hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub async fn open(folder: &Path) -> Hostrounds {
    Hostrounds::open(Options { data_dir: folder.join("data"), notify: false }).await.unwrap()
}

/// Writes lines into the application's own file of known hosts.
pub fn trust(folder: &Path, lines: &[&str]) {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.join("data/known_hosts"), lines).unwrap();
}

/// An engine on a folder of its own that knows the host key in this line.
pub async fn open_knowing(host_key: &str) -> (TempDir, Hostrounds) {
    let folder = tempfile::tempdir().unwrap();
    trust(folder.path(), &[host_key]);
    let hostrounds = open(folder.path()).await;
    (folder, hostrounds)
}

/// The same, with the server in it: see [`draft`].
pub async fn open_with(sshd: &Sshd) -> (TempDir, Hostrounds, ServerId) {
    let (folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let id = add(&hostrounds, draft(sshd)).await;
    (folder, hostrounds, id)
}

pub fn hop_of(sshd: &Sshd) -> Hop {
    Hop {
        host: sshd.host().into(),
        port: sshd.port(),
        user: sshd.user().into(),
        logins: vec![Login::key(sshd.key().display().to_string())],
    }
}

/// A server named `web` behind these hosts, visited once an hour, without alerts.
pub fn draft_of(jumps: Vec<Hop>, hop: Hop) -> ServerDraft {
    ServerDraft {
        name: "web".into(),
        target: Target::Ssh(SshTarget { hop, jumps }),
        enabled: true,
        interval: 3600,
        thresholds: Thresholds { cpu: None, memory: None, disk: None, disk_full_in: None },
        families_off: vec![],
        environment: None,
        tags: vec![],
    }
}

pub fn draft(sshd: &Sshd) -> ServerDraft {
    draft_of(vec![], hop_of(sshd))
}

pub fn hop(draft: &mut ServerDraft) -> &mut Hop {
    match &mut draft.target {
        Target::Ssh(ssh) => &mut ssh.hop,
        Target::Local => panic!("a server over SSH"),
    }
}

pub fn form(draft: ServerDraft) -> ServerForm {
    ServerForm { draft, secrets: vec![] }
}

pub async fn add(hostrounds: &Hostrounds, draft: ServerDraft) -> ServerId {
    hostrounds.add_server(form(draft)).await.unwrap().server.id
}

/// A server whose host key was looked at and accepted.
pub async fn trusted(hostrounds: &Hostrounds, sshd: &Sshd) -> ServerId {
    let id = add(hostrounds, draft(sshd)).await;
    let offer = hostrounds.host_key(id).await.unwrap().offer.expect("an unknown key is offered");
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    hostrounds.accept_host_key(offer.id).await.unwrap();
    id
}

/// The first event in which something is found.
pub async fn event<T>(events: &mut EventStream, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = wanted(events.next().await.expect("the engine runs")) {
                return found;
            }
        }
    })
    .await
    .expect("the event comes")
}

/// The first view of a server that is as it should be.
pub async fn view(events: &mut EventStream, id: ServerId, is_it: impl Fn(&ServerView) -> bool) -> ServerView {
    event(events, |event| match event {
        Event::Server { view } if view.server.id == id && is_it(&view) => Some(*view),
        _ => None,
    })
    .await
}

/// How often something stands in the activity log.
pub async fn logged(hostrounds: &Hostrounds, kind: ActivityKind) -> usize {
    hostrounds.activity(None, None, 1000).await.unwrap().iter().filter(|entry| entry.kind == kind).count()
}

/// Waits until a server says something in its log.
pub async fn log_of(sshd: &Sshd, wanted: impl Fn(&str) -> bool) {
    let waiting = async {
        while !wanted(&sshd.log()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{}", sshd.log());
}
