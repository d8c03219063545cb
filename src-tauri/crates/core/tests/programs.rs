//! The families that ask programs of the server: the real script in the shells that servers have, with programs that print
//! what those of other systems do, in a place of their own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)] // a test may fail loudly

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, TABLE_ROWS};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, script, slow_command};
use hostrounds_core::text::NAME_MAX;
use hostrounds_core::time::UnixMillis;
use proptest::prelude::*;
use rstest::rstest;

const NONCE: &str = "n0nce";
const FAMILIES: [Family; 5] = [Family::Units, Family::Reboot, Family::Updates, Family::Containers, Family::Gpus];

const ID_A: &str = "4f8d2d1f6a3c5b7e9d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60";

/// A server of its own: the files that the script looks at, and the programs that it finds.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    /// One with the tools of the system and nothing else.
    fn new() -> Self {
        Self::with(|tool| {
            ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(tool)).find(|path| path.exists()).unwrap()
        })
    }

    /// One in which every tool is BusyBox.
    fn of_busybox() -> Self {
        Self::with(|_| PathBuf::from("/bin/busybox"))
    }

    fn with(tool: impl Fn(&str) -> PathBuf) -> Self {
        let place = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("bin")).unwrap();
        for name in ["cat", "env", "grep", "stat", "tail", "timeout", "true"] {
            std::os::unix::fs::symlink(tool(name), place.path("bin").join(name)).unwrap();
        }
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    fn file(&self, path: &str, content: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A program. Another process writes it: what a process that is just being started holds open for writing (as all of
    /// this one's files may be by accident) cannot be run.
    fn program(&self, name: &str, body: &str) -> &Self {
        let mut writer = Command::new("/bin/sh")
            .args(["-c", r#"cat >"$0" && chmod 755 "$0""#])
            .arg(self.path("bin").join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
        assert!(writer.wait().unwrap().success());
        self
    }

    /// A program that prints a fixture and ends with `status`.
    fn prints(&self, name: &str, fixture: &str, status: u8) -> &Self {
        self.program(name, &format!("{}; exit {status}", print(fixture)))
    }

    /// The script, which looks for its files and programs in this place alone.
    fn script(&self) -> String {
        let root = self.root.path().display().to_string();
        let mut script = script().replace("PATH=\"$PATH:", "PATH=\"$PATH\" # ");
        for before in [" ", "\"", "="] {
            for path in ["/run/", "/var/", "/lib/modules/", "/sys/", "/.dockerenv"] {
                script = script.replace(&format!("{before}{path}"), &format!("{before}{root}{path}"));
            }
        }
        script
    }

    fn answer(&self, shell: &[&str], command: &str) -> String {
        self.answer_to(&self.script(), shell, command)
    }

    fn answer_to(&self, script: &str, shell: &[&str], command: &str) -> String {
        let (program, arguments) = shell.split_first().unwrap();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{script}{command}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn observe(&self, shell: &[&str], family: Family) -> Observation {
        read(&mut Remote::new(), &self.answer(shell, &slow_command(&[family], false, NONCE)), &[family])
    }
}

fn print(fixture: &str) -> String {
    format!("cat {}/tests/fixtures/programs/{fixture}", env!("CARGO_MANIFEST_DIR"))
}

fn read(remote: &mut Remote, answer: &str, families: &[Family]) -> Observation {
    let mut observation = Observation::empty(UnixMillis(0));
    remote.slow(answer.as_bytes(), families, NONCE, &mut observation);
    observation
}

fn value(observation: &Observation, metric: Metric, attributes: &[(&str, &str)]) -> Option<f64> {
    let attributes = attributes.iter().fold(Attributes::none(), |all, (name, value)| all.with(name, *value));
    observation.value(metric, &attributes)
}

/// Why the only family that was asked for is not available.
fn reason(observation: &Observation) -> &str {
    assert_eq!(observation.points, []);
    assert_eq!(observation.unavailable.len(), 1, "{observation:?}");
    &observation.unavailable[0].reason
}

/// The shells that servers have, each with the tools that come with it, as far as this machine has them; dash, bash and
/// BusyBox are always there.
fn everywhere() -> Vec<(&'static [&'static str], Place)> {
    let mut all: Vec<(&'static [&'static str], Place)> = vec![
        (&["/bin/dash"], Place::new()),
        (&["/bin/bash"], Place::new()),
        (&["/bin/bash", "--posix"], Place::new()),
        (&["/bin/busybox", "sh"], Place::new()),
        (&["/bin/busybox", "sh"], Place::of_busybox()),
    ];
    if Path::new("/bin/zsh").exists() {
        all.push((&["/bin/zsh", "--emulate", "sh"], Place::new()));
    }
    all
}

const DASH: [&str; 1] = ["/bin/dash"];

#[test]
fn failed_units_are_listed() {
    for (shell, place) in everywhere() {
        place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-252.txt", 0);
        let observation = place.observe(shell, Family::Units);
        assert_eq!(observation.unavailable, []);
        assert_eq!(value(&observation, Metric::UnitsFailed, &[]), Some(3.0));
        let units = observation.tables.units.unwrap();
        let listed: Vec<_> = units.iter().map(|unit| (unit.name.as_str(), unit.description.as_str())).collect();
        let expected =
            [("certbot.service", "Certbot"), (r"mnt-my\x20data.mount", "/mnt/my data"), ("old.service", "old.service")];
        assert_eq!(listed, expected);
    }
}

#[test]
fn systemctl_is_asked_for_failed_units_only() {
    let place = Place::new();
    place.file("/run/systemd/system/.keep", "").program("systemctl", r#"[ "$2" = --state=failed ] || echo "$@""#);
    let observation = place.observe(&DASH, Family::Units);
    assert_eq!(value(&observation, Metric::UnitsFailed, &[]), Some(0.0), "none is a number too");
    assert_eq!(observation.tables.units, Some(Vec::new()));
}

#[test]
fn a_dot_before_a_unit_is_no_name() {
    let place = Place::new();
    place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-219.txt", 0);
    assert_eq!(place.observe(&DASH, Family::Units).tables.units.unwrap()[0].name, "kdump.service");
}

#[test]
fn units_are_not_available_without_systemd_or_where_it_does_not_answer() {
    for (shell, place) in everywhere() {
        place.prints("systemctl", "systemctl-252.txt", 0);
        assert_eq!(reason(&place.observe(shell, Family::Units)), "systemd does not run here.");

        place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-no-bus.txt", 1);
        let observation = place.observe(shell, Family::Units);
        assert_eq!(reason(&observation), "`systemctl` failed: Failed to list units: Connection timed out");
    }
}

fn reboot(place: &Place, shell: &[&str]) -> (Option<f64>, Vec<String>) {
    let observation = place.observe(shell, Family::Reboot);
    assert_eq!(observation.unavailable, []);
    (value(&observation, Metric::RebootRequired, &[]), observation.tables.reboot.unwrap())
}

fn running() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}

/// A release of the same kind as the running kernel, with another version.
fn other(major: u32) -> String {
    let running = running();
    let (_, rest) = running.split_once('.').unwrap();
    format!("{major}.{rest}")
}

#[test]
fn the_mark_of_debian_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.file("/run/reboot-required", "*** System restart required ***\n");
        assert_eq!(
            reboot(&place, shell),
            (Some(1.0), vec!["The system asks for it (/run/reboot-required).".to_owned()])
        );
        place.file("/run/reboot-required.pkgs", "linux-image-6.1.0-21-amd64\nlibc6\nlibc6\n");
        let named = vec!["linux-image-6.1.0-21-amd64".to_owned(), "libc6".to_owned()];
        assert_eq!(reboot(&place, shell), (Some(1.0), named));
    }
}

#[test]
fn needs_restarting_says_what_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.prints("needs-restarting", "needs-restarting-rhel-9.txt", 1);
        assert_eq!(reboot(&place, shell), (Some(1.0), vec!["kernel".to_owned(), "openssl-libs".to_owned()]));
        place.prints("needs-restarting", "needs-restarting-centos-7-no.txt", 0);
        assert_eq!(reboot(&place, shell), (Some(0.0), Vec::new()));
        // Its status is that of yes.
        place.prints("needs-restarting", "needs-restarting-broken.txt", 1);
        assert!(reason(&place.observe(shell, Family::Reboot)).contains("no answer from `needs-restarting`"));
    }
}

