//! What is appended is what is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::collections::{BTreeMap, BTreeSet};

use hostrounds_core::collection::Collection;
use hostrounds_core::coverage::Gap;
use hostrounds_core::history::SeriesHistory;
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Facts, Observation, Tables, TopProcesses, Unavailable, UserSession};
use hostrounds_core::probe::Family;
use hostrounds_core::rollup::Rollup;
use hostrounds_core::server::{ServerDraft, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Newest, Record, SERIES_MOST, Store, StoreError};
use proptest::prelude::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use support::*;

#[tokio::test]
async fn one_question_answers_every_series_of_a_metric() {
    let (_folder, store) = store().await;
    for minute in 0..3 {
        let value = minute as f64;
        let points = vec![
            point(DISK, mount("/var"), value + 0.5),
            point(CPU, Attributes::none(), value),
            point(DISK, mount("/"), value + 0.25),
        ];
        keep(&store, ServerId::LOCAL, &observation(at(minute * 60_000), points)).await;
    }
    let answer = store.range(&query(ServerId::LOCAL, DISK, at(0), at(120_000))).await.unwrap();
    assert_eq!(answer.iter().map(|series| series.attributes.clone()).collect::<Vec<_>>(), [mount("/"), mount("/var")]);
    assert_eq!(values(&answer[0]), [(NOW, 0.25), (NOW + 60_000, 1.25)]);
    assert_eq!(values(&answer[1]), [(NOW, 0.5), (NOW + 60_000, 1.5)]);

    let mut only = query(ServerId::LOCAL, DISK, at(0), at(120_001));
    only.attributes = mount("/var");
    let answer = store.range(&only).await.unwrap();
    assert_eq!(answer.len(), 1);
    assert_eq!(values(&answer[0]), [(NOW, 0.5), (NOW + 60_000, 1.5), (NOW + 120_000, 2.5)]);
}

#[tokio::test]
async fn a_gap_stays_a_gap() {
    let (_folder, store) = store().await;
    for offset in [0, 1_000, 9_000] {
        keep(&store, ServerId::LOCAL, &observation(at(offset), vec![point(CPU, Attributes::none(), 0.5)])).await;
    }
    let mut coarse = query(ServerId::LOCAL, CPU, at(0), at(10_000));
    coarse.max_points = 2;
    let answer = store.range(&coarse).await.unwrap();
    assert_eq!(
        answer[0].buckets.iter().map(|it| (it.start, it.count)).collect::<Vec<_>>(),
        [(at(0), 2), (at(5_000), 1)]
    );
    assert_eq!(store.range(&query(ServerId::LOCAL, CPU, at(1_001), at(9_000))).await.unwrap(), []);
}

#[tokio::test]
async fn a_series_that_comes_and_goes_has_values_only_where_it_was() {
    let (_folder, store) = store().await;
    for step in 0..6 {
        let mut points = vec![point(DISK, mount("/"), 0.1)];
        if step % 2 == 1 {
            points.insert(0, point(DISK, mount("/mnt"), 0.9));
        }
        keep(&store, ServerId::LOCAL, &observation(at(step), points)).await;
    }
    let answer = store.range(&query(ServerId::LOCAL, DISK, at(0), at(6))).await.unwrap();
    assert_eq!(answer[0].buckets.len(), 6);
    assert_eq!(values(&answer[1]), [(NOW + 1, 0.9), (NOW + 3, 0.9), (NOW + 5, 0.9)]);
    assert_eq!(count(&store, "layout").await, 2, "sets that come back share a layout");
}

#[tokio::test]
async fn the_order_of_the_points_makes_no_layout() {
    let (_folder, store) = store().await;
    let mut points =
        vec![point(CPU, Attributes::none(), 0.1), point(DISK, mount("/"), 0.2), point(DISK, mount("/b"), 0.3)];
    for step in 0..6 {
        points.rotate_left(1);
        keep(&store, ServerId::LOCAL, &observation(at(step), points.clone())).await;
    }
    assert_eq!(count(&store, "layout").await, 1);
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 6);
    assert!(all(&store, ServerId::LOCAL, CPU).await.iter().all(|(_, value)| *value == 0.1));
}

