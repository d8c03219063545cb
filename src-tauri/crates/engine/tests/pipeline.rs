//! The whole line against a real sshd: add, trust, collect, alert, remember.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::alert::{Alert, AlertState, RuleKind};
use hostrounds_core::collection::{CollectionState, Stage};
use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::probe::Family;
use hostrounds_core::server::{Hop, Login, SecretSlot, ServerDraft, ServerId, Thresholds};
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::view::{Latest, SecretChange, SecretEdit, ServerForm, ServerState, Settings, StepOutcome};
use hostrounds_engine::api::{ErrorCode, Event};
use hostrounds_testbed::{KeyType, Sshd, SshdConfig};
use support::*;

fn alert_of(rule: RuleKind, state: AlertState) -> impl FnMut(Event) -> Option<Alert> {
    move |event| match event {
        Event::Alert { alert } if alert.rule == rule && alert.state == state => Some(alert),
        _ => None,
    }
}

#[tokio::test]
async fn a_server_is_added_trusted_collected_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let id = hostrounds.add_server(form(draft(&sshd))).await.unwrap().server.id;

    // Nobody has accepted its key, so it is refused, and no further try is made.
    let view = event(&mut events, |event| match event {
        Event::Server { view } if view.server.id == id && view.failure.is_some() => Some(view),
        _ => None,
    })
    .await;
    assert_eq!(view.state, ServerState::Unreachable);
    assert_eq!(view.failure.unwrap().code, "host_key_unknown");

    // A person accepts it, and the server is visited at once.
    let report = hostrounds.test_saved_server("test".into(), id).await.unwrap();
    let offer = report.host_key.expect("the test offers the key");
    assert_eq!(offer.fingerprint, sshd.fingerprint());
    hostrounds.accept_host_key(offer.id).await.unwrap();
    let latest = event(&mut events, |event| match event {
        Event::Latest { id: of, latest } if of == id => Some(latest),
        _ => None,
    })
    .await;
    for metric in [
        Metric::CpuUtilization,
        Metric::CpuCoreUtilization,
        Metric::Load1,
        Metric::MemoryUtilization,
        Metric::FilesystemUtilization,
        Metric::ProcessCount,
        Metric::ThreadCount,
        Metric::FileHandles,
        Metric::Uptime,
    ] {
        assert!(latest.points.iter().any(|point| point.series.metric == metric), "{metric}");
    }
    let processes = latest.processes.expect("the busiest processes");
    assert!(!processes.by_memory.is_empty());
    assert!(latest.facts.expect("facts").kernel.is_some());

    let collection = hostrounds.collections(Some(id), 1).await.unwrap().remove(0);
    assert_eq!(collection.state, CollectionState::Completed);
    let stages: Vec<Stage> = collection.stages.iter().map(|stage| stage.stage).collect();
    for stage in
        [Stage::Resolve, Stage::Connect, Stage::KeyExchange, Stage::HostKey, Stage::Login, Stage::Shell, Stage::Probe]
    {
        assert!(stages.contains(&stage), "{stage:?} in {stages:?}");
    }
    hostrounds.shutdown().await;

    // After a restart the history is there, and what is fresh is not called unknown.
    let again = open(folder.path()).await;
    let view = again.server_named("WEB").unwrap();
    assert_eq!(view.state, ServerState::Up);
    assert_eq!(
        view.summary.unwrap().memory,
        latest.points.iter().find(|p| p.series.metric == Metric::MemoryUtilization).map(|p| p.value)
    );
    let query = HistoryQuery {
        server: id,
        metric: Metric::MemoryUtilization,
        attributes: Attributes::none(),
        from: latest.at,
        to: latest.at.plus(Duration::from_millis(1)),
        max_points: 10,
    };
    let history = again.history(query).await.unwrap();
    assert_eq!(history[0].buckets[0].start, latest.at);
    again.shutdown().await;
}

