//! A process that does all that a store does, without end, and what must be there whenever it is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)] // a test may fail loudly

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Record, Store};

use crate::support::{CPU, DISK, MINUTE, NOW, all, at, completed, draft, mount, observation, point, query, rows};

/// Beside this computer, there are as many servers; the last one has many series, so that its sealing takes several transactions.
const SERVERS: i64 = 2;
const MOUNTS: i64 = 600;
/// How many collections go into one transaction.
const BATCH: i64 = 16;

const PLACE: &str = "HOSTROUNDS_STORE_TEST_CHURN";
const START: &str = "HOSTROUNDS_STORE_TEST_CHURN_START";
const LANE: &str = "HOSTROUNDS_STORE_TEST_CHURN_LANE";
const BATCHES: &str = "HOSTROUNDS_STORE_TEST_CHURN_BATCHES";
const GIVES_UP: &str = "HOSTROUNDS_STORE_TEST_CHURN_GIVES_UP";

/// What the process says before or after what it does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Word {
    /// Everything up to this step of its own is kept.
    Kept(i64),
    /// From now on, what is older than this step may be gone.
    Gone(i64),
    /// It is about to take another step of upkeep.
    Step,
}

pub(crate) struct Churn {
    child: Child,
    words: BufReader<ChildStdout>,
}

/// What to do.
#[derive(Clone, Copy)]
pub(crate) struct Orders {
    /// The first step.
    pub(crate) start: i64,
    /// Which of how many processes it is: each has every n-th step.
    pub(crate) lane: (i64, i64),
    /// How many transactions of collections it makes at most.
    pub(crate) batches: i64,
    /// Whether it gives up old history, too.
    pub(crate) gives_up: bool,
}

impl Churn {
    /// Starts the test `child` of this binary as a process of its own.
    pub(crate) fn start(path: &Path, child: &str, orders: Orders) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", child, "--nocapture"])
            .env(PLACE, path)
            .env(START, orders.start.to_string())
            .env(LANE, format!("{}/{}", orders.lane.0, orders.lane.1))
            .env(BATCHES, orders.batches.to_string())
            .env(GIVES_UP, i64::from(orders.gives_up).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = BufReader::new(child.stdout.take().unwrap());
        Self { child, words }
    }

    /// Its next word; nothing once it has ended.
    pub(crate) fn next(&mut self) -> Option<Word> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.words.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let mut parts = line.trim_end().split(' ');
            match (parts.next(), parts.next().map(str::parse)) {
                (Some("#kept"), Some(Ok(step))) => return Some(Word::Kept(step)),
                (Some("#gone"), Some(Ok(step))) => return Some(Word::Gone(step)),
                (Some("#step"), _) => return Some(Word::Step),
                _ => {}
            }
        }
    }

    /// Kills it, and answers what it had said until then.
    pub(crate) fn kill(mut self) -> Vec<Word> {
        self.child.kill().unwrap();
        std::iter::from_fn(|| self.next()).collect()
    }

    pub(crate) fn ended_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Churn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file with its servers.
pub(crate) async fn prepare(path: &Path) {
    let store = Store::open(path).await.unwrap();
    for name in 0..SERVERS {
        store.add_server(&draft(&format!("server {name}")), at(0)).await.unwrap();
    }
    store.close().await;
}

/// What the process does; nothing where the test is run by itself.
pub(crate) async fn work() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<i64>().unwrap();
    let lane = std::env::var(LANE).unwrap();
    let (lane, lanes) =
        lane.split_once('/').map(|(a, b)| (a.parse::<i64>().unwrap(), b.parse::<i64>().unwrap())).unwrap();
    let store = Store::open(&path).await.unwrap();
    store.drop_unfinished().await.unwrap();
    let first = number(START) + lane;
    for batch in 0..number(BATCHES) {
        let steps: Vec<i64> = (0..BATCH).map(|place| first + (batch * BATCH + place) * lanes).collect();
        let last = steps[steps.len() - 1];
        keep(&store, &steps).await;
        say(&format!("#kept {last}"));
        if batch % 4 == 3 {
            for server in servers() {
                step().await;
                while store.seal(server).await.unwrap() {
                    step().await;
                }
            }
        }
        if number(GIVES_UP) == 1 && batch % 8 == 3 {
            say(&format!("#gone {}", last - 500));
            for server in servers() {
                while store.expire(server, at((last - 500) * MINUTE)).await.unwrap() {
                    step().await;
                }
            }
        }
        if number(GIVES_UP) == 1 && batch % 24 == 7 {
            // The oldest span of all may be the only one.
            say(&format!("#gone {last}"));
            let storage = store.storage(at(0)).await.unwrap();
            store.shrink(storage.file - storage.free - 1).await.unwrap();
        }
        if batch % 8 == 5 {
            while store.sweep().await.unwrap() {
                step().await;
            }
            store.give_back().await.unwrap();
        }
    }
    store.close().await;
}

