//! The processes of this computer.

use std::fs;

use hostrounds_core::observation::{Observation, Process};
use hostrounds_core::probe::processes::{Stat, points, top};
use hostrounds_core::probe::{Family, load};
use hostrounds_core::text;
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind, Users};

/// The processes of the latest reading, from which the CPU time of the next is taken.
#[derive(Debug)]
pub(crate) struct Processes {
    system: Option<System>,
    users: Option<Users>,
    /// Whether there is an earlier reading.
    is_second: bool,
}

impl Processes {
    pub(crate) fn new() -> Self {
        Self { system: System::new().ok(), users: Users::new_with_refreshed_list().ok(), is_second: false }
    }

    /// Adds counts and the busiest ones to `observation`.
    pub(crate) fn read(&mut self, observation: &mut Observation) {
        let Some(system) = &mut self.system else {
            return crate::miss(observation, Family::Processes, "The processes of this system cannot be read.");
        };
        let kind =
            ProcessRefreshKind::nothing().with_cpu().with_memory().with_user(UpdateKind::OnlyIfNotSet).without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);

        let is_second = std::mem::replace(&mut self.is_second, true);
        let processes: Vec<Process> = system
            .processes()
            .values()
            .map(|process| Process {
                pid: u64::from(process.pid().as_u32()),
                name: text::name(&process.name().to_string_lossy()),
                user: None,
                cpu: is_second.then(|| f64::from(process.cpu_usage()) / 100.0),
                memory: process.memory(),
                threads: None,
                state: state(process.status()),
                disk_read: None,
                disk_written: None,
                handles: None,
            })
            .collect();
        if processes.is_empty() {
            return crate::miss(observation, Family::Processes, "The system lists no processes.");
        }
        points(&processes, threads(), &mut observation.points);

        let mut top = top(&processes, observation.at);
        for process in top.by_cpu.iter_mut().chain(&mut top.by_memory) {
            process.threads = threads_of(process.pid);
            process.user = owner(system, self.users.as_ref(), process.pid);
        }
        observation.processes = Some(top);
    }
}

/// A name, or the number where the name is not known.
fn owner(system: &System, users: Option<&Users>, pid: u64) -> Option<String> {
    let pid = sysinfo::Pid::from_u32(u32::try_from(pid).ok()?);
    let id = system.process(pid)?.effective_user_id()?;
    let name = users.and_then(|users| users.get_user_by_id(id)).map(|user| text::name(user.name()));
    Some(name.unwrap_or_else(|| id.to_string()))
}

/// All threads of the system, where it says so (Linux).
fn threads() -> Option<u64> {
    load::threads(&fs::read_to_string(load::PATH).ok()?)
}

/// The threads of one process, where the system says so (Linux). `sysinfo` counts threads only by listing each of them.
fn threads_of(pid: u64) -> Option<u32> {
    let line = fs::read(format!("/proc/{pid}/stat")).ok()?;
    Stat::parse(&String::from_utf8_lossy(&line)).map(|stat| stat.threads)
}

/// The letter that `ps` writes.
fn state(status: ProcessStatus) -> char {
    match status {
        ProcessStatus::Run | ProcessStatus::Waking | ProcessStatus::Wakekill => 'R',
        ProcessStatus::Sleep => 'S',
        ProcessStatus::UninterruptibleDiskSleep | ProcessStatus::LockBlocked => 'D',
        ProcessStatus::Zombie => 'Z',
        ProcessStatus::Stop | ProcessStatus::Tracing | ProcessStatus::Suspended => 'T',
        ProcessStatus::Idle | ProcessStatus::Parked => 'I',
        ProcessStatus::Dead => 'X',
        ProcessStatus::Unknown(_) => '?',
    }
}
