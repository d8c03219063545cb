//! Processes: how many in which state, threads, and the busiest ones, from `/proc/[pid]/stat`.
//!
//! Read by hand: `procfs_core::process::Stat` panics where the parentheses around the name are damaged, and wants the whole
//! line, of which half is left on the server.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point, Process, TOP, TopProcesses, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::process_detail::{self, Identity, IoRates};
use crate::probe::uptime;
use crate::text;
use crate::time::UnixMillis;

/// - `cut` drops the second half of each process line, which is of no use; 39 words are enough where every one of the at
///   most 15 characters of the name is a space.
/// - Of many processes `awk`, where it is, leaves only the columns that are read: see [`BRIEF`]. It gets them through `cut`:
///   where a process ends while it is being read, `awk` itself would end as well.
/// - Of more processes than are listed at most the answer could be too large, and everything in it lost; the command line too.
/// - `stat` is not everywhere; `ls -ldn` prints the same numbers with more around them, too much for many processes.
pub(super) const SCRIPT: &str = r#"hr_processes() {
  set -- /proc/[0-9]*/stat
  hr_most=4500
  command -v awk >/dev/null && hr_most=10000
  if [ $# -gt $hr_most ]; then hr_mark processes_many $#; hr_mark processes_most $hr_most; return; fi
  if [ $# -gt 4500 ]; then
    hr_mark processes_brief; cut -d' ' -f1-39 /proc/uptime "$@" | awk '
      match($0, /.*\) /) && split(substr($0, RLENGTH + 1), f, " ") > 21 {
        print substr($0, 1, RLENGTH) f[1], f[12], f[13], f[18], f[20], f[22]
        next
      }
      { print }'
  else
    hr_mark processes; cut -d' ' -f1-39 /proc/uptime "$@"
  fi
  hr_mark owners
  if command -v stat >/dev/null; then
    stat -c '%u %n' /proc/[0-9]*
  elif [ $# -le 4500 ]; then
    ls -ldn /proc/[0-9]*
  fi
}
"#;

/// Processes that one reading takes in, at most: Linux itself stops at 4 million, but says nothing of so many in 1 MiB.
const MAX_PROCESSES: usize = 65_536;

/// Line breaks that a name can hold: it has at most 15 characters (`TASK_COMM_LEN`, `proc_pid_comm(5)`).
const NAME_LINE_BREAKS: usize = 15;

/// Which words behind the name, counted from 0 at the state, are the user and the system time, the threads, the start and
/// the resident memory.
type Columns = [usize; 5];

/// Those of a line of `/proc/[pid]/stat`, whose fields `proc(5)` counts from 1: the state is the third. Up to 230 bytes of the
/// 1 MiB of an answer for each process.
const WHOLE: Columns = [14 - 3, 15 - 3, 20 - 3, 22 - 3, 24 - 3];

/// Those that are left of it where there are many processes: up to 80 bytes for each.
const BRIEF: Columns = [1, 2, 3, 4, 5];

/// What one line of `/proc/[pid]/stat` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Stat {
    /// The process id.
    pub pid: u64,
    /// The name of the program, cut to 15 characters by the kernel.
    pub name: String,
    /// The state, as `ps` writes it.
    pub state: char,
    /// CPU time since it was started, in ticks.
    pub ticks: u64,
    /// Threads.
    pub threads: u32,
    /// When it was started, in ticks since boot; with the pid, this tells processes apart for good.
    pub started: u64,
    /// Resident memory in pages.
    pub pages: u64,
}

impl Stat {
    /// What `line` says, of which only the first 24 fields are needed; nothing where it is damaged. The name may hold
    /// anything, parentheses and line breaks too.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        Self::with(WHOLE, line)
    }

    fn with([user, system, threads, started, pages]: Columns, line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let words: Vec<&str> = rest.split_ascii_whitespace().take(pages + 1).collect();
        let number = |column: usize| words.get(column)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.trim().parse().ok()?,
            name: text::name(name),
            state: words.first()?.chars().next().filter(char::is_ascii_alphabetic)?,
            ticks: number(user)?.checked_add(number(system)?)?,
            threads: u32::try_from(number(threads)?).ok()?,
            started: number(started)?,
            pages: number(pages)?,
        })
    }
}

/// The states as the catalogue names them.
const STATES: [&str; 6] = ["running", "sleeping", "blocked", "zombie", "stopped", "idle"];

/// See [`attribute::PROCESS_STATE`]; nothing for a process that is dead and about to vanish.
fn state_name(state: char) -> Option<&'static str> {
    Some(match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "blocked",
        'Z' => "zombie",
        'T' | 't' => "stopped",
        // P: kernel threads that are parked.
        'I' | 'P' => "idle",
        _ => return None,
    })
}

/// All processes of one moment.
#[derive(Clone, PartialEq, Debug)]
struct Reading {
    /// Seconds since boot.
    uptime: f64,
    ticks_per_second: u64,
    page_size: u64,
    processes: Vec<Stat>,
}

