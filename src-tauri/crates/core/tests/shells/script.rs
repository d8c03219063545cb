//! The script, one command at a time.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, routine_command, script, slow_command};
use hostrounds_core::time::UnixMillis;

use crate::conversation::{USUAL_PATH, folder_of, program, shells, without_places};

/// What `shell`, with nothing but `path` in its environment, prints for one line after `script`, with nothing on its
/// standard error.
fn answer(shell: &[&str], path: &str, script: &str, line: &str) -> Vec<u8> {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{script}{line}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    output.stdout
}

fn routine(shell: &[&str], path: &str, script: &str) -> Observation {
    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().routine(&answer(shell, path, script, routine_command()), Family::ALL, &mut observation);
    observation
}

fn slow(shell: &[&str], path: &str, script: &str, families: &[Family]) -> Observation {
    let mut observation = Observation::empty(UnixMillis(0));
    let output = answer(shell, path, script, &slow_command(families, true, "a1B2"));
    Remote::new().slow(&output, families, "a1B2", &mut observation);
    observation
}

/// The families that this machine may not have.
const NOT_EVERYWHERE: [Family; 4] = [Family::Pressure, Family::Temperatures, Family::Batteries, Family::Users];

fn check(shell: &[&str], path: &str) {
    let expected = |observation: &Observation| {
        let missing: Vec<_> =
            observation.unavailable.iter().filter(|missing| !NOT_EVERYWHERE.contains(&missing.family)).collect();
        assert!(missing.is_empty(), "{shell:?}: {missing:?}");
        assert!(observation.spent.is_some(), "{shell:?}");
    };
    let observation = routine(shell, path, script());
    expected(&observation);
    assert_eq!(observation.of(Metric::Load15).count(), 1, "{shell:?}");

    let families =
        [Family::Processes, Family::Tcp, Family::Temperatures, Family::Batteries, Family::Users, Family::Filesystems];
    let observation = slow(shell, path, script(), &families);
    expected(&observation);
    assert_eq!(observation.facts.and_then(|facts| facts.kernel), Some(kernel()), "{shell:?}");
    let top = observation.processes.unwrap();
    assert!(top.by_memory.iter().all(|process| process.memory > 0), "{shell:?}");
    assert!(top.by_memory.iter().any(|process| process.user.is_some()), "{shell:?}");
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}

#[test]
fn it_runs_and_is_understood() {
    for shell in shells() {
        check(&shell, USUAL_PATH);
    }
}

#[test]
fn it_runs_where_every_program_is_busybox() {
    let programs = folder_of(
        &["awk", "cat", "cut", "df", "grep", "head", "ls", "stat", "tail", "timeout", "uname", "who"]
            .map(|name| (name, "/bin/busybox")),
    );
    check(&["/bin/busybox", "sh"], &format!("{}:{USUAL_PATH}", programs.path().display()));
}

#[test]
fn it_says_nothing_by_itself() {
    for shell in shells() {
        assert_eq!(String::from_utf8_lossy(&answer(&shell, USUAL_PATH, script(), ":")), "", "{shell:?}");
    }
}

/// As in a sandbox that shows nothing of the system, with no program beyond what the shell itself has.
#[test]
fn without_proc_and_without_programs_everything_is_not_available() {
    let nowhere = without_places(&script().replace("/proc", "/nowhere").replace("/sys/", "/nowhere/"));
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().to_str().unwrap();
    for shell in [["/bin/dash", "-s"], ["/bin/bash", "-s"]] {
        let observation = routine(&shell, path, &nowhere);
        assert_eq!(observation.points, []);
        assert_eq!(observation.unavailable.len(), 8, "{:?}", observation.unavailable);
        assert!(observation.spent.is_some(), "the shell itself can still tell");

        let slow_families: Vec<Family> =
            Family::ALL.iter().copied().filter(|family| family.rhythm() != Family::Cpu.rhythm()).collect();
        let observation = slow(&shell, path, &nowhere, &slow_families);
        let missing: Vec<Family> = observation.unavailable.iter().map(|missing| missing.family).collect();
        for family in [Family::Processes, Family::Tcp, Family::Temperatures, Family::Batteries, Family::Filesystems] {
            assert!(missing.contains(&family), "{family:?}: {missing:?}");
        }
        assert!(observation.unavailable.iter().all(|missing| missing.reason.ends_with('.')));
    }
}

