//! The reader that stays, run for real by the perl of this machine below every shell that servers have.

use std::path::Path;
use std::process::Command;

use crate::conversation::{Conversation, TOKEN, USUAL_PATH, folder_of, program, shells, without_places};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, reader_command, reads_on, routine_command, script};
use hostrounds_core::time::UnixMillis;

fn observed(answer: &[u8]) -> Observation {
    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().routine(answer, Family::ALL, &mut observation);
    observation
}

fn headers(answer: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answer).into_owned();
    text.lines().filter(|line| line.starts_with("==> ")).map(str::to_owned).collect()
}

/// The reader that a shell waits for. What has handed it the token may not have ended yet, or not have been waited for.
fn reader_of(shell: u32) -> u32 {
    let children = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (start, rest) = stat.rsplit_once(") ")?;
        let (_, name) = start.split_once(" (")?;
        (rest.split(' ').nth(1)?.parse() == Ok(shell)).then(|| (pid, name.to_owned()))
    });
    let children: Vec<(u32, String)> = children.collect();
    let readers: Vec<u32> = children.iter().filter(|(_, name)| name == "perl").map(|(pid, _)| *pid).collect();
    assert_eq!(readers.len(), 1, "{children:?}");
    readers[0]
}

/// Ends a reader by force and waits until it is gone: while it is dying it could still take the next question with it.
fn kill(reader: u32) {
    assert!(Command::new("kill").args(["-9", &reader.to_string()]).status().unwrap().success());
    while Path::new(&format!("/proc/{reader}")).exists() {
        std::thread::yield_now();
    }
}

fn begin_reading(shell: &[&str], script: &str) -> Conversation {
    let mut conversation = Conversation::begin(shell, USUAL_PATH, script);
    assert!(reads_on(&conversation.ask(reader_command())), "{shell:?}");
    conversation
}

#[test]
fn it_answers_as_the_shell_did() {
    for shell in shells() {
        let mut conversation = Conversation::begin(&shell, USUAL_PATH, script());
        conversation.ask("n=0; while [ $n -lt 200000 ]; do n=$((n + 1)); done");
        let before = conversation.ask(routine_command());
        assert!(reads_on(&conversation.ask(reader_command())), "{shell:?}");
        let after = conversation.ask(routine_command());

        assert_eq!(headers(&after), headers(&before), "{shell:?}");
        let (before, after) = (observed(&before), observed(&after));
        assert_eq!(after.unavailable, before.unavailable, "{shell:?}");
        let series = |observation: &Observation| -> Vec<_> {
            observation.points.iter().map(|point| point.series.clone()).collect()
        };
        assert_eq!(series(&after), series(&before), "{shell:?}");
        let (before, after) = (before.spent.unwrap().0, after.spent.unwrap().0);
        assert!(before > 0.05, "{shell:?}: counting takes time");
        // Each of the four numbers that make this up is cut to hundredths of a second.
        assert!(after + 0.04 >= before, "{shell:?}: what was used before still counts, {after} < {before}");
        reader_of(conversation.pid());
        assert_eq!(conversation.end(), "", "{shell:?} ends with its input");
    }
}

