//! Programs that hang, print what no program prints, or are cut off.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use hostrounds_core::observation::{Observation, TABLE_ROWS};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, slow_command};
use hostrounds_core::text::NAME_MAX;
use proptest::prelude::*;

use crate::containers::{GROUPS_V2, with_docker};
use crate::place::{DASH, NONCE, Place, everywhere, print, read, reason};
use crate::process_detail::{detail, shown};

const FAMILIES: [Family; 5] = [Family::Units, Family::Reboot, Family::Updates, Family::Containers, Family::Gpus];

/// All of the programs at once, each of which does the same.
fn all_programs(place: &Place, body: &str) -> UnixListener {
    place
        .file("/run/systemd/system/.keep", "")
        .file("/var/lib/dpkg/status", "")
        .file("/var/lib/apt/lists/x_Packages", "");
    fs::create_dir_all(place.path("home/.local/share/containers/storage")).unwrap();
    for name in ["systemctl", "needs-restarting", "apt-get", "docker", "podman", "nvidia-smi"] {
        place.program(name, body);
    }
    with_docker(place)
}

#[test]
fn programs_that_hang_cost_only_their_families() {
    let place = Place::new();
    let _socket = all_programs(&place, "exec tail -f /dev/null");
    let script = place.script();
    let impatient = script.replace("timeout 8", "timeout 0.1");
    assert_ne!(impatient, script);
    let answer = place.answer_to(&impatient, &DASH, &slow_command(&FAMILIES, false, NONCE));
    let observation = read(&mut Remote::new(), &answer, &FAMILIES);
    assert_eq!(observation.points, []);
    for family in [Family::Units, Family::Updates, Family::Containers, Family::Gpus] {
        let missed = observation.unavailable.iter().find(|unavailable| unavailable.family == family).unwrap();
        assert!(missed.reason.contains("did not answer in time"), "{missed:?}");
    }
}

#[test]
fn programs_get_nothing_to_read() {
    let place = Place::new();
    let _socket = all_programs(&place, "cat; echo read >&2");
    for shell in [DASH.as_slice(), &["/bin/busybox", "sh"]] {
        let answer = place.answer(shell, &slow_command(&FAMILIES, false, NONCE));
        assert!(answer.ends_with(&format!("@hr {NONCE} end\n")), "no line of the script was eaten: {answer}");
    }
}

#[test]
fn hostile_words_of_programs_stay_harmless() {
    for (shell, place) in everywhere() {
        let _socket = all_programs(&place, &print("hostile.txt"));
        let answer = place.answer(shell, &slow_command(&FAMILIES, false, NONCE));
        check(&read(&mut Remote::new(), &answer, &FAMILIES));
    }
}

fn check(observation: &Observation) {
    let mut seen = std::collections::HashSet::new();
    for point in &observation.points {
        assert!(point.value.is_finite(), "{point:?}");
        assert!(seen.insert(&point.series), "twice: {:?}", point.series);
    }
    let tables = &observation.tables;
    let units = tables.units.iter().flatten().flat_map(|unit| [&unit.name, &unit.description]);
    let containers = tables.containers.iter().flatten();
    let containers = containers.flat_map(|row| [&row.name, &row.image, &row.state, &row.status, &row.engine]);
    let updates = tables.updates.iter().flatten().flat_map(|update| [Some(&update.name), update.version.as_ref()]);
    let reasons = observation.unavailable.iter().map(|unavailable| &unavailable.reason);
    let attributes = observation.points.iter().flat_map(|point| point.series.attributes.0.values());
    let words = units.chain(containers).chain(updates.flatten()).chain(tables.reboot.iter().flatten());
    for word in words.chain(attributes).chain(reasons) {
        assert!(word.chars().count() <= 2 * NAME_MAX && !word.chars().any(char::is_control), "{word:?}");
    }
    let rows = [
        tables.units.as_ref().map(Vec::len),
        tables.containers.as_ref().map(Vec::len),
        tables.updates.as_ref().map(Vec::len),
        tables.reboot.as_ref().map(Vec::len),
    ];
    assert!(rows.into_iter().flatten().all(|rows| rows <= TABLE_ROWS));
}

