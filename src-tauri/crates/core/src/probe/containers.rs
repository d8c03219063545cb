//! Containers of docker and podman: the engines list them, the kernel tells what they use.
//!
//! `docker stats` would take two seconds for what stands in the control groups of the containers already. A control group
//! bears the id of its container; CPU time is a counter there, from which a rate is taken between two readings. See
//! `cgroups(7)` and the kernel's `cgroup-v2.rst` and `cgroup-v1/{cpuacct,memory}.rst`.

use std::collections::{HashMap, HashSet};

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Container, Observation, Point, TABLE_ROWS, real};
use crate::probe::parts::Parts;
use crate::probe::program::{CUT_OFF, Ran};
use crate::rate::{self, Clock};
use crate::text;

/// - docker is asked only where its socket is: without one there is nobody to answer, and with `podman-docker` the name
///   belongs to podman. The socket of a rootless one is in the directory of the user's session.
/// - podman needs no daemon, but would set up its storage where a user never had any: it is asked only where there is one.
/// - The names in the format have been there since the first versions of both; none of the fields can hold a `|`, except
///   the last one.
/// - Control groups are at fixed places: with systemd or without, of root or of a user, in a pod or not, version 2 or 1.
///   One `grep` reads them all, and the clock with them.
pub(super) const SCRIPT: &str = r#"hr_containers() {
  hr_fields='{{.ID}}|{{.Names}}|{{.Image}}|{{.Status}}'
  if command -v docker >/dev/null; then
    hr_socket=/var/run/docker.sock
    [ -S $hr_socket ] || hr_socket=$XDG_RUNTIME_DIR/docker.sock
    if [ -S "$hr_socket" ]; then
      hr_program docker env "DOCKER_HOST=unix://$hr_socket" docker ps --all --no-trunc --format "$hr_fields"
    else
      hr_mark docker_down
    fi
  fi
  if command -v podman >/dev/null; then
    if [ -r /var/lib/containers/storage ] || [ -d "${XDG_DATA_HOME:-$HOME/.local/share}/containers/storage" ]; then
      hr_program podman podman ps --all --no-trunc --format "$hr_fields"
    else
      hr_mark podman_unused
    fi
  fi
  hr_mark containers_usage; hr_container_groups /sys/fs/cgroup
}
hr_container_groups() {
  hr_user="user.slice/user-*.slice/user@*.service"
  hr_found=0
  hr_groups=$1
  set --
  for hr_dir in $hr_groups $hr_groups/cpuacct $hr_groups/memory; do
    for hr_group in $hr_dir/system.slice/docker-*.scope $hr_dir/docker/* \
      $hr_dir/machine.slice/libpod-*.scope $hr_dir/machine.slice/*/libpod-*.scope $hr_dir/libpod_parent/libpod-* \
      $hr_dir/$hr_user/*/docker-*.scope $hr_dir/$hr_user/*/libpod-*.scope $hr_dir/$hr_user/*/*/libpod-*.scope
    do
      if [ -d "$hr_group" ] && [ $hr_found -lt 400 ]; then
        hr_found=$((hr_found + 1))
        set -- "$@" "$hr_group/cpu.stat" "$hr_group/memory.current" "$hr_group/memory.stat" \
          "$hr_group/cpuacct.usage" "$hr_group/memory.usage_in_bytes"
      fi
    done
  done
  [ $hr_found -eq 0 ] && return
  grep -HsE '^(usage_usec |inactive_file |total_inactive_file |btime |[0-9.]+ [0-9.]+$|[0-9]+$)' \
    /proc/uptime /proc/stat "$@"
}
"#;

/// The CPU time of every container at the reading before, from which that since then is taken.
#[derive(Debug, Default)]
pub struct Tracker {
    before: Option<(Clock, HashMap<String, u64>)>,
}

/// A container as its engine lists it, with its id.
struct Listed {
    id: String,
    container: Container,
}

/// What a control group says of the container in it.
#[derive(Default)]
struct Group {
    /// Nanoseconds of CPU time.
    cpu: Option<u64>,
    /// Bytes, the file cache among them.
    memory: Option<u64>,
    /// Bytes of file cache that was not used of late.
    inactive: Option<u64>,
}