/// A `df` that never ends by itself is ended, and what was asked with it is answered all the same.
#[test]
fn a_df_that_hangs_costs_only_the_filesystems() {
    let programs = tempfile::tempdir().unwrap();
    program(programs.path(), "df", "exec tail -f /dev/null");
    let impatient = script().replace("timeout 8", "timeout 0.2");
    assert_ne!(impatient, script());
    let path = format!("{}:{USUAL_PATH}", programs.path().display());
    let observation = slow(&["dash"], &path, &impatient, &[Family::Filesystems, Family::Processes]);
    assert!(observation.processes.is_some());
    let reasons: Vec<&str> = observation.unavailable.iter().map(|missing| missing.reason.as_str()).collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains("network filesystem"), "{reasons:?}");
}

#[test]
fn a_nonce_cannot_break_out_of_its_line() {
    assert_eq!(slow_command(&[], true, "a; rm -rf $(x)\n`b`"), "hr_slow armrfxb facts");
}

fn connections(count: u32, first: &Path) {
    let mut text = String::from("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n");
    for n in 0..count {
        let state = if n % 3 == 0 { "0A" } else { "06" };
        text.push_str(&format!(
            "{n:4}: 0100007F:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0\n"
        ));
    }
    std::fs::write(first, text).unwrap();
}

/// With `awk` and without, and however wide the number of the line has become.
#[test]
fn connections_are_counted_on_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tcp");
    connections(30_000, &file);
    let counted = script().replace("/proc/net/tcp6", "/nowhere").replace("/proc/net/tcp", file.to_str().unwrap());
    let bare = folder_of(&["cut", "sort", "uniq"].map(|name| (name, "/bin/busybox")));
    for (path, script) in
        [(USUAL_PATH.to_owned(), counted.clone()), (bare.path().display().to_string(), without_places(&counted))]
    {
        let output = answer(&["/bin/dash"], &path, &script, &slow_command(&[Family::Tcp], false, "n"));
        assert!(output.len() < 500, "{}", String::from_utf8_lossy(&output));
        let observation = slow(&["/bin/dash"], &path, &script, &[Family::Tcp]);
        let count = |state: &str| {
            observation.value(Metric::TcpConnections, &Attributes::none().with(attribute::CONNECTION_STATE, state))
        };
        assert_eq!((count("listen"), count("time_wait"), count("established")), (Some(1e4), Some(2e4), Some(0.0)));
    }
}

fn write(root: &Path, file: &str, content: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("{content}\n")).unwrap();
}

#[test]
fn sensors_and_batteries_are_found_below_sys() {
    let root = tempfile::tempdir().unwrap();
    for (file, content) in [
        ("hwmon/hwmon3/name", "coretemp"),
        ("hwmon/hwmon3/temp1_label", "Package id 0"),
        ("hwmon/hwmon3/temp1_input", "41000"),
        ("thermal/thermal_zone0/type", "acpitz"),
        ("thermal/thermal_zone0/temp", "-27800"),
        ("power_supply/BAT0/type", "Battery"),
        ("power_supply/BAT0/capacity", "80"),
        ("power_supply/BAT0/status", "Charging"),
    ] {
        write(root.path(), file, content);
    }
    let root = root.path().to_str().unwrap();
    let elsewhere = script().replace("/sys/class", root);
    let families = [Family::Temperatures, Family::Batteries];
    for shell in shells() {
        let output = answer(&shell, USUAL_PATH, &elsewhere, &slow_command(&families, false, "n"));
        let output = String::from_utf8(output).unwrap().replace(root, "/sys/class");
        let mut observation = Observation::empty(UnixMillis(0));
        Remote::new().slow(output.as_bytes(), &families, "n", &mut observation);
        assert_eq!(observation.unavailable, [], "{shell:?}");
        let values: Vec<(&str, f64)> = observation
            .points
            .iter()
            .map(|point| (point.series.attributes.0.values().next().unwrap().as_str(), point.value))
            .collect();
        let expected = [("coretemp Package id 0", 41.0), ("acpitz", -27.8), ("BAT0", 0.8), ("BAT0", 0.0)];
        assert_eq!(values, expected, "{shell:?}");
    }
}

