//! A process is killed in the middle of writing, sealing, merging, giving up and sweeping, and two do all that at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;
#[path = "support/churn.rs"]
mod work;

use support::place;
use work::{Churn, Orders, Word, check, prepare, work};

const ROUNDS: u64 = 110;
/// A test by itself only when it is started by one of those below.
const CHILD: &str = "child_that_does_everything";

#[tokio::test]
async fn child_that_does_everything() {
    work().await;
}

/// Numbers without a pattern, the same in every run (Steele and others, "SplitMix").
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}

#[tokio::test]
async fn nothing_is_lost_to_kill_9_whatever_is_done_at_that_moment() {
    let (_folder, path) = place();
    prepare(&path).await;
    let (mut kept, mut gone, mut state) = (-1, 0, 7);
    for round in 0..ROUNDS {
        let orders = Orders { start: kept + 1, lane: (0, 1), batches: i64::MAX, gives_up: round % 2 == 1 };
        let mut churn = Churn::start(&path, CHILD, orders);
        let patience = 1 + random(&mut state) % 40;
        let mut words: Vec<Word> = (0..patience).map_while(|_| churn.next()).collect();
        assert_eq!(words.len() as u64, patience, "it ended by itself");
        // A little into whatever comes next.
        for _ in 0..random(&mut state) % 3_000_000 {
            std::hint::spin_loop();
        }
        words.extend(churn.kill());
        for word in words {
            match word {
                Word::Kept(step) => kept = step,
                Word::Gone(step) => gone = gone.max(step),
                Word::Step => {}
            }
        }
        kept = check(&path, kept, gone).await;
    }
    assert!(kept > 0 && gone > 0, "it came far enough to be a test: {kept} kept, {gone} gone");
}

#[tokio::test]
async fn two_processes_that_do_everything_at_once_keep_everything_once() {
    let (_folder, path) = place();
    prepare(&path).await;
    let orders = |lane| Orders { start: 0, lane: (lane, 2), batches: 32, gives_up: false };
    let mut both = [0, 1].map(|lane| Churn::start(&path, CHILD, orders(lane)));
    let mut kept = [-1, -1];
    for (churn, kept) in both.iter_mut().zip(&mut kept) {
        while let Some(word) = churn.next() {
            if let Word::Kept(step) = word {
                *kept = step;
            }
        }
    }
    assert!(both.into_iter().all(Churn::ended_well));
    assert_eq!(kept, [2 * 32 * 16 - 2, 2 * 32 * 16 - 1]);
    assert_eq!(check(&path, kept[1], 0).await, kept[1]);
}