impl Reading {
    /// What the server answered, in either form.
    fn of(parts: &Parts<'_>, system: &System) -> Option<Self> {
        let whole = || Self::parse(parts.get("processes")?, WHOLE, system);
        whole().or_else(|| Self::parse(parts.get("processes_brief")?, BRIEF, system))
    }

    /// From `/proc/uptime` followed by a line for each process; nothing where not one process can be read.
    fn parse(listing: &str, columns: Columns, system: &System) -> Option<Self> {
        let (first, lines) = listing.trim_start_matches('\n').split_once('\n')?;
        let uptime = uptime::parse(first)?;
        let processes: Vec<Stat> = records(lines, columns).take(MAX_PROCESSES).collect();
        let (ticks_per_second, page_size) = (system.ticks_per_second, system.page_size);
        (!processes.is_empty()).then_some(Self { uptime, ticks_per_second, page_size, processes })
    }
}

/// The processes in `lines`. One whose name holds line breaks spans several; what begins like a process and is none after as
/// many as a name can hold is given up, so that no line is looked at more often than that.
fn records(lines: &str, columns: Columns) -> impl Iterator<Item = Stat> {
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    lines.split_inclusive('\n').filter_map(move |line| {
        let (start, breaks) = if begins_record(line) { (at, 0) } else { open.unwrap_or((at, NAME_LINE_BREAKS)) };
        at += line.len();
        let stat = Stat::with(columns, lines.get(start..at)?);
        open = (stat.is_none() && breaks < NAME_LINE_BREAKS).then_some((start, breaks + 1));
        stat
    })
}

