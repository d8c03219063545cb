//! Whatever bytes a server sends: no panic, no number out of bounds, no series twice, and nothing of one absent made a zero.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)] // a test may fail loudly

use std::collections::{HashMap, HashSet};

use hostrounds_core::metric::{Metric, Unit};
use hostrounds_core::observation::{Observation, TABLE_ROWS, TOP};
use hostrounds_core::probe::remote::Remote;
use hostrounds_core::probe::routine::PATHS;
use hostrounds_core::probe::{Family, MAX_PARTS};
use hostrounds_core::text::NAME_MAX;
use hostrounds_core::time::UnixMillis;
use proptest::prelude::*;

const ROUTINE: &[u8] = include_bytes!("fixtures/captured/gnu-routine-1.txt");
const ROUTINE_LATER: &[u8] = include_bytes!("fixtures/captured/gnu-routine-2.txt");
const SLOW: &[u8] = include_bytes!("fixtures/captured/busybox-slow.txt");
const LAPTOP: &[u8] = include_bytes!("fixtures/written/laptop-slow.txt");
const ABSOLUTE_ZERO: f64 = -273.15;

/// The parts that answers have.
const PARTS: [&str; 36] = [
    "hostname",
    "kernel",
    "architecture",
    "os",
    "cpu",
    "ticks",
    "page",
    "smaps",
    "users",
    "processes",
    "owners",
    "mounts",
    "blocks",
    "blocks_status",
    "inodes",
    "tcp",
    "temperatures",
    "batteries",
    "who",
    "who_status",
    "sessions",
    "units",
    "units_status",
    "reboot_asked",
    "reboot_kernels",
    "apt",
    "apt_status",
    "dnf",
    "dnf_status",
    "docker",
    "docker_status",
    "containers_usage",
    "nvidia",
    "nvidia_status",
    "amd",
    "times",
];

fn is_harmless(name: &str) -> bool {
    let turns =
        |c| matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    name.chars().count() <= NAME_MAX && !name.chars().any(|c| c.is_control() || turns(c))
}

fn check(observation: &Observation) {
    let mut seen = HashSet::new();
    let mut count: HashMap<Family, usize> = HashMap::new();
    for point in &observation.points {
        let info = point.series.metric.info();
        let least = if info.unit == Unit::Celsius { ABSOLUTE_ZERO } else { 0.0 };
        assert!(point.value.is_finite() && point.value >= least, "{point:?}");
        assert!(info.unit != Unit::Ratio || point.value <= 1.0, "{point:?}");
        assert!(seen.insert(&point.series), "twice: {:?}", point.series);
        *count.entry(info.family).or_default() += 1;
        let attributes: Vec<&str> = point.series.attributes.0.keys().map(String::as_str).collect();
        let mut expected = info.attributes.to_vec();
        expected.sort_unstable();
        assert_eq!(attributes, expected, "{}", info.name);
        for name in point.series.attributes.0.values() {
            assert!(is_harmless(name), "{name:?}");
        }
    }
    assert!(count.values().all(|count| *count <= 10 * MAX_PARTS), "{count:?}");
    for processes in observation.processes.iter().flat_map(|top| [&top.by_cpu, &top.by_memory]) {
        assert!(processes.len() <= TOP);
        assert!(processes.iter().all(|process| process.cpu.is_none_or(|cpu| cpu.is_finite() && cpu >= 0.0)));
        assert!(processes.iter().all(|process| is_harmless(&process.name)));
        assert!(processes.iter().all(|process| process.user.as_deref().is_none_or(is_harmless)));
    }
    if let Some(facts) = &observation.facts {
        let all = [&facts.hostname, &facts.os, &facts.kernel, &facts.architecture, &facts.cpu_model];
        assert!(all.into_iter().flatten().all(|fact| is_harmless(fact)), "{facts:?}");
    }
    let tables = &observation.tables;
    let words = |rows: Vec<Vec<String>>| {
        assert!(rows.len() <= TABLE_ROWS);
        assert!(rows.iter().flatten().all(|word| is_harmless(word)), "{rows:?}");
    };
    let optional = |word: &Option<String>| word.clone().unwrap_or_default();
    words(tables.units.iter().flatten().map(|unit| vec![unit.name.clone(), unit.description.clone()]).collect());
    words(tables.updates.iter().flatten().map(|row| vec![row.name.clone(), optional(&row.version)]).collect());
    words(tables.reboot.iter().flatten().map(|reason| vec![reason.clone()]).collect());
    let users = tables.users.iter().flatten();
    words(
        users
            .map(|row| vec![row.user.clone(), row.terminal.clone(), optional(&row.from), optional(&row.since)])
            .collect(),
    );
    let containers = tables.containers.iter().flatten();
    words(
        containers
            .map(|row| vec![row.name.clone(), row.image.clone(), row.state.clone(), row.status.clone()])
            .collect(),
    );
    assert!(observation.spent.is_none_or(|spent| spent.0.is_finite() && spent.0 >= 0.0));
}

