//! The processes of this computer.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use hostrounds_core::observation::{Observation, Process};
use hostrounds_core::probe::process_detail::{Identity, Io, IoRates};
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
    io: IoRates,
    /// From when on the times of `io` are counted.
    began: Instant,
}

impl Processes {
    pub(crate) fn new() -> Self {
        Self {
            system: System::new().ok(),
            users: Users::new_with_refreshed_list().ok(),
            is_second: false,
            io: IoRates::default(),
            began: Instant::now(),
        }
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
        let seconds = self.began.elapsed().as_secs_f64();
        let mut known: HashMap<u64, Detail> = HashMap::new();
        for process in top.by_cpu.iter_mut().chain(&mut top.by_memory) {
            let detail = known.entry(process.pid).or_insert_with(|| Detail {
                user: owner(system, self.users.as_ref(), process.pid),
                threads: threads_of(process.pid),
                io: io_of(process.pid)
                    .zip(identity(system, process.pid))
                    .map_or((None, None), |(io, identity)| self.io.since(identity, seconds, io)),
                handles: handles_of(process.pid),
            });
            process.user.clone_from(&detail.user);
            process.threads = detail.threads;
            (process.disk_read, process.disk_written) = detail.io;
            process.handles = detail.handles;
        }
        self.io.retain(|identity| self::identity(system, identity.0) == Some(*identity));
        observation.processes = Some(top);
    }
}

/// What is read only of processes that are shown.
struct Detail {
    user: Option<String>,
    threads: Option<u32>,
    /// Bytes per second that it reads and writes.
    io: (Option<f64>, Option<f64>),
    handles: Option<u32>,
}

/// A process that is still there.
fn identity(system: &System, pid: u64) -> Option<Identity> {
    let process = system.process(sysinfo::Pid::from_u32(u32::try_from(pid).ok()?))?;
    Some((pid, process.start_time()))
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

/// What a process of this user has made disks do (Linux). `sysinfo` reads it for all processes or for none.
fn io_of(pid: u64) -> Option<Io> {
    Io::parse(&fs::read_to_string(format!("/proc/{pid}/io")).ok()?)
}

/// The open files of a process, where the system says so (Linux): since 6.2 the size of the folder is their number, before,
/// and only for processes of this user, they are counted.
fn handles_of(pid: u64) -> Option<u32> {
    let folder = format!("/proc/{pid}/fd");
    match fs::metadata(&folder).ok()?.len() {
        0 => u32::try_from(fs::read_dir(folder).ok()?.count()).ok(),
        count => u32::try_from(count).ok(),
    }
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