#[test]
fn a_newer_kernel_than_the_running_one_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.file(&format!("/lib/modules/{}/modules.builtin", running()), "");
        place.file(&format!("/lib/modules/{}/modules.builtin", other(1)), "");
        place.file("/lib/modules/999.0.0-of-another-kind/modules.builtin", "");
        place.file(&format!("/lib/modules/{}/updates/left-behind.ko", other(998)), "");
        assert_eq!(reboot(&place, shell), (Some(0.0), Vec::new()));

        let newer = other(997);
        place.file(&format!("/lib/modules/{newer}/modules.builtin"), "");
        let reason = format!("Kernel {newer} is installed, {} is running.", running());
        assert_eq!(reboot(&place, shell), (Some(1.0), vec![reason]));
    }
}

#[test]
fn a_running_kernel_without_its_modules_requires_a_reboot() {
    let place = Place::new();
    place.file(&format!("/lib/modules/{}/modules.builtin", other(1)), "");
    assert_eq!(reboot(&place, &DASH).1, [format!("The modules of the running kernel {} are gone.", running())]);
}

#[test]
fn whether_a_container_needs_a_reboot_is_for_its_host_to_say() {
    for mark in ["/run/systemd/container", "/run/.containerenv", "/.dockerenv"] {
        let place = Place::new();
        place.file(mark, "").file(&format!("/lib/modules/{}/modules.builtin", other(997)), "");
        assert!(reason(&place.observe(&DASH, Family::Reboot)).starts_with("A container"));
        place.file("/run/reboot-required", "");
        assert_eq!(reboot(&place, &DASH).0, Some(1.0), "that is its own");
    }
}