fn read(remote: &mut Remote, routine: &[u8], slow: &[u8]) {
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(routine, Family::ALL, &mut observation);
    remote.slow(slow, Family::ALL, "n0nce", &mut observation);
    check(&observation);
}

fn routine_answer(contents: impl Fn(&str) -> String) -> String {
    PATHS.iter().map(|path| format!("==> {path} <==\n{}\n", contents(path))).collect()
}

fn slow_answer(contents: impl Fn(&str) -> String) -> String {
    let parts: String = PARTS.iter().map(|part| format!("\n@hr n0nce {part}\n{}\n", contents(part))).collect();
    format!("{parts}\n@hr n0nce end\n")
}

/// Replaces runs of bytes of `text` by others.
fn damaged(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let splice = (any::<prop::sample::Index>(), 0usize..6, piece());
    proptest::collection::vec(splice, 0..12).prop_map(move |splices| {
        let mut bytes = text.to_vec();
        for (at, length, piece) in splices {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece);
        }
        bytes
    })
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        prop::sample::select(vec![
            "",
            "\n",
            " ",
            "-1",
            "18446744073709551615",
            "99999999999999999999",
            "NaN",
            "1e309",
            ":",
            "(",
            ")",
            "é",
            "\\777",
            "\u{202E}",
            "\0",
            "%",
            "/",
            "==> /proc/stat <==\n",
            "@hr n0nce processes\n",
            "cpu ",
            "0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes(first: Vec<u8>, second: Vec<u8>) {
        let mut remote = Remote::new();
        read(&mut remote, &first, &second);
        read(&mut remote, &second, &first);
    }

    #[test]
    fn arbitrary_text_in_every_place(text in "\\PC{0,40}", lines in "[ 0-9a-z:()/%.\\-\n]{0,200}") {
        for content in [text, lines] {
            let (routine, slow) = (routine_answer(|_| content.clone()), slow_answer(|_| content.clone()));
            let mut remote = Remote::new();
            read(&mut remote, routine.as_bytes(), slow.as_bytes());
            read(&mut remote, routine.as_bytes(), slow.as_bytes());
        }
    }

    #[test]
    fn damaged_answers(
        first in damaged(ROUTINE), second in damaged(ROUTINE_LATER), slow in damaged(SLOW), laptop in damaged(LAPTOP)
    ) {
        let mut remote = Remote::new();
        read(&mut remote, &first, &slow);
        read(&mut remote, &second, SLOW);
        read(&mut remote, ROUTINE_LATER, &slow);
        read(&mut remote, &second, &laptop);
    }

    #[test]
    fn answers_cut_anywhere(at: prop::sample::Index) {
        let mut remote = Remote::new();
        read(&mut remote, ROUTINE, SLOW);
        read(&mut remote, &ROUTINE_LATER[..at.index(ROUTINE_LATER.len())], &SLOW[..at.index(SLOW.len())]);
    }
}

/// Names of every kind that could deceive a person, a terminal or a page.
fn hostile_names() -> Vec<String> {
    vec![
        "x".repeat(65_536),
        "ö".repeat(65_536),
        "\u{1b}[31m\u{1b}]0;owned\u{7}".to_owned(),
        "a\u{202E}txt.exe\u{2066}\u{200F}".to_owned(),
        "nul\0nul".to_owned(),
        "<script>alert(1)&lt;\"'".to_owned(),
        "=1+1".to_owned(),
        "@hr:n0nce".to_owned(),
        "==>".to_owned(),
        "\u{85}\u{9b}31m\u{feff}".to_owned(),
    ]
}

