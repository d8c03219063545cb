//! One shell, many questions: odd login shells, noise, late and oversized answers, forgeries.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{LIMITS, ask, connect, say, session, sshd};
use hostrounds_ssh::{Credential, Limits, ShellError};
use hostrounds_testbed::{PasswordMethods, PasswordServer, PasswordServerConfig, Sshd, SshdConfig, TestbedError};
use rstest::rstest;

fn forced(command: &str) -> SshdConfig {
    SshdConfig { lines: vec![format!("ForceCommand {command}")], ..SshdConfig::default() }
}

#[tokio::test]
async fn a_script_is_told_once_and_used_many_times() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let script = "echo noise\nn=0\nprobe() { n=$((n + 1)); echo \"visit $n of $1\"; }\necho more noise >&2";
    let mut shell = session.shell(script).await.unwrap();
    for visit in 1..=50 {
        assert_eq!(ask(&mut shell, "probe web").await, format!("visit {visit} of web\n"));
    }
}

#[tokio::test]
async fn answers_are_byte_for_byte() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    assert_eq!(ask(&mut shell, ":").await, "");
    assert_eq!(ask(&mut shell, "printf 'no newline'").await, "no newline");
    assert_eq!(ask(&mut shell, "printf '\\n\\n'").await, "\n\n");
    let raw = shell.ask("printf '\\000\\377\\r\\n\\033[0m'", LIMITS).await.unwrap();
    assert_eq!(raw, b"\0\xff\r\n\x1b[0m");
    assert_eq!(ask(&mut shell, "cat; echo done").await, "done\n", "standard input is empty");
    assert_eq!(ask(&mut shell, "echo one # a comment").await, "one\n");
    assert_eq!(ask(&mut shell, "echo two\necho three").await, "two\nthree\n");
    assert_eq!(ask(&mut shell, "sleep 0 &").await, "");
    assert_eq!(ask(&mut shell, "false").await, "");
    assert_eq!(ask(&mut shell, "echo four >&2; echo five").await, "five\n");
}

#[rstest]
#[case::fish(r#"fish -c "$SSH_ORIGINAL_COMMAND""#)]
#[case::tcsh(r#"tcsh -c "$SSH_ORIGINAL_COMMAND""#)]
#[case::busybox(r#"busybox ash -c "$SSH_ORIGINAL_COMMAND""#)]
#[case::bash(r#"bash -c "$SSH_ORIGINAL_COMMAND""#)]
#[case::zsh(r#"zsh -c "$SSH_ORIGINAL_COMMAND""#)]
#[case::noisy(r#"echo 'Welcome!'; printf 'hostrounds-0-b'; echo oops >&2; eval "$SSH_ORIGINAL_COMMAND""#)]
#[case::only_busybox("busybox sh")]
#[case::only_bash("bash --posix")]
#[tokio::test]
async fn whatever_the_login_shell_is_sh_answers(#[case] command: &str) {
    let (sshd, hosts) = sshd(forced(command)).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("greet() { echo \"hello $1\"; }").await.unwrap();
    assert_eq!(ask(&mut shell, "greet world").await, "hello world\n");
    assert_eq!(ask(&mut shell, "greet again").await, "hello again\n");
}

#[rstest]
#[case::fish("fish", ".config/fish/config.fish", "echo noise from fish; echo more >&2")]
#[case::tcsh("tcsh", ".cshrc", "echo noise from tcsh")]
#[case::bash("bash", ".bashrc", "echo noise from bash; echo more >&2; alias echo='echo forged'")]
#[case::zsh("zsh", ".zshenv", "echo noise from zsh")]
#[tokio::test]
async fn start_up_files_may_say_what_they_like(#[case] shell: &str, #[case] file: &str, #[case] text: &str) {
    let config = SshdConfig {
        login_shell: Some(PathBuf::from("/usr/bin").join(shell)),
        home: Some(vec![(file.into(), text.into())]),
        ..SshdConfig::default()
    };
    let Some((server, hosts)) = special(config).await else { return };
    let session = session(&server, &hosts).await;
    assert_eq!(say(&session, "echo \"$HOME\"").await, "/root\n");
}

