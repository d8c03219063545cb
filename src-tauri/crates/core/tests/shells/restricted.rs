//! The restricted script, run for real: it answers the families and nothing else.

use crate::conversation::{Conversation, TOKEN, USUAL_PATH};
use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{
    RESTRICTED_PATH, Remote, reader_command, reads_on, restricted_script, routine_command, script, slow_command,
};
use hostrounds_core::time::UnixMillis;

const SHELLS: [&[&str]; 4] = [&["dash"], &["bash", "--posix"], &["bash"], &["busybox", "sh"]];

/// The script as a file, as it is on a server.
fn kit(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("rounds");
    std::fs::write(&path, restricted_script()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn begin(shell: &[&str], kit: &str, opening: &str) -> Conversation {
    let shell: Vec<&str> = shell.iter().copied().chain([kit]).collect();
    Conversation::begin(&shell, USUAL_PATH, opening)
}

#[test]
fn an_ordinary_session_works() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(&folder);
    for shell in SHELLS {
        let mut conversation = begin(shell, &kit, script());
        let mut remote = Remote::new();
        let mut observation = Observation::empty(UnixMillis(0));

        let families = [Family::Processes, Family::Filesystems];
        let answer = conversation.ask(&slow_command(&families, true, "a1B2"));
        remote.slow(&answer, &families, "a1B2", &mut observation);
        assert_eq!(observation.unavailable, [], "{shell:?}");
        assert!(observation.facts.is_some() && observation.processes.is_some(), "{shell:?}");

        let detail = remote.process_detail_command("c3D4").unwrap();
        remote.process_detail(&conversation.ask(&detail), "c3D4", &mut observation);
        let top = observation.processes.as_ref().unwrap();
        assert!(top.by_memory.iter().any(|process| process.handles.is_some()), "{shell:?}");

        assert!(!reads_on(&conversation.ask(reader_command())), "{shell:?}: it takes no reader");
        remote.routine(&conversation.ask(routine_command()), Family::ALL, &mut observation);
        assert_eq!(observation.of(Metric::Load1).count(), 1, "{shell:?}");
        assert!(observation.spent.is_some(), "{shell:?}");
        assert_eq!(conversation.ask(":"), b"", "{shell:?}");
        assert_eq!(conversation.end(), "", "{shell:?}");
    }
}

#[test]
fn nothing_else_runs() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(&folder);
    let trace = folder.path().join("trace");
    let touch = format!(": > {}", trace.display());
    let hostile_opening = format!("{touch}\nhr_routine() {{ {touch}; }}\nhr_facts() {{ {touch}; }}\nPATH=/nowhere\n");
    for shell in SHELLS {
        let mut conversation = begin(shell, &kit, &hostile_opening);
        for command in [
            touch.clone(),
            format!("; {touch}"),
            format!("$({touch})"),
            format!("`{touch}`"),
            format!("hr_routine; {touch}"),
            format!("hr_routine\n{touch}"),
            format!("hr_routine && {touch}"),
            format!("hr_routine </dev/null\n}}; {{ {touch}"),
            format!("hr_slow n facts; {touch}"),
            format!("hr_slow n $({touch})"),
            format!("hr_slow `{touch}` facts"),
            format!("hr_slow n facts > {}", trace.display()),
            format!("hr_process_detail n 1; {touch}"),
            format!("hr_process_detail n $({touch})"),
            "hr_process_detail n ../1".to_owned(),
            "hr_process_detail n x".to_owned(),
            "hr_process_detail".to_owned(),
            "hr_routine hr_routine".to_owned(),
            "hr_slow n mark".to_owned(),
            "hr_slow n limited sh".to_owned(),
            "hr_slow n facts slow".to_owned(),
            "hr_slow n *".to_owned(),
            "hr_slow /etc/passw[d] facts".to_owned(),
            "hr_slow ~ facts".to_owned(),
            "hr_slow $hr_token facts".to_owned(),
            "hr_slow n ../facts".to_owned(),
            "hr_slow n facts\\ facts".to_owned(),
            "hr_slow".to_owned(),
            "hr_slow ".to_owned(),
            "hr_limited sh".to_owned(),
            "hr_facts".to_owned(),
            "hr_reader".to_owned(),
            "id".to_owned(),
            "sh".to_owned(),
            "exit".to_owned(),
            "hr_mark $hr_token".to_owned(),
        ] {
            assert_eq!(String::from_utf8_lossy(&conversation.ask(&command)), "", "{shell:?}: {command}");
            assert!(!trace.exists(), "{shell:?}: {command}");
        }
        for line in [
            format!("echo \"$_hostrounds-1$({touch})-b\"; {{ :\n}} </dev/null; echo \"$_hostrounds-1$({touch})-e\"\n"),
            format!("echo \"$_hostrounds-1-b\"; {{ hr_routine\n}} </dev/null; {touch}; echo \"$_hostrounds-1-e\"\n"),
            format!("_hostrounds=$({touch})\n_hostrounds=ff\n{touch}\n"),
        ] {
            conversation.send(&line);
        }
        let answer = conversation.ask(routine_command());
        assert!(
            !answer.is_empty(),
            "{shell:?}: what was sent first redefined nothing, and the token is still the first"
        );
        assert!(!trace.exists(), "{shell:?}");
        assert_eq!(conversation.end(), "", "{shell:?}");
    }
}

#[test]
fn a_request_without_parts_is_answered_with_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut conversation = begin(&["dash"], &kit(&folder), "");
    let answer = String::from_utf8(conversation.ask("hr_slow n")).unwrap();
    assert!(answer.contains("@hr n times") && answer.contains("@hr n end"), "{answer}");
}

#[test]
fn what_is_asked_for_on_the_command_line_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(&folder);
    let mut child = std::process::Command::new("dash")
        .arg(&kit)
        .env("SSH_ORIGINAL_COMMAND", format!("touch {}", folder.path().join("trace").display()))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.is_empty() && output.stderr.is_empty() && !folder.path().join("trace").exists());
}

#[test]
fn it_says_where_it_belongs() {
    let script = restricted_script();
    assert!(script.starts_with("#!/bin/sh\n"));
    assert!(script.contains(&format!("restrict,command=\"{RESTRICTED_PATH}\"")));
    assert!(!script.contains(TOKEN) && !script.contains("eval "));
}
