//! `hostrounds-testbed`, as people use it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use hostrounds_testbed::CATALOGUE;
use rustix::process::{Pid, Signal, kill_process};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hostrounds-testbed"))
}

#[test]
fn every_server_is_listed_and_documented() {
    let output = program().arg("list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/testbed.md");
    let document = std::fs::read_to_string(document).unwrap();
    for variant in CATALOGUE {
        let in_list =
            |line: &str| line.split_whitespace().next() == Some(variant.name) && line.ends_with(variant.description);
        assert!(listed.lines().any(in_list), "{}", variant.name);
        let row = format!("| `{}` | {} |", variant.name, variant.description);
        assert!(document.contains(&row), "docs/testbed.md lacks: {row}");
    }
    assert_eq!(listed.lines().count(), CATALOGUE.len());
}

#[test]
fn a_server_runs_until_it_is_told_to_end_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let mut running = program()
        .args(["serve", "hostile-names"])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> =
        BufReader::new(running.stdout.take().unwrap()).lines().take(3).map(Result::unwrap).collect();
    assert!(lines[0].starts_with("hostile-names: "), "{lines:?}");
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(words[..4], ["hostrounds", "server", "add", "hostile-names"]);
    let after = |option: &str| words[words.iter().position(|word| *word == option).unwrap() + 1];
    std::net::TcpStream::connect((after("--host"), after("--port").parse().unwrap())).unwrap();
    assert!(Path::new(after("--key").trim_matches('\'')).starts_with(temporary.path()));

    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    assert!(running.wait().unwrap().success());
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_server_that_does_not_exist_is_an_error() {
    let output = program().args(["serve", "nonsense"]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no server called nonsense"), "{said}");
}
