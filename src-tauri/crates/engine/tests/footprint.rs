//! What servers are made to spend is counted, kept and held against a budget.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod support;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::footprint::{Budget, Footprint};
use hostrounds_core::server::{Login, ServerId};
use hostrounds_engine::api::view::Settings;
use hostrounds_engine::api::{ErrorCode, Hostrounds};
use hostrounds_testbed::{ClientKey, Sshd, SshdConfig};
use support::*;

async fn today(hostrounds: &Hostrounds, id: ServerId) -> Footprint {
    hostrounds.footprint(id, 1).await.unwrap().days.first().map(|day| day.footprint).unwrap_or_default()
}

#[tokio::test]
async fn what_a_session_spends_is_counted_once_and_survives_a_restart() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (folder, hostrounds, id) = open_with(&sshd).await;
    assert_eq!(today(&hostrounds, id).await, Footprint::default());
    for _ in 0..2 {
        hostrounds.collect_and_wait(id, 1).await.unwrap();
    }
    let spent = today(&hostrounds, id).await;
    assert_eq!((spent.logins, spent.channels, spent.collections), (1, 4, 2), "a shell for each lane");
    assert!(spent.received > 1000 && spent.sent > 1000 && spent.cpu > 0.0, "{spent:?}");

    // A connection test logs in by itself, and is no collection.
    hostrounds.test_saved_server("t".into(), id).await.unwrap();
    let tested = today(&hostrounds, id).await;
    assert_eq!((tested.logins, tested.channels, tested.collections), (2, 8, 2));
    assert!(tested.received > spent.received);
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    hostrounds.shutdown().await;

    let again = open(folder.path()).await;
    let kept = today(&again, id).await;
    assert_eq!((kept.logins, kept.collections), (2, 3), "what stood in memory was kept at the end");
    assert_eq!(today(&again, ServerId::LOCAL).await, Footprint::default(), "this computer is no server");
    again.shutdown().await;
}

#[tokio::test]
async fn a_login_that_fails_costs_too() {
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (_folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let mut draft = draft(&sshd);
    draft.enabled = false;
    let stranger = sshd.stranger(ClientKey::Ed25519).await.unwrap();
    hop(&mut draft).logins = vec![Login::key(stranger.display().to_string())];
    let id = add(&hostrounds, draft).await;
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    let refused = today(&hostrounds, id).await;
    assert_eq!((refused.logins, refused.channels, refused.collections), (1, 0, 0));
    assert!(refused.received > 500 && refused.sent > 500, "{refused:?}");
    hostrounds.test_saved_server("t".into(), id).await.unwrap();
    assert_eq!(today(&hostrounds, id).await.logins, 2);
    hostrounds.host_key(id).await.unwrap();
    assert_eq!(today(&hostrounds, id).await.logins, 2, "nobody logs in to see a key");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_budget_that_is_exceeded_is_told_once_a_day() {
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (folder, hostrounds) = open_knowing(sshd.known_hosts_line()).await;
    let wrong = Budget { cpu: Some(f64::NAN), ..Budget::default() };
    let error = hostrounds.set_settings(Settings { budget: wrong, ..hostrounds.settings() }).await.unwrap_err();
    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::Invalid, "budget.cpu"));
    let tight = Budget { logins: Some(0), bytes: None, cpu: None };
    hostrounds.set_settings(Settings { budget: tight, ..hostrounds.settings() }).await.unwrap();
    let id = add(&hostrounds, draft(&sshd)).await;
    assert!(hostrounds.server_named("web").unwrap().over_budget.is_empty());
    for _ in 0..2 {
        hostrounds.collect_and_wait(id, 1).await.unwrap();
    }
    assert_eq!(hostrounds.server_named("web").unwrap().over_budget, ["1 login, budget 0"]);
    let report = hostrounds.footprint(id, 30).await.unwrap();
    assert_eq!((report.budget, report.over_budget.len()), (tight, 1));
    assert_eq!(logged(&hostrounds, ActivityKind::BudgetExceeded).await, 1);
    hostrounds.shutdown().await;

    let again = open(folder.path()).await;
    assert_eq!(again.settings().budget, tight);
    again.collect_and_wait(id, 1).await.unwrap();
    assert_eq!(logged(&again, ActivityKind::BudgetExceeded).await, 1, "also after a restart");
    again.set_settings(Settings { budget: Budget::default(), ..again.settings() }).await.unwrap();
    assert!(again.server_named("web").unwrap().over_budget.is_empty());
    again.shutdown().await;
}

#[tokio::test]
async fn start_up_files_that_cost_much_are_pointed_out() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done\n";
    let config = SshdConfig {
        login_shell: Some("/bin/bash".into()),
        home: Some(vec![(".bashrc".into(), busy.into())]),
        ..SshdConfig::default()
    };
    let sshd = Sshd::start(config).await.unwrap();
    let (_folder, hostrounds, id) = open_with(&sshd).await;
    hostrounds.collect_and_wait(id, 1).await.unwrap();
    let report = hostrounds.footprint(id, 1).await.unwrap();
    assert!(report.slow_start_up.is_some_and(|millis| millis > 50.0), "{report:?}");
    let spent = report.days[0].footprint;
    assert!(spent.cpu > spent.start_up, "{spent:?}");
    hostrounds.shutdown().await;
}
