//! Disk I/O and open files of the processes that are shown.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::Remote;

use crate::place::{NONCE, everywhere, read};

/// A process whose open files stay the same.
struct Idle(std::process::Child);

impl Idle {
    /// Returns when it has opened all that it ever will.
    fn start() -> Self {
        let cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = cat.unwrap();
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        Self(child)
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// What a server with one process answers.
fn one_process(pid: u32) -> String {
    let mark = |name: &str| format!("\n@hr {NONCE} {name}\n");
    let stat = format!("{pid} (cat) S 1 1 1 0 -1 0 0 0 0 0 7 3 0 0 20 0 1 0 500 1000 25 0 0\n");
    format!("{}100.00 50.00\n{stat}{}{}", mark("processes"), mark("owners"), mark("end"))
}

pub(crate) fn detail(remote: &mut Remote, answer: &str, pid: u32) -> (Option<f64>, Option<f64>, Option<u32>) {
    let mut observation = read(remote, &one_process(pid), &[Family::Processes]);
    remote.process_detail(answer.as_bytes(), NONCE, &mut observation);
    let top = observation.processes.unwrap();
    assert_eq!(top.by_memory.len(), 1);
    (top.by_memory[0].disk_read, top.by_memory[0].disk_written, top.by_memory[0].handles)
}

#[test]
fn processes_that_are_shown_tell_their_disk_io_and_handles() {
    for (shell, place) in everywhere() {
        let idle = Idle::start();
        let pid = idle.0.id();
        let handles = u32::try_from(fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()).ok();
        let mut remote = Remote::new();
        assert_eq!(remote.process_detail_command(NONCE), None, "nothing is shown yet");
        read(&mut remote, &one_process(pid), &[Family::Processes]);
        let command = remote.process_detail_command(NONCE).unwrap();
        assert_eq!(command, format!("hr_process_detail {NONCE} {pid}"));

        let script = place.script();
        let older = script.replace("[ -s /proc/$$/fd ]", "false");
        assert_ne!(older, script, "kernels before 6.2 do not count for us");
        for script in [script, older] {
            let answer = place.answer_to(&script, shell, &command);
            assert_eq!(detail(&mut shown(pid), &answer, pid), (None, None, handles), "one reading gives no rate");
        }

        let answer = place.answer_to(&place.script(), shell, &command);
        let at = |uptime: f64, read: u64, written: u64| {
            let io = format!("==> /proc/uptime <==\n{uptime} 1\n\n==> /proc/{pid}/io <==\nrchar: 5\n");
            let io = format!("{io}read_bytes: {read}\nwrite_bytes: {written}\ncancelled_write_bytes: 9\n");
            let (before, after) = (answer.find("==> /proc/uptime").unwrap(), answer.find("\n@hr n0nce times").unwrap());
            format!("{}{io}{}", &answer[..before], &answer[after..])
        };
        let mut remote = shown(pid);
        assert_eq!(detail(&mut remote, &at(100.0, 1000, 0), pid).0, None);
        assert_eq!(detail(&mut remote, &at(110.0, 6000, 100), pid), (Some(500.0), Some(10.0), handles));
        assert_eq!(detail(&mut remote, &at(120.0, 10, 200), pid), (None, Some(10.0), handles), "it went backwards");
    }
}

pub(crate) fn shown(pid: u32) -> Remote {
    let mut remote = Remote::new();
    read(&mut remote, &one_process(pid), &[Family::Processes]);
    remote
}

#[test]
fn what_may_not_be_read_of_a_process_is_absent() {
    let mark = |name: &str| format!("\n@hr {NONCE} {name}\n");
    let io = "==> /proc/uptime <==\n100.00 1\n";
    let answer = format!("{}{}{io}{}", mark("handles"), mark("io"), mark("end"));
    assert_eq!(detail(&mut shown(7), &answer, 7), (None, None, None));
    assert_eq!(detail(&mut shown(7), "", 7), (None, None, None));
}

#[test]
fn only_numbers_are_asked_about() {
    for (shell, place) in everywhere() {
        assert_eq!(place.answer(shell, "hr_process_detail n 1 ../etc"), "");
        assert_eq!(place.answer(shell, "hr_process_detail n '1;echo x'"), "");
    }
}