#[tokio::test]
async fn the_same_moment_is_replaced() {
    let (_folder, store) = store().await;
    for value in [0.25, 0.75] {
        keep(&store, ServerId::LOCAL, &observation(at(0), vec![point(CPU, Attributes::none(), value)])).await;
    }
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await, [(NOW, 0.75)]);
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let (_folder, path) = place();
    let first = Store::open(&path).await.unwrap();
    let server = first.add_server(&draft("web"), at(0)).await.unwrap();
    keep(&first, server.id, &observation(at(0), vec![point(CPU, Attributes::none(), 0.25)])).await;
    first.close().await;
    assert!(matches!(first.servers().await, Err(StoreError::Closed)));

    let second = Store::open(&path).await.unwrap();
    assert_eq!(second.servers().await.unwrap()[1], server);
    keep(&second, server.id, &observation(at(1), vec![point(CPU, Attributes::none(), 0.5)])).await;
    assert_eq!(all(&second, server.id, CPU).await, [(NOW, 0.25), (NOW + 1, 0.5)]);
    assert_eq!(count(&second, "series").await, 1);
}

#[tokio::test]
async fn servers_do_not_see_each_other() {
    let (_folder, store) = store().await;
    let one = store.add_server(&draft("one"), at(0)).await.unwrap().id;
    let two = store.add_server(&draft("two"), at(0)).await.unwrap().id;
    for (server, value) in [(ServerId::LOCAL, 0.0), (one, 1.0), (two, 2.0)] {
        keep(&store, server, &observation(at(0), vec![point(CPU, Attributes::none(), value)])).await;
    }
    for (server, value) in [(ServerId::LOCAL, 0.0), (one, 1.0), (two, 2.0)] {
        assert_eq!(all(&store, server, CPU).await, [(NOW, value)]);
        assert_eq!(
            store.latest(server).await.unwrap().unwrap().observation.value(CPU, &Attributes::none()),
            Some(value)
        );
    }
    assert_eq!(all(&store, ServerId(77), CPU).await, []);
    assert_eq!(all(&store, ServerId(-1), CPU).await, []);
    assert_eq!(store.latest(ServerId(77)).await.unwrap(), None);
}

#[tokio::test]
async fn the_latest_values_are_of_the_newest_reading_of_each_family() {
    let (_folder, store) = store().await;
    let facts = Facts { hostname: Some("box".into()), ..Facts::default() };
    let processes = TopProcesses { at: at(0), ..TopProcesses::default() };
    let slow = Observation {
        processes: Some(processes.clone()),
        facts: Some(facts.clone()),
        ..observation(
            at(0),
            vec![
                point(CPU, Attributes::none(), 0.1),
                point(DISK, mount("/"), 0.2),
                point(DISK, mount("/gone"), 0.3),
                point(Metric::ThreadCount, Attributes::none(), 200.0),
            ],
        )
    };
    keep(&store, ServerId::LOCAL, &slow).await;
    keep(&store, ServerId::LOCAL, &observation(at(1), vec![point(DISK, mount("/"), 0.4)])).await;
    let unavailable = vec![Unavailable::all(Family::DiskIo, "no /proc/diskstats")];
    let newest = Observation {
        unavailable: unavailable.clone(),
        ..observation(at(2), vec![point(CPU, Attributes::none(), 0.5)])
    };
    keep(&store, ServerId::LOCAL, &newest).await;
    // A latecomer is history, not news.
    keep(&store, ServerId::LOCAL, &observation(at(-9), vec![point(CPU, Attributes::none(), 0.9)])).await;

    let Newest { observation: latest, read_at } = store.latest(ServerId::LOCAL).await.unwrap().unwrap();
    assert_eq!(latest.at, at(2));
    assert_eq!(read_at.get(&Family::Cpu), Some(&at(2)));
    assert_eq!(read_at.get(&Family::Filesystems), Some(&at(1)), "an older value keeps its own time");
    assert_eq!(latest.value(CPU, &Attributes::none()), Some(0.5));
    assert_eq!(latest.value(DISK, &mount("/")), Some(0.4));
    assert_eq!(latest.value(DISK, &mount("/gone")), None, "what is no longer mounted does not come back");
    assert_eq!(latest.value(Metric::ThreadCount, &Attributes::none()), Some(200.0));
    assert_eq!(latest.points.len(), 3);
    assert_eq!((latest.processes, latest.facts, latest.unavailable), (Some(processes), Some(facts), unavailable));

    let hung = vec![Unavailable::all(Family::Filesystems, "df hangs")];
    let newest = Observation { unavailable: hung, ..observation(at(3), vec![point(CPU, Attributes::none(), 0.5)]) };
    keep(&store, ServerId::LOCAL, &newest).await;
    let Newest { observation: latest, read_at } = store.latest(ServerId::LOCAL).await.unwrap().unwrap();
    assert_eq!(latest.value(DISK, &mount("/")), None, "what could not be read does not come back");
    assert_eq!(read_at.get(&Family::Filesystems), None);
}

