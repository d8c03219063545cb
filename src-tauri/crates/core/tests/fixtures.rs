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
    let asked: Vec<Family> = PARTS
        .into_iter()
        .filter(|(_, part)| answer.contains(&format!("@hr n0nce {part}\n")))
        .map(|(family, _)| family)
        .collect();
    Remote::new().slow(answer.as_bytes(), &asked, NONCE, &mut observation);
    observation
}

/// A part that shows that a family was asked.
const PARTS: [(Family, &str); 6] = [
    (Family::Processes, "processes"),
    (Family::Filesystems, "mounts"),
    (Family::Tcp, "tcp"),
    (Family::Temperatures, "temperatures"),
    (Family::Batteries, "batteries"),
    (Family::Users, "who"),
];

/// The values of one attribute in all points of a metric, sorted.
fn parts(observation: &Observation, metric: Metric, name: &str) -> Vec<String> {
    let mut all: Vec<String> =
        observation.of(metric).map(|point| point.series.attributes.get(name).unwrap().to_owned()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The families that could not be read.
fn missing(observation: &Observation) -> Vec<Family> {
    observation.unavailable.iter().map(|unavailable| unavailable.family).collect()
}

const DEVICES: &str = include_str!("fixtures/written/devices-routine.txt");

fn value(observation: &Observation, metric: Metric, attributes: &[(&str, &str)]) -> Option<f64> {
    let attributes = attributes.iter().fold(Attributes::none(), |all, (name, value)| all.with(name, *value));
    let mut found = observation.of(metric).filter(|point| point.series.attributes.matches(&attributes));
    let value = found.next().map(|point| point.value);
    assert!(found.next().is_none(), "more than one {metric} with {attributes:?}");
    value
}

fn mountpoints(observation: &Observation) -> Vec<String> {
    parts(observation, Metric::FilesystemUtilization, attribute::MOUNTPOINT)
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
#[case::reader(
    include_str!("fixtures/captured/reader-routine-1.txt"),
    include_str!("fixtures/captured/reader-routine-2.txt")
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
    assert_eq!(twice.of(Metric::Pressure).count(), 6);
    assert!(twice.spent.is_some());
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
    assert_eq!(value(&observation, Metric::FilesystemUtilization, &on_loop), Some(0.0007));
    let reserved = [on_loop[0], on_loop[1], (attribute::FILESYSTEM_STATE, "reserved")];
    assert_eq!(value(&observation, Metric::FilesystemUsage, &reserved), Some((21_623.0 - 14.0 - 19_890.0) * 1024.0));
    assert_eq!(value(&observation, Metric::FilesystemInodesUtilization, &on_loop), Some(0.0018));

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
    assert_eq!(missing(&first), [Family::Pressure]);
    // Of 1,020,696: free 201,232, buffers 115,188, cached 409,600, reclaimable 61,440, less 1,024 of shared memory.
    assert_eq!(value(&first, Metric::MemoryUtilization, &[]), Some(0.2295));
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
    assert_eq!(missing(&gap), []);
    for metric in [Metric::CpuUtilization, Metric::DiskIo, Metric::NetworkIo] {
        assert_eq!(gap.of(metric).count(), 0, "{metric}");
    }
    let later = rebooted(second).replace("==> /proc/uptime <==\n", "==> /proc/uptime <==\n9");
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

#[test]
fn of_devices_the_disks_count_with_what_is_stacked_on_them_and_no_partitions() {
    let mut remote = Remote::new();
    assert_eq!(routine(&mut remote, DEVICES).unavailable, []);
    let later = DEVICES.replace("86400.00 1000000.00", "86410.00 1000010.00").replace(
        "dm-0 2000 0 160000 1000 4000 0 320000 1800 0 1400",
        "dm-0 2100 0 160800 1000 4000 0 320000 1800 0 6400",
    );
    let observation = routine(&mut remote, &later);
    let disks =
        ["cciss!c0d0", "dm-0", "dm-1", "drbd0", "md127", "mmcblk0", "nvme0n1", "sda", "sdaa", "sdb", "xvda1", "zd0"];
    assert_eq!(parts(&observation, Metric::DiskBusy, attribute::DEVICE), disks);
    let multipath = [(attribute::DEVICE, "dm-0"), (attribute::DISK_DIRECTION, "read")];
    assert_eq!(value(&observation, Metric::DiskOperations, &multipath), Some(10.0));
    assert_eq!(value(&observation, Metric::DiskIo, &multipath), Some(800.0 * 512.0 / 10.0));
    assert_eq!(value(&observation, Metric::DiskBusy, &multipath[..1]), Some(0.5));
    assert_eq!(value(&observation, Metric::PagingUtilization, &[]), Some((8_388_604.0 - 6_291_453.0) / 8_388_604.0));
}

#[test]
fn of_interfaces_bonds_vlans_and_bridges_count_and_no_ends_of_containers() {
    let mut remote = Remote::new();
    routine(&mut remote, DEVICES);
    let later = DEVICES
        .replace("86400.00 1000000.00", "86410.00 1000010.00")
        .replace("bond0.100: 8000000 ", "bond0.100: 8000100 ");
    let observation = routine(&mut remote, &later);
    let interfaces = ["bond0", "bond0.100", "br-4fd1a2b3c4d5", "br0", "enp0s31f6.4094", "eth0", "eth1", "lo", "wg0"];
    assert_eq!(parts(&observation, Metric::NetworkIo, attribute::INTERFACE), interfaces);
    let vlan = [(attribute::INTERFACE, "bond0.100"), (attribute::NETWORK_DIRECTION, "receive")];
    assert_eq!(value(&observation, Metric::NetworkIo, &vlan), Some(10.0));
}

#[test]
fn pressure_is_the_share_of_the_last_ten_seconds() {
    let observation = routine(&mut Remote::new(), DEVICES);
    let of = |resource, kind| {
        value(&observation, Metric::Pressure, &[(attribute::RESOURCE, resource), (attribute::PRESSURE_KIND, kind)])
    };
    assert_eq!((of("cpu", "some"), of("memory", "full"), of("io", "some")), (Some(0.031), Some(0.0025), Some(1.0)));
}

#[test]
fn what_the_shell_used_is_told_with_every_answer() {
    let observation = routine(&mut Remote::new(), DEVICES);
    assert!((observation.spent.unwrap().0 - 61.78).abs() < 1e-9);
    let observation = slow(include_str!("fixtures/written/laptop-slow.txt"));
    assert!((observation.spent.unwrap().0 - 0.531).abs() < 1e-9);

    let mut observation = Observation { spent: observation.spent, ..empty() };
    Remote::new().routine(b"", Family::ALL, &mut observation);
    assert!(observation.spent.is_some(), "an answer that does not tell changes nothing");
}

#[test]
fn a_system_container_shows_what_is_its_own() {
    let answer = include_str!("fixtures/written/lxc-routine.txt");
    let mut remote = Remote::new();
    let first = routine(&mut remote, answer);
    assert_eq!(missing(&first), [Family::Pressure]);
    assert!(first.unavailable[0].reason.contains("psi=1"));
    assert_eq!(value(&first, Metric::CpuCount, &[]), Some(2.0));
    assert_eq!(value(&first, Metric::MemoryUtilization, &[]), Some(0.2371));
    assert_eq!(value(&first, Metric::FileHandleLimit, &[]), None);

    let later = answer
        .replace("3600.00 7100.00", "3610.00 7120.00")
        .replace("cpu0 200", "cpu0 300")
        .replace("cpu  300", "cpu  400");
    let second = routine(&mut remote, &later);
    assert_eq!(value(&second, Metric::CpuUtilization, &[]), Some(1.0));
    assert_eq!(second.of(Metric::DiskIo).count(), 0, "it has no disks of its own, which is not an error");
    assert_eq!(missing(&second), [Family::Pressure]);
}

#[rstest]
#[case::cgroup_v1(include_str!("fixtures/written/cgroup-v1-container-slow.txt"))]
#[case::cgroup_v2(include_str!("fixtures/written/cgroup-v2-container-slow.txt"))]
fn a_container_shows_its_root_whatever_is_mounted_for_it(#[case] answer: &str) {
    let observation = slow(answer);
    assert_eq!(observation.unavailable, []);
    assert_eq!(mountpoints(&observation), ["/"]);
    assert_eq!(value(&observation, Metric::FilesystemLimit, &[]), Some(81_106_868.0 * 1024.0));
    assert_eq!(value(&observation, Metric::FilesystemInodesUtilization, &[]), Some(0.1));
}

#[test]
fn mapped_and_pooled_storage_has_the_names_that_people_gave_it() {
    let observation = slow(include_str!("fixtures/written/storage-slow.txt"));
    assert_eq!(observation.unavailable, []);
    let places = [
        "/",
        "/boot/efi",
        "/home",
        "/home/u/remote",
        "/mnt/gluster",
        "/pool",
        "/srv/bind",
        "/srv/data of Ægir 資料",
        "/srv/raid",
        "/var/log",
    ];
    assert_eq!(mountpoints(&observation), places);
    let of = |metric, mountpoint| value(&observation, metric, &[(attribute::MOUNTPOINT, mountpoint)]);
    assert_eq!(of(Metric::FilesystemUtilization, "/"), Some(0.5));
    assert_eq!(of(Metric::FilesystemUtilization, "/srv/data of Ægir 資料"), Some(0.25));
    assert_eq!(of(Metric::FilesystemInodesUtilization, "/boot/efi"), None);
    let pool = [(attribute::MOUNTPOINT, "/pool"), (attribute::DEVICE, "rpool/ROOT/debian 1")];
    assert_eq!(value(&observation, Metric::FilesystemLimit, &pool), Some(900_000_000.0 * 1024.0));
}

/// As long as Linux lets a path be, with a character in the place of the cut that is longer than a byte.
#[test]
fn names_of_four_kilobytes_are_cut_and_stay_apart_by_their_beginning() {
    let place = |start: char| format!("/{start}{}", "ö x".repeat(1023));
    let (first, second) = (place('a'), place('b'));
    assert!(first.len() > 4000);
    let escaped = |name: &str| name.replace(' ', "\\040");
    let answer = format!(
        "\n@hr n0nce mounts\n/dev/sda1 {} ext4\n/dev/sdb1 {} ext4\n\n@hr n0nce blocks\nFilesystem 1024-blocks Used Available Capacity Mounted on\n\
         /dev/sda1 100 10 90 10% {first}\n/dev/sdb1 100 20 80 20% {second}\n/dev/sdc1 100 30 70 30% {second} and so on\n\n@hr n0nce end\n",
        escaped(&first),
        escaped(&second)
    );
    let found = mountpoints(&slow(&answer));
    assert_eq!(found.len(), 2, "the third differs only where it is cut off, and its type is not known");
    assert!(found.iter().all(|name| name.chars().count() == 256));
}

#[test]
fn sensors_batteries_connections_and_users_of_a_laptop() {
    let observation = slow(include_str!("fixtures/written/laptop-slow.txt"));
    assert_eq!(observation.unavailable, []);
    let sensors = [
        "acpitz temp1",
        "coretemp Core 0",
        "coretemp Package id 0",
        "nvme Composite",
        "nvme Composite 2",
        "x86_pkg_temp",
    ];
    assert_eq!(parts(&observation, Metric::Temperature, attribute::SENSOR), sensors);
    assert_eq!(value(&observation, Metric::Temperature, &[(attribute::SENSOR, "nvme Composite 2")]), Some(-1.15));
    assert_eq!(value(&observation, Metric::BatteryCharge, &[(attribute::BATTERY, "BAT0")]), Some(0.87));
    assert_eq!(value(&observation, Metric::BatteryDischarging, &[]), Some(1.0));
    assert_eq!(value(&observation, Metric::TcpConnections, &[(attribute::CONNECTION_STATE, "time_wait")]), Some(37.0));
    assert_eq!(value(&observation, Metric::UserSessions, &[]), Some(2.0));
    let users = observation.tables.users.unwrap();
    assert_eq!((users[1].user.as_str(), users[1].from.as_deref()), ("ops", Some("2001:db8::7")));
}

#[test]
fn two_hundred_and_fifty_six_cpus() {
    let answer = |uptime: u32, busy: u32| {
        let cores: String = (0..256).map(|n| format!("cpu{n} {} 0 0 1000 0 0 0 0 0 0\n", busy * n)).collect();
        let interrupts = " 0".repeat(4000);
        let total: u32 = (0..256).map(|n| busy * n).sum();
        format!(
            "==> /proc/uptime <==\n{uptime}.00 1.00\n\n==> /proc/stat <==\ncpu  {total} 0 0 256000 0 0 0 0 0 0\n{cores}intr 7{interrupts}\nbtime 1700000000\n"
        )
    };
    let mut remote = Remote::new();
    routine(&mut remote, &answer(100, 1));
    let observation = routine(&mut remote, &answer(110, 2));
    assert_eq!(value(&observation, Metric::CpuCount, &[]), Some(256.0));
    assert_eq!(observation.of(Metric::CpuCoreUtilization).count(), 255, "no time passed on the first");
    assert_eq!(value(&observation, Metric::CpuCoreUtilization, &[(attribute::CPU_NUMBER, "255")]), Some(1.0));
}

/// Every family on its own: what is switched off leaves neither values nor complaints, and the others lose nothing.
#[test]
fn families_that_are_switched_off_leave_no_trace() {
    let later = DEVICES.replace("86400.00 1000000.00", "86410.00 1000010.00").replace("cpu  1000", "cpu  2000");
    let laptop = include_str!("fixtures/written/laptop-slow.txt");
    let read = |families: &[Family], answers: [&str; 2], slow: &str| {
        let mut remote = Remote::new();
        let mut observation = empty();
        remote.routine(answers[0].as_bytes(), families, &mut empty());
        remote.routine(answers[1].as_bytes(), families, &mut observation);
        let asked: Vec<Family> =
            families.iter().copied().filter(|family| family.rhythm() != Family::Cpu.rhythm()).collect();
        remote.slow(slow.as_bytes(), &asked, NONCE, &mut observation);
        observation
    };
    for answers in [([DEVICES, &later], laptop), (["", ""], "")] {
        let all = read(Family::ALL, answers.0, answers.1);
        for off in Family::ALL {
            let on: Vec<Family> = Family::ALL.iter().copied().filter(|family| family != off).collect();
            let without = read(&on, answers.0, answers.1);
            let mut expected = all.clone();
            expected.points.retain(|point| point.series.metric.info().family != *off);
            expected.unavailable.retain(|missing| missing.family != *off);
            if *off == Family::Users {
                expected.tables.users = None;
            }
            assert_eq!(without, expected, "{off:?}");
        }
    }
}

/// The clock of the server stands in 1970, or in next year: uptimes give the rates all the same.
#[rstest]
#[case::in_1970("btime 12")]
#[case::next_year("btime 1830000000")]
#[case::before_1970("btime -5")]
#[case::none("processes 1")]
fn a_clock_that_is_wrong_changes_no_rate(#[case] booted: &str) {
    let mut remote = Remote::new();
    let wrong = DEVICES.replace("btime 1700000000", booted);
    routine(&mut remote, &wrong);
    let observation =
        routine(&mut remote, &wrong.replace("86400.00", "86410.00").replace("eth0: 9000000", "eth0: 9000500"));
    let received = [(attribute::INTERFACE, "eth0"), (attribute::NETWORK_DIRECTION, "receive")];
    assert_eq!(value(&observation, Metric::NetworkIo, &received), Some(50.0));
}
