//! Block devices from `/proc/diskstats`.

use std::collections::BTreeMap;

use procfs_core::DiskStat;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Point};
use crate::probe::MAX_PARTS;
use crate::rate;
use crate::text;

/// The file that it is read from.
pub const PATH: &str = "/proc/diskstats";

/// The kernel counts sectors of this size here, whatever the device has.
const SECTOR: f64 = 512.0;

/// Devices without a disk behind them: files, memory, floppies and optical drives.
const NOT_DISKS: [&str; 5] = ["loop", "ram", "zram", "fd", "sr"];

/// The counters of one moment, by device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    devices: BTreeMap<String, Counters>,
    /// Whether there were more than [`MAX_PARTS`].
    pub is_cut: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Counters {
    reads: u64,
    sectors_read: u64,
    writes: u64,
    sectors_written: u64,
    busy_millis: u64,
}

impl Reading {
    /// What the content of [`PATH`] says: whole disks and what is stacked on them (RAID, LVM), without partitions and without
    /// devices that were never used. Nothing where the file has text and none of its lines can be read; a system without
    /// any block device has an empty reading.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let all: BTreeMap<String, Counters> = lines()
            .filter_map(|line| DiskStat::from_line(line).ok())
            .map(|stat| (text::name(&stat.name), counters(&stat)))
            .collect();
        if all.is_empty() && lines().next().is_some() {
            return None;
        }
        let wanted: Vec<_> = all
            .iter()
            .filter(|(name, counters)| {
                (counters.reads > 0 || counters.writes > 0) && is_disk(name) && !is_partition(name, &all)
            })
            .collect();
        let is_cut = wanted.len() > MAX_PARTS;
        let kept = wanted.into_iter().take(MAX_PARTS);
        Some(Self { devices: kept.map(|(name, counters)| (name.clone(), *counters)).collect(), is_cut })
    }
}

fn counters(stat: &DiskStat) -> Counters {
    Counters {
        reads: stat.reads,
        sectors_read: stat.sectors_read,
        writes: stat.writes,
        sectors_written: stat.sectors_written,
        busy_millis: stat.time_in_progress,
    }
}

fn is_disk(name: &str) -> bool {
    !NOT_DISKS
        .iter()
        .any(|kind| name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

/// Whether `name` is a numbered part of another device: `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`.
fn is_partition<T>(name: &str, all: &BTreeMap<String, T>) -> bool {
    let whole = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if whole == name {
        return false;
    }
    match whole.strip_suffix('p') {
        Some(disk) if disk.ends_with(|c: char| c.is_ascii_digit()) => all.contains_key(disk),
        _ => all.contains_key(whole),
    }
}

/// Adds what each device did since the reading `before`, the given number of seconds ago.
pub fn points(before: Option<(&Reading, f64)>, now: &Reading, points: &mut Vec<Point>) {
    let Some((before, elapsed)) = before else { return };
    for (name, now) in &now.devices {
        let Some(before) = before.devices.get(name) else { continue };
        let device = || Attributes::none().with(attribute::DEVICE, name);
        let directions = [
            ("read", (before.sectors_read, now.sectors_read), (before.reads, now.reads)),
            ("write", (before.sectors_written, now.sectors_written), (before.writes, now.writes)),
        ];
        for (direction, sectors, operations) in directions {
            let attributes = || device().with(attribute::DISK_DIRECTION, direction);
            let bytes = rate::per_second(sectors.0, sectors.1, elapsed).map(|sectors| sectors * SECTOR);
            points.extend(bytes.and_then(|bytes| Point::new(Metric::DiskIo, attributes(), bytes)));
            let operations = rate::per_second(operations.0, operations.1, elapsed);
            points
                .extend(operations.and_then(|operations| Point::new(Metric::DiskOperations, attributes(), operations)));
        }
        // The two clocks are rounded apart, so a device that was busy throughout may come out a little above 1.
        let busy =
            rate::per_second(before.busy_millis, now.busy_millis, elapsed).map(|millis| (millis / 1000.0).min(1.0));
        points.extend(busy.and_then(|busy| Point::new(Metric::DiskBusy, device(), busy)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, numbers: [u64; 11]) -> String {
        format!("   8       0 {name} {}\n", numbers.map(|number| number.to_string()).join(" "))
    }

    fn names(text: &str) -> Vec<String> {
        Reading::parse(text).unwrap().devices.into_keys().collect()
    }

    fn between(before: &str, now: &str, elapsed: f64) -> Vec<Point> {
        let mut out = Vec::new();
        points(Some((&Reading::parse(before).unwrap(), elapsed)), &Reading::parse(now).unwrap(), &mut out);
        out
    }

    fn value(points: &[Point], metric: Metric, direction: &str) -> Option<f64> {
        points
            .iter()
            .find(|point| {
                point.series.metric == metric
                    && point.series.attributes.get(attribute::DISK_DIRECTION).unwrap_or("") == direction
            })
            .map(|point| point.value)
    }

    #[test]
    fn only_disks_that_were_used_count_and_no_partitions() {
        let used = [1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        let text = [
            "sda",
            "sda1",
            "nvme0n1",
            "nvme0n1p2",
            "mmcblk0",
            "mmcblk0p1",
            "md0",
            "dm-0",
            "loop0",
            "zram0",
            "sr0",
            "vda3",
        ]
        .map(|name| line(name, used))
        .concat()
            + &line("sdb", [0; 11]);
        assert_eq!(names(&text), ["dm-0", "md0", "mmcblk0", "nvme0n1", "sda", "vda3"]);
    }

    #[test]
    fn rates_are_taken_over_the_elapsed_time() {
        let before = line("sda", [100, 0, 1000, 0, 10, 0, 500, 0, 0, 2000, 0]);
        let now = line("sda", [120, 0, 3000, 0, 10, 0, 500, 0, 0, 7000, 0]);
        let points = between(&before, &now, 10.0);
        assert_eq!(value(&points, Metric::DiskIo, "read"), Some(2000.0 * 512.0 / 10.0));
        assert_eq!(value(&points, Metric::DiskOperations, "read"), Some(2.0));
        assert_eq!(value(&points, Metric::DiskIo, "write"), Some(0.0));
        assert_eq!(value(&points, Metric::DiskBusy, ""), Some(0.5));
    }

    #[test]
    fn a_wrapped_counter_is_a_gap_and_the_others_stay() {
        let before = line("sda", [100, 0, u64::from(u32::MAX), 0, 10, 0, 500, 0, 0, 2000, 0]);
        let now = line("sda", [120, 0, 3000, 0, 10, 0, 500, 0, 0, 2000, 0]);
        let points = between(&before, &now, 10.0);
        assert_eq!(value(&points, Metric::DiskIo, "read"), None);
        assert_eq!(value(&points, Metric::DiskOperations, "read"), Some(2.0));
    }

    #[test]
    fn a_device_is_never_busier_than_all_the_time() {
        let points = between(&line("sda", [1; 11]), &line("sda", [10_002; 11]), 10.0);
        assert_eq!(value(&points, Metric::DiskBusy, ""), Some(1.0));
    }

    #[test]
    fn a_damaged_line_costs_only_its_device() {
        let text = line("sda", [1; 11]) + "8 1 sdb 1 2 x\n" + &line("sdc", [1; 11]);
        assert_eq!(names(&text), ["sda", "sdc"]);
    }

    #[test]
    fn no_devices_is_an_answer_and_garbage_is_none() {
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(Reading::parse("garbage\n"), None);
    }
}
