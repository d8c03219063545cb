//! `hostrounds` with a data directory, a home and a session of its own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// No command of a test takes nearly this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program and everything that it may touch.
pub(crate) struct Program {
    folder: TempDir,
    bus: String,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The JSON document on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, where it had to go well.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// The same, where it had to end with `code` and say all of `words` on stderr.
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` is missing: {self:?}");
        }
        self
    }
}

impl Program {
    /// With nothing kept yet, and no keyring.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("hostrounds-cli-").tempdir().unwrap();
        let bus = format!("unix:path={}/no-bus", folder.path().display());
        Self { folder, bus }
    }

    /// With the keyring of that session bus.
    pub(crate) fn on_bus(bus: &str) -> Self {
        Self { bus: bus.to_owned(), ..Self::new() }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hostrounds"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("TZ", "UTC")
            .env("HOSTROUNDS_DATA_DIR", self.data_dir())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs to the end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// Runs to the end with that on stdin.
    pub(crate) async fn run_with(&self, input: &str, arguments: &[&str]) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        told(tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap())
    }

    /// Starts a command that stays.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        Running { child, lines, errors }
    }
}

/// Runs any command to its end.
pub(crate) async fn ended(mut command: Command) -> Ended {
    told(tokio::time::timeout(PATIENCE, command.output()).await.expect("the command hangs").unwrap())
}

fn told(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that stays until it is told to end.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Running {
    /// The next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("nothing is printed").unwrap();
        line.expect("it ended")
    }

    /// The next line for which `fits` holds.
    pub(crate) async fn line_with(&mut self, fits: &str) -> String {
        loop {
            let line = self.line().await;
            if line.contains(fits) {
                return line;
            }
        }
    }

    /// The next line on stderr.
    pub(crate) async fn error(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.errors.next_line()).await.expect("nothing is told").unwrap();
        line.expect("it ended")
    }

    /// Sends a signal and waits for the end. What was not read before is what it printed.
    pub(crate) async fn end_with(mut self, signal: rustix::process::Signal) -> Ended {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
        let ending = async { tokio::join!(rest(&mut self.lines), rest(&mut self.errors), self.child.wait()) };
        let (out, err, status) = tokio::time::timeout(PATIENCE, ending).await.expect("it does not end");
        Ended { code: status.unwrap().code().unwrap_or(-1), out, err }
    }
}

async fn rest(lines: &mut Lines<impl AsyncBufRead + Unpin>) -> String {
    let mut rest = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        rest.push_str(&line);
        rest.push('\n');
    }
    rest
}