#[test]
fn where_nothing_tells_a_reboot_is_not_known() {
    assert!(reason(&Place::new().observe(&DASH, Family::Reboot)).starts_with("Nothing tells"));
}

/// All updates, those that close holes, and the rows of the table.
fn updates(place: &Place, shell: &[&str]) -> (Option<f64>, Option<f64>, Vec<(String, String)>) {
    let observation = place.observe(shell, Family::Updates);
    assert_eq!(observation.unavailable, []);
    let count = |kind| value(&observation, Metric::UpdatesPending, &[(attribute::UPDATE_KIND, kind)]);
    let rows = observation.tables.updates.as_deref().unwrap_or_default().iter().map(|update| {
        let mark = if update.security { "!" } else { "" };
        (format!("{mark}{}", update.name), update.version.clone().unwrap_or_default())
    });
    (count("all"), count("security"), rows.collect())
}

fn names(rows: &[(String, String)]) -> Vec<&str> {
    rows.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn updates_of_apt_come_with_what_they_are_for() {
    for (shell, place) in everywhere() {
        place.file("/var/lib/dpkg/status", "").file("/var/lib/apt/lists/deb.debian.org_main_Packages.lz4", "");
        place.prints("apt-get", "apt-debian-12.txt", 0);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(6.0), Some(4.0)));
        assert_eq!(names(&rows), ["!libgcrypt20", "!libgcrypt20-dev", "!openssl", "!tzdata", "base-files", "bash"]);
        assert_eq!(rows[2].1, "3.0.22-1~deb12u2");

        place.prints("apt-get", "apt-ubuntu-22.04.txt", 0);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(3.0), Some(2.0)), "what comes in anew is no update");
        assert_eq!(names(&rows), ["!imagemagick", "!linux-image-generic", "libgnutls30:i386"]);
    }
}

