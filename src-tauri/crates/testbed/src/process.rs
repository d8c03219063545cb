//! Programs that end with the value that started them, and their children with them.

use std::collections::VecDeque;
use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::error::TestbedError;

/// Lines of output that are kept for error messages.
const KEPT_LINES: usize = 200;

/// Runs a program to its end and returns what it wrote to standard output.
pub(crate) async fn run(program: &str, command: &mut Command) -> Result<String, TestbedError> {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    let output =
        command.output().await.map_err(|source| TestbedError::Program { program: program.to_owned(), source })?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(TestbedError::Failed { program: program.to_owned(), output });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Program {
    /// Starts a program and waits for the line of its output (either stream) that contains `ready`.
    pub(crate) async fn start(name: &str, command: &mut Command, ready: &str) -> Result<Self, TestbedError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| TestbedError::Program { program: name.to_owned(), source })?;
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let (said, mut is_ready) = tokio::sync::mpsc::channel::<()>(1);
        if let Some(stream) = child.stdout.take() {
            tokio::spawn(keep(stream, Arc::clone(&log), ready.to_owned(), said.clone()));
        }
        if let Some(stream) = child.stderr.take() {
            tokio::spawn(keep(stream, Arc::clone(&log), ready.to_owned(), said));
        }
        let program = Self { child, log };
        // Both streams ending without the line means that the program has ended.
        match is_ready.recv().await {
            Some(()) => Ok(program),
            None => Err(TestbedError::Failed { program: name.to_owned(), output: program.log() }),
        }
    }

    /// The last lines of its output.
    pub(crate) fn log(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Sends a signal to the program and everything it has started.
    pub(crate) fn signal(&self, signal: Signal) {
        let Some(root) = self.child.id() else { return };
        for pid in tree(root) {
            send(pid, signal);
        }
    }

    /// Sends a signal to what the program has started, as far as it runs for so long, and not to the program itself.
    pub(crate) fn signal_children(&self, signal: Signal, older_than: Duration) {
        let Some(root) = self.child.id() else { return };
        let children = tree(root).into_iter().skip(1).filter(|pid| age(*pid).is_some_and(|age| age >= older_than));
        for pid in children {
            send(pid, signal);
        }
    }

    /// Ends the program and everything it has started, and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait().await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

async fn keep(
    stream: impl AsyncRead + Unpin,
    log: Arc<Mutex<VecDeque<String>>>,
    ready: String,
    said: tokio::sync::mpsc::Sender<()>,
) {
    let mut said = Some(said);
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let is_ready = line.contains(&ready);
        {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_back(line);
            if log.len() > KEPT_LINES {
                log.pop_front();
            }
        }
        if is_ready && let Some(said) = said.take() {
            let _ = said.send(()).await;
        }
    }
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Whoever has ended meanwhile needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// For how long a process has run (`proc(5)`: its start is field 22, in hundredths of a second since the boot).
fn age(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let started: f64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    let uptime: f64 = fs::read_to_string("/proc/uptime").ok()?.split_whitespace().next()?.parse().ok()?;
    Some(Duration::try_from_secs_f64(uptime - started / 100.0).unwrap_or_default())
}

/// A process and all below it, parents first. Children of sshd lead sessions of their own, so a process group does
/// not hold them together; only their parents do.
fn tree(root: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // The name in brackets may hold blanks and brackets; what counts stands after the last one.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent =
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|n| n.parse().ok());
        parents.extend(parent.map(|parent: u32| (pid, parent)));
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}