#[tokio::test]
async fn what_is_read_once_an_hour_is_known_of_a_server_that_is_read_every_two_seconds() {
    let (_folder, store) = store().await;
    let updates = || point(Metric::UpdatesPending, Attributes::none(), 3.0);
    let cpu = || point(CPU, Attributes::none(), 0.5);
    let hour = 3_600_000;
    keep(&store, ServerId::LOCAL, &observation(at(-2 * hour - 1), vec![cpu(), point(DISK, mount("/"), 0.5)])).await;
    keep(&store, ServerId::LOCAL, &observation(at(-hour), vec![cpu(), updates()])).await;
    let seen: Vec<Observation> = (-1799..=0).map(|n| observation(at(2000 * n), vec![cpu()])).collect();
    let runs: Vec<Collection> =
        seen.iter().map(|observation| completed(observation.at.0, ServerId::LOCAL, observation.at)).collect();
    let batch: Vec<_> = runs
        .iter()
        .zip(&seen)
        .map(|(collection, it)| Record { collection, observation: Some(it), spent: None })
        .collect();
    store.record(&batch).await.unwrap();
    let latest = store.latest(ServerId::LOCAL).await.unwrap().unwrap();
    assert_eq!(latest.observation.value(Metric::UpdatesPending, &Attributes::none()), Some(3.0));
    assert_eq!(latest.observation.value(DISK, &mount("/")), None, "too long ago to be known");
}

#[tokio::test]
async fn a_table_stays_until_it_is_read_again() {
    let (_folder, store) = store().await;
    let read = |at, reboot: Option<Vec<String>>, users: Option<Vec<UserSession>>| Observation {
        tables: Tables { reboot, users, ..Tables::default() },
        ..observation(at, vec![point(CPU, Attributes::none(), 0.5)])
    };
    let kernel = || Some(vec!["linux-image".to_owned()]);
    keep(&store, ServerId::LOCAL, &read(at(0), kernel(), Some(vec![]))).await;
    keep(&store, ServerId::LOCAL, &read(at(1), None, None)).await;
    let latest = store.latest(ServerId::LOCAL).await.unwrap().unwrap().observation.tables;
    assert_eq!((latest.reboot, latest.users, latest.updates), (kernel(), Some(vec![]), None));
    keep(&store, ServerId::LOCAL, &read(at(2), Some(vec![]), None)).await;
    let latest = store.latest(ServerId::LOCAL).await.unwrap().unwrap().observation.tables;
    assert_eq!((latest.reboot, latest.users), (Some(vec![]), Some(vec![])));
}