#[test]
fn apt_without_lists_or_with_broken_packages_knows_no_updates() {
    let place = Place::new();
    place.file("/var/lib/dpkg/status", "").program("apt-get", "");
    assert!(reason(&place.observe(&DASH, Family::Updates)).contains("run `apt-get update`"));
    place.file("/var/lib/apt/lists/x_Packages", "").prints("apt-get", "apt-broken.txt", 100);
    assert!(reason(&place.observe(&DASH, Family::Updates)).contains("Unmet dependencies"));
}

/// A `dnf` (or `yum`) that prints one fixture for all updates and one for those that close holes.
fn dnf(all: &str, security: &str) -> String {
    format!(
        "case \"$*\" in *--security) {}; exit 100 ;; '-C -q check-update') {}; exit 100 ;; *) exit 1 ;; esac",
        print(security),
        print(all)
    )
}

#[test]
fn updates_of_dnf_close_holes_where_the_repositories_say_so() {
    for (shell, place) in everywhere() {
        place.program("dnf", &dnf("dnf-rocky-9.txt", "dnf-rocky-9-security.txt"));
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(4.0), None), "no repository says so");
        assert_eq!(names(&rows), ["curl", "grub2-efi-x64-modules-with-a-long-name", "kernel", "tzdata"]);
        assert_eq!(rows[1].1, "1:2.06-70.el9_3.2");

        place.file("/var/cache/dnf/baseos-0123/repodata/0123-updateinfo.xml.gz", "");
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(4.0), Some(2.0)));
        assert_eq!(names(&rows)[..2], ["!curl", "!kernel"]);
    }
}

#[rstest]
#[case::dnf5("dnf", "dnf5-fedora-41.txt", 100, &["bash", "vim-data"])]
#[case::yum("yum", "dnf-rocky-9.txt", 100, &["curl", "grub2-efi-x64-modules-with-a-long-name", "kernel", "tzdata"])]
#[case::none("dnf", "needs-restarting-centos-7-no.txt", 0, &[])]
#[case::apk("apk", "apk-alpine-3.19.txt", 0, &["busybox", "libcrypto3", "py3-setuptools-pyc"])]
#[case::pacman("pacman", "pacman.txt", 0, &["linux", "openssl"])]
#[case::pacman_none("pacman", "none.txt", 1, &[])]
fn updates_of_other_tools_are_listed(
    #[case] tool: &str,
    #[case] fixture: &str,
    #[case] status: u8,
    #[case] expected: &[&str],
) {
    for (shell, place) in everywhere() {
        place.prints(tool, fixture, status);
        let (all, _, rows) = updates(&place, shell);
        assert_eq!(names(&rows), expected);
        assert_eq!(all, Some(expected.len() as f64));
        assert!(rows.iter().all(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit())));
    }
}

#[test]
fn updates_of_zypper_are_packages_and_patches() {
    for (shell, place) in everywhere() {
        let tables = format!(
            "[ \"$ZYPP_READONLY_HACK\" = 1 ] || exit 1\ncase \"$*\" in *list-patches*) {} ;; *) {} ;; esac",
            print("zypper-leap-15-patches.txt"),
            print("zypper-leap-15.txt")
        );
        place.program("zypper", &tables);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(2.0), Some(1.0)));
        assert_eq!(names(&rows), ["!openSUSE-SLE-15.5-2023-4659", "curl", "timezone"]);
        assert_eq!(rows[1].1, "8.0.1-150400.5.36.1");
    }
}

#[rstest]
#[case::dnf("dnf", "dnf-without-cache.txt", 1, "no cache for 'baseos'")]
#[case::apk("apk", "apk-without-lists.txt", 0, "run `apk update`")]
#[case::zypper("zypper", "hostile.txt", 4, "`zypper` failed")]
fn a_tool_without_lists_knows_no_updates(
    #[case] tool: &str,
    #[case] fixture: &str,
    #[case] status: u8,
    #[case] expected: &str,
) {
    let place = Place::new();
    place.prints(tool, fixture, status);
    let observation = place.observe(&DASH, Family::Updates);
    assert!(reason(&observation).contains(expected), "{:?}", observation.unavailable);
}