#[test]
fn hostile_names_are_neutralised_and_cut_wherever_a_name_can_stand() {
    for name in hostile_names() {
        let routine = |uptime: u32| {
            routine_answer(|path| match path {
                "/proc/uptime" => format!("{uptime}.0 1.0"),
                "/proc/diskstats" => format!("8 0 {name} 1 0 8 0 1 0 8 0 0 0 0"),
                "/proc/net/dev" => format!("{name}: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0"),
                _ => String::new(),
            })
        };
        let slow = |uptime: u32| {
            let table = format!("/dev/{name} /{name} ext4");
            slow_answer(|part| match part {
                "processes" => format!("{uptime}.0 1.0\n7 ({name}) S 1 7 7 0 -1 0 0 0 0 0 9 9 0 0 20 0 1 0 100 9 5 1"),
                "owners" => "0 /proc/7".to_owned(),
                "users" => format!("{name}:0"),
                "mounts" => table.replace(' ', "\u{a0}").replacen('\u{a0}', " ", 2),
                "blocks" => format!("/dev/{name} 100 10 90 10% /{name}"),
                "temperatures" => format!(
                    "/sys/class/hwmon/hwmon0/name:{name}\n/sys/class/hwmon/hwmon0/temp1_input:1000\n\
                     /sys/class/hwmon/hwmon1/name:{name}\n/sys/class/hwmon/hwmon1/temp1_input:1000"
                ),
                "batteries" => {
                    let device = format!("/sys/class/power_supply/{name}");
                    format!(
                        "{device}/type:Battery\n{device}/capacity:50\n{device}2/type:Battery\n{device}2/capacity:50"
                    )
                }
                "who" => format!("{name} pts/{name} Nov 23 10:00 ({name})"),
                "who_status" | "docker_status" | "units_status" => "0".to_owned(),
                "hostname" | "kernel" => name.clone(),
                "os" => format!("PRETTY_NAME=\"{name}\""),
                "cpu" => format!("model name : {name}"),
                _ => String::new(),
            })
            .replacen("\n@hr n0nce sessions\n\n", "", 1)
        };
        let mut remote = Remote::new();
        read(&mut remote, routine(10).as_bytes(), slow(10).as_bytes());
        let mut observation = Observation::empty(UnixMillis(0));
        remote.routine(routine(20).as_bytes(), Family::ALL, &mut observation);
        remote.slow(slow(20).as_bytes(), Family::ALL, "n0nce", &mut observation);
        check(&observation);
        for metric in
            [Metric::DiskIo, Metric::NetworkIo, Metric::FilesystemUsage, Metric::Temperature, Metric::BatteryCharge]
        {
            assert!(observation.of(metric).count() > 0, "{metric} of {:?}", name.chars().take(20).collect::<String>());
        }
        assert_eq!(observation.processes.map(|top| top.by_memory.len()), Some(1));
        assert_eq!(observation.tables.users.map(|users| users.len()), Some(1));
        assert!(observation.facts.is_some());
    }
}

#[test]
fn invalid_utf_8_costs_nothing_but_itself() {
    let answer = b"==> /proc/uptime <==\n7.0 1.0\n\n==> /proc/net/dev <==\n \xff\xfe: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0\n\n==> /proc/loadavg <==\n1 2 3\n";
    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().routine(answer, &[Family::Network, Family::Load], &mut observation);
    check(&observation);
    assert_eq!((observation.of(Metric::Load1).count(), observation.unavailable.len()), (1, 0));
}

/// A part or a file that is made up inside of another is worth no more than the name that holds it.
#[test]
fn forged_delimiters_open_nothing() {
    let slow = "\n@hr n0nce hostname\nweb\n@hr other processes\n7.0 1.0\n1 (x) S 1\n@hr n0nc processes\n @hr n0nce mounts\n@hr n0nce\n\n@hr n0nce end\n";
    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().slow(slow.as_bytes(), &[Family::Processes, Family::Filesystems], "n0nce", &mut observation);
    assert_eq!((observation.points.len(), observation.unavailable.len()), (0, 2));

    let routine = "==> /proc/net/dev <==\n ==> /proc/loadavg <==\n==> /proc/loadavg <== \nx==> /proc/loadavg <==\n==>/proc/loadavg<==\n1 2 3\n";
    let mut observation = Observation::empty(UnixMillis(0));
    Remote::new().routine(routine.as_bytes(), &[Family::Load], &mut observation);
    assert_eq!((observation.points.len(), observation.unavailable.len()), (0, 1));
}