#[rstest]
#[case::nologin("/usr/sbin/nologin", "not available")]
#[case::no_sh("sh -c 'echo no such thing here; exit 127'", "exit status 127")]
#[case::killed("sh -c 'kill -9 $$'", "")]
#[tokio::test]
async fn an_account_without_a_shell_says_what_was_printed(#[case] command: &str, #[case] said: &str) {
    let (sshd, hosts) = sshd(forced(command)).await;
    let error = session(&sshd, &hosts).await.shell("").await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("shell_unavailable", false), "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

/// A server in whose eyes the account is different; `None` where that needs root and we are not.
async fn special(config: SshdConfig) -> Option<(Sshd, common::Hosts)> {
    match Sshd::start(config).await {
        Err(TestbedError::NeedsRoot { .. }) => None,
        started => {
            let sshd = started.unwrap();
            let hosts = common::Hosts::with(&[sshd.known_hosts_line()]);
            Some((sshd, hosts))
        }
    }
}

#[tokio::test]
async fn an_account_with_nologin_names_the_command_that_helps() {
    let config = SshdConfig { login_shell: Some("/usr/sbin/nologin".into()), ..SshdConfig::default() };
    let Some((sshd, hosts)) = special(config).await else { return };
    let error = session(&sshd, &hosts).await.shell("").await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("shell_unavailable", false), "{error}");
    assert!(error.to_string().contains("not available"), "{error}");
    assert_eq!(error.remedy(), Some(format!("chsh -s /bin/sh -- {}", sshd.user())));
}

#[tokio::test]
async fn an_account_without_a_home_answers() {
    let Some((sshd, hosts)) = special(SshdConfig { homeless: true, ..SshdConfig::default() }).await else { return };
    assert_eq!(say(&session(&sshd, &hosts).await, "echo \"$HOME in $PWD\"").await, "/nonexistent in /\n");
}

#[rstest]
#[case::does_something_else("echo 12:00 up 3 days", "12:00 up 3 days; exit status 0")]
#[case::does_nothing("true", "exit status 0")]
#[case::echoes("cat", "")]
#[tokio::test]
async fn a_forced_command_that_is_no_shell_is_called_that(#[case] command: &str, #[case] said: &str) {
    let (sshd, hosts) = sshd(forced(command)).await;
    let endpoint = common::endpoint(sshd.port(), sshd.user());
    // Only `cat` takes its time: it never ends.
    let shell = if command == "cat" { Duration::from_millis(500) } else { common::patient().shell };
    let deadlines = hostrounds_ssh::Deadlines { shell, ..common::patient() };
    let credential = common::key(sshd.key());
    let session = connect(&endpoint, &credential, &hosts.known, &deadlines, &mut |_| {}).await.unwrap();
    let error = session.shell("").await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("forced_command", false), "{error}");
    assert!(error.to_string().contains(said), "{error}");
    assert!(error.hint().contains("command="), "{}", error.hint());
}

#[tokio::test]
async fn a_command_that_only_waits_is_told_by_the_clock() {
    let (sshd, hosts) = sshd(forced("sleep 600")).await;
    let endpoint = common::endpoint(sshd.port(), sshd.user());
    let deadlines = hostrounds_ssh::Deadlines { shell: Duration::from_millis(500), ..common::patient() };
    let credential = common::key(sshd.key());
    let session = connect(&endpoint, &credential, &hosts.known, &deadlines, &mut |_| {}).await.unwrap();
    assert_eq!(session.shell("").await.unwrap_err().code(), "shell_timeout");
}

#[tokio::test]
async fn a_server_that_runs_no_command_says_so() {
    let config = PasswordServerConfig {
        runs_nothing: true,
        ..PasswordServerConfig::new("ops", "s3cret", PasswordMethods::Password)
    };
    let server = PasswordServer::start(config).await.unwrap();
    let hosts = common::Hosts::with(&[server.known_hosts_line()]);
    let (endpoint, password) = (common::endpoint(server.port(), "ops"), Credential::Password("s3cret".into()));
    let session = connect(&endpoint, &password, &hosts.known, &common::patient(), &mut |_| {}).await.unwrap();
    let error = session.shell("").await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("exec_refused", false), "{error}");
    assert_eq!(error.to_string(), "the server runs no command for ops");
}

const BURN: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";