#[test]
fn an_answer_that_is_cut_off_says_nothing_of_what_is_missing() {
    let whole = whole_answer();
    let families = [Family::Reboot, Family::Updates, Family::Containers, Family::Gpus];
    assert_eq!(read(&mut Remote::new(), &whole, &families).unavailable, []);
    for family in families {
        for part in ["\n@hr n0nce dnf", "\n@hr n0nce docker", "\n@hr n0nce reboot_needs", "\n@hr n0nce nvidia"] {
            let observation = read(&mut Remote::new(), &whole[..whole.find(part).unwrap()], &[family]);
            assert!(
                observation.points.iter().all(|point| point.series.metric.info().family == family)
                    && observation
                        .unavailable
                        .iter()
                        .all(|missing| missing.reason.contains("did not arrive as a whole")),
                "{family:?} up to {part}: {observation:?}"
            );
        }
        assert!(reason(&read(&mut Remote::new(), "", &[family])).contains("did not arrive as a whole"));
    }
}

/// An answer for all families, made of the fixtures.
fn whole_answer() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/programs");
    let text = |fixture: &str| String::from_utf8_lossy(&fs::read(folder.join(fixture)).unwrap()).into_owned();
    let part = |name: &str, text: &str, status: u8| {
        format!("\n@hr {NONCE} {name}\n{text}\n@hr {NONCE} {name}_status {status}\n")
    };
    let usage = format!(
        "\n@hr {NONCE} containers_usage\n/proc/uptime:100.00 5.00\n/proc/stat:btime 1700000000\n\
         {GROUPS_V2}/cpu.stat:usage_usec 5000000\n{GROUPS_V2}/memory.current:7\n"
    );
    [
        part("reboot_needs", &text("needs-restarting-rhel-9.txt"), 1),
        format!("\n@hr {NONCE} reboot_running\n6.1.0-18-amd64\n"),
        format!("\n@hr {NONCE} reboot_kernels\n/lib/modules/6.1.0-21-amd64/modules.builtin\n"),
        part("units", &text("systemctl-252.txt"), 0),
        part("docker", &text("docker-ps.txt"), 0),
        usage,
        part("nvidia", &text("nvidia-smi.txt"), 0),
        format!("\n@hr {NONCE} gpus\n"),
        part("dnf", &text("dnf-rocky-9.txt"), 100),
        part("dnf_security", &text("dnf-rocky-9-security.txt"), 100),
        format!("\n@hr {NONCE} updates\n"),
        format!("\n@hr {NONCE} end\n"),
    ]
    .concat()
}

/// The last parts of all families, with which an answer is whole.
fn closed() -> String {
    ["containers_usage", "reboot_running", "reboot_kernels", "gpus", "updates", "end"]
        .map(|name| format!("\n@hr {NONCE} {name}\n"))
        .concat()
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\n".to_owned()),
        Just("|".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just(" ".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("nan".to_owned()),
        Just(format!("\n@hr {NONCE} apk\n")),
        Just(format!("\n@hr {NONCE} pacman_status 0\n")),
        any::<char>().prop_map(String::from),
        ".{0,8}",
    ]
}

proptest! {
    #[test]
    fn no_damage_makes_a_reader_panic_or_a_value_of_nothing(
        splices in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..8, piece()), 0..12),
    ) {
        let mut remote = Remote::new();
        read(&mut remote, &whole_answer(), &FAMILIES);
        let mut letters: Vec<char> = whole_answer().chars().collect();
        for (at, length, piece) in splices {
            let start = at.index(letters.len());
            let end = (start + length).min(letters.len());
            letters.splice(start..end, piece.chars());
        }
        let answer: String = letters.into_iter().collect();
        check(&read(&mut remote, &answer, &FAMILIES));
    }

    #[test]
    fn no_words_of_any_program_make_a_reader_panic(text in "(?s).{0,200}", status in 0u8..=255) {
        for name in ["units", "reboot_needs", "apt", "zypper", "dnf", "apk", "pacman", "docker", "podman", "nvidia"] {
            let answer = format!("\n@hr {NONCE} {name}\n{text}\n@hr {NONCE} {name}_status {status}\n{}", closed());
            check(&read(&mut Remote::new(), &answer, &FAMILIES));
        }
        for name in ["amd", "reboot_asked", "handles", "io", "containers_usage", "reboot_kernels"] {
            let answer = format!("{}\n@hr {NONCE} {name}\n{text}\n@hr {NONCE} end\n", closed());
            check(&read(&mut Remote::new(), &answer, &FAMILIES));
            detail(&mut shown(7), &answer, 7);
        }
    }
}