#[test]
fn without_a_package_tool_updates_are_not_available() {
    assert!(reason(&Place::new().observe(&DASH, Family::Updates)).starts_with("No package tool was found"));
}

/// A place with docker, whose socket is there.
fn with_docker(place: &Place) -> UnixListener {
    fs::create_dir_all(place.path("/var/run")).unwrap();
    UnixListener::bind(place.path("/var/run/docker.sock")).unwrap()
}

fn containers(observation: &Observation) -> Vec<(&str, &str, &str, Option<u64>)> {
    let rows = observation.tables.containers.as_deref().unwrap_or_default();
    rows.iter().map(|row| (row.name.as_str(), row.state.as_str(), row.engine.as_str(), row.memory)).collect()
}

fn container_count(observation: &Observation, state: &str) -> Option<f64> {
    value(observation, Metric::ContainerCount, &[(attribute::CONTAINER_STATE, state)])
}

const GROUPS_V2: &str =
    "/sys/fs/cgroup/system.slice/docker-4f8d2d1f6a3c5b7e9d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60.scope";

#[test]
fn containers_are_listed_with_what_their_control_groups_say() {
    for (shell, place) in everywhere() {
        let _socket = with_docker(&place);
        place.program("docker", &format!("[ -S \"${{DOCKER_HOST#unix://}}\" ] && {}", print("docker-ps.txt")));
        place.file(&format!("{GROUPS_V2}/cpu.stat"), "usage_usec 5000000\nuser_usec 1\nsystem_usec 2\n");
        place.file(&format!("{GROUPS_V2}/memory.current"), "10000000\n");
        place.file(&format!("{GROUPS_V2}/memory.stat"), "anon 5\nfile 7\ninactive_anon 1\ninactive_file 3000000\n");

        let mut remote = Remote::new();
        let answer = place.answer(shell, &slow_command(&[Family::Containers], false, NONCE));
        let first = read(&mut remote, &answer, &[Family::Containers]);
        assert_eq!(first.unavailable, []);
        let expected = [
            ("web", "running", "docker", Some(7_000_000)),
            ("backup-2024", "exited", "docker", None),
            ("db", "paused", "docker", None),
            ("flapping", "restarting", "docker", None),
        ];
        assert_eq!(containers(&first), expected);
        let states = ["running", "paused", "restarting", "exited", "created", "dead"];
        assert_eq!(states.map(|state| container_count(&first, state).unwrap()), [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(first.of(Metric::ContainerCpu).count(), 0, "one reading gives no rate");

        let second = read(
            &mut remote,
            &later(&answer, 10.0).replace("usage_usec 5000000", "usage_usec 20000000"),
            &[Family::Containers],
        );
        let web = [(attribute::CONTAINER, "web")];
        assert!(value(&second, Metric::ContainerCpu, &web).is_some_and(|cpu| (cpu - 1.5).abs() < 1e-6));
        assert_eq!(value(&second, Metric::ContainerMemory, &web), Some(7_000_000.0));

        // It was started anew.
        let third = read(&mut remote, &later(&answer, 20.0), &[Family::Containers]);
        assert_eq!(third.of(Metric::ContainerCpu).count(), 0);
    }
}

/// The same answer, some seconds later by the clock of the server.
fn later(answer: &str, seconds: f64) -> String {
    let lines = answer.split_inclusive('\n').map(|line| match line.strip_prefix("/proc/uptime:") {
        Some(clock) => {
            let uptime: f64 = clock.split(' ').next().unwrap().parse().unwrap();
            format!("/proc/uptime:{:.2} 1.00\n", uptime + seconds)
        }
        None => line.to_owned(),
    });
    lines.collect()
}

#[rstest]
#[case::version_1_without_systemd("cpuacct/docker/ID", "memory/docker/ID")]
#[case::version_1_with_systemd("cpuacct/system.slice/docker-ID.scope", "memory/system.slice/docker-ID.scope")]
fn control_groups_of_version_1_are_read_too(#[case] cpu: &str, #[case] memory: &str) {
    for (shell, place) in everywhere() {
        let _socket = with_docker(&place);
        place.prints("docker", "docker-ps.txt", 0);
        let file = |folder: &str, name: &str, content: &str| {
            place.file(&format!("/sys/fs/cgroup/{}/{name}", folder.replace("ID", ID_A)), content);
        };
        file(cpu, "cpuacct.usage", "5000000000\n");
        file(memory, "memory.usage_in_bytes", "10000000\n");
        file(memory, "memory.stat", "inactive_file 1\ntotal_inactive_file 4000000\n");

        let mut remote = Remote::new();
        let answer = place.answer(shell, &slow_command(&[Family::Containers], false, NONCE));
        read(&mut remote, &answer, &[Family::Containers]);
        let second = later(&answer, 10.0).replace(":5000000000\n", ":10000000000\n");
        let second = read(&mut remote, &second, &[Family::Containers]);
        let web = [(attribute::CONTAINER, "web")];
        assert_eq!(value(&second, Metric::ContainerMemory, &web), Some(6_000_000.0));
        assert!(value(&second, Metric::ContainerCpu, &web).is_some_and(|cpu| (cpu - 0.5).abs() < 1e-6));
    }
}

#[test]
fn podman_of_a_user_is_asked_where_it_has_something_to_tell() {
    for (shell, place) in everywhere() {
        place.prints("podman", "podman-ps.txt", 0);
        assert!(reason(&place.observe(shell, Family::Containers)).contains("this user has no containers"));

        fs::create_dir_all(place.path("home/.local/share/containers/storage")).unwrap();
        let group = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice";
        place.file(&format!("{group}/libpod-{ID_A}.scope/memory.current"), "4096\n");
        let observation = place.observe(shell, Family::Containers);
        assert_eq!(
            containers(&observation),
            [("web", "running", "podman", Some(4096)), ("job", "created", "podman", None)]
        );
    }
}

#[test]
fn a_container_that_both_engines_list_is_one() {
    let place = Place::new();
    let _socket = with_docker(&place);
    fs::create_dir_all(place.path("home/.local/share/containers/storage")).unwrap();
    place.prints("docker", "podman-ps.txt", 0).prints("podman", "podman-ps.txt", 0);
    let observation = place.observe(&DASH, Family::Containers);
    assert_eq!(containers(&observation).len(), 2);
    assert_eq!(container_count(&observation, "running"), Some(1.0));
}

#[rstest]
#[case::denied("docker-denied.txt", "usermod -aG docker")]
#[case::no_daemon("docker-no-daemon.txt", "The docker daemon does not run.")]
#[case::other("dnf-without-cache.txt", "`docker ps` failed: Error: Cache-only")]
fn why_docker_does_not_answer_is_told(#[case] fixture: &str, #[case] expected: &str) {
    for (shell, place) in everywhere() {
        let _socket = with_docker(&place);
        place.prints("docker", fixture, 1);
        let observation = place.observe(shell, Family::Containers);
        assert!(reason(&observation).contains(expected), "{:?}", observation.unavailable);
    }
}

#[test]
fn without_an_engine_containers_are_not_available() {
    let place = Place::new();
    assert_eq!(reason(&place.observe(&DASH, Family::Containers)), "Neither docker nor podman was found.");
    place.prints("docker", "docker-ps.txt", 0);
    let observation = place.observe(&DASH, Family::Containers);
    assert!(reason(&observation).contains("its daemon does not run"), "nobody is asked where there is no socket");
}

#[test]
fn many_containers_stay_within_bounds() {
    let place = Place::new();
    let _socket = with_docker(&place);
    let rows: String = (0..700).map(|number| format!("{number:064x}|c{number}|image|Up 1 second\n")).collect();
    place.file("rows", &rows).program("docker", &format!("cat {}", place.path("rows").display()));
    for number in 0..700 {
        place.file(&format!("/sys/fs/cgroup/docker/{number:064x}/memory.current"), "4096\n");
    }
    let observation = place.observe(&DASH, Family::Containers);
    assert_eq!(observation.tables.containers.as_ref().map(Vec::len), Some(TABLE_ROWS));
    assert_eq!(container_count(&observation, "running"), Some(700.0));
    assert!(observation.of(Metric::ContainerMemory).count() <= TABLE_ROWS);
}

fn gpu(observation: &Observation, metric: Metric, name: &str) -> Option<f64> {
    value(observation, metric, &[(attribute::GPU, name)])
}

#[test]
fn gpus_of_nvidia_tell_what_they_can() {
    for (shell, place) in everywhere() {
        place.prints("nvidia-smi", "nvidia-smi.txt", 0);
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(observation.unavailable, []);
        assert_eq!(observation.points.len(), 8);
        assert_eq!(gpu(&observation, Metric::GpuUtilization, "0 NVIDIA L4"), Some(0.12));
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "0 NVIDIA L4"), Some(345.0 * 1024.0 * 1024.0));
        assert_eq!(gpu(&observation, Metric::GpuTemperature, "1 Tesla V100-SXM2-16GB"), Some(71.0));

        place.prints("nvidia-smi", "nvidia-smi-partial.txt", 0);
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(observation.of(Metric::GpuUtilization).count(), 0, "absent is not 0");
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "1 NVIDIA A100-SXM4-40GB"), Some(5.0 * 1024.0 * 1024.0));
        assert_eq!(observation.of(Metric::GpuTemperature).count(), 1);

        place.prints("nvidia-smi", "nvidia-smi-failed.txt", 9);
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("couldn't communicate with the NVIDIA driver"));
    }
}

