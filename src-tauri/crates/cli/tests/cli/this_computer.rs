//! This computer is a server from the start.

use std::process::Stdio;

use crate::program::Program;

#[tokio::test]
async fn a_collection_prints_and_keeps_the_values() {
    let program = Program::new();
    let page = program.run(&["collect"]).await.done().out;
    for word in ["local · ", "CPU ", "Load ", "Memory ", "Uptime ", "MOUNT", "INTERFACE", "MOST MEMORY"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains('\u{1b}'), "colours without a terminal: {page}");

    let again = program.run(&["--json", "collect", "local"]).await.done().json();
    let [collected] = again.as_array().unwrap().as_slice() else { panic!("{again}") };
    assert_eq!(collected["name"], "local");
    assert_eq!(collected["server"], 0);
    assert_eq!(collected["collection"]["state"], "completed");
    let points = collected["observation"]["points"].as_array().unwrap();
    let cpu = points.iter().find(|point| point["metric"] == "system.cpu.utilization").unwrap();
    assert!((0.0..=1.0).contains(&cpu["value"].as_f64().unwrap()), "{cpu}");

    let history = program.run(&["--json", "history", "local", "--metric", "system.uptime"]).await.done().json();
    let buckets = history["series"][0]["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 2, "both processes kept their values: {history}");
    assert_eq!(history["metric"]["unit"], "seconds");
    assert_eq!(buckets[1]["start"], collected["observation"]["at"]);

    let one = program
        .run(&["--json", "history", "local", "--metric", "system.uptime", "--max-points", "1", "--from", "-1h"])
        .await
        .done()
        .json();
    assert_eq!(one["series"][0]["buckets"].as_array().unwrap().len(), 1);
    assert_eq!(one["series"][0]["buckets"][0]["count"], 2);

    let csv = program.run(&["history", "local", "--metric", "system.uptime", "--csv"]).await.done().out;
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "time,min [s],avg [s],max [s],count");
    assert_eq!(rows.len(), 3);
    let (time, number) = (rows[1].split(',').next().unwrap(), rows[1].split(',').nth(1).unwrap());
    assert!(time.ends_with('Z'), "{time}");
    assert!(number.parse::<f64>().unwrap() > 0.0);

    let page = program.run(&["history", "local", "--metric", "system.uptime"]).await.done().out;
    assert!(page.starts_with("system.uptime\nFROM "), "{page}");
}

#[tokio::test]
async fn only_series_with_the_attribute_are_printed() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    let history = |filter: &'static str| {
        let program = &program;
        async move {
            let metric = ["--json", "history", "local", "--metric", "system.memory.usage", "--attribute", filter];
            program.run(&metric).await.done().json()["series"].as_array().unwrap().len()
        }
    };
    assert_eq!(history("system.memory.state=used").await, 1);
    assert_eq!(history("system.memory.state=nonsense").await, 0);
}

#[tokio::test]
async fn a_threshold_below_the_load_fires_and_stays_fired_over_a_restart() {
    let program = Program::new();
    let edited = program.run(&["--json", "server", "edit", "local", "--memory", "1", "--cpu", "off", "--disk", "off"]);
    assert_eq!(edited.await.done().json()["server"]["thresholds"]["memory"], 1.0);
    program.run(&["collect"]).await.done();
    let alerts = program.run(&["--json", "alerts"]).await.done().json();
    assert_eq!(alerts.as_array().unwrap().len(), 1, "{alerts}");
    assert_eq!(alerts[0]["rule"], "memory");
    let page = program.run(&["alerts"]).await.done().out;
    assert!(page.contains("firing") && page.contains("threshold 1 %"), "{page}");

    program.run(&["server", "edit", "local", "--memory", "off"]).await.done();
    program.run(&["collect"]).await.done();
    assert_eq!(program.run(&["--json", "alerts"]).await.done().json().as_array().unwrap().len(), 0);
    let history = program.run(&["--json", "alerts", "--history"]).await.done().json();
    assert_eq!(history[0]["state"], "resolved");
}

#[tokio::test]
async fn every_list_is_one_json_document() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    assert_eq!(program.run(&["--json", "server", "list"]).await.done().json()[0]["server"]["name"], "local");
    let shown = program.run(&["--json", "server", "show", "LOCAL"]).await.done().json();
    assert_eq!(shown["server"]["target"]["kind"], "local");
    assert!(shown["latest"]["points"].is_array());
    assert_eq!(shown["collections"][0]["state"], "completed");
    let queue = program.run(&["--json", "queue"]).await.done().json();
    assert_eq!(queue["paused"], false);
    assert_eq!(queue["concurrency"], 5);
    assert!(program.run(&["--json", "activity", "--limit", "3"]).await.done().json().is_array());
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    for arguments in [&["metrics"][..], &["server", "show", "local"], &["--json", "metrics"]] {
        let mut command = program.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let ended = child.wait_with_output().await.unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}