/// The record of logins is asked where it is kept; where it is not, `loginctl` is; where neither is, nobody knows.
#[test]
fn users_are_asked_of_who_knows_them() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "who", "echo 'ops pts/0 Nov 24 06:00 (10.0.0.9)'");
    program(
        folder.path(),
        "loginctl",
        r#"case $1 in
list-sessions) echo "     c1 1000 ops seat0 tty2"; echo "      7    0 root" ;;
show-session)
  for last in "$@"; do :; done
  case "$*" in *"State c1 7") ;; *) exit 1 ;; esac
  printf 'Name=root\nTTY=tty2\nRemoteHost=\nTimestamp=Mon\nType=x11\nClass=user\nState=active\n'
  printf '\nName=root\nTTY=\nRemoteHost=\nTimestamp=Mon\nType=unspecified\nClass=user\nState=active\n' ;;
esac"#,
    );
    let path = format!("{}:{USUAL_PATH}", folder.path().display());
    let record = folder.path().join("utmp");
    let script = script().replace("/var/run/utmp", "/nowhere").replace("/run/utmp", record.to_str().unwrap());
    for shell in shells() {
        let users = || {
            let observation = slow(&shell, &path, &script, &[Family::Users]);
            let rows = observation.tables.users.clone().unwrap_or_default();
            (observation.unavailable, rows.into_iter().map(|row| (row.user, row.terminal)).collect::<Vec<_>>())
        };
        let row = |user: &str, terminal: &str| vec![(user.to_owned(), terminal.to_owned())];
        std::fs::write(&record, "kept").unwrap();
        assert_eq!(users(), (vec![], row("ops", "pts/0")), "{shell:?}");
        std::fs::remove_file(&record).unwrap();
        assert_eq!(users(), (vec![], row("root", "tty2")), "{shell:?}");
    }
    program(folder.path(), "loginctl", "exit 1");
    let observation = slow(&["dash"], &path, &script, &[Family::Users]);
    assert_eq!((observation.tables.users, observation.points.len(), observation.unavailable.len()), (None, 0, 1));
    std::fs::write(&record, "").unwrap();
    let observation = slow(&["dash"], &path, &script, &[Family::Users]);
    assert_eq!(
        observation.tables.users.map(|rows| rows.len()),
        Some(1),
        "an empty record is asked where nothing else is"
    );
}

/// So many that the answer would be too large costs the processes, and none of the families beside them.
#[test]
fn too_many_processes_are_told_and_not_listed() {
    let few = script().replace("-gt $hr_most", "-gt 1");
    assert_ne!(few, script());
    let told = |shell: &[&str], path: &str, script: &str, families: &[Family], most: &str| {
        let observation = slow(shell, path, script, families);
        let [missing] = &observation.unavailable[..] else { panic!("{shell:?}: {:?}", observation.unavailable) };
        assert_eq!(missing.family, Family::Processes);
        let end = format!("processes run there; at most {most} are listed.");
        assert!(missing.reason.ends_with(&end), "{shell:?}: {missing:?}");
        observation
    };
    for shell in shells() {
        let observation = told(&shell, USUAL_PATH, &few, &[Family::Processes, Family::Tcp], "10000");
        assert!(observation.of(Metric::TcpConnections).count() > 0, "{shell:?}");
    }
    let without_awk = folder_of(&[("cut", "/usr/bin/cut")]);
    let path = without_awk.path().to_str().unwrap();
    for shell in [["/usr/bin/dash", "-s"], ["/usr/bin/bash", "-s"]] {
        told(&shell, path, &without_places(&few), &[Family::Processes], "4500");
    }
}