#[test]
fn gpus_of_amd_are_read_from_files() {
    for (shell, place) in everywhere() {
        let file = |name: &str, content: &str| {
            place.file(&format!("/sys/class/drm/card1/device/{name}"), content);
        };
        file("gpu_busy_percent", "37\n");
        file("mem_info_vram_used", "1048576\n");
        file("mem_info_vram_total", "8573157376\n");
        file("hwmon/hwmon3/temp1_input", "41000\n");
        file("power/runtime_status", "active\n");
        let observation = place.observe(shell, Family::Gpus);
        assert_eq!(gpu(&observation, Metric::GpuUtilization, "card1 AMD"), Some(0.37));
        assert_eq!(gpu(&observation, Metric::GpuMemoryUsage, "card1 AMD"), Some(1_048_576.0));
        assert_eq!(gpu(&observation, Metric::GpuMemoryLimit, "card1 AMD"), Some(8_573_157_376.0));
        assert_eq!(gpu(&observation, Metric::GpuTemperature, "card1 AMD"), Some(41.0));

        file("power/runtime_status", "suspended\n");
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("sleeps"));
    }
}

#[test]
fn a_gpu_that_sleeps_is_not_woken() {
    for (shell, place) in everywhere() {
        place.file("/sys/bus/pci/drivers/nvidia/0000:01:00.0/power/runtime_status", "suspended\n");
        place.prints("nvidia-smi", "nvidia-smi.txt", 0);
        assert!(reason(&place.observe(shell, Family::Gpus)).contains("sleeps"));
        place.file("/sys/bus/pci/drivers/nvidia/0000:02:00.0/power/runtime_status", "active\n");
        assert_eq!(place.observe(shell, Family::Gpus).unavailable, []);
    }
}

