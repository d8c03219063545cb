//! Whatever bytes a server sends: no panic, no number out of bounds, no series twice, and nothing of one absent made a zero.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)] // a test may fail loudly

use std::collections::HashSet;

use hostrounds_core::metric::Unit;
use hostrounds_core::observation::{Observation, TOP};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::Remote;
use hostrounds_core::text::NAME_MAX;
use hostrounds_core::time::UnixMillis;
use proptest::prelude::*;

const ROUTINE: &[u8] = include_bytes!("fixtures/captured/gnu-routine-1.txt");
const ROUTINE_LATER: &[u8] = include_bytes!("fixtures/captured/gnu-routine-2.txt");
const SLOW: &[u8] = include_bytes!("fixtures/captured/busybox-slow.txt");
const FAMILIES: [Family; 2] = [Family::Filesystems, Family::Processes];

fn check(observation: &Observation) {
    let mut seen = HashSet::new();
    for point in &observation.points {
        let info = point.series.metric.info();
        assert!(point.value.is_finite() && point.value >= 0.0, "{point:?}");
        assert!(info.unit != Unit::Ratio || point.value <= 1.0, "{point:?}");
        assert!(seen.insert(&point.series), "twice: {:?}", point.series);
        let attributes: Vec<&str> = point.series.attributes.0.keys().map(String::as_str).collect();
        let mut expected = info.attributes.to_vec();
        expected.sort_unstable();
        assert_eq!(attributes, expected, "{}", info.name);
        for name in point.series.attributes.0.values() {
            assert!(name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control), "{name:?}");
        }
    }
    for processes in observation.processes.iter().flat_map(|top| [&top.by_cpu, &top.by_memory]) {
        assert!(processes.len() <= TOP);
        assert!(processes.iter().all(|process| process.cpu.is_none_or(|cpu| cpu.is_finite() && cpu >= 0.0)));
        assert!(processes.iter().all(|process| !process.name.chars().any(char::is_control)));
    }
}

fn read(remote: &mut Remote, routine: &[u8], slow: &[u8]) {
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(routine, Family::ALL, &mut observation);
    remote.slow(slow, &FAMILIES, "n0nce", &mut observation);
    check(&observation);
}

/// Replaces runs of bytes of `text` by others.
fn damaged(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let splice = (any::<prop::sample::Index>(), 0usize..6, piece());
    proptest::collection::vec(splice, 0..12).prop_map(move |splices| {
        let mut bytes = text.to_vec();
        for (at, length, piece) in splices {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece);
        }
        bytes
    })
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        prop::sample::select(vec![
            "",
            "\n",
            " ",
            "-1",
            "18446744073709551615",
            "99999999999999999999",
            "NaN",
            "1e309",
            ":",
            "(",
            ")",
            "é",
            "\\777",
            "\u{202E}",
            "\0",
            "%",
            "/",
            "==> /proc/stat <==\n",
            "@hr n0nce processes\n",
            "cpu ",
            "0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes(first: Vec<u8>, second: Vec<u8>) {
        let mut remote = Remote::new();
        read(&mut remote, &first, &second);
        read(&mut remote, &second, &first);
    }

    #[test]
    fn arbitrary_text_in_every_place(text in "\\PC{0,40}", lines in "[ 0-9a-z:()/%.\\-\n]{0,200}") {
        for content in [text, lines] {
            let routine: String = hostrounds_core::probe::routine::PATHS
                .iter()
                .map(|path| format!("==> {path} <==\n{content}\n"))
                .collect();
            let slow: String = ["hostname", "ticks", "page", "smaps", "users", "processes", "owners", "mounts", "blocks", "inodes"]
                .iter()
                .map(|part| format!("\n@hr n0nce {part}\n{content}\n"))
                .collect();
            read(&mut Remote::new(), routine.as_bytes(), format!("{slow}\n@hr n0nce end\n").as_bytes());
        }
    }

    #[test]
    fn damaged_answers(first in damaged(ROUTINE), second in damaged(ROUTINE_LATER), slow in damaged(SLOW)) {
        let mut remote = Remote::new();
        read(&mut remote, &first, &slow);
        read(&mut remote, &second, SLOW);
        read(&mut remote, ROUTINE_LATER, &slow);
    }

    #[test]
    fn answers_cut_anywhere(at: prop::sample::Index) {
        let mut remote = Remote::new();
        read(&mut remote, ROUTINE, SLOW);
        read(&mut remote, &ROUTINE_LATER[..at.index(ROUTINE_LATER.len())], &SLOW[..at.index(SLOW.len())]);
    }
}

#[test]
fn invented_names_cannot_fill_the_history() {
    let interfaces: String = (0..20_000).map(|n| format!("if{n}: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0\n")).collect();
    let answer = |uptime: u32| format!("==> /proc/net/dev <==\n{interfaces}\n==> /proc/uptime <==\n{uptime}.0 1.0\n");
    let mut remote = Remote::new();
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(answer(10).as_bytes(), Family::ALL, &mut observation);
    remote.routine(answer(20).as_bytes(), Family::ALL, &mut observation);
    assert!(observation.points.len() <= 8 * hostrounds_core::probe::MAX_PARTS + 10);
}
