//! What the history takes is printed, and nothing of it is given up unasked.

use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation, Point, Series};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store};
use jiff::Timestamp;

use crate::program::Program;
use crate::questions::at_a_terminal;

const HOUR: i64 = 3_600_000;

/// A data directory with a collection of this computer in each of the last 1200 hours.
async fn with_history() -> Program {
    let program = Program::new();
    std::fs::create_dir_all(program.data_dir()).unwrap();
    let store = Store::open(&program.data_dir().join("hostrounds.db")).await.unwrap();
    let now = Timestamp::now().as_millisecond();
    for hour in (0..1200).rev() {
        let at = UnixMillis(now - hour * HOUR - HOUR / 2);
        let collection = Collection {
            id: CollectionId(at.0 * 1000),
            server: ServerId::LOCAL,
            trigger: Trigger::Schedule,
            state: CollectionState::Completed,
            queued_at: at,
            started_at: Some(at),
            ended_at: Some(at),
            retry_at: None,
            attempts: 1,
            max_attempts: 3,
            stages: vec![],
            failure: None,
            points: 1,
        };
        let series = Series { metric: Metric::CpuUtilization, attributes: Attributes::none() };
        let observation = Observation { points: vec![Point { series, value: hour as f64 }], ..Observation::empty(at) };
        let record = Record { collection: &collection, observation: Some(&observation), spent: None };
        store.record(&[record]).await.unwrap();
    }
    while store.seal(ServerId::LOCAL).await.unwrap() {}
    while store.sweep().await.unwrap() {}
    store.close().await;
    program
}

async fn days_kept(program: &Program) -> serde_json::Value {
    program.run(&["--json", "storage"]).await.done().json()["retention"]["days"].clone()
}

#[tokio::test]
async fn a_new_directory_says_what_is_usual() {
    let program = Program::new();
    let page = program.run(&["storage"]).await.done().out;
    let lines: Vec<&str> = page.lines().collect();
    assert!(lines[0].starts_with("File          ") && lines[1].starts_with("Log           "), "{page}");
    assert_eq!(
        lines[2..],
        [
            "Growth        not known yet: that takes a day of history",
            "Kept          for 730 days",
            "Pointed out   from 2 GiB on",
            "",
            "SERVER  TAKES  COLLECTIONS  SINCE  KEPT",
            "local     0 B            0         730 days",
        ]
    );
    let json = program.run(&["--json", "storage"]).await.done().json();
    assert!(json["file"].as_u64().unwrap() > 0 && json["growth"].is_null(), "{json}");
    assert_eq!(json["servers"][0]["server"], 0);
    assert_eq!(json["retention"], serde_json::json!({ "days": 730, "bytes": null, "warnBytes": 2_147_483_648_u64 }));
}

#[tokio::test]
async fn what_goes_is_shown_and_asked_for() {
    let program = with_history().await;
    let storage = program.run(&["--json", "storage"]).await.done().json();
    assert_eq!(storage["servers"][0]["collections"], 1200);
    let page = program.run(&["storage"]).await.done().out;
    assert!(page.contains(" a day at present, about "), "{page}");

    // Only looked at.
    let keep = ["storage", "keep", "--days", "10"];
    let shown = program.run(&[&keep[..], &["--dry-run"]].concat()).await.done().out;
    assert!(shown.contains("local") && shown.contains("Nothing was changed."), "{shown}");
    let json = program.run(&[&["--json"], &keep[..], &["--dry-run"]].concat()).await.done().json();
    let goes = &json["preview"]["servers"][0];
    assert_eq!((goes["server"].as_u64(), json["saved"].as_bool()), (Some(0), Some(false)));
    let collections = goes["expired"]["collections"].as_u64().unwrap();
    assert!(collections > 100 && collections <= 960, "{json}");
    assert!(shown.contains(&format!("{collections} collections in all")), "{shown}");

    // Asked for, where somebody can answer.
    program.run(&keep).await.refused(2, &["no terminal", "--yes"]);
    let (shown, code) = at_a_terminal(&program, &keep, &[("Type `yes`:", "no")]).await;
    assert!(code == 2 && shown.contains("collections in all") && shown.contains("Nothing was changed."), "{shown}");
    assert_eq!(days_kept(&program).await, 730);
    let (shown, code) = at_a_terminal(&program, &keep, &[("Type `yes`:", "yes")]).await;
    assert!(code == 0 && shown.contains("The history is kept for 10 days."), "{shown}");
    assert_eq!(days_kept(&program).await, 10);

    // Nothing more goes by these, so nobody is asked.
    let wide = ["storage", "keep", "--days", "forever", "--size", "5GiB", "--warn", "never"];
    let said = program.run(&wide).await.done().out;
    assert!(said.contains("Nothing that is there goes.") && said.contains("kept up to 5 GiB."), "{said}");
    let json = program.run(&["--json", "storage"]).await.done().json();
    assert_eq!(json["retention"], serde_json::json!({ "days": null, "bytes": 5_368_709_120_u64, "warnBytes": null }));

    // One server.
    let one = ["--json", "storage", "keep", "--server", "LOCAL", "--days", "10", "--yes"];
    let json = program.run(&one).await.done().json();
    assert_eq!(json["saved"], true);
    assert_eq!((json["days"].as_u64(), json["server"].as_u64()), (Some(10), Some(0)));
    assert_eq!(json["preview"]["servers"][0]["expired"]["collections"], collections);
    let page = program.run(&["storage"]).await.done().out;
    assert!(page.contains("10 days, its own"), "{page}");
    let said = program.run(&["storage", "keep", "--server", "local", "--days", "default"]).await.done().out;
    assert!(said.contains("as that of the others: up to 5 GiB"), "{said}");
    let page = program.run(&["storage"]).await.done().out;
    assert!(page.contains("forever"), "{page}");
    let log = program.run(&["activity"]).await.done().out;
    for line in [
        "the history is kept for 10 days",
        "the history is kept up to 5 GiB",
        "The history of local is kept for 10 days",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
}
