//! A shell of this machine that is talked to as `hostrounds-ssh` talks to one on a server.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What markers are made of.
pub(crate) const TOKEN: &str = "00112233445566778899aabbccddeeff";
/// Where programs usually are.
pub(crate) const USUAL_PATH: &str = "/usr/bin:/bin";
/// After this long a test has failed: nothing here takes a second.
const HUNG: Duration = Duration::from_secs(60);

/// The shells that servers have, as far as this machine has them; dash, bash and BusyBox are always there.
pub(crate) fn shells() -> Vec<Vec<&'static str>> {
    let all = [
        vec!["dash"],
        vec!["bash", "--posix"],
        vec!["bash"],
        vec!["busybox", "sh"],
        vec!["zsh", "--emulate", "sh"],
        vec!["ksh"],
        vec!["mksh"],
        vec!["yash", "-o", "posix"],
    ];
    all.into_iter().filter(|shell| ["dash", "bash", "busybox"].contains(&shell[0]) || is_there(shell[0])).collect()
}

fn is_there(program: &str) -> bool {
    USUAL_PATH.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// A conversation with a shell; the shell is ended with it.
pub(crate) struct Conversation {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<Vec<u8>>,
    heard: Vec<u8>,
    asked: u64,
}

impl Conversation {
    /// Starts a shell that has nothing but `path` in its environment, and tells it the token and the script.
    pub(crate) fn begin(shell: &[&str], path: &str, script: &str) -> Self {
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .env_clear()
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut output = child.stdout.take().unwrap();
        let (sender, stdout) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut begun = Self { child, stdin, stdout, heard: Vec::new(), asked: 0 };
        begun.send(&format!(
            "_hostrounds={TOKEN}\necho \"$_hostrounds-0-b\"; times\n{script}\necho \"$_hostrounds-0-e\"\n"
        ));
        begun.answer(0);
        begun
    }

    /// The process id of the shell.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the shell prints for one command.
    pub(crate) fn ask(&mut self, command: &str) -> Vec<u8> {
        self.asked += 1;
        let number = self.asked;
        self.send(&format!(
            "echo \"$_hostrounds-{number}-b\"; {{ {command}\n}} </dev/null; echo \"$_hostrounds-{number}-e\"\n"
        ));
        self.answer(number)
    }

    /// Sends text as it is.
    pub(crate) fn send(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// What stands between the markers of one question.
    pub(crate) fn answer(&mut self, number: u64) -> Vec<u8> {
        let begin = format!("{TOKEN}-{number}-b\n");
        let end = format!("{TOKEN}-{number}-e\n");
        loop {
            if let Some(end_at) = find(&self.heard, end.as_bytes()) {
                let all: Vec<u8> = self.heard.drain(..end_at + end.len()).collect();
                let at = find(&all, begin.as_bytes()).unwrap() + begin.len();
                return all[at..end_at].to_vec();
            }
            let more = self.stdout.recv_timeout(HUNG);
            self.heard.extend(more.unwrap_or_else(|error| panic!("{error} after {:?}", self.text())));
        }
    }

    /// Closes the input, waits for the shell to end by itself, and returns what else it printed.
    pub(crate) fn end(mut self) -> String {
        self.stdin = None;
        while let Ok(more) = self.stdout.recv_timeout(HUNG) {
            self.heard.extend(more);
        }
        self.child.wait().unwrap();
        self.text()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// A folder with links to programs, for a `PATH` that has only those.
pub(crate) fn folder_of(programs: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, target) in programs {
        std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    }
    folder
}

/// Puts a `sh` script into a folder as a program.
pub(crate) fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

/// `script` without the places that it adds to the `PATH`.
pub(crate) fn without_places(script: &str) -> String {
    let kept = script.replacen(":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"", "\"", 1);
    assert_ne!(kept, script);
    kept
}