#[tokio::test]
async fn one_login_serves_many_collections_and_a_restarted_sshd_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let id = trusted(&hostrounds, &sshd).await;
    let logins = |sshd: &Sshd| sshd.log().matches("Accepted publickey").count();
    for _ in 0..3 {
        let (collection, observation) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
        assert!(observation.unwrap().value(Metric::CpuUtilization, &Attributes::none()).is_some());
    }
    assert_eq!(logins(&sshd), 1, "{}", sshd.log());

    sshd.stop().await;
    sshd.restart().await.unwrap();
    let (collection, _) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_crossed_threshold_fires_once_and_is_resolved_once() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    let id = trusted(&hostrounds, &sshd).await;
    let low = ServerDraft {
        thresholds: Thresholds { cpu: None, memory: Some(1.0), disk: None, disk_full_in: None },
        ..draft(&sshd)
    };
    hostrounds.update_server(id, form(low)).await.unwrap();
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    let fired = event(&mut events, alert_of(RuleKind::Memory, AlertState::Firing)).await;
    assert_eq!(fired.threshold, Some(0.01));
    assert_eq!(hostrounds.alerts(Some(id), 10).await.unwrap().len(), 1, "it fires once");
    assert_eq!(hostrounds.server_named("web").unwrap().firing, 1);

    let high = ServerDraft {
        thresholds: Thresholds { cpu: None, memory: Some(100.0), disk: None, disk_full_in: None },
        ..draft(&sshd)
    };
    hostrounds.update_server(id, form(high)).await.unwrap();
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    let resolved = event(&mut events, alert_of(RuleKind::Memory, AlertState::Resolved)).await;
    assert_eq!(resolved.id, fired.id);
    assert!(resolved.resolution.unwrap().contains("memory back at"));
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(hostrounds.alerts(Some(id), 10).await.unwrap().len(), 1, "it is resolved once");
    let log: Vec<String> =
        hostrounds.activity(Some(id), None, 100).await.unwrap().into_iter().map(|entry| entry.message).collect();
    assert_eq!(log.iter().filter(|message| message.contains("memory at")).count(), 1, "{log:?}");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn an_unreachable_server_alerts_after_all_tries_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    let id = trusted(&hostrounds, &sshd).await;
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    sshd.stop().await;

    let (collection, _) = hostrounds.collect_and_wait(id, 1).await.unwrap();
    let failure = collection.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.stage), ("connection_refused", Stage::Connect));
    assert!(!failure.hint.is_empty());
    assert!(hostrounds.firing().await.unwrap().is_empty(), "one try is no verdict");

    let (collection, _) = hostrounds.collect_and_wait(id, 3).await.unwrap();
    assert_eq!((collection.state, collection.attempts), (CollectionState::Failed, 3));
    event(&mut events, alert_of(RuleKind::Unreachable, AlertState::Firing)).await;
    assert_eq!(hostrounds.server_named("web").unwrap().state, ServerState::Unreachable);

    sshd.restart().await.unwrap();
    hostrounds.retry(collection.id).await.unwrap();
    event(&mut events, alert_of(RuleKind::Unreachable, AlertState::Resolved)).await;
    assert_eq!(hostrounds.server_named("web").unwrap().state, ServerState::Up);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_changed_host_key_is_refused_until_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let id = trusted(&hostrounds, &sshd).await;
    sshd.stop().await;
    sshd.restart_with_new_host_keys().await.unwrap();
    let check = hostrounds.host_key(id).await.unwrap();
    assert_eq!(check.failure.unwrap().code, "host_key_changed");
    let offer = check.offer.unwrap();
    assert_eq!((offer.fingerprint.as_str(), offer.replaces.len()), (sshd.fingerprint(), 1));
    assert_eq!(hostrounds.accept_host_key(offer.id.clone()).await.unwrap_err().code, ErrorCode::HostKeyChanged);
    let (collection, _) = hostrounds.collect_and_wait(id, 3).await.unwrap();
    assert_eq!(collection.attempts, 1, "trying again cannot help");
    assert_eq!(collection.failure.unwrap().code, "host_key_changed");

    hostrounds.replace_host_key(offer.id).await.unwrap();
    let (collection, _) = hostrounds.collect_and_wait(id, 3).await.unwrap();
    assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
    let log = hostrounds.activity(None, None, 100).await.unwrap();
    assert!(
        log.iter()
            .any(|entry| entry.kind == ActivityKind::HostKeyReplaced && entry.message.contains(sshd.fingerprint()))
    );
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_test_names_every_step_and_where_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let id = trusted(&hostrounds, &sshd).await;
    let report = hostrounds.test_saved_server("good".into(), id).await.unwrap();
    assert_eq!(report.failure, None);
    let before_probes = [
        Stage::Credential,
        Stage::Resolve,
        Stage::Connect,
        Stage::KeyExchange,
        Stage::HostKey,
        Stage::Login,
        Stage::Shell,
    ];
    let stages: Vec<Stage> = report.steps.iter().map(|step| step.stage).collect();
    assert_eq!(stages[..7], before_probes);
    let families: BTreeSet<Family> = report.steps[7..].iter().map(|step| step.family.unwrap()).collect();
    assert_eq!(families, Family::ALL.iter().copied().collect());
    for step in &report.steps {
        let missing = report.unavailable.iter().find(|missing| Some(missing.family) == step.family);
        match missing {
            None => assert_eq!(step.outcome, StepOutcome::Passed, "{step:?}"),
            Some(missing) => assert_eq!(
                (step.outcome, step.detail.as_ref()),
                (StepOutcome::NotAvailable, Some(&missing.reason)),
                "what a machine does not have is no failure"
            ),
        }
        assert!(step.millis.is_some());
    }

    let mut keyless = draft(&sshd);
    hop(&mut keyless).logins = vec![Login::key("/nonexistent/key")];
    let report = hostrounds.test_server("keyless".into(), form(keyless), Some(id)).await.unwrap();
    let failure = report.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.stage), ("key_file_missing", Stage::Credential));
    assert_eq!(report.steps[0].outcome, StepOutcome::Failed);
    assert!(report.steps[1..].iter().all(|step| step.outcome == StepOutcome::NotReached));
    assert_eq!(report.steps.len(), 7 + Family::ALL.len());

    let mut wrong = draft(&sshd);
    hop(&mut wrong).user = "nobody-of-that-name".into();
    wrong.families_off = Family::ALL[1..].to_vec();
    let report = hostrounds.test_server("bad".into(), form(wrong), None).await.unwrap();
    assert_eq!(report.failure.unwrap().stage, Stage::Login);
    let outcomes: Vec<StepOutcome> = report.steps.iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes[5..], [StepOutcome::Failed, StepOutcome::NotReached, StepOutcome::NotReached]);

    let kept = hostrounds.connection_tests(id, 10).await.unwrap();
    assert_eq!(kept.len(), 1, "only what is saved was tested of the server");
    assert!(kept[0].report.failure.is_none() && kept[0].report.steps.len() == 7 + Family::ALL.len());
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn what_is_removed_is_gone_and_what_is_wrong_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let id = trusted(&hostrounds, &sshd).await;

    let mut wrong = draft(&sshd);
    wrong.name = "second".into();
    wrong.interval = 1;
    let error = hostrounds.add_server(form(wrong)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid);
    assert_eq!(error.fields[0].field, "interval");
    let mut twin = draft(&sshd);
    twin.name = "WEB".into();
    assert_eq!(hostrounds.add_server(form(twin)).await.unwrap_err().code, ErrorCode::NameTaken);
    assert_eq!(hostrounds.remove_server(ServerId::LOCAL).await.unwrap_err().code, ErrorCode::LocalServer);
    let too_many = Settings { concurrency: 65, ..hostrounds.settings() };
    assert_eq!(hostrounds.set_settings(too_many).await.unwrap_err().code, ErrorCode::Invalid);
    assert_eq!(hostrounds.servers().len(), 2);

    hostrounds.remove_server(id).await.unwrap();
    assert_eq!(hostrounds.servers().len(), 1);
    assert_eq!(hostrounds.collect(id).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(hostrounds.activity(Some(id), None, 1).await.unwrap()[0].message, "web was removed");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn this_computer_is_read_out_of_the_box() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();
    hostrounds.start_schedule().await.unwrap();
    let mut times = Vec::new();
    while times.len() < 2 {
        times.push(
            event(&mut events, |event| match event {
                Event::Latest { id: ServerId::LOCAL, latest } => Some(latest.at),
                _ => None,
            })
            .await,
        );
    }
    assert!(times[1] > times[0]);
    let latest = hostrounds.latest(ServerId::LOCAL).await.unwrap().unwrap();
    let has = |metric: Metric| latest.points.iter().any(|point| point.series.metric == metric);
    assert!(has(Metric::CpuUtilization) && has(Metric::MemoryUtilization) && has(Metric::FilesystemUtilization));
    // Families that ask programs come beside the rhythm, with a later reading.
    let tried = |latest: &Latest, family| {
        latest.read_at.contains_key(&family) || latest.unavailable.iter().any(|missing| missing.family == family)
    };
    event(&mut events, |event| match event {
        Event::Latest { id: ServerId::LOCAL, latest } => {
            (tried(&latest, Family::Tcp) && tried(&latest, Family::Units)).then_some(())
        }
        _ => None,
    })
    .await;
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn one_process_keeps_the_schedule_and_another_takes_it_over() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await;
    first.start_schedule().await.unwrap();
    let second = open(folder.path()).await;
    let mut events = second.events();
    assert_eq!(second.start_schedule().await.unwrap_err().code, ErrorCode::ScheduleHeld);
    assert!(second.snapshot().await.unwrap().schedule_held_elsewhere);

    // What the first one observes, the second one sees.
    event(&mut events, |event| matches!(event, Event::Latest { id: ServerId::LOCAL, .. }).then_some(())).await;
    assert_eq!(second.server_named("local").unwrap().state, ServerState::Up);
    assert!(second.collections(Some(ServerId::LOCAL), 10).await.unwrap().iter().all(|it| it.ended_at.is_some()));

    // And what it does.
    first.pause().await.unwrap();
    let (mut saw_log, mut saw_queue) = (false, false);
    event(&mut events, |event| {
        match event {
            Event::Missed => saw_log = true,
            Event::Queue { queue } => saw_queue |= queue.paused,
            _ => {}
        }
        (saw_log && saw_queue).then_some(())
    })
    .await;
    let onlooker = open(folder.path()).await;
    assert!(onlooker.queue().await.unwrap().paused, "also to a process that asked for no schedule");
    onlooker.shutdown().await;
    first.resume().await.unwrap();

    first.shutdown().await;
    event(&mut events, |event| match event {
        Event::Server { view } => view.next_visit.map(|_| ()),
        _ => None,
    })
    .await;
    assert!(!second.snapshot().await.unwrap().schedule_held_elsewhere);
    second.shutdown().await;
}