#[test]
fn without_a_gpu_there_is_a_reason() {
    assert!(reason(&Place::new().observe(&DASH, Family::Gpus)).starts_with("No GPU was found"));
}

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

/// A process whose open files stay the same.
struct Idle(std::process::Child);

impl Idle {
    /// Returns when it has opened all that it ever will.
    fn start() -> Self {
        let cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = cat.unwrap();
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        Self(child)
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// What a server with one process answers.
fn one_process(pid: u32) -> String {
    let mark = |name: &str| format!("\n@hr {NONCE} {name}\n");
    let stat = format!("{pid} (cat) S 1 1 1 0 -1 0 0 0 0 0 7 3 0 0 20 0 1 0 500 1000 25 0 0\n");
    format!("{}100.00 50.00\n{stat}{}{}", mark("processes"), mark("owners"), mark("end"))
}

fn detail(remote: &mut Remote, answer: &str, pid: u32) -> (Option<f64>, Option<f64>, Option<u32>) {
    let mut observation = read(remote, &one_process(pid), &[Family::Processes]);
    remote.process_detail(answer.as_bytes(), NONCE, &mut observation);
    let top = observation.processes.unwrap();
    assert_eq!(top.by_memory.len(), 1);
    (top.by_memory[0].disk_read, top.by_memory[0].disk_written, top.by_memory[0].handles)
}

#[test]
fn processes_that_are_shown_tell_their_disk_io_and_handles() {
    for (shell, place) in everywhere() {
        let idle = Idle::start();
        let pid = idle.0.id();
        let handles = u32::try_from(fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()).ok();
        let mut remote = Remote::new();
        assert_eq!(remote.process_detail_command(NONCE), None, "nothing is shown yet");
        read(&mut remote, &one_process(pid), &[Family::Processes]);
        let command = remote.process_detail_command(NONCE).unwrap();
        assert_eq!(command, format!("hr_process_detail {NONCE} {pid}"));

        let script = place.script();
        let older = script.replace("[ -s /proc/$$/fd ]", "false");
        assert_ne!(older, script, "kernels before 6.2 do not count for us");
        for script in [script, older] {
            let answer = place.answer_to(&script, shell, &command);
            assert_eq!(detail(&mut shown(pid), &answer, pid), (None, None, handles), "one reading gives no rate");
        }

        let answer = place.answer_to(&place.script(), shell, &command);
        let at = |uptime: f64, read: u64, written: u64| {
            let io = format!("==> /proc/uptime <==\n{uptime} 1\n\n==> /proc/{pid}/io <==\nrchar: 5\n");
            let io = format!("{io}read_bytes: {read}\nwrite_bytes: {written}\ncancelled_write_bytes: 9\n");
            let (before, after) = (answer.find("==> /proc/uptime").unwrap(), answer.find("\n@hr n0nce times").unwrap());
            format!("{}{io}{}", &answer[..before], &answer[after..])
        };
        let mut remote = shown(pid);
        assert_eq!(detail(&mut remote, &at(100.0, 1000, 0), pid).0, None);
        assert_eq!(detail(&mut remote, &at(110.0, 6000, 100), pid), (Some(500.0), Some(10.0), handles));
        assert_eq!(detail(&mut remote, &at(120.0, 10, 200), pid), (None, Some(10.0), handles), "it went backwards");
    }
}

fn shown(pid: u32) -> Remote {
    let mut remote = Remote::new();
    read(&mut remote, &one_process(pid), &[Family::Processes]);
    remote
}

#[test]
fn what_may_not_be_read_of_a_process_is_absent() {
    let mark = |name: &str| format!("\n@hr {NONCE} {name}\n");
    let io = "==> /proc/uptime <==\n100.00 1\n";
    let answer = format!("{}{}{io}{}", mark("handles"), mark("io"), mark("end"));
    assert_eq!(detail(&mut shown(7), &answer, 7), (None, None, None));
    assert_eq!(detail(&mut shown(7), "", 7), (None, None, None));
}

#[test]
fn only_numbers_are_asked_about() {
    for (shell, place) in everywhere() {
        assert_eq!(place.answer(shell, "hr_process_detail n 1 ../etc"), "");
        assert_eq!(place.answer(shell, "hr_process_detail n '1;echo x'"), "");
    }
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
