//! The house rules of `docs/architecture.md` that a reader could break without noticing: who may import what.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may fail loudly")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap()
}

/// Every Rust file below `folder`, with its path from the root.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn imports(text: &str, package: &str) -> bool {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).any(|line| {
        line.match_indices(&format!("{package}::")).any(|(at, _)| {
            !line.get(..at).unwrap_or_default().ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    })
}

fn offenders(package: &str, allowed: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    sources(&root().join("src-tauri"), &mut all);
    assert!(all.len() > 50, "the sources were found");
    all.into_iter()
        .filter(|(name, text)| !allowed.iter().any(|folder| name.starts_with(folder)) && imports(text, package))
        .map(|(name, _)| name)
        .collect()
}

const NONE: [String; 0] = [];

#[test]
fn only_the_shell_knows_tauri() {
    assert_eq!(offenders("tauri", &["src-tauri/src/"]), NONE);
}

#[test]
fn only_ssh_knows_russh() {
    // The test servers are SSH servers; production code never imports the testbed.
    assert_eq!(offenders("russh", &["src-tauri/crates/ssh/", "src-tauri/crates/testbed/"]), NONE);
}

#[test]
fn only_the_store_knows_sqlx() {
    assert_eq!(offenders("sqlx", &["src-tauri/crates/store/"]), NONE);
}

#[test]
fn only_reports_know_plotters() {
    for package in ["plotters", "plotters_backend"] {
        assert_eq!(offenders(package, &["src-tauri/crates/report/"]), NONE);
    }
}

#[test]
fn core_knows_no_clock_no_files_no_network_and_no_runtime() {
    let mut all = Vec::new();
    sources(&root().join("src-tauri/crates/core/src"), &mut all);
    for forbidden in [
        "tokio",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "Instant::now",
        "SystemTime",
        "async fn",
        "Timestamp::now",
    ] {
        for (name, text) in &all {
            let found = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(forbidden));
            assert!(!found, "{name} uses {forbidden}");
        }
    }
}

#[test]
fn floors_depend_downwards_only() {
    let below = |name: &str| -> Vec<&str> {
        match name {
            "core" => vec![],
            "ssh" | "testbed" => vec![],
            "local" | "store" | "ssh-config" | "report" | "export" => vec!["core"],
            "engine" => vec!["core", "ssh", "ssh-config", "local", "store", "report", "export"],
            "cli" => vec!["core", "engine"],
            "bench" => vec!["core", "ssh", "store", "engine", "testbed"],
            other => panic!("crates/{other} has no floor yet: give it one here and in docs/architecture.md"),
        }
    };
    for entry in std::fs::read_dir(root().join("src-tauri/crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let production = manifest.split("[dev-dependencies]").next().unwrap();
        let used: Vec<&str> = production
            .lines()
            .filter_map(|line| line.strip_prefix("hostrounds-"))
            .filter_map(|line| line.split(['.', ' ']).next())
            .collect();
        for dependency in used {
            assert!(below(&name).contains(&dependency), "crates/{name} must not depend on crates/{dependency}");
        }
    }
}