#[rstest]
#[case::bash("/bin/bash", ".bashrc")]
#[case::zsh("/usr/bin/zsh", ".zshenv")]
#[tokio::test]
async fn what_start_up_files_cost_is_measured(#[case] login_shell: &str, #[case] file: &str) {
    let cpu = async |text: String| {
        let config = SshdConfig {
            login_shell: Some(login_shell.into()),
            home: Some(vec![(file.into(), text)]),
            ..SshdConfig::default()
        };
        let (sshd, hosts) = special(config).await?;
        let session = session(&sshd, &hosts).await;
        let shell = session.shell("slow() { :; }; echo noise").await.unwrap();
        let start_up = shell.start_up();
        assert!(start_up.wall > Duration::ZERO);
        start_up.cpu
    };
    // In the shell itself, and in a child of it that has ended.
    let (plain, own, child) = (cpu(String::new()).await, cpu(BURN.into()).await, cpu(format!("sh -c '{BURN}'")).await);
    let Some(plain) = plain else { return };
    // Hundreds of milliseconds stand against a few: no question of how busy the machine is, for this is CPU.
    let burnt = plain + Duration::from_millis(50);
    assert!(own.unwrap() > burnt && child.unwrap() > burnt, "{plain:?} {own:?} {child:?}");
}

#[tokio::test]
async fn every_sh_says_what_it_has_used() {
    for command in
        [r#"busybox ash -c "$SSH_ORIGINAL_COMMAND""#, "busybox sh", "bash --posix", "dash", "zsh --emulate sh"]
    {
        let (sshd, hosts) = sshd(forced(command)).await;
        let session = session(&sshd, &hosts).await;
        let mut shell = session.shell("echo from the script").await.unwrap();
        assert!(shell.start_up().cpu.is_some(), "{command}");
        assert_eq!(shell.take_printed(), b"from the script\n", "{command}");
        assert_eq!(shell.take_printed(), b"", "once");
        assert_eq!(session.spent().channels, 1);
    }
}

#[tokio::test]
async fn output_that_looks_like_a_delimiter_is_output() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let forged = "echo 00112233445566778899aabbccddeeff-1-e; echo \"-1-e\"; echo \"$_other-1-e\"";
    assert_eq!(ask(&mut shell, forged).await, "00112233445566778899aabbccddeeff-1-e\n-1-e\n-1-e\n");
    // Even whoever knows the token cannot answer a question that comes later.
    assert_eq!(
        ask(&mut shell, "(sleep 0.2; echo \"$_hostrounds-2-b\"; echo stale; echo \"$_hostrounds-2-e\") &").await,
        ""
    );
    assert_eq!(ask(&mut shell, "wait; echo fresh").await.lines().last(), Some("fresh"));
}

#[tokio::test]
async fn the_token_is_not_in_the_environment_of_what_is_run() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    assert!(!ask(&mut shell, "env; tr '\\0' ' ' </proc/$$/cmdline").await.contains("hostrounds"));
    assert_eq!(ask(&mut shell, "printf %s \"$_hostrounds\"").await.len(), 32);
}

#[tokio::test]
async fn an_answer_larger_than_allowed_ends_the_shell_and_only_the_shell() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut other = session.shell("").await.unwrap();
    let mut shell = session.shell("").await.unwrap();
    let limits = Limits { max_bytes: 1000, ..LIMITS };
    assert_eq!(shell.ask("head -c 1000 /dev/zero", limits).await.unwrap().len(), 1000);
    let error = shell.ask("cat /dev/zero", limits).await.unwrap_err();
    assert_eq!(error, ShellError::TooLarge { max_bytes: 1000 });
    assert!(error.is_final());
    assert!(shell.ask("echo", LIMITS).await.unwrap_err().is_final());
    assert_eq!(ask(&mut other, "echo unharmed").await, "unharmed\n");
    assert_eq!(say(&session, "echo another").await, "another\n");
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let limits = Limits { max_bytes: 8 << 20, ..LIMITS };
    let answer = shell.ask("head -c 5000000 /dev/zero | tr '\\0' x", limits).await.unwrap();
    assert_eq!(answer.len(), 5_000_000);
    assert!(answer.iter().all(|byte| *byte == b'x'));
}

#[tokio::test]
async fn a_session_survives_the_exchange_of_new_keys() {
    let config = SshdConfig { lines: vec!["RekeyLimit 64K".into()], ..SshdConfig::default() };
    let (sshd, hosts) = sshd(config).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    for _ in 0..20 {
        assert_eq!(ask(&mut shell, "head -c 100000 /dev/zero | tr '\\0' x").await.len(), 100_000);
    }
}

#[tokio::test]
async fn endless_stderr_is_drained_and_the_end_of_it_is_shown() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let flood = "head -c 20000000 /dev/zero | tr '\\0' e >&2; echo survived";
    assert_eq!(ask(&mut shell, flood).await, "survived\n");
    let error = shell.ask("head -c 5000 /dev/zero | tr '\\0' e >&2; echo the reason >&2; exit 3", LIMITS).await;
    let Err(ShellError::Ended { stderr }) = error else { panic!("{error:?}") };
    assert!(stderr.contains("the reason") && stderr.ends_with("exit status 3") && stderr.len() < 500, "{stderr}");
}