/// A folder with processes as `/proc` shows them, and the script that looks there for them.
fn with_processes(stats: impl Iterator<Item = (u64, String)>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (pid, stat) in stats {
        let process = folder.path().join(pid.to_string());
        std::fs::create_dir(&process).unwrap();
        std::fs::write(process.join("stat"), stat).unwrap();
    }
    let there = script().replace("/proc/[0-9]*", &format!("{}/[0-9]*", folder.path().display()));
    assert_ne!(there, script());
    (folder, there)
}

/// A line of `/proc/[pid]/stat` whose numbers have as many digits as those of a busy server that runs for years.
fn stat_of(pid: u64, name: &str) -> String {
    let after = "18446744073709551615 94137519378432 94137519379184 140723334539104 0 0 0 0 4096 65536 0 0 0 17 1 0 0";
    let (ticks, system, threads, pages) =
        (1_000_000_000 + pid, 2_000_000_000 + pid, 10_000 + pid % 7, 100_000_000 + pid);
    format!(
        "{pid} ({name}) S 1234567 1234567 1234567 0 -1 4194560 123456789 987654321 1234 3412 {ticks} {system} 12345 \
         34521 20 0 {threads} 0 1234567890 123456789012 {pages} {after} 0 0 0 94137519389184 94137519390000 0\n"
    )
}

#[test]
fn many_processes_are_listed_in_brief_and_say_the_same() {
    let names = [
        "plain",
        "two words",
        "a) S 1 (b",
        ") ",
        "               ",
        "line\nbreak",
        "\n) R 9\n",
        "x\u{1b}[31m",
        "(sd-pam)",
    ];
    let stats = (0..12).map(|pid| (pid + 1, stat_of(pid + 1, names[pid as usize % names.len()])));
    let (_processes, few) = with_processes(stats);
    let many = few.replace("if [ $# -gt 4500 ]", "if [ $# -gt 1 ]");
    assert_ne!(many, few);
    for shell in shells() {
        let [whole, brief] = [&few, &many].map(|script| slow(&shell, USUAL_PATH, script, &[Family::Processes]));
        let [whole_top, brief_top] = [&whole, &brief].map(|observation| observation.processes.clone().unwrap());
        assert_eq!(whole_top.by_memory.len(), 12, "{shell:?}");
        assert_eq!(brief_top.by_memory, whole_top.by_memory, "{shell:?}");
        assert_eq!(brief.points, whole.points, "{shell:?}");
    }
}

#[test]
fn ten_thousand_processes_fit_into_an_answer() {
    let stats = (0..10_000).map(|n| 1_000_000 + n).map(|pid| (pid, stat_of(pid, "fifteen letters")));
    let (processes, script) = with_processes(stats);
    let folder = processes.path().to_str().unwrap();
    for shell in shells() {
        let output = answer(&shell, USUAL_PATH, &script, &slow_command(&[Family::Processes], true, "a1B2"));
        let output = String::from_utf8(output).unwrap().replace(folder, "/proc");
        let mut observation = Observation::empty(UnixMillis(0));
        Remote::new().slow(output.as_bytes(), &[Family::Processes], "a1B2", &mut observation);
        assert_eq!(observation.unavailable, [], "{shell:?}");
        let sleeping = Attributes::none().with(attribute::PROCESS_STATE, "sleeping");
        assert_eq!(observation.value(Metric::ProcessCount, &sleeping), Some(10_000.0), "{shell:?}");
        assert!(observation.processes.unwrap().by_memory.iter().all(|process| process.user.is_some()), "{shell:?}");
        // Users of big installations have ids of six digits, not that of whoever runs the test.
        assert!(output.len() + 10_000 * 5 < 1 << 20, "{shell:?}: {}", output.len());
    }
}
