//! What was last read of a server, as rows.

use std::collections::BTreeMap;

use hostrounds_core::metric::{Metric, Unit, attribute};
use hostrounds_core::observation::{Attributes, Process, real};
use hostrounds_core::probe::Family;
use hostrounds_core::time::UnixMillis;
use hostrounds_export::Cell;

use super::tables::{Heading, Row, of, words};
use crate::api::view::Latest;

pub(super) const PROCESSES: [Heading; 10] = [
    words("name"),
    words("pid"),
    words("user"),
    words("state"),
    of(Unit::Ratio, "cpu"),
    of(Unit::Bytes, "memory"),
    of(Unit::Count, "threads"),
    of(Unit::BytesPerSecond, "disk_read"),
    of(Unit::BytesPerSecond, "disk_written"),
    of(Unit::Count, "handles"),
];

/// Those that use most CPU, and then those that use most memory and do not stand there yet.
pub(super) fn processes(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let Some(top) = &latest.processes else { return (None, Vec::new()) };
    let further = top.by_memory.iter().filter(|process| top.by_cpu.iter().all(|other| other.pid != process.pid));
    let row = |process: &Process| {
        vec![
            process.name.clone().into(),
            real(process.pid).into(),
            process.user.clone().into(),
            process.state.to_string().into(),
            process.cpu.into(),
            real(process.memory).into(),
            process.threads.into(),
            process.disk_read.into(),
            process.disk_written.into(),
            process.handles.into(),
        ]
    };
    (Some(top.at), top.by_cpu.iter().chain(further).map(row).collect())
}

/// The values of one mount, by metric and state.
type Readings<'a> = BTreeMap<(Metric, &'a str), f64>;

pub(super) const FILESYSTEMS: [Heading; 9] = [
    words("mountpoint"),
    words("device"),
    of(Unit::Bytes, "size"),
    of(Unit::Bytes, "used"),
    of(Unit::Bytes, "free"),
    of(Unit::Ratio, "utilization"),
    of(Unit::Count, "inodes_used"),
    of(Unit::Count, "inodes_free"),
    of(Unit::Ratio, "inodes_utilization"),
];

pub(super) fn filesystems(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let mut mounts: BTreeMap<(&str, &str), Readings<'_>> = BTreeMap::new();
    for point in &latest.points {
        let attributes: &Attributes = &point.series.attributes;
        let Some(mount) = attributes.get(attribute::MOUNTPOINT) else { continue };
        let device = attributes.get(attribute::DEVICE).unwrap_or_default();
        let state = attributes.get(attribute::FILESYSTEM_STATE).unwrap_or_default();
        mounts.entry((mount, device)).or_default().insert((point.series.metric, state), point.value);
    }
    let rows = mounts.into_iter().map(|((mount, device), values)| {
        let value = |metric, state| Cell::from(values.get(&(metric, state)).copied());
        vec![
            mount.to_owned().into(),
            device.to_owned().into(),
            value(Metric::FilesystemLimit, ""),
            value(Metric::FilesystemUsage, "used"),
            value(Metric::FilesystemUsage, "free"),
            value(Metric::FilesystemUtilization, ""),
            value(Metric::FilesystemInodes, "used"),
            value(Metric::FilesystemInodes, "free"),
            value(Metric::FilesystemInodesUtilization, ""),
        ]
    });
    (read_at(latest, Family::Filesystems), rows.collect())
}

pub(super) const CONTAINERS: [Heading; 7] = [
    words("name"),
    words("image"),
    words("state"),
    words("status"),
    words("engine"),
    of(Unit::Ratio, "cpu"),
    of(Unit::Bytes, "memory"),
];

pub(super) fn containers(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let rows = latest.tables.containers.iter().flatten().map(|container| {
        vec![
            container.name.clone().into(),
            container.image.clone().into(),
            container.state.clone().into(),
            container.status.clone().into(),
            container.engine.clone().into(),
            container.cpu.into(),
            container.memory.map(real).into(),
        ]
    });
    (read_at(latest, Family::Containers), rows.collect())
}

pub(super) const UNITS: [Heading; 2] = [words("name"), words("description")];

pub(super) fn units(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let units = latest.tables.units.iter().flatten();
    let rows = units.map(|unit| vec![unit.name.clone().into(), unit.description.clone().into()]);
    (read_at(latest, Family::Units), rows.collect())
}

pub(super) const USERS: [Heading; 4] = [words("user"), words("terminal"), words("from"), words("since")];

pub(super) fn users(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let rows = latest.tables.users.iter().flatten().map(|session| {
        vec![
            session.user.clone().into(),
            session.terminal.clone().into(),
            session.from.clone().into(),
            session.since.clone().into(),
        ]
    });
    (read_at(latest, Family::Users), rows.collect())
}

pub(super) const UPDATES: [Heading; 3] = [words("name"), words("version"), words("security")];

pub(super) fn updates(latest: &Latest) -> (Option<UnixMillis>, Vec<Row>) {
    let rows = latest
        .tables
        .updates
        .iter()
        .flatten()
        .map(|update| vec![update.name.clone().into(), update.version.clone().into(), update.security.into()]);
    (read_at(latest, Family::Updates), rows.collect())
}

fn read_at(latest: &Latest, family: Family) -> Option<UnixMillis> {
    latest.read_at.get(&family).copied()
}
