//! A shell of this computer, which runs the very script that servers are read with.
//!
//! The families that ask programs mean the same here and on a server then, and are written once. Each family has a shell of its
//! own that ends with it: whatever hangs in it is killed at the deadline and costs only that family.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use hostrounds_core::probe::remote;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

/// What one family may take. Programs that hang are ended after 8 s by `timeout`, where there is one; some families ask two.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// What one answer may hold, as with servers.
const MAX_BYTES: usize = 1 << 20;

/// What the shell prints for `command` (see [`remote::slow_command`]) until it ends; the reason where it does not do so in
/// time, or says too much.
pub(crate) fn answer(command: &str, deadline: Duration) -> Result<Vec<u8>, String> {
    let script = format!("{}{command}\n", remote::script());
    let mut child = Command::new("/bin/sh")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("/bin/sh cannot be started: {error}."))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let _group = Group(child);
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err("/bin/sh has no pipes.".to_owned()) };
    // Apart, because a shell that does not read would hold it up; it ends with the shell at the latest.
    std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    read_all(stdout, Instant::now() + deadline)
}

/// The shell and all that it started and did not put into a group of its own (as `timeout` does, which ends by itself).
struct Group(Child);

impl Drop for Group {
    /// Until the shell is waited for, its id is not given to anybody else.
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // Both fail only where there is nothing left to end.
        let _ended = group.map(|group| kill_process_group(group, Signal::KILL));
        let _waited = self.0.wait();
    }
}

fn read_all(mut stdout: ChildStdout, until: Instant) -> Result<Vec<u8>, String> {
    let mut output = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("It did not answer in time: a program hangs.".to_owned());
        }
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(&stdout, PollFlags::IN)], timeout.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(format!("Its answer could not be read: {error}.")),
        }
        let length = stdout.read(&mut buffer).map_err(|error| format!("Its answer could not be read: {error}."))?;
        if length == 0 {
            return Ok(output);
        }
        output.extend_from_slice(buffer.get(..length).unwrap_or_default());
        if output.len() > MAX_BYTES {
            return Err("Its answer was too long.".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_answers_and_is_gone() {
        assert_eq!(answer("echo $(( 6 * 7 ))", DEADLINE), Ok(b"42\n".to_vec()));
    }

    #[test]
    fn what_hangs_is_killed_with_its_shell() {
        let marker = tempfile::tempdir().unwrap();
        let path = marker.path().join("pid").display().to_string();
        // The shell waits for its child, which holds its output open.
        let command = format!("sh -c 'echo $$ >{path}; exec sleep 300'");
        assert!(answer(&command, Duration::from_millis(500)).is_err_and(|reason| reason.contains("in time")));
        let pid = std::fs::read_to_string(&path).unwrap();
        let is_running = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
        };
        let began = Instant::now();
        while is_running() {
            assert!(began.elapsed() < Duration::from_secs(60), "it lives on");
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_endless_answer_ends() {
        assert!(answer("while :; do echo y; done", DEADLINE).is_err_and(|reason| reason.contains("too long")));
    }
}