impl Tracker {
    /// Adds how many containers there are in which state, which, and what those that run use.
    pub(super) fn read(&mut self, parts: &Parts<'_>, observation: &mut Observation) -> Result<(), String> {
        let (clock, groups) = usage(parts.get("containers_usage").ok_or(CUT_OFF)?);
        let mut listed = listed(parts)?;
        let before = self.before.take();
        for Listed { id, container } in &mut listed {
            let Some(group) = groups.get(id.as_str()) else { continue };
            container.memory = group.memory.and_then(|bytes| bytes.checked_sub(group.inactive.unwrap_or(0)));
            container.cpu = before.as_ref().zip(clock).and_then(|((earlier, nanoseconds), now)| {
                let elapsed = now.elapsed_since(earlier)?;
                rate::per_second(*nanoseconds.get(id)?, group.cpu?, elapsed).map(|rate| rate / 1e9)
            });
        }
        let counters = groups.iter().filter_map(|(id, group)| Some(((*id).to_owned(), group.cpu?))).collect();
        self.before = match (clock, before) {
            (Some(now), Some((earlier, counters))) if now.is_too_soon_after(&earlier) => Some((earlier, counters)),
            (Some(now), _) => Some((now, counters)),
            (None, before) => before,
        };

        let mut containers: Vec<Container> = listed.into_iter().map(|listed| listed.container).collect();
        points(&containers, &mut observation.points);
        containers.truncate(TABLE_ROWS);
        observation.tables.containers = Some(containers);
        Ok(())
    }
}

/// The containers of both engines, those that run first; the reason where there is no engine, or where one refused and the
/// other has none.
fn listed(parts: &Parts<'_>) -> Result<Vec<Listed>, String> {
    let mut listed: Vec<Listed> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for (engine, found) in [("docker", docker(parts)), ("podman", podman(parts))] {
        match found {
            None => {}
            Some(Err(reason)) => reasons.push(reason),
            Some(Ok(text)) => listed.extend(text.lines().filter_map(|line| row(line, engine))),
        }
    }
    if listed.is_empty() && !reasons.is_empty() {
        return Err(reasons.join(" "));
    }
    if parts.get("docker").or(parts.get("podman")).is_none() {
        return Err("Neither docker nor podman was found.".to_owned());
    }
    let mut ids = HashSet::new();
    listed.retain(|listed| ids.insert(listed.id.clone()));
    listed.sort_by(|a, b| {
        let waits = |listed: &Listed| listed.container.state != "running";
        waits(a).cmp(&waits(b)).then_with(|| a.container.name.cmp(&b.container.name))
    });
    Ok(listed)
}

/// What docker printed, or why it did not; nothing where it is not installed.
fn docker<'a>(parts: &Parts<'a>) -> Option<Result<&'a str, String>> {
    if parts.get("docker_down").is_some() {
        return Some(Err(
            "docker is installed, but its daemon does not run (there is no /var/run/docker.sock).".to_owned()
        ));
    }
    parts.get("docker")?;
    Some(Ran::of(parts, "docker", "docker ps").and_then(|ran| {
        match ran.status {
            0 => Ok(ran.text),
            _ if ran.text.contains("permission denied") => {
                Err("This user may not ask docker. Let root run `usermod -aG docker USER` on \
             the server, with the name of the user, if members of that group may have the powers of root."
                    .to_owned())
            }
            _ if ran.text.contains("Cannot connect to the Docker daemon") => {
                Err("The docker daemon does not run.".to_owned())
            }
            _ => Err(ran.failure()),
        }
    }))
}

/// What podman printed, or why it did not; nothing where it is not installed.
fn podman<'a>(parts: &Parts<'a>) -> Option<Result<&'a str, String>> {
    if parts.get("podman_unused").is_some() {
        return Some(Err(
            "podman is installed, but this user has no containers, and may not see those of others.".to_owned()
        ));
    }
    parts.get("podman")?;
    Some(Ran::of(parts, "podman", "podman ps").and_then(|ran| match ran.status {
        0 => Ok(ran.text),
        _ => Err(ran.failure()),
    }))
}

