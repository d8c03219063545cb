//! Commands that stay: `watch` and `run`.

use hostrounds_testbed::{Sshd, SshdConfig};
use rustix::process::Signal;
use serde_json::Value;

use crate::over_ssh::add_trusted;
use crate::program::Program;

#[tokio::test]
async fn this_computer_moves_in_the_terminal_until_a_signal() {
    let program = Program::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut watch = program.start(&["watch"]);
        let [first, second] = [watch.line().await, watch.line().await];
        assert!(first.contains(" local  cpu ") && first.contains("memory "), "{first}");
        assert_ne!(first, second);
        let ended = watch.end_with(signal).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    }
    let history = program.run(&["--json", "history", "local", "--metric", "system.uptime"]).await.done().json();
    assert!(history["series"][0]["buckets"].as_array().unwrap().len() >= 4, "{history}");
}

#[tokio::test]
async fn watching_as_json_is_a_line_of_values_per_sample() {
    let program = Program::new();
    let mut watch = program.start(&["--json", "watch", "local"]);
    let latest: Value = serde_json::from_str(&watch.line().await).unwrap();
    assert!(latest["at"].is_i64());
    assert!(latest["points"].as_array().unwrap().iter().any(|point| point["metric"] == "system.cpu.utilization"));
    assert_eq!(watch.end_with(Signal::TERM).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_server_that_goes_away_is_told_and_comes_back() {
    let program = Program::new();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;
    let mut watch = program.start(&["watch", "web"]);
    watch.line_with(" web  cpu ").await;
    sshd.stop().await;
    let told = watch.error().await;
    assert!(told.contains("web failed at the "), "{told}");
    sshd.restart().await.unwrap();
    watch.line_with(" web  cpu ").await;
    assert_eq!(watch.end_with(Signal::TERM).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_only_a_person_can_mend_ends_the_watch() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let port = sshd.port().to_string();
    let key = sshd.key().to_str().unwrap();
    let add = ["server", "add", "web", "--host", sshd.host(), "--port", &port, "--user", sshd.user(), "--key", key];
    program.run(&add).await.done();
    program.run(&["watch", "web"]).await.refused(1, &["not known", "hostrounds server trust web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_runs_without_a_window_and_ends_with_a_signal() {
    let program = Program::new();
    let mut sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    add_trusted(&program, &sshd, "web").await;

    let mut run = program.start(&["run"]);
    let line = run.line_with(" web completed in ").await;
    assert!(line.ends_with(" values"), "{line}");
    program.run(&["run"]).await.refused(2, &["Another Hostrounds process", "--data-dir"]);

    sshd.stop().await;
    let line = run.line_with(" web failed at connect: ").await;
    assert!(line.contains("refuses connections"), "{line}");
    sshd.restart().await.unwrap();
    run.line_with(" web completed in ").await;
    let ended = run.end_with(Signal::TERM).await;
    assert_eq!(ended.code, 0, "{ended:?}");

    let earlier = program.run(&["--json", "queue"]).await.done().json();
    let earlier: Vec<&Value> =
        earlier["collections"].as_array().unwrap().iter().map(|collection| &collection["id"]).collect();
    let mut again = program.start(&["--json", "run"]);
    let line = again.line_with(r#""type":"collection""#).await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((line["name"].as_str(), line["collection"]["state"].as_str()), (Some("web"), Some("completed")));
    assert!(!earlier.contains(&&line["collection"]["id"]), "an earlier run's collection is told again");
    assert_eq!(again.end_with(Signal::INT).await.code, 0);
}