/// Every number of a real answer, one after the other, by what is no number, or none of ours: the others keep their values.
#[test]
fn a_number_that_is_none_costs_at_most_its_family() {
    let first = String::from_utf8_lossy(ROUTINE).into_owned();
    let later = String::from_utf8_lossy(ROUTINE_LATER).into_owned();
    let (before, times) = later.split_once("==> times").unwrap();
    for nonsense in ["x", "-5", "18446744073709551616", "1e999", "NaN", "", "0x10", "٣"] {
        let words: Vec<&str> = before.split_inclusive(char::is_whitespace).collect();
        for (at, word) in
            words.iter().enumerate().filter(|(_, word)| word.starts_with(|c: char| c.is_ascii_digit())).step_by(7)
        {
            let mut damaged = words.clone();
            let end = word.trim_start_matches(|c: char| !c.is_whitespace());
            let replacement = format!("{nonsense}{end}");
            damaged[at] = &replacement;
            let mut remote = Remote::new();
            let mut observation = Observation::empty(UnixMillis(0));
            remote.routine(first.as_bytes(), Family::ALL, &mut observation);
            let mut observation = Observation::empty(UnixMillis(0));
            let answer = format!("{}==> times{times}", damaged.concat());
            remote.routine(answer.as_bytes(), Family::ALL, &mut observation);
            check(&observation);
            assert!(observation.unavailable.len() <= 3, "{nonsense:?} for {word:?}: {:?}", observation.unavailable);
        }
    }
}

/// Counters that go backwards, as after a reboot that nothing else gives away: gaps, and nothing below zero.
#[test]
fn counters_that_go_backwards_leave_gaps() {
    let mut remote = Remote::new();
    let mut observation = Observation::empty(UnixMillis(0));
    let clock = |text: &str, uptime: &str| {
        let (before, after) = text.split_once("==> /proc/uptime <==\n").unwrap();
        format!("{before}==> /proc/uptime <==\n{uptime} 1.0\n{}", after.split_once('\n').unwrap().1)
    };
    let (early, late) = (String::from_utf8_lossy(ROUTINE), String::from_utf8_lossy(ROUTINE_LATER));
    remote.routine(clock(&late, "100.0").as_bytes(), Family::ALL, &mut observation);
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(clock(&early, "110.0").as_bytes(), Family::ALL, &mut observation);
    check(&observation);
    assert_eq!(observation.of(Metric::CpuUtilization).count(), 0);
    assert_eq!(observation.unavailable, []);
    assert!(observation.of(Metric::NetworkIo).all(|point| point.value >= 0.0));
}

