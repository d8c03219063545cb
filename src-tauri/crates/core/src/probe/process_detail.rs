//! What the busiest processes make disks do and how many files they have open, from `/proc/[pid]/io` and `/proc/[pid]/fd`
//! (`proc_pid_io(5)`, `proc_pid_fd(5)`): asked in a second question, only of the processes that are shown.
//!
//! For all processes this would cost a server more than everything else together.

use std::collections::HashMap;

use crate::observation::{Process, TopProcesses};
use crate::probe::parts::Parts;
use crate::probe::{headers, uptime};
use crate::rate;

/// - Whatever is no number is refused as a whole: no other path can come in.
/// - Since Linux 6.2 the size of a `fd` directory is the number of files in it, and one `stat` asks for all. Before, the
///   shell counts the names, without a process.
/// - `tail` prints a header before each of several files; the clock comes first, so there always are several.
pub(super) const SCRIPT: &str = r#"hr_process_detail() {
  hr_nonce=$1; shift
  case "$*" in *[!0-9\ ]*) return ;; esac
  {
    hr_mark handles
    if [ -s /proc/$$/fd ] && command -v stat >/dev/null; then
      hr_handles "$@"
    else
      for hr_pid in "$@"; do [ -r "/proc/$hr_pid/fd" ] && hr_count "/proc/$hr_pid/fd"/*; done
    fi
    for hr_pid in "$@"; do set -- "$@" "/proc/$hr_pid/io"; shift; done
    hr_mark io; tail -n +1 /proc/uptime "$@"
  } </dev/null 2>/dev/null
  hr_mark times; times
  hr_mark end
}
hr_handles() {
  for hr_pid in "$@"; do set -- "$@" "/proc/$hr_pid/fd"; shift; done
  stat -c '%s %n' "$@"
}
hr_count() {
  hr_dir=${1%/*}
  [ -L "$1" ] || shift
  echo "$# $hr_dir"
}
"#;

/// The line that asks for the detail of `pids`.
pub(super) fn command(pids: impl Iterator<Item = u64>, nonce: &str) -> String {
    pids.fold(format!("hr_process_detail {nonce}"), |command, pid| format!("{command} {pid}"))
}

/// A process, told apart from all others of one boot: its id, and when it was started.
pub type Identity = (u64, u64);

/// What a process has made disks do since it was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Io {
    /// Bytes.
    pub read: u64,
    /// Bytes.
    pub written: u64,
}

impl Io {
    /// From the content of `/proc/[pid]/io`; nothing where it is damaged.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
        Some(Self { read: bytes("read_bytes:")?, written: bytes("write_bytes:")? })
    }
}

/// The counters of processes that were shown, from which rates are taken.
#[derive(Debug, Default)]
pub struct IoRates {
    before: HashMap<Identity, (f64, Io)>,
}

impl IoRates {
    /// Bytes per second that the process read and wrote since it was asked before; absent where it was not, and where a
    /// counter went backwards. `at` is in seconds, of one clock. A reading that comes too soon after the one before changes
    /// nothing, so that readings in quick succession come to a rate all the same.
    pub fn since(&mut self, process: Identity, at: f64, now: Io) -> (Option<f64>, Option<f64>) {
        let Some((earlier, before)) = self.before.get(&process).copied() else {
            self.before.insert(process, (at, now));
            return (None, None);
        };
        let elapsed = at - earlier;
        if (0.0..rate::MIN_ELAPSED).contains(&elapsed) {
            return (None, None);
        }
        self.before.insert(process, (at, now));
        if !elapsed.is_finite() || elapsed < 0.0 {
            return (None, None);
        }
        (rate::per_second(before.read, now.read, elapsed), rate::per_second(before.written, now.written, elapsed))
    }

    /// Forgets those of which `is_alive` says no.
    pub fn retain(&mut self, is_alive: impl Fn(&Identity) -> bool) {
        self.before.retain(|process, _| is_alive(process));
    }
}

/// Adds what the answer says of the processes in `shown` to those in `top`. What a user may not read is absent.
pub(super) fn read(parts: &Parts<'_>, shown: &[Identity], rates: &mut IoRates, top: &mut TopProcesses) {
    let files: HashMap<&str, &str> = parts.get("io").into_iter().flat_map(headers::files).collect();
    let at = files.get("/proc/uptime").and_then(|content| uptime::parse(content));
    let handles = parts.get("handles").map(handles).unwrap_or_default();
    for identity in shown {
        let pid = identity.0;
        let io = files.get(format!("/proc/{pid}/io").as_str()).and_then(|content| Io::parse(content));
        let (read, written) = match at.zip(io) {
            Some((at, io)) => rates.since(*identity, at, io),
            None => (None, None),
        };
        let is_meant = |process: &&mut Process| process.pid == pid;
        for process in top.by_cpu.iter_mut().chain(&mut top.by_memory).filter(is_meant) {
            process.disk_read = read;
            process.disk_written = written;
            process.handles = handles.get(&pid).copied();
        }
    }
}

/// Lines `NUMBER /proc/PID/fd`.
fn handles(text: &str) -> HashMap<u64, u32> {
    let line = |line: &str| {
        let (count, path) = line.split_once(' ')?;
        let pid = path.strip_prefix("/proc/")?.strip_suffix("/fd")?.parse().ok()?;
        Some((pid, count.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELF: Identity = (7, 1);

    fn io(read: u64) -> Io {
        Io { read, written: 0 }
    }

    #[test]
    fn readings_in_quick_succession_come_to_a_rate() {
        let mut rates = IoRates::default();
        assert_eq!(rates.since(SELF, 10.0, io(0)), (None, None), "one reading is no rate");
        let step = rate::MIN_ELAPSED / 2.0;
        assert_eq!(rates.since(SELF, 10.0 + step, io(50)), (None, None), "too soon");
        let (read, _) = rates.since(SELF, 10.0 + 4.0 * step, io(100));
        assert!(read.is_some_and(|read| (read - 50.0 / rate::MIN_ELAPSED).abs() < 1e-6), "{read:?}");
    }

    #[test]
    fn a_clock_or_a_counter_that_goes_backwards_leaves_a_gap() {
        let mut rates = IoRates::default();
        rates.since(SELF, 10.0, io(100));
        assert_eq!(rates.since(SELF, 5.0, io(200)), (None, None));
        let (read, written) = rates.since(SELF, 6.0, io(100));
        assert_eq!((read, written), (None, Some(0.0)));
    }
}