fn begins_record(line: &str) -> bool {
    line.split_once(" (").is_some_and(|(pid, _)| !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The user ids in the output of `stat -c '%u %n' /proc/[0-9]*` or `ls -ldn /proc/[0-9]*`, by process id.
#[must_use]
pub fn owners(output: &str) -> HashMap<u64, u32> {
    let owner = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let pid = words.last()?.strip_prefix("/proc/")?.parse().ok()?;
        let uid = if words.len() == 2 { words.first()? } else { words.get(2)? };
        Some((pid, uid.parse().ok()?))
    };
    output.lines().filter_map(owner).take(MAX_PROCESSES).collect()
}

/// The CPU time of every process at the reading before, from which that since then is taken, and the processes that the
/// latest reading shows.
#[derive(Debug, Default)]
pub struct Tracker {
    before: Option<Before>,
    shown: Vec<Identity>,
    io: IoRates,
}

#[derive(Debug)]
struct Before {
    uptime: f64,
    ticks: HashMap<Identity, u64>,
}

impl Tracker {
    /// Adds the counts and the busiest processes to `observation`, and remembers the reading; the reason where it cannot.
    pub(super) fn read(
        &mut self,
        parts: &Parts<'_>,
        system: &System,
        observation: &mut Observation,
    ) -> Result<(), String> {
        if let Some((count, most)) = parts.number("processes_many").zip(parts.number("processes_most")) {
            return Err(format!("{count} processes run there; at most {most} are listed."));
        }
        let reading =
            Reading::of(parts, system).ok_or("The list of processes (/proc/[pid]/stat) could not be read.")?;
        let before = self.before.take();
        let processes: Vec<Process> = reading
            .processes
            .iter()
            .map(|stat| Process {
                pid: stat.pid,
                name: stat.name.clone(),
                user: None,
                cpu: before.as_ref().and_then(|before| before.cpu_since(stat, &reading)),
                memory: stat.pages.saturating_mul(reading.page_size),
                threads: Some(stat.threads),
                state: stat.state,
                disk_read: None,
                disk_written: None,
                handles: None,
            })
            .collect();
        let threads = reading.processes.iter().map(|stat| u64::from(stat.threads)).sum();
        points(&processes, Some(threads), &mut observation.points);
        let mut top = top(&processes, observation.at);
        let owners = owners(parts.get("owners").unwrap_or_default());
        for process in top.by_cpu.iter_mut().chain(&mut top.by_memory) {
            process.user = owners.get(&process.pid).and_then(|uid| system.user_name(*uid));
        }
        let ticks: HashMap<Identity, u64> =
            reading.processes.iter().map(|stat| ((stat.pid, stat.started), stat.ticks)).collect();
        let shown: HashSet<u64> = top.by_cpu.iter().chain(&top.by_memory).map(|process| process.pid).collect();
        self.shown = ticks.keys().copied().filter(|(pid, _)| shown.contains(pid)).collect();
        self.io.retain(|process| ticks.contains_key(process));
        self.before = Some(Before { uptime: reading.uptime, ticks });
        observation.processes = Some(top);
        Ok(())
    }

    /// See [`super::remote::Remote::process_detail_command`].
    pub(super) fn detail_command(&self, nonce: &str) -> Option<String> {
        let pids = self.shown.iter().map(|(pid, _)| *pid).take(2 * TOP);
        (!self.shown.is_empty()).then(|| process_detail::command(pids, nonce))
    }

    /// Adds the answer to [`Self::detail_command`] to the processes that `observation` shows.
    pub(super) fn detail(&mut self, parts: &Parts<'_>, observation: &mut Observation) {
        if let Some(top) = &mut observation.processes {
            process_detail::read(parts, &self.shown, &mut self.io, top);
        }
    }
}

impl Before {
    /// How many CPUs the process used since then; nothing after a reboot. One that was started since then has used all its
    /// time since then.
    fn cpu_since(&self, stat: &Stat, now: &Reading) -> Option<f64> {
        let elapsed = now.uptime - self.uptime;
        if elapsed < crate::rate::MIN_ELAPSED {
            return None;
        }
        let per_second = real(now.ticks_per_second);
        let before = match self.ticks.get(&(stat.pid, stat.started)) {
            Some(ticks) => *ticks,
            None if real(stat.started) / per_second >= self.uptime - 1.0 => 0,
            None => return None,
        };
        let cpu = real(stat.ticks.checked_sub(before)?) / per_second / elapsed;
        cpu.is_finite().then_some(cpu)
    }
}

/// Adds how many of all `processes` are in each state, and how many `threads` there are, where that is known.
pub fn points(processes: &[Process], threads: Option<u64>, points: &mut Vec<Point>) {
    for state in STATES {
        let count = processes.iter().filter(|process| state_name(process.state) == Some(state)).count();
        let attributes = Attributes::none().with(attribute::PROCESS_STATE, state);
        let count = u32::try_from(count).ok();
        points.extend(count.and_then(|count| Point::new(Metric::ProcessCount, attributes, count.into())));
    }
    points.extend(threads.and_then(|threads| Point::new(Metric::ThreadCount, Attributes::none(), real(threads))));
}

/// The first [`TOP`] by CPU and the first [`TOP`] by memory of all `processes`. Those whose CPU is not known are not in the
/// first list; those that hold no memory, as threads of the kernel and zombies do, are not in the second.
#[must_use]
pub fn top(processes: &[Process], at: UnixMillis) -> TopProcesses {
    let first = |sorted: &[&Process]| sorted.iter().take(TOP).copied().cloned().collect();
    let mut by_memory: Vec<&Process> = processes.iter().collect();
    by_memory.sort_by_key(|process| (Reverse(process.memory), process.pid));
    // Stable, so that of equally busy ones the larger comes first.
    let mut by_cpu: Vec<&Process> = by_memory.iter().copied().filter(|process| process.cpu.is_some()).collect();
    by_cpu.sort_by(|a, b| b.cpu.unwrap_or(0.0).total_cmp(&a.cpu.unwrap_or(0.0)));
    by_memory.retain(|process| process.memory > 0);
    TopProcesses { at, by_cpu: first(&by_cpu), by_memory: first(&by_memory) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u64, memory: u64) -> Process {
        let name = format!("process {pid}");
        Process {
            pid,
            name,
            user: None,
            cpu: Some(0.5),
            memory,
            threads: Some(1),
            state: 'S',
            disk_read: None,
            disk_written: None,
            handles: None,
        }
    }

    const FIELDS: &str = "S 1 7 7 0 -1 0 0 0 0 0 9 9 0 0 20 0 1 0 100 9 5";

    fn names(listing: &str) -> Option<Vec<String>> {
        let reading = Reading::parse(listing, WHOLE, &System::default())?;
        Some(reading.processes.into_iter().map(|stat| stat.name).collect())
    }

    #[test]
    fn a_name_may_hold_line_breaks_as_many_as_the_kernel_lets_it() {
        let most = "\n".repeat(NAME_LINE_BREAKS);
        let listing =
            format!("9.0 1.0\n7 (a\nb) {FIELDS}\n8 ({most}) {FIELDS}\n9 (\n{most}) {FIELDS}\n10 (c) {FIELDS}\n");
        let shown = |name: &str| name.replace('\n', "\u{FFFD}");
        assert_eq!(names(&listing), Some(vec![shown("a\nb"), shown(&most), "c".to_owned()]));
    }

    #[test]
    fn lines_of_no_process_are_passed_over() {
        let listing = format!("9.0 1.0\nnoise\n7 (a) {FIELDS}\nnoise\n8 (b\n9 (c) {FIELDS}\n");
        assert_eq!(names(&listing), Some(vec!["a".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn what_holds_no_memory_is_not_among_those_that_hold_the_most() {
        let top = top(&[process(2, 0), process(3, 4096)], UnixMillis(0));
        assert_eq!(top.by_memory, [process(3, 4096)]);
        assert_eq!(top.by_cpu, [process(3, 4096), process(2, 0)]);
    }
}