/// More of everything than any system has: what is kept is bounded, and the count is of what is kept.
#[test]
fn a_hundred_thousand_of_everything_are_bounded() {
    const MANY: usize = 100_000;
    let lines = |line: &dyn Fn(usize) -> String| -> String { (0..MANY).map(line).collect() };
    let routine = |uptime: u32| {
        routine_answer(|path| match path {
            "/proc/uptime" => format!("{uptime}.0 1.0"),
            "/proc/stat" => format!("cpu 1 1 1 {uptime}\n{}", lines(&|n| format!("cpu{n} 1 1 1 {uptime}\n"))),
            "/proc/diskstats" => lines(&|n| format!("8 0 d{n}x 1 0 8 0 1 0 8 0 0 0 0\n")),
            "/proc/net/dev" => lines(&|n| format!("if{n}: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0\n")),
            _ => String::new(),
        })
    };
    let slow = slow_answer(|part| match part {
        "processes" => {
            format!("9.0 1.0\n{}", lines(&|n| format!("{n} (x) S 1 7 7 0 -1 0 0 0 0 0 9 9 0 0 20 0 1 0 100 9 5\n")))
        }
        "owners" => lines(&|n| format!("{n} /proc/{n}\n")),
        "users" => lines(&|n| format!("u{n}:{n}\n")),
        "mounts" => lines(&|n| format!("/dev/d{n} /m{n} ext4\n")),
        "blocks" => lines(&|n| format!("/dev/d{n} 100 10 90 10% /m{n}\n")),
        "inodes" => lines(&|n| format!("/dev/d{n} 100 10 90 10% /m{n}\n")),
        "tcp" => lines(&|n| format!("1 {n:X}\n")),
        "temperatures" => {
            lines(&|n| format!("/sys/class/hwmon/hwmon{n}/temp1_input:1000\n/sys/class/hwmon/hwmon{n}/name:x\n"))
        }
        "batteries" => {
            lines(&|n| format!("/sys/class/power_supply/B{n}/type:Battery\n/sys/class/power_supply/B{n}/capacity:5\n"))
        }
        "who" => lines(&|n| format!("u{n} pts/{n} Nov 23 10:00\n")),
        "who_status" => "0".to_owned(),
        _ => String::new(),
    })
    .replacen("\n@hr n0nce sessions\n\n", "", 1);
    let mut remote = Remote::new();
    read(&mut remote, routine(10).as_bytes(), slow.as_bytes());
    let mut observation = Observation::empty(UnixMillis(0));
    remote.routine(routine(20).as_bytes(), Family::ALL, &mut observation);
    remote.slow(slow.as_bytes(), Family::ALL, "n0nce", &mut observation);
    check(&observation);
    for metric in [
        Metric::CpuCoreUtilization,
        Metric::DiskBusy,
        Metric::FilesystemLimit,
        Metric::Temperature,
        Metric::BatteryCharge,
    ] {
        assert_eq!(observation.of(metric).count(), MAX_PARTS, "{metric}");
    }
    assert_eq!(observation.of(Metric::NetworkIo).count(), 2 * MAX_PARTS);
    let told: Vec<Family> = observation.unavailable.iter().filter(|it| it.partial).map(|it| it.family).collect();
    for family in
        [Family::Cpu, Family::DiskIo, Family::Network, Family::Filesystems, Family::Temperatures, Family::Batteries]
    {
        assert!(told.contains(&family), "{family:?} is cut, and nobody is told: {told:?}");
    }
    assert_eq!(observation.tables.users.map(|users| users.len()), Some(TABLE_ROWS));
    assert_eq!(observation.processes.map(|top| top.by_memory.len()), Some(TOP));
}

/// What a careless reader looks at again and again.
const FILLERS: [&str; 9] =
    ["\n", " ", "(", "1 (\n", "\\", " 1 1\n", "/lib/modules/6.1.0/modules.builtin\n", "==> x <==\n", "@hr n0nce x\n"];

/// Parts of programs and files that only some systems have.
const OTHER_PARTS: [&str; 9] = [
    "processes_brief",
    "zypper",
    "zypper_patches",
    "apk",
    "pacman",
    "podman",
    "reboot_needs",
    "reboot_running",
    "dnf_security",
];

/// A reader that is quadratic in what it is sent needs many minutes for the megabyte that is taken from a server at most; all
/// of ours together need seconds.
#[test]
fn a_megabyte_of_anything_costs_no_more_than_its_share() {
    const MEBIBYTE: usize = 1 << 20;
    const ENOUGH: std::time::Duration = std::time::Duration::from_secs(20);
    let timed = |what: &str, work: &dyn Fn()| {
        let started = std::time::Instant::now();
        work();
        assert!(started.elapsed() < ENOUGH, "{what}: {:?}", started.elapsed());
    };
    for filler in FILLERS {
        let full = filler.repeat(MEBIBYTE / filler.len());
        for path in PATHS {
            let answer = format!("==> {path} <==\n{full}\n");
            timed(&format!("{filler:?} in {path}"), &|| read(&mut Remote::new(), answer.as_bytes(), b""));
        }
        for part in PARTS.into_iter().chain(OTHER_PARTS) {
            let before = if part.starts_with("processes") { "9.0 1.0\n7 (" } else { "" };
            let status = if part.ends_with("_status") { String::new() } else { format!("@hr n0nce {part}_status 0\n") };
            let rest = "@hr n0nce updates\n@hr n0nce gpus\n@hr n0nce reboot_kernels\n@hr n0nce containers_usage\n";
            let answer = format!("{rest}@hr n0nce {part}\n{before}{full}\n\n{status}@hr n0nce end\n");
            timed(&format!("{filler:?} in {part}"), &|| read(&mut Remote::new(), b"", answer.as_bytes()));
        }
    }
}
