//! Containers of docker and podman, and what their control groups say.

use std::fs;
use std::os::unix::net::UnixListener;

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Observation, TABLE_ROWS};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, slow_command};
use rstest::rstest;

use crate::place::{DASH, NONCE, Place, everywhere, print, read, reason, value};

const ID_A: &str = "4f8d2d1f6a3c5b7e9d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60";

/// A place with docker, whose socket is there.
pub(crate) fn with_docker(place: &Place) -> UnixListener {
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

pub(crate) const GROUPS_V2: &str =
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