#[tokio::test]
async fn after_a_deadline_the_shell_is_busy_until_the_late_answer_is_complete() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let gate = sshd.folder().join("gate");
    // What holds the answer up is in our hands, so that nothing here depends on time.
    let wait = format!("echo late; echo why >&2; until [ -e '{}' ]; do sleep 0.02; done; echo later", gate.display());
    let error = shell.ask(&wait, Limits { deadline: Duration::from_millis(300), ..LIMITS }).await.unwrap_err();
    assert!(matches!(&error, ShellError::Timeout { stderr, .. } if stderr == "why"), "{error:?}");
    assert!(!error.is_final());
    for _ in 0..3 {
        assert_eq!(shell.ask("echo now", LIMITS).await, Err(ShellError::StillBusy));
    }
    std::fs::write(&gate, "").unwrap();
    let answer = loop {
        match shell.ask("echo now", LIMITS).await {
            Err(ShellError::StillBusy) => tokio::task::yield_now().await,
            answer => break answer.unwrap(),
        }
    };
    assert_eq!(answer, b"now\n");
}

#[tokio::test]
async fn a_question_that_is_dropped_is_a_deadline_that_has_passed() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let mark = sshd.folder().join("asked");
    let command = format!(": > '{}'; sleep 0.2; echo dropped", mark.display());
    tokio::select! {
        answer = shell.ask(&command, LIMITS) => panic!("{answer:?}"),
        () = async { while !mark.exists() { tokio::task::yield_now().await } } => {}
    }
    let answer = loop {
        match shell.ask("echo next", LIMITS).await {
            Err(ShellError::StillBusy) => tokio::task::yield_now().await,
            answer => break answer.unwrap(),
        }
    };
    assert_eq!(answer, b"next\n");
}

#[tokio::test]
async fn two_shells_on_one_session_do_not_wait_for_each_other() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let (mut slow, mut quick) = (session.shell("me=slow").await.unwrap(), session.shell("me=quick").await.unwrap());
    let gate = sshd.folder().join("gate");
    let wait = format!("until [ -e '{}' ]; do sleep 0.02; done; echo $me", gate.display());
    let many = async {
        for _ in 0..20 {
            assert_eq!(ask(&mut quick, "echo $me").await, "quick\n");
        }
        std::fs::write(&gate, "").unwrap();
    };
    let (answer, ()) = tokio::join!(slow.ask(&wait, LIMITS), many);
    assert_eq!(answer.unwrap(), b"slow\n");
}

#[tokio::test]
async fn a_shell_that_nobody_reads_does_not_starve_its_siblings() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut flooding = session.shell("").await.unwrap();
    let flood = ask(&mut flooding, "cat /dev/zero & echo $!").await;
    for _ in 0..20 {
        assert_eq!(say(&session, "echo unharmed").await, "unharmed\n");
    }
    // It is not listened to for ever: its channel is closed, and it ends of that.
    let flood = PathBuf::from("/proc").join(flood.trim());
    let before = session.traffic().received;
    while flood.exists() {
        assert!(session.traffic().received < before + (64 << 20), "{session:?}");
        tokio::task::yield_now().await;
    }
    let error = flooding.ask("echo", LIMITS).await.unwrap_err();
    assert_eq!((error.code(), error.is_final()), ("shell_flooded", true), "{error}");
    assert_eq!(say(&session, "echo still unharmed").await, "still unharmed\n");
}

#[tokio::test]
async fn what_runs_in_a_dropped_shell_ends() {
    let (sshd, hosts) = sshd(SshdConfig::default()).await;
    let session = session(&sshd, &hosts).await;
    let mut shell = session.shell("").await.unwrap();
    let pid = ask(&mut shell, "echo $$").await;
    drop(shell);
    let process = PathBuf::from("/proc").join(pid.trim());
    while process.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_opens_no_channel_says_so() {
    let config = SshdConfig { lines: vec!["MaxSessions 1".into()], ..SshdConfig::default() };
    let (sshd, hosts) = sshd(config).await;
    let session = session(&sshd, &hosts).await;
    let _first = session.shell("").await.unwrap();
    let error = session.shell("").await.unwrap_err();
    assert_eq!(error.code(), "channel_refused", "{error}");
    assert!(error.hint().contains("MaxSessions"));
}