async fn step() {
    say("#step");
    tokio::task::yield_now().await;
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{words}").unwrap();
    out.flush().unwrap();
}

fn servers() -> impl Iterator<Item = ServerId> {
    (0..=SERVERS).map(ServerId)
}

fn cpu(step: i64, server: ServerId) -> f64 {
    ((step * 37 + server.0 * 11) % 101) as f64 / 100.0
}

async fn keep(store: &Store, steps: &[i64]) {
    let mut visits: Vec<(ServerId, Observation)> = Vec::new();
    for &step in steps {
        for server in servers() {
            let mut points = vec![point(CPU, Attributes::none(), cpu(step, server))];
            if step % 10 == 0 {
                points.push(point(Metric::Load1, Attributes::none(), step as f64 / 3.0));
            }
            if server.0 == SERVERS {
                points.extend((0..MOUNTS).map(|number| point(DISK, mount(&number.to_string()), number as f64 / 8.0)));
            }
            visits.push((server, observation(at(step * MINUTE), points)));
        }
    }
    let runs: Vec<_> = visits.iter().map(|(server, it)| completed(it.at.0 - NOW, *server, it.at)).collect();
    let records: Vec<_> = runs
        .iter()
        .zip(&visits)
        .map(|(collection, (_, it))| Record { collection, observation: Some(it), spent: None })
        .collect();
    store.record(&records).await.unwrap();
}

/// Everything that was kept up to the step `kept` is there, once and with its value, but what is older than `gone`. Answers the
/// last step that is there.
pub(crate) async fn check(path: &Path, kept: i64, gone: i64) -> i64 {
    let store = Store::open(path).await.unwrap();
    store.drop_unfinished().await.unwrap();
    while store.sweep().await.unwrap() {}
    assert_eq!(rows(&store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").await, 0);
    for (question, what) in [
        ("SELECT count(*) FROM chunk WHERE key >> 29 NOT IN (SELECT id FROM span)", "chunks belong to no span"),
        ("SELECT count(*) FROM span WHERE state <> 'sealed'", "spans are left behind"),
        ("SELECT count(*) FROM span WHERE id << 29 NOT IN (SELECT key FROM chunk)", "spans have no times"),
        (
            "SELECT count(*) FROM span a JOIN span b ON a.server = b.server AND a.id <> b.id
             WHERE a.first <= b.last AND b.first <= a.last",
            "spans overlap",
        ),
    ] {
        assert_eq!(rows(&store, question).await, 0, "{what}");
    }
    let mut ends = Vec::new();
    for server in servers() {
        let found = all(&store, server, CPU).await;
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            assert!(kept < 0, "nothing is there of {server:?}");
            continue;
        };
        let (first, last) = ((first.0 - NOW) / MINUTE, (last.0 - NOW) / MINUTE);
        assert!(last >= kept, "{server:?}: step {last} instead of {kept}");
        assert!(first <= gone, "{server:?}: from step {first} instead of {gone}");
        let expected: Vec<_> = (first..=last).map(|step| (NOW + step * MINUTE, cpu(step, server))).collect();
        assert!(found == expected, "{server:?}: {} values, not those of steps {first} to {last}", found.len());
        let load: Vec<_> =
            (first..=last).filter(|step| step % 10 == 0).map(|step| (NOW + step * MINUTE, step as f64 / 3.0)).collect();
        assert!(all(&store, server, Metric::Load1).await == load, "{server:?}: load");
        if server.0 == SERVERS {
            let whole = HistoryQuery { max_points: 1, ..query(server, DISK, UnixMillis(0), UnixMillis(i64::MAX)) };
            let found = store.range(&whole).await.unwrap();
            assert_eq!(found.len() as i64, MOUNTS);
            for series in found {
                let number: f64 = series.attributes.get(attribute::MOUNTPOINT).unwrap().parse().unwrap();
                let bucket = series.buckets[0];
                assert_eq!((bucket.min, bucket.max), (number / 8.0, number / 8.0));
                assert_eq!(i64::from(bucket.count), last - first + 1);
            }
            let latest = store.latest(server).await.unwrap().unwrap();
            assert_eq!(latest.observation.at, at(last * MINUTE));
        }
        ends.push(last);
    }
    ends.dedup();
    assert!(ends.len() <= 1, "a transaction is there in parts: {ends:?}");
    store.close().await;
    ends.pop().unwrap_or(-1)
}