#[tokio::test]
async fn a_server_that_another_process_adds_is_visited() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let keeper = open(folder.path()).await;
    let mut events = keeper.events();
    keeper.start_schedule().await.unwrap();
    let other = open(folder.path()).await;
    let id = trusted(&other, &sshd).await;
    other.shutdown().await;
    let latest = event(&mut events, |event| match event {
        Event::Latest { id: of, latest } if of == id => Some(latest),
        _ => None,
    })
    .await;
    assert!(latest.at > UnixMillis(0));
    keeper.shutdown().await;
}

#[tokio::test]
async fn files_of_a_login_that_are_not_there_are_named_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let there = folder.path().join("there");
    std::fs::write(&there, "").unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let key =
        |name: &str, certificate: Option<&str>| Login::Key { path: path(name), certificate: certificate.map(path) };
    let agent = |key: &str, socket: Option<&str>| Login::Agent { key: Some(key.to_owned()), socket: socket.map(path) };
    let hop = |logins| Hop { host: "127.0.0.1".into(), port: 22, user: "ops".into(), logins };
    let jump = hop(vec![key("stick", None), agent("SHA256:abc", Some("there"))]);
    let server = hop(vec![key("there", Some("cert")), key("stick", None), agent(&path("id.pub"), Some("agent.sock"))]);
    let id = add(&hostrounds, draft_of(vec![jump], server)).await;
    let expected = [
        format!("The key file {} is missing.", path("stick")),
        format!("The certificate {} is missing.", path("cert")),
        format!("The public key {} is missing.", path("id.pub")),
        format!("The socket of the SSH agent {} is missing.", path("agent.sock")),
    ];
    assert_eq!(hostrounds.missing_files(id).await.unwrap(), expected);
    assert_eq!(hostrounds.missing_files(ServerId::LOCAL).await.unwrap(), [""; 0]);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn an_agent_takes_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let hostrounds = open(folder.path()).await;
    let mut with_agent = draft(&sshd);
    hop(&mut with_agent).logins = vec![Login::agent()];
    let change = SecretChange::Set { value: "secret".into() };
    let slot = SecretSlot::Password { jump: None };
    let form = ServerForm { draft: with_agent, secrets: vec![SecretEdit { slot, change }] };
    let error = hostrounds.add_server(form).await.unwrap_err();
    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::Invalid, "secrets"));
    assert_eq!(hostrounds.servers().len(), 1);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_further_host_key_that_a_server_proves_to_hold_is_learned_and_logged_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = SshdConfig { host_keys: vec![KeyType::Ed25519, KeyType::Ecdsa], ..SshdConfig::default() };
    let sshd = Sshd::start(config).await.unwrap();
    trust(folder.path(), &sshd.known_hosts_lines().iter().take(1).map(String::as_str).collect::<Vec<_>>());
    let hostrounds = open(folder.path()).await;
    let id = add(&hostrounds, draft(&sshd)).await;
    for _ in 0..3 {
        let (collection, _) = hostrounds.collect_and_wait(id, 1).await.unwrap();
        assert_eq!(collection.state, CollectionState::Completed, "{:?}", collection.failure);
    }
    assert_eq!(logged(&hostrounds, ActivityKind::HostKeyLearned).await, 1);
    let own = std::fs::read_to_string(folder.path().join("data/known_hosts")).unwrap();
    assert!(own.contains("ecdsa-sha2-nistp256"), "{own}");
    hostrounds.shutdown().await;
}
