//! A process that is killed loses nothing that it was told is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_store::Store;
use support::*;

const CHILD: &str = "HOSTROUNDS_STORE_TEST_KILL";
const ACKNOWLEDGED: &str = "acknowledged ";

/// Not a test by itself: the process that the one below kills.
#[tokio::test]
async fn child_that_writes_without_end() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let store = Store::open(&path).await.unwrap();
    let first = all(&store, ServerId::LOCAL, Metric::Load1).await.len() as i64;
    for step in first.. {
        keep(
            &store,
            ServerId::LOCAL,
            &observation(at(step), vec![point(Metric::Load1, Attributes::none(), step as f64)]),
        )
        .await;
        let mut out = std::io::stdout();
        writeln!(out, "\n{ACKNOWLEDGED}{step}").unwrap();
        out.flush().unwrap();
    }
}

struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_to_kill_9() {
    let (_folder, path) = place();
    let mut acknowledged = None;
    for round in 0..40 {
        let mut child = KilledOnDrop(
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_that_writes_without_end", "--nocapture"])
                .env(CHILD, &path)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let steps = BufReader::new(child.0.stdout.take().unwrap())
            .lines()
            .filter_map(|line| line.unwrap().strip_prefix(ACKNOWLEDGED).map(|step| step.parse::<i64>().unwrap()));
        // Killed in the middle of whatever it does after its n-th acknowledgement.
        acknowledged = steps.take(1 + round * 7 % 40).last().or(acknowledged);
        drop(child);

        let store = Store::open(&path).await.unwrap();
        let last = acknowledged.unwrap();
        let kept = all(&store, ServerId::LOCAL, Metric::Load1).await;
        assert!(kept.len() as i64 > last, "kept {} of {}", kept.len(), last + 1);
        assert!(kept.iter().zip(0..).all(|(point, step)| *point == (NOW + step, step as f64)));
        // The run and its values are both there or both not.
        assert_eq!(store.collections(None, u32::MAX).await.unwrap().len(), kept.len());
        store.close().await;
    }
}
