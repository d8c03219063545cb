//! What can be wrong with a machine that is seen through SSH, rather than with its SSH.

use std::fmt::Display;
use std::io;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::stage::{Content, Stage};

/// How many there are of what there is too much of.
const MANY: usize = 100_000;
/// Process ids of their own: the kernel's largest is 2^22.
const FIRST_PID: usize = 5_000_000;
/// Seconds since 1970: 1970-01-02.
const IN_1970: u64 = 86_400;
const YEAR: u64 = 366 * 86_400;

/// What is wrong with the machine behind a [`MisbehavingServer`](crate::MisbehavingServer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Staging {
    /// `df` never ends.
    HungDf,
    /// Processes, mounts, interfaces, units, containers and the host have names of 64 KiB, with escape sequences, direction marks,
    /// NUL, invalid UTF-8 and HTML.
    HostileNames,
    /// Numbers are words, negative, not whole, 2^64 or larger.
    HostileNumbers,
    /// Counters go backwards.
    CountersBackwards,
    /// The clock says 1970.
    ClockIn1970,
    /// The clock says next year.
    ClockNextYear,
    /// There are 100,000 mounts.
    ManyMounts,
    /// There are 100,000 network interfaces.
    ManyInterfaces,
    /// There are 100,000 processes.
    ManyProcesses,
}

impl Staging {
    pub(crate) fn set(self, stage: &mut Stage) -> io::Result<()> {
        match self {
            Self::HungDf => stage.program("df", "exec tail -f /dev/null"),
            Self::HostileNames => hostile_names(stage),
            Self::HostileNumbers => hostile_numbers(stage),
            Self::CountersBackwards => counters_backwards(stage),
            Self::ClockIn1970 => clock(stage, |_| IN_1970),
            Self::ClockNextYear => clock(stage, |now| now + YEAR),
            Self::ManyMounts => {
                let names: Vec<Vec<u8>> = (0..MANY).map(|n| format!("/many/{n}").into_bytes()).collect();
                mounts(stage, &names, "1000 400 600")
            }
            Self::ManyInterfaces => {
                let names: Vec<Vec<u8>> = (0..MANY).map(|n| format!("many{n}").into_bytes()).collect();
                stage.file("proc/net/dev", &interfaces(&names, "1000"))
            }
            Self::ManyProcesses => {
                let one = process(stage, FIRST_PID, b"one")?;
                (1..MANY).try_for_each(|n| symlink(&one, one.with_file_name((FIRST_PID + n).to_string())))
            }
        }
    }
}

/// Names that nobody should have to look at as they are.
fn names() -> Vec<Vec<u8>> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        text("plain"),
        text("<script>alert(1)</script><img src=x onerror=alert(1)>"),
        text("\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\u{8}"),
        text("txt.\u{202e}gpj.exe\u{2066}\u{200f}\u{feff}"),
        b"nul\0nul".to_vec(),
        b"invalid \xff\xfe\xc3\x28".to_vec(),
        text("=HYPERLINK(\"http://127.0.0.1/\")"),
        text("'; rm -rf $(x) `y` \\"),
        b"A".repeat(64 * 1024),
    ]
}

fn lines(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flat_map(|part| [part, b"\n".to_vec()]).flatten().collect()
}

fn around(before: impl Display, name: &[u8], after: impl Display) -> Vec<u8> {
    [before.to_string().as_bytes(), name, after.to_string().as_bytes()].concat()
}

fn hostile_names(stage: &Stage) -> io::Result<()> {
    let names = names();
    for (n, name) in names.iter().enumerate() {
        process(stage, FIRST_PID + n, name)?;
    }
    let places: Vec<Vec<u8>> = names.iter().map(|name| around("/mnt/", name, "")).collect();
    mounts(stage, &places, "1000 400 600")?;
    stage.file("proc/net/dev", &interfaces(&names, "1000"))?;

    let host = names.concat();
    stage.file("proc/sys/kernel/hostname", &host)?;
    stage.prints("hostname", &host)?;

    stage.directory("run/systemd/system")?;
    let unit = |name: &Vec<u8>| {
        let word: Vec<u8> = name.iter().copied().filter(|byte| *byte != b' ').collect();
        [word, b".service loaded failed failed ".to_vec(), name.clone()].concat()
    };
    stage.prints("systemctl", &lines(names.iter().map(unit)))?;
    // docker is asked only where its socket is, podman only where it has stored something.
    stage.socket("run/docker.sock")?;
    stage.data("containers/storage")?;
    let container = |(n, name): (usize, &Vec<u8>)| {
        let id = format!("{n:064x}").into_bytes();
        [&id[..], &name[..], &name[..], b"Up 2 hours"].join(&b'|')
    };
    for engine in ["docker", "podman"] {
        stage.prints(engine, &lines(names.iter().enumerate().map(container)))?;
    }
    // `who` is asked only where there is a record of logins.
    stage.file("run/utmp", b"utmp")?;
    stage.prints("who", &lines(names.iter().map(|name| around("", name, " pts/0  2026-11-23 10:00 (192.0.2.1)"))))
}