#[test]
fn nobody_sees_the_token() {
    let mut conversation = begin_reading(&["dash"], script());
    conversation.ask(routine_command());
    let reader = reader_of(conversation.pid());
    for file in ["cmdline", "environ"] {
        let seen = std::fs::read(format!("/proc/{reader}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&seen).contains(TOKEN), "{file}");
    }
    assert!(!conversation.ask(routine_command()).is_empty(), "and yet it knows it");
}

#[test]
fn everything_else_has_an_empty_answer_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut conversation = begin_reading(&["dash"], script());
    for command in [
        ":".to_owned(),
        format!("touch {0}; : > {0}", trace.display()),
        format!("hr_routine; touch {}", trace.display()),
        format!("hr_routine\ntouch {}", trace.display()),
        format!("`touch {}`", trace.display()),
        format!("@{{[system(\"touch {}\")]}}", trace.display()),
        "hr_slow n facts".to_owned(),
        "x".repeat(10_000),
    ] {
        assert_eq!(conversation.ask(&command), b"", "{command}");
    }
    assert!(!trace.exists());
    assert!(!conversation.ask(routine_command()).is_empty());
}

#[test]
fn noise_between_the_questions_is_passed_over_and_an_endless_line_ends_it() {
    let mut conversation = begin_reading(&["dash"], script());
    conversation.send("} </dev/null; echo \"$_hostrounds-1-e\"\n\n\0noise\n");
    assert!(!conversation.ask(routine_command()).is_empty());
    let reader = reader_of(conversation.pid());
    // More than it can take in before it looks how long the line is, in pieces of any size.
    conversation.send(&"x".repeat(200_000));
    conversation.send("\n");
    let answer = conversation.ask(routine_command());
    assert!(!answer.is_empty(), "the shell goes on");
    assert!(!Path::new(&format!("/proc/{reader}")).exists());
}

#[test]
fn files_are_read_afresh_and_missing_ones_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let load = folder.path().join("loadavg");
    std::fs::write(&load, "1.0 2.0 3.0 1/2 3\n").unwrap();
    let script = script().replace("/proc/loadavg", load.to_str().unwrap()).replace("/proc/uptime", "/nowhere/uptime");
    let mut conversation = begin_reading(&["busybox", "sh"], &script);
    let mut read = || {
        let answer = String::from_utf8(conversation.ask(routine_command())).unwrap();
        assert!(!answer.contains("uptime"));
        observed(answer.replace(load.to_str().unwrap(), "/proc/loadavg").as_bytes())
    };
    let load1 = |observation: &Observation| observation.value(Metric::Load1, &Attributes::none());
    assert_eq!(load1(&read()), Some(1.0));
    std::fs::write(&load, "4.0 2.0 3.0 1/2 3\n").unwrap();
    assert_eq!(load1(&read()), Some(4.0));
    std::fs::rename(&load, folder.path().join("away")).unwrap();
    assert_eq!(load1(&read()), None);
    std::fs::write(&load, "5.0 2.0 3.0 1/2 3\n").unwrap();
    assert_eq!(load1(&read()), Some(5.0));
}

#[test]
fn what_is_too_long_is_cut_between_two_lines() {
    let folder = tempfile::tempdir().unwrap();
    let interfaces = folder.path().join("dev");
    let line = |n: u32| format!("if{n}: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 {n}\n");
    std::fs::write(&interfaces, (0..100_000).map(line).collect::<String>()).unwrap();
    let script = script().replace("/proc/net/dev", interfaces.to_str().unwrap());
    let mut conversation = begin_reading(&["dash"], &script);
    let answer = conversation.ask(routine_command());
    assert!((900_000..1 << 20).contains(&answer.len()), "{}", answer.len());
    let text = String::from_utf8(answer).unwrap();
    let (before, times) = text.split_once("\n==> times <==\n").unwrap();
    assert!(times.contains("0m0."));
    let last = before.trim_end().lines().last().unwrap();
    let number = last.rsplit(' ').next().unwrap().parse().unwrap();
    assert_eq!(format!("{last}\n"), line(number));
    assert!(text.contains("==> /proc/stat <==\ncpu "), "those before it are whole");
}

#[test]
fn a_reader_that_is_killed_leaves_a_shell_that_answers() {
    let mut conversation = begin_reading(&["dash"], script());
    conversation.ask(routine_command());
    let reader = reader_of(conversation.pid());
    kill(reader);
    let answer = conversation.ask(routine_command());
    assert_eq!(observed(&answer).of(Metric::Load1).count(), 1);
    assert!(reads_on(&conversation.ask(reader_command())), "and it can be tried again");
    assert!(!conversation.ask(routine_command()).is_empty());
}

#[test]
fn a_perl_that_does_not_work_leaves_a_shell_that_answers() {
    let programs = tempfile::tempdir().unwrap();
    program(programs.path(), "perl", "exit 2");
    let path = format!("{}:{USUAL_PATH}", programs.path().display());
    for shell in shells() {
        let mut conversation = Conversation::begin(&shell, &path, script());
        conversation.ask(reader_command());
        assert_eq!(observed(&conversation.ask(routine_command())).of(Metric::Load1).count(), 1, "{shell:?}");
        assert_eq!(conversation.ask("echo still here"), b"still here\n", "{shell:?}");
    }
}

#[test]
fn without_perl_the_shell_says_so_and_stays() {
    let programs = folder_of(&[("head", "/usr/bin/head")]);
    for shell in [["/usr/bin/dash", "-s"], ["/usr/bin/bash", "-s"]] {
        let mut conversation =
            Conversation::begin(&shell, programs.path().to_str().unwrap(), &without_places(script()));
        assert!(!reads_on(&conversation.ask(reader_command())));
        assert_eq!(observed(&conversation.ask(routine_command())).of(Metric::Load1).count(), 1, "{shell:?}");
    }
}
