//! CPU time, from what the kernel counts.

use std::fs::{self, File};
use std::time::Duration;

use anyhow::{Context, Result};
use procfs_core::FromRead;
use procfs_core::process::{Schedstat, Stat};
use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

/// What this process has used, with all its threads, without its children.
pub(crate) fn own() -> Result<Duration> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

/// What the children of this process that have ended had used, and their children.
pub(crate) fn ended_children() -> Result<Duration> {
    let stat = read_stat("self")?;
    Ok(ended_children_of(&stat))
}

/// What a process with a single thread has used, without its children.
pub(crate) fn of_process(pid: u32) -> Result<Duration> {
    // In nanoseconds, where `stat` has hundredths of a second.
    let path = format!("/proc/{pid}/schedstat");
    let schedstat = Schedstat::from_read(File::open(&path).context(path)?)?;
    Ok(Duration::from_nanos(schedstat.sum_exec_runtime))
}

/// What a process and everything below it has used, what has ended included. It is exact while nothing below it ends.
pub(crate) fn of_tree(root: u32) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for stat in tree(root)? {
        sum += of_process(stat.pid.unsigned_abs())? + ended_children_of(&stat);
    }
    Ok(sum)
}

/// The children of a process.
pub(crate) fn children(pid: u32) -> Result<Vec<Stat>> {
    Ok(all()?.into_iter().filter(|stat| stat.ppid.unsigned_abs() == pid).collect())
}

fn tree(root: u32) -> Result<Vec<Stat>> {
    let mut others = all()?;
    let mut found: Vec<Stat> = others.extract_if(.., |stat| stat.pid.unsigned_abs() == root).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|stat| stat.pid) {
        found.extend(others.extract_if(.., |stat| stat.ppid == parent));
        next += 1;
    }
    Ok(found)
}

fn all() -> Result<Vec<Stat>> {
    let names = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let pids = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    // A process that ends in between is no process any more.
    Ok(pids.filter_map(|pid| read_stat(&pid).ok()).collect())
}

fn read_stat(pid: &str) -> Result<Stat> {
    let path = format!("/proc/{pid}/stat");
    Ok(Stat::from_read(File::open(&path).context(path)?)?)
}

fn ended_children_of(stat: &Stat) -> Duration {
    let ticks = stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs();
    Duration::from_millis(ticks * 1000 / clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Uses CPU in a child, so that it is not this process that uses it.
    const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";

    /// Other tests of this process have children too, and one may end while it is being read.
    fn used() -> Duration {
        (0..1000).find_map(|_| of_tree(std::process::id()).ok()).unwrap()
    }

    #[test]
    fn what_an_ended_child_used_stays_counted_in_the_tree() {
        let before = used();
        assert!(Command::new("sh").args(["-c", BUSY]).status().unwrap().success());
        let after = used();
        assert!(after > before, "{before:?} and then {after:?}");
        assert!(ended_children().unwrap() > Duration::ZERO);
    }

    #[test]
    fn a_child_is_found_until_it_has_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let is_there =
            || children(std::process::id()).unwrap().iter().any(|stat| stat.pid.unsigned_abs() == child.id());
        assert!(is_there());
        let pid = child.id();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(of_process(pid).is_err());
    }
}