fn hostile_numbers(stage: &Stage) -> io::Result<()> {
    let bad =
        ["-1", "18446744073709551616", "99999999999999999999999", "NaN", "inf", "1e309", "0x10", "twelve", "-", ""];
    let all = bad.join(" ");
    stage.file(
        "proc/stat",
        format!("cpu  {all}\ncpu0 {all}\nbtime -1\nprocs_running twelve\nprocs_blocked -1\n").as_bytes(),
    )?;
    stage.file("proc/loadavg", b"NaN -1 1e309 -1/18446744073709551616 x\n")?;
    let memory = ["MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree"];
    let fields: String = memory.iter().zip(bad).map(|(name, number)| format!("{name}: {number} kB\n")).collect();
    stage.file("proc/meminfo", fields.as_bytes())?;
    let disk = |(n, number): (usize, &&str)| format!("8 {n} sd{n} {}\n", vec![*number; 17].join(" "));
    stage.file("proc/diskstats", bad.iter().enumerate().map(disk).collect::<String>().as_bytes())?;
    let links: Vec<u8> =
        bad.iter().enumerate().flat_map(|(n, number)| interface(format!("eth{n}").as_bytes(), number)).collect();
    stage.file("proc/net/dev", &links)?;
    stage.file("proc/sys/fs/file-nr", b"-1 NaN 18446744073709551616\n")?;
    stage.file("proc/uptime", b"-1 NaN\n")?;
    let places: Vec<Vec<u8>> = bad.iter().enumerate().map(|(n, _)| format!("/bad/{n}").into_bytes()).collect();
    mounts(stage, &places, "18446744073709551616 -1 NaN")
}

fn counters_backwards(stage: &mut Stage) -> io::Result<()> {
    let down = |elapsed: Duration| u64::MAX / 4 - u64::try_from(elapsed.as_micros()).unwrap_or_default();
    let cpu = move |elapsed: Duration| {
        let count = down(elapsed).to_string();
        let modes = vec![count; 10].join(" ");
        format!("cpu  {modes}\ncpu0 {modes}\nbtime 1700000000\nprocs_running 1\nprocs_blocked 0\n").into_bytes()
    };
    let disks =
        move |elapsed: Duration| format!("8 0 sda {}\n", vec![down(elapsed).to_string(); 17].join(" ")).into_bytes();
    let links = move |elapsed: Duration| interface(b"eth0", &down(elapsed).to_string());
    stage.changing(vec![
        ("proc/stat", Box::new(cpu) as Content),
        ("proc/diskstats", Box::new(disks)),
        ("proc/net/dev", Box::new(links)),
    ])
}

/// The clock as `date` prints it, and as the kernel tells it together with the counters.
fn clock(stage: &mut Stage, shifted: fn(u64) -> u64) -> io::Result<()> {
    let since_1970 = std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs());
    let date = format!("exec {} -u -d @{} \"$@\"", real_program("date"), shifted(since_1970));
    stage.program("date", &date)?;
    let stat = move |_: Duration| {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = |line: &str| match line.strip_prefix("btime ").and_then(|seconds| seconds.parse().ok()) {
            Some(booted) => format!("btime {}\n", shifted(booted)),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect::<String>().into_bytes()
    };
    stage.changing(vec![("proc/stat", Box::new(stat))])
}

fn real_program(name: &str) -> String {
    let usual = std::path::Path::new("/bin").join(name);
    if usual.exists() { usual.display().to_string() } else { format!("/usr/bin/{name}") }
}

/// Mounted filesystems, each on a device of its own, of this many blocks in all, used and free.
fn mounts(stage: &Stage, places: &[Vec<u8>], blocks: &str) -> io::Result<()> {
    let table = places.iter().enumerate().map(|(n, place)| around(format!("/dev/many{n} "), place, " ext4 rw 0 0"));
    stage.file("proc/self/mounts", &lines(table))?;
    let heading = b"Filesystem 1024-blocks Used Available Capacity Mounted on".to_vec();
    let rows = places.iter().enumerate().map(|(n, place)| around(format!("/dev/many{n} {blocks} 40% "), place, ""));
    stage.prints("df", &lines([heading].into_iter().chain(rows)))
}

fn interfaces(names: &[Vec<u8>], number: &str) -> Vec<u8> {
    let heading = b"Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n".to_vec();
    [heading].into_iter().chain(names.iter().map(|name| interface(name, number))).flatten().collect()
}

fn interface(name: &[u8], number: &str) -> Vec<u8> {
    around("", name, format!(": {}\n", vec![number; 16].join(" ")))
}

/// A process, and where its files are.
fn process(stage: &Stage, pid: usize, name: &[u8]) -> io::Result<std::path::PathBuf> {
    let folder = stage.directory(&format!("proc/{pid}"))?;
    let stat = around(format!("{pid} ("), name, format!(") S 1 {}\n", vec!["1000000"; 48].join(" ")));
    std::fs::write(folder.join("stat"), stat)?;
    Ok(folder)
}
