//! What the answers of different systems come to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::Remote;
use hostrounds_core::time::UnixMillis;
use rstest::rstest;

const NONCE: &str = "n0nce";

fn empty() -> Observation {
    Observation::empty(UnixMillis(0))
}

fn routine(remote: &mut Remote, answer: &str) -> Observation {
    let mut observation = empty();
    remote.routine(answer.as_bytes(), Family::ALL, &mut observation);
    observation
}

fn slow(answer: &str) -> Observation {
    let mut observation = empty();
    let families = [Family::Filesystems, Family::Processes];
    let asked: Vec<Family> = families.into_iter().filter(|family| answer.contains(section_of(*family))).collect();
    Remote::new().slow(answer.as_bytes(), &asked, NONCE, &mut observation);
    observation
}

fn section_of(family: Family) -> &'static str {
    if family == Family::Processes { "@hr n0nce processes" } else { "@hr n0nce mounts" }
}

fn value(observation: &Observation, metric: Metric, attributes: &[(&str, &str)]) -> Option<f64> {
    let attributes = attributes.iter().fold(Attributes::none(), |all, (name, value)| all.with(name, *value));
    let mut found = observation.of(metric).filter(|point| point.series.attributes.matches(&attributes));
    let value = found.next().map(|point| point.value);
    assert!(found.next().is_none(), "more than one {metric} with {attributes:?}");
    value
}

fn mountpoints(observation: &Observation) -> Vec<&str> {
    let mut all: Vec<&str> = observation
        .of(Metric::FilesystemUtilization)
        .map(|point| point.series.attributes.get(attribute::MOUNTPOINT).unwrap())
        .collect();
    all.sort_unstable();
    all
}

#[rstest]
#[case::gnu(
    include_str!("fixtures/captured/gnu-routine-1.txt"),
    include_str!("fixtures/captured/gnu-routine-2.txt")
)]
#[case::busybox(
    include_str!("fixtures/captured/busybox-routine-1.txt"),
    include_str!("fixtures/captured/busybox-routine-2.txt")
)]
fn two_captured_readings_give_every_routine_family(#[case] first: &str, #[case] second: &str) {
    let mut remote = Remote::new();
    assert!(remote.needs_second_reading());
    let once = routine(&mut remote, first);
    assert_eq!(once.unavailable, []);
    assert_eq!(once.of(Metric::CpuUtilization).count(), 0, "one reading gives no rate");
    assert!(!remote.needs_second_reading());

    let twice = routine(&mut remote, second);
    assert_eq!(twice.unavailable, []);
    assert_eq!(value(&twice, Metric::CpuCount, &[]), Some(2.0));
    assert!(value(&twice, Metric::CpuUtilization, &[]).is_some_and(|share| (0.0..=1.0).contains(&share)));
    assert_eq!(twice.of(Metric::CpuCoreUtilization).count(), 2);
    assert_eq!(twice.of(Metric::CpuModeUtilization).count(), 8);
    assert_eq!(value(&twice, Metric::MemoryLimit, &[]), Some(24_683_656.0 * 1024.0));
    assert!(value(&twice, Metric::MemoryUtilization, &[]).is_some_and(|share| share > 0.0 && share < 0.5));
    assert_eq!(value(&twice, Metric::PagingUtilization, &[]), None, "there is no swap");
    assert!(value(&twice, Metric::FileHandles, &[]).is_some_and(|count| count > 100.0));
    assert!(value(&twice, Metric::Load1, &[]).is_some());
    assert!(value(&twice, Metric::Uptime, &[]).is_some_and(|seconds| seconds > 2_000.0));
    for direction in ["read", "write"] {
        assert!(value(&twice, Metric::DiskIo, &[("system.device", "vda"), ("disk.io.direction", direction)]).is_some());
    }
    for direction in ["receive", "transmit"] {
        let eth0 = [("network.interface.name", "eth0"), ("network.io.direction", direction)];
        assert!(value(&twice, Metric::NetworkIo, &eth0).is_some());
        assert!(value(&twice, Metric::NetworkDropped, &eth0).is_some());
    }
}

