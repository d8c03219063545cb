//! The script, run for real by the shells that servers have, on this machine.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)] // a test may fail loudly

use std::io::Write;
use std::process::{Command, Stdio};

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, routine_command, script, slow_command};
use hostrounds_core::time::UnixMillis;
use rstest::rstest;

/// What `shell` prints for one line after the script, with nothing on its standard error.
fn answer(shell: &[&str], path: &str, line: &str) -> Vec<u8> {
    let (program, arguments) = shell.split_first().unwrap();
    let mut child = Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{}{line}\n", script()).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

/// A directory in which every program is BusyBox, and which is searched first.
fn busybox_only() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for program in ["cat", "cut", "df", "grep", "ls", "stat", "tail", "timeout", "uname"] {
        std::os::unix::fs::symlink("/bin/busybox", directory.path().join(program)).unwrap();
    }
    directory
}

const USUAL_PATH: &str = "/usr/bin:/bin";

fn check(shell: &[&str], path: &str) {
    let mut remote = Remote::new();
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(&answer(shell, path, routine_command()), Family::ALL, &mut observation);
    assert_eq!(observation.unavailable, []);
    assert_eq!(observation.of(Metric::Load15).count(), 1);

    let mut observation = Observation::empty(UnixMillis(0));
    let families = [Family::Filesystems, Family::Processes];
    let output = answer(shell, path, &slow_command(&families, true, "a1B2"));
    remote.slow(&output, &families, "a1B2", &mut observation);
    assert_eq!(observation.unavailable, []);
    assert_eq!(observation.facts.and_then(|facts| facts.kernel), Some(kernel()));
    let top = observation.processes.unwrap();
    assert!(top.by_memory.iter().all(|process| process.memory > 0));
    assert!(top.by_memory.iter().any(|process| process.user.is_some()));
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}

#[rstest]
#[case::dash(&["dash"])]
#[case::bash_as_sh(&["bash", "--posix"])]
#[case::bash(&["bash"])]
#[case::busybox_shell_with_gnu_tools(&["busybox", "sh"])]
fn the_script_runs_and_is_understood(#[case] shell: &[&str]) {
    check(shell, USUAL_PATH);
}

#[test]
fn the_script_runs_where_every_program_is_busybox() {
    let programs = busybox_only();
    check(&["/bin/busybox", "sh"], &format!("{}:{USUAL_PATH}", programs.path().display()));
}

/// A `df` that never ends by itself is ended, and what was asked with it is answered all the same.
#[test]
fn a_df_that_hangs_costs_only_the_filesystems() {
    let programs = tempfile::tempdir().unwrap();
    let df = programs.path().join("df");
    std::fs::write(&df, "#!/bin/sh\nexec tail -f /dev/null\n").unwrap();
    std::fs::set_permissions(&df, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let impatient = script().replace("timeout 8", "timeout 0.2");
    assert_ne!(impatient, script());
    let families = [Family::Filesystems, Family::Processes];
    let line = format!("{impatient}{}", slow_command(&families, false, "n"));
    let output = answer(&["dash"], &format!("{}:{USUAL_PATH}", programs.path().display()), &line);

    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().slow(&output, &families, "n", &mut observation);
    assert!(observation.processes.is_some());
    assert_eq!(observation.unavailable.len(), 1);
    assert!(observation.unavailable.iter().all(|unavailable| unavailable.reason.contains("network filesystem")));
}

#[test]
fn the_script_says_nothing_by_itself() {
    assert_eq!(String::from_utf8_lossy(&answer(&["dash"], USUAL_PATH, ":")), "");
}

#[test]
fn a_nonce_cannot_break_out_of_its_line() {
    assert_eq!(slow_command(&[], true, "a; rm -rf $(x)\n`b`"), "hr_slow armrfxb facts");
}