#[tokio::test]
async fn a_batch_is_kept_whole_or_not_at_all() {
    let (_folder, store) = store().await;
    let good = observation(at(0), vec![point(CPU, Attributes::none(), 0.5)]);
    let bad = observation(UnixMillis(-1), vec![point(CPU, Attributes::none(), 0.5)]);
    let run = completed(1, ServerId::LOCAL, at(0));
    let batch = [&good, &bad].map(|it| Record { collection: &run, observation: Some(it), spent: None });
    assert!(matches!(store.record(&batch).await, Err(StoreError::OutOfRange { at: -1, .. })));
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await, []);
    assert_eq!(store.collections(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn names_that_were_rolled_back_are_not_remembered() {
    let (_folder, store) = store().await;
    let mut other = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    sqlx::raw_sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON collection BEGIN SELECT RAISE(ABORT, 'the end of the batch'); END",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let run = completed(1, ServerId::LOCAL, at(0));
    let first = observation(at(0), vec![point(CPU, Attributes::none(), 0.25)]);
    assert!(store.record(&[Record { collection: &run, observation: Some(&first), spent: None }]).await.is_err());
    assert_eq!(count(&store, "series").await + count(&store, "layout").await + count(&store, "head").await, 0);

    sqlx::raw_sql("DROP TRIGGER refuse").execute(&mut other).await.unwrap();
    // The ids that the first batch saw now go to another series.
    keep(&store, ServerId::LOCAL, &observation(at(1), vec![point(DISK, mount("/"), 0.5)])).await;
    keep(&store, ServerId::LOCAL, &first).await;
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await, [(NOW, 0.25)]);
}

#[tokio::test]
async fn a_batch_larger_than_a_statement_is_kept() {
    let (_folder, store) = store().await;
    let seen: Vec<_> =
        (0..257).map(|step| observation(at(step), vec![point(CPU, Attributes::none(), step as f64)])).collect();
    let runs: Vec<_> = (0..257).map(|step| completed(step + 1, ServerId::LOCAL, at(step))).collect();
    let batch: Vec<_> = runs
        .iter()
        .zip(&seen)
        .map(|(collection, it)| Record { collection, observation: Some(it), spent: None })
        .collect();
    store.record(&batch).await.unwrap();
    assert_eq!(all(&store, ServerId::LOCAL, CPU).await.len(), 257);
    assert_eq!(store.collections(None, 1_000).await.unwrap().len(), 257);
    store.record(&[]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_does_not_cost_the_others_their_values() {
    let (_folder, path) = place();
    let window = Store::open(&path).await.unwrap();
    let terminal = Store::open(&path).await.unwrap();
    let server = window.add_server(&draft("web"), at(0)).await.unwrap().id;
    keep(&window, server, &observation(at(0), vec![point(CPU, Attributes::none(), 0.5)])).await;
    terminal.remove_server(server).await.unwrap();

    let seen = observation(at(1), vec![point(CPU, Attributes::none(), 0.5)]);
    let runs = [completed(1, server, at(1)), completed(2, ServerId::LOCAL, at(1))];
    window
        .record(&runs.each_ref().map(|collection| Record { collection, observation: Some(&seen), spent: None }))
        .await
        .unwrap();
    assert_eq!(all(&window, server, CPU).await, []);
    assert_eq!(all(&window, ServerId::LOCAL, CPU).await, [(NOW + 1, 0.5)]);
    assert_eq!(window.collections(None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_processes_name_the_same_series_alike() {
    let (_folder, path) = place();
    let stores = [Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap()];
    let server = stores[0].add_server(&draft("web"), at(0)).await.unwrap().id;
    // Each learns series from its own writes while the other adds more in between, in another order.
    for step in 0..20i64 {
        let store = &stores[(step % 2) as usize];
        let mut points: Vec<_> =
            (0..=step).map(|it| point(DISK, mount(&format!("/{it}")), it as f64 + step as f64 / 100.0)).collect();
        if step % 2 == 1 {
            points.reverse();
        }
        keep(store, server, &observation(at(step), points)).await;
    }
    for store in &stores {
        let answer = store.range(&query(server, DISK, at(0), at(100))).await.unwrap();
        assert_eq!(answer.len(), 20);
        for series in answer {
            let number: i64 = series.attributes.get("system.filesystem.mountpoint").unwrap()[1..].parse().unwrap();
            let expected: Vec<_> = (number..20).map(|step| (NOW + step, number as f64 + step as f64 / 100.0)).collect();
            assert_eq!(values(&series), expected);
        }
    }
    assert_eq!(count(&stores[0], "series").await, 20);
}

#[tokio::test]
async fn a_server_that_comes_back_gets_a_new_number_and_no_old_names() {
    let (_folder, path) = place();
    let window = Store::open(&path).await.unwrap();
    let terminal = Store::open(&path).await.unwrap();
    let old = window.add_server(&draft("web"), at(0)).await.unwrap().id;
    keep(&window, old, &observation(at(0), vec![point(CPU, Attributes::none(), 0.5)])).await;
    terminal.remove_server(old).await.unwrap();
    let new = terminal.add_server(&draft("web"), at(0)).await.unwrap().id;
    assert_ne!(old, new);
    keep(&terminal, new, &observation(at(1), vec![point(DISK, mount("/"), 0.1)])).await;
    keep(&window, new, &observation(at(2), vec![point(CPU, Attributes::none(), 0.7)])).await;
    assert_eq!(all(&terminal, new, CPU).await, [(NOW + 2, 0.7)]);
    assert_eq!(all(&terminal, new, DISK).await, [(NOW + 1, 0.1)]);
}

#[tokio::test]
async fn writers_of_two_processes_wait_for_each_other() {
    let (_folder, path) = place();
    let stores = [Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap()];
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, store) in stores.clone().into_iter().enumerate() {
        tasks.spawn(async move {
            for step in 0..50 {
                let moment = at(step * 2 + writer as i64);
                keep(&store, ServerId::LOCAL, &observation(moment, vec![point(CPU, Attributes::none(), 0.5)])).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(all(&stores[0], ServerId::LOCAL, CPU).await.len(), 100);
}

#[tokio::test]
async fn more_series_than_memory_keeps_are_told_apart() {
    let (_folder, store) = store().await;
    for round in 0..3i64 {
        let points = (0..2_000).map(|it| point(DISK, mount(&format!("/{round}/{it}")), it as f64)).collect();
        keep(&store, ServerId::LOCAL, &observation(at(round), points)).await;
    }
    let mut one = query(ServerId::LOCAL, DISK, at(0), at(9));
    one.attributes = mount("/1/1999");
    assert_eq!(values(&store.range(&one).await.unwrap()[0]), [(NOW + 1, 1999.0)]);
}

#[tokio::test]
async fn a_server_that_names_its_parts_anew_each_time_fills_no_disk() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let db = store.add_server(&draft("db"), at(0)).await.unwrap().id;
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})
         INSERT INTO series (server, metric, attributes) SELECT {}, 'old', n FROM n",
        SERIES_MOST - 1,
        web.0,
    );
    let mut raw = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();

    let full = async |server, offset, names: &[&str]| {
        let observed = observation(at(offset), names.iter().map(|name| point(DISK, mount(name), 1.0)).collect());
        let run = completed(offset, server, at(offset));
        store.record(&[Record { collection: &run, observation: Some(&observed), spent: None }]).await.unwrap()
    };
    assert!(full(web, 0, &["/sda"]).await.is_empty(), "the last one that there is room for");
    assert_eq!(full(web, 1, &["/sdb", "/sda", "/sdc"]).await, BTreeSet::from([web]));
    assert_eq!(full(db, 1, &["/sdb", "/sda", "/sdc"]).await, BTreeSet::new());
    let kept = async |server| store.range(&query(server, DISK, at(0), at(9))).await.unwrap().len();
    assert_eq!((kept(web).await, kept(db).await), (1, 3), "what is known goes on");
    assert!(full(web, 2, &["/sda"]).await.is_empty());
}

#[tokio::test]
async fn several_questions_are_answered_at_once() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    keep(&store, web, &observation(at(0), vec![point(CPU, Attributes::none(), 0.25)])).await;
    keep(&store, ServerId::LOCAL, &observation(at(1), vec![point(DISK, mount("/"), 0.5)])).await;
    let questions = [
        query(web, CPU, at(0), at(9)),
        query(web, DISK, at(0), at(9)),
        query(ServerId::LOCAL, DISK, at(0), at(9)),
        query(ServerId::LOCAL, DISK, at(2), at(9)),
    ];
    let answers = store.ranges(&questions).await.unwrap();
    let found: Vec<Vec<_>> = answers.iter().map(|answer| answer.iter().flat_map(values).collect()).collect();
    assert_eq!(found, [vec![(NOW, 0.25)], vec![], vec![(NOW + 1, 0.5)], vec![]]);
}

#[tokio::test]
async fn a_summary_is_of_every_value_in_the_range() {
    let (_folder, store) = store().await;
    for step in 0..=20 {
        let points = vec![point(DISK, mount("/"), step as f64), point(DISK, mount("/b"), 7.0)];
        keep(&store, ServerId::LOCAL, &observation(at(step), points)).await;
    }
    let mut question = query(ServerId::LOCAL, DISK, at(1), at(21));
    question.max_points = 1;
    let summaries = store.summaries(&question, &[0.95]).await.unwrap();
    assert_eq!(summaries.iter().map(|it| it.attributes.clone()).collect::<Vec<_>>(), [mount("/"), mount("/b")]);
    let first = &summaries[0];
    assert_eq!((first.count, first.min, first.avg, first.max, first.last), (20, 1.0, 10.5, 20.0, 20.0));
    assert_eq!(first.quantiles, [19.0]);
    assert_eq!(store.summaries(&query(ServerId::LOCAL, CPU, at(0), at(9)), &[0.5]).await.unwrap(), []);
}

#[tokio::test]
async fn coverage_knows_the_interval_of_each_day() {
    let (_folder, store) = store().await;
    let web = store.add_server(&draft("web"), at(0)).await.unwrap().id;
    let minute = |minute: i64| at(minute * 60_000);
    let slower = ServerDraft { interval: 600, ..draft("web") };
    store.update_server(web, &slower, minute(10)).await.unwrap();
    store.update_server(web, &ServerDraft { tags: Vec::new(), ..slower }, minute(11)).await.unwrap();
    for at in [0, 1, 10, 20] {
        keep(&store, web, &observation(minute(at), vec![point(CPU, Attributes::none(), 0.5)])).await;
    }
    let coverage = store.coverage(web, minute(0), minute(30)).await.unwrap();
    assert_eq!(coverage.gaps, [Gap { from: at(150_000), to: minute(10) }]);
    assert_eq!((coverage.observed, coverage.collections), (22 * 60_000 + 30_000, 4));
    let later = store.coverage(web, minute(25), minute(40)).await.unwrap();
    assert_eq!((later.observed, later.collections), (10 * 60_000, 0), "the one before reaches into the range");
}

/// A server's history: at each moment, the values of some of six series.
fn histories() -> impl Strategy<Value = BTreeMap<i64, BTreeMap<u8, f64>>> {
    let values = proptest::collection::btree_map(0u8..6, 0.0f64..1e12, 0..6);
    proptest::collection::btree_map(0i64..5_000, values, 0..40)
}

fn naive(history: &BTreeMap<i64, BTreeMap<u8, f64>>, from: i64, to: i64, max_points: u32) -> Vec<SeriesHistory> {
    (0u8..6)
        .map(|series| {
            let (times, values): (Vec<_>, Vec<_>) = history
                .range(from..to.max(from))
                .filter_map(|(offset, values)| Some((at(*offset), *values.get(&series)?)))
                .unzip();
            let mut rollup = Rollup::new(values.len(), at(from), at(to), max_points as usize);
            rollup.add(&times, &values);
            SeriesHistory { attributes: mount(&format!("/{series}")), buckets: rollup.finish() }
        })
        .filter(|series| !series.buckets.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_range_is_what_a_naive_reader_finds(
        history in histories(),
        backwards in any::<bool>(),
        questions in proptest::collection::vec((-500i64..5_500, 0i64..6_000, 1u32..50), 5),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (_folder, store) = store().await;
            let mut moments: Vec<_> = history.iter().collect();
            if backwards {
                moments.reverse();
            }
            for (offset, values) in moments {
                let mut points: Vec<_> =
                    values.iter().map(|(series, value)| point(DISK, mount(&format!("/{series}")), *value)).collect();
                points.push(point(CPU, Attributes::none(), 0.5));
                keep(&store, ServerId::LOCAL, &observation(at(*offset), points)).await;
            }
            for (from, length, max_points) in questions {
                let mut question = query(ServerId::LOCAL, DISK, at(from), at(from + length));
                question.max_points = max_points;
                let answer = store.range(&question).await.unwrap();
                prop_assert_eq!(answer, naive(&history, from, from + length, max_points));
            }
            Ok(())
        })?;
    }
}

async fn count(store: &Store, table: &str) -> i64 {
    rows(store, &format!("SELECT count(*) FROM {table}")).await
}