#[rstest]
#[case::gnu(include_str!("fixtures/captured/gnu-slow.txt"))]
#[case::busybox(include_str!("fixtures/captured/busybox-slow.txt"))]
fn a_captured_slow_answer_gives_facts_processes_and_filesystems(#[case] answer: &str) {
    let observation = slow(answer);
    assert_eq!(observation.unavailable, []);

    let facts = observation.facts.as_ref().unwrap();
    assert_eq!(facts.hostname.as_deref(), Some("debian-12"));
    assert_eq!(facts.os.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
    assert_eq!(facts.architecture.as_deref(), Some("x86_64"));
    assert_eq!(facts.cpu_model.as_deref(), Some("Intel(R) Xeon(R) Processor"));

    let place = "/srv/donn€es 資料";
    assert_eq!(mountpoints(&observation), ["/", place], "pseudo filesystems and second mounts are left out");
    let on_loop = [(attribute::MOUNTPOINT, place), (attribute::DEVICE, "/dev/loop0")];
    assert_eq!(value(&observation, Metric::FilesystemLimit, &on_loop), Some(21_623.0 * 1024.0));
    assert_eq!(value(&observation, Metric::FilesystemUtilization, &on_loop), Some(14.0 / (14.0 + 19_890.0)));
    let reserved = [on_loop[0], on_loop[1], (attribute::FILESYSTEM_STATE, "reserved")];
    assert_eq!(value(&observation, Metric::FilesystemUsage, &reserved), Some((21_623.0 - 14.0 - 19_890.0) * 1024.0));
    assert_eq!(value(&observation, Metric::FilesystemInodesUtilization, &on_loop), Some(11.0 / 6144.0));

    let processes = observation.processes.as_ref().unwrap();
    assert!(processes.by_cpu.is_empty(), "one reading gives no CPU");
    assert_eq!(processes.by_memory.len(), 12);
    assert!(processes.by_memory.windows(2).all(|pair| pair[0].memory >= pair[1].memory));
    assert!(processes.by_memory.iter().all(|process| process.user.as_deref() == Some("root")));
    let total: f64 = observation.of(Metric::ProcessCount).map(|point| point.value).sum();
    assert!(total > 50.0);
    assert!(value(&observation, Metric::ThreadCount, &[]).is_some_and(|threads| threads >= total));
}

#[test]
fn an_old_kernel_gets_an_estimate_of_memory_and_no_rate_from_a_wrapped_counter() {
    let answer = include_str!("fixtures/written/centos-6-routine.txt");
    let mut remote = Remote::new();
    let first = routine(&mut remote, answer);
    assert_eq!(first.unavailable, []);
    let available = 201_232.0 + 115_188.0 + 409_600.0 + 61_440.0 - 1_024.0;
    assert_eq!(value(&first, Metric::MemoryUtilization, &[]), Some((1_020_696.0 - available) / 1_020_696.0));
    assert_eq!(value(&first, Metric::MemoryUsage, &[(attribute::MEMORY_STATE, "available")]), None);
    assert_eq!(value(&first, Metric::PagingUtilization, &[]), Some(0.0));

    let later = answer.replace("604800.12", "604810.12").replace("eth0:4294960000 7000000", "eth0:2000 7000100");
    let second = routine(&mut remote, &later);
    let received = [("network.interface.name", "eth0"), ("network.io.direction", "receive")];
    assert_eq!(value(&second, Metric::NetworkIo, &received), None, "the counter wrapped at 32 bits");
    assert_eq!(value(&second, Metric::NetworkPackets, &received), Some(10.0));
    assert_eq!(second.of(Metric::DiskBusy).count(), 2, "sda and dm-0, not the partition");
}

#[test]
fn a_missing_file_costs_only_its_family() {
    let answer = include_str!("fixtures/captured/gnu-routine-1.txt");
    let (before, after) = answer.split_once("==> /proc/diskstats <==").unwrap();
    let after = after.split_once("==> /proc/net/dev <==").unwrap().1;
    let without = format!("{before}==> /proc/net/dev <=={after}").replace("MemTotal:", "MemTotal?");
    let observation = routine(&mut Remote::new(), &without);
    let families: Vec<Family> = observation.unavailable.iter().map(|unavailable| unavailable.family).collect();
    assert_eq!(families, [Family::DiskIo, Family::Memory]);
    assert!(observation.unavailable[0].reason.contains("/proc/diskstats"));
    assert!(value(&observation, Metric::Load1, &[]).is_some());
}

#[test]
fn a_reading_that_comes_too_soon_leaves_the_earlier_one_to_take_rates_from() {
    let first = include_str!("fixtures/captured/gnu-routine-1.txt");
    let second = include_str!("fixtures/captured/gnu-routine-2.txt");
    let mut remote = Remote::new();
    routine(&mut remote, first);
    let at_once = routine(&mut remote, &first.replace("==> /proc/stat <==\ncpu  ", "==> /proc/stat <==\ncpu  9"));
    for metric in [Metric::CpuUtilization, Metric::NetworkIo] {
        assert_eq!(at_once.of(metric).count(), 0, "{metric}");
    }

    let mut undisturbed = Remote::new();
    routine(&mut undisturbed, first);
    assert_eq!(routine(&mut remote, second), routine(&mut undisturbed, second));
}

#[test]
fn a_reboot_leaves_a_gap_and_the_next_reading_gives_rates_again() {
    let first = include_str!("fixtures/captured/gnu-routine-1.txt");
    let second = include_str!("fixtures/captured/gnu-routine-2.txt");
    let booted = first.lines().find(|line| line.starts_with("btime ")).unwrap();
    let rebooted = |text: &str| text.replace(booted, "btime 4000000000");
    let mut remote = Remote::new();
    routine(&mut remote, first);
    let gap = routine(&mut remote, &rebooted(second));
    assert_eq!(gap.unavailable, []);
    for metric in [Metric::CpuUtilization, Metric::DiskIo, Metric::NetworkIo] {
        assert_eq!(gap.of(metric).count(), 0, "{metric}");
    }
    let later = rebooted(second).replace("==> /proc/uptime <==\n2", "==> /proc/uptime <==\n3");
    let after = routine(&mut remote, &later);
    assert!(after.of(Metric::NetworkIo).count() > 0);
}

#[test]
fn a_container_shows_its_layers_once_and_none_of_the_files_mounted_into_it() {
    let observation = slow(include_str!("fixtures/written/container-slow.txt"));
    assert_eq!(mountpoints(&observation), ["/", "/data"]);
    let data = [(attribute::MOUNTPOINT, "/data")];
    assert_eq!(value(&observation, Metric::FilesystemUtilization, &data), Some(1.0));
    assert_eq!(value(&observation, Metric::FilesystemInodesUtilization, &data), None);
}

#[test]
fn subvolumes_datasets_network_mounts_and_names_with_spaces() {
    let observation = slow(include_str!("fixtures/written/mounts-slow.txt"));
    assert_eq!(mountpoints(&observation), ["/", "/mnt/My Share", "/mnt/nfs", "/tank/data", "/tank/logs", "/var"]);
    let share = [(attribute::MOUNTPOINT, "/mnt/My Share"), (attribute::DEVICE, "//nas/My Share")];
    assert_eq!(value(&observation, Metric::FilesystemUtilization, &share), Some(0.5));
    let root = [(attribute::MOUNTPOINT, "/")];
    assert_eq!(value(&observation, Metric::FilesystemInodesUtilization, &root), None, "btrfs counts no inodes");
}

#[test]
fn processes_use_cpu_between_two_readings() {
    let answer = |uptime: &str, ticks: u64, extra: &str| {
        format!(
            "\n@hr n0nce ticks\n50\n\n@hr n0nce kernel\nx\n\n@hr n0nce processes\n{uptime} 1.0\n\
             7 (php) fpm (x) R 1 7 7 0 -1 0 0 0 0 0 {ticks} 20 0 0 20 0 3 0 100 999 5 1\n{extra}\n\
             @hr n0nce owners\ndr-xr-xr-x 9 33 33 0 Nov 23 10:00 /proc/7\n\n@hr n0nce users\nwww-data:33\n\n@hr n0nce end\n"
        )
    };
    let mut remote = Remote::new();
    let mut read = |answer: String| {
        let mut observation = empty();
        remote.slow(answer.as_bytes(), &[Family::Processes], NONCE, &mut observation);
        observation.processes.unwrap()
    };
    read(answer("1000.0", 100, ""));
    let young = "8 (two\nlines) S 1 8 8 0 -1 0 0 0 0 0 40 10 0 0 20 0 1 0 50200 999 2 1\n9 (old) S 1 9 9 0 -1 0 0 0 0 0 40 10 0 0 20 0 1 0 3 9 1 1\n";
    let top = read(answer("1010.0", 350, young));

    let names: Vec<_> = top.by_cpu.iter().map(|process| (process.name.as_str(), process.cpu.unwrap())).collect();
    assert_eq!(names, [("php) fpm (x", 0.5), ("two\u{FFFD}lines", 0.1)], "`old` has no earlier reading");
    assert_eq!(top.by_cpu[0].user.as_deref(), Some("www-data"));
    assert_eq!((top.by_cpu[0].threads, top.by_cpu[0].memory, top.by_cpu[0].state), (Some(3), 5 * 4096, 'R'));
    assert_eq!(top.by_cpu[1].user, None, "it was not there any more when owners were read");
    assert!(read(answer("5.0", 1, "")).by_cpu.is_empty(), "it was rebooted");
}

#[rstest]
#[case::gnu(124)]
#[case::busybox(143)]
fn a_df_that_hangs_is_named(#[case] status: u8) {
    let answer = format!(
        "\n@hr n0nce mounts\n/dev/sda1 / ext4 rw 0 0\n\n@hr n0nce blocks\n\n@hr n0nce blocks_status {status}\n\n@hr n0nce end\n"
    );
    let observation = slow(&answer);
    assert_eq!(observation.unavailable.len(), 1);
    assert!(observation.unavailable[0].reason.contains("network filesystem"), "{:?}", observation.unavailable);
}

#[test]
fn a_part_that_was_cut_off_does_not_count() {
    let whole = include_str!("fixtures/captured/gnu-slow.txt");
    let cut = &whole[..whole.find("@hr n0nce owners").unwrap() - 1000];
    let observation = slow(cut);
    assert_eq!(observation.of(Metric::ProcessCount).count(), 0);
    assert_eq!(observation.unavailable.len(), 1);
    assert!(observation.facts.is_some(), "the parts before it do");
}

#[test]
fn only_the_right_nonce_opens_a_part() {
    let answer = include_str!("fixtures/captured/gnu-slow.txt");
    let mut observation = empty();
    Remote::new().slow(answer.as_bytes(), &[Family::Filesystems], "other", &mut observation);
    assert_eq!(observation.points, []);
    assert_eq!(observation.unavailable.len(), 1);
}