/// `ID|NAMES|IMAGE|STATUS`; anything else is a warning.
fn row(line: &str, engine: &str) -> Option<Listed> {
    let fields: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
    let [id, names, image, status] = fields[..] else { return None };
    if !is_id(id) {
        return None;
    }
    // A link has the name of the other container before its own: `db,web/db`.
    let name = names.split(',').find(|name| !name.contains('/')).unwrap_or(names);
    let container = Container {
        name: text::name(name),
        image: text::name(image),
        state: state(status).to_owned(),
        status: text::name(status),
        engine: engine.to_owned(),
        cpu: None,
        memory: None,
    };
    Some(Listed { id: id.to_owned(), container })
}

fn is_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The states of [`attribute::CONTAINER_STATE`].
const STATES: [&str; 6] = ["running", "paused", "restarting", "exited", "created", "dead"];

/// The state in the words of a status, which both engines and all their versions print: `Up 3 days (Paused)`.
fn state(status: &str) -> &'static str {
    match status.split_whitespace().next().unwrap_or_default() {
        "Up" if status.contains("(Paused)") => "paused",
        "Up" | "Running" | "Stopping" => "running",
        "Paused" => "paused",
        "Restarting" => "restarting",
        "Exited" | "Stopped" => "exited",
        "Created" | "Configured" | "Initialized" => "created",
        "Dead" | "Removal" | "Removing" => "dead",
        _ => "unknown",
    }
}

/// The lines `FILE:LINE` of `hr_container_groups`: the clock, and the control groups by the id of their container.
fn usage(text: &str) -> (Option<Clock>, HashMap<&str, Group>) {
    let (mut uptime, mut booted) = (None, None);
    let mut groups: HashMap<&str, Group> = HashMap::new();
    for line in text.lines() {
        let Some((path, line)) = line.rsplit_once(':') else { continue };
        let (key, value) = line.split_once(' ').unwrap_or(("", line));
        match path {
            "/proc/uptime" => uptime = key.parse().ok().filter(|uptime: &f64| uptime.is_finite()),
            "/proc/stat" => booted = value.parse().ok(),
            _ => {
                let Some(((id, file), number)) = group_file(path).zip(value.parse::<u64>().ok()) else { continue };
                let group = groups.entry(id).or_default();
                match (file, key) {
                    ("cpu.stat", "usage_usec") => group.cpu = number.checked_mul(1000),
                    ("cpuacct.usage", "") => group.cpu = Some(number),
                    ("memory.current" | "memory.usage_in_bytes", "") => group.memory = Some(number),
                    // Version 1 counts the groups below apart, under names of their own.
                    ("memory.stat", "total_inactive_file") => group.inactive = Some(number),
                    ("memory.stat", "inactive_file") => group.inactive = group.inactive.or(Some(number)),
                    _ => {}
                }
            }
        }
    }
    (uptime.map(|uptime| Clock { uptime, booted }), groups)
}

/// The id of the container whose control group holds the file, and the name of the file.
fn group_file(path: &str) -> Option<(&str, &str)> {
    let (group, file) = path.rsplit_once('/')?;
    let (_, group) = group.rsplit_once('/')?;
    let id = group.strip_suffix(".scope").unwrap_or(group);
    let id = id.strip_prefix("docker-").or_else(|| id.strip_prefix("libpod-")).unwrap_or(id);
    is_id(id).then_some((id, file))
}

/// Adds the count of each state and what the first [`TABLE_ROWS`] use. Of two engines' containers with one name, the first.
fn points(containers: &[Container], points: &mut Vec<Point>) {
    for state in STATES {
        let count = containers.iter().filter(|container| container.state == state).count() as u64;
        let attributes = Attributes::none().with(attribute::CONTAINER_STATE, state);
        points.extend(Point::new(Metric::ContainerCount, attributes, real(count)));
    }
    let mut names = HashSet::new();
    for container in containers.iter().take(TABLE_ROWS).filter(|container| names.insert(&container.name)) {
        let attributes = Attributes::none().with(attribute::CONTAINER, &container.name);
        let cpu = container.cpu.and_then(|cpu| Point::new(Metric::ContainerCpu, attributes.clone(), cpu));
        points.extend(cpu);
        let memory = container.memory.and_then(|bytes| Point::new(Metric::ContainerMemory, attributes, real(bytes)));
        points.extend(memory);
    }
}
