//! Mounted filesystems, from `df` and `/proc/self/mounts`.
//!
//! `df` says how full, the mount table says of what type. Read by hand: `procfs_core` leaves `\040` (a space) in names as
//! it is, and fails as a whole where one line of the table is damaged.

use std::collections::{HashMap, HashSet};

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point, Unavailable, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::{Family, MAX_PARTS, cut};
use crate::text;

/// - `df` may hang on a network filesystem whose server is gone, hence the time limit. Where it ran out (see [`hung`]), the
///   second `df` is not even tried; a status of 1 only says that one of the filesystems could not be asked.
/// - Of the mount table only the names and the type are sent: the options of a container's layers are kilobytes long.
/// - A system with thousands of mounts is cut off before its answer becomes too large to be read at all. Its disks come
///   first: they were mounted before what is stacked on them.
pub(super) const SCRIPT: &str = r"hr_filesystems() {
  hr_mark mounts; cut -d' ' -f1-3 /proc/self/mounts | head -n 2000
  hr_mark blocks
  {
    hr_limited df -kP; hr_status=$?
    hr_mark blocks_status $hr_status
    case $hr_status in 124 | 137 | 143) ;; *) hr_mark inodes; hr_limited df -iP ;; esac
  } | head -n 4100
}
";

/// Types without a disk behind them, or that can only be full: nobody wants an alert for a read-only image.
const NOT_DISKS: &[&str] = &[
    "autofs",
    "bdev",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cramfs",
    "debugfs",
    "devfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "fuse.snapfuse",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "none",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "squashfs",
    "sunrpc",
    "sysfs",
    "tmpfs",
    "tracefs",
    "udf",
    "usbfs",
];

/// Files that container engines mount one by one from the disk of the host.
const MOUNTED_FILES: [&str; 3] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// How full a mounted filesystem is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Where it is mounted.
    pub mountpoint: String,
    /// What is mounted there.
    pub device: String,
    /// Bytes.
    pub space: Fill,
    /// Inodes, where the filesystem counts them.
    pub inodes: Option<Fill>,
}

/// How much there is of something that can run out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// In all; more than nothing.
    pub total: u64,
    /// Taken.
    pub used: u64,
    /// What an ordinary user can still take.
    pub free: u64,
}

impl Fill {
    /// Nothing where there is none of it in all: the filesystem does not count it.
    #[must_use]
    pub fn new(total: u64, used: u64, free: u64) -> Option<Self> {
        (total > 0).then_some(Self { total, used, free })
    }

    /// The share that is taken of what ordinary users can take, as `df` counts it.
    fn utilization(self) -> Option<f64> {
        let usable = real(self.used) + real(self.free);
        (usable > 0.0).then(|| real(self.used) / usable)
    }
}

/// Whether a filesystem of this type at this place is one that people mean when they say disk.
#[must_use]
pub fn is_disk(filesystem: &str, mountpoint: &str) -> bool {
    let is_layer = matches!(filesystem, "overlay" | "aufs" | "fuse.overlayfs" | "fuse.fuse-overlayfs");
    !NOT_DISKS.contains(&filesystem) && !MOUNTED_FILES.contains(&mountpoint) && (!is_layer || mountpoint == "/")
}

/// Adds the filesystems; the reason where there are none to be had.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    let blocks = parts.get("blocks");
    let found = blocks.and_then(|blocks| parse(parts.get("mounts"), blocks, parts.get("inodes")));
    match found {
        Some(mounts) => {
            // What stands behind a list that `head` has cut off is missing, however few of it were wanted.
            let is_cut = mounts.len() <= MAX_PARTS
                && parts.get("blocks_status").is_none()
                && blocks.is_some_and(|blocks| blocks.lines().count() > MAX_PARTS);
            if is_cut {
                let reason = "The list of filesystems is too long to be read to its end.".to_owned();
                observation.unavailable.push(Unavailable { family: Family::Filesystems, reason, partial: true });
            }
            add(mounts, observation);
            Ok(())
        }
        None if parts.number("blocks_status").is_some_and(hung) => {
            Err("`df` did not answer in 8 s; a network filesystem may be hanging.".to_owned())
        }
        None => Err("`df` gave no answer.".to_owned()),
    }
}

/// Whether the status of `timeout` says that it ended what it ran: 124 with GNU, the signal with BusyBox.
const fn hung(status: u64) -> bool {
    matches!(status, 124 | 137 | 143)
}

/// The filesystems in the outputs of `cat /proc/self/mounts`, `df -kP` and `df -iP`. Pseudo filesystems are left out, and of
/// several mounts of one device all but the one with the shortest path. Nothing where `df` printed no line that can be read.
#[must_use]
pub fn parse(mounts: Option<&str>, blocks: &str, inodes: Option<&str>) -> Option<Vec<Mount>> {
    let types = mounts.map(mount_table);
    let inodes: HashMap<String, Fill> =
        inodes.into_iter().flat_map(rows).filter_map(|row| Some((row.mountpoint, row.fill?))).collect();

    let mut any = false;
    let mut found: Vec<Mount> = Vec::new();
    for row in rows(blocks) {
        any = true;
        let wanted = match types.as_ref().and_then(|types| types.get(&row.mountpoint)) {
            Some(filesystem) => is_disk(filesystem, &row.mountpoint),
            None => row.device.starts_with('/'),
        };
        let space = row.fill.and_then(|fill| {
            Fill::new(fill.total.checked_mul(1024)?, fill.used.checked_mul(1024)?, fill.free.checked_mul(1024)?)
        });
        if let (true, Some(space)) = (wanted, space) {
            let inodes = inodes.get(&row.mountpoint).copied();
            found.push(Mount {
                mountpoint: text::name(&row.mountpoint),
                device: text::name(&row.device),
                space,
                inodes,
            });
        }
    }
    any.then(|| without_duplicates(found))
}

/// Of several mounts of one device, or at one place, only the one with the shortest path: the others are parts of it that
/// are mounted a second time (bind mounts, subvolumes).
#[must_use]
pub fn without_duplicates(mut mounts: Vec<Mount>) -> Vec<Mount> {
    mounts.sort_by(|a, b| (a.mountpoint.len(), &a.mountpoint).cmp(&(b.mountpoint.len(), &b.mountpoint)));
    let mut places = HashSet::new();
    let mut devices = HashSet::new();
    mounts.retain(|mount| {
        let device = Some((mount.device.clone(), mount.space.total)).filter(|(device, _)| device.contains('/'));
        let seen = places.contains(&mount.mountpoint) || device.as_ref().is_some_and(|device| devices.contains(device));
        if !seen {
            places.insert(mount.mountpoint.clone());
            devices.extend(device);
        }
        !seen
    });
    mounts
}

/// One line of `df -P`.
struct Row {
    device: String,
    fill: Option<Fill>,
    mountpoint: String,
}

/// The lines of `df -P`, without its heading.
fn rows(output: &str) -> impl Iterator<Item = Row> {
    output.lines().filter_map(row)
}

/// Device and mountpoint may both hold spaces, so the row is found from its middle: three numbers and a percentage, followed
/// by one space and a path. A number is `-` where the filesystem does not count inodes.
fn row(line: &str) -> Option<Row> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
    }
    words.windows(5).find_map(|window| {
        let &[(start, total), (_, used), (_, free), (at, percent), (path_at, path)] = window else { return None };
        let is_number = |word: &str| word == "-" || word.bytes().all(|byte| byte.is_ascii_digit());
        let is_row = start > 0
            && [total, used, free].into_iter().all(is_number)
            && (percent == "-" || percent.strip_suffix('%').is_some_and(is_number))
            && path.starts_with('/')
            && path_at == at + percent.len() + 1;
        is_row.then(|| Row {
            device: line.get(..start).unwrap_or_default().trim_end().to_owned(),
            fill: fill(total, used, free),
            mountpoint: line.get(path_at..).unwrap_or_default().to_owned(),
        })
    })
}

fn fill(total: &str, used: &str, free: &str) -> Option<Fill> {
    Fill::new(total.parse().ok()?, used.parse().ok()?, free.parse().ok()?)
}

/// The type of what is mounted at each place. Where several are mounted over each other, the last one is what is seen.
fn mount_table(text: &str) -> HashMap<String, String> {
    let entry = |line: &str| {
        let mut words = line.split(' ').skip(1);
        Some((unescaped(words.next()?), words.next()?.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// A name of the mount table with its octal escapes (`\040` for a space) undone, as `df` prints it.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'\\').then(|| octal(after.get(..3)?)).flatten();
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// Adds the space and the inodes of each filesystem, of at most [`MAX_PARTS`].
pub fn add(mut mounts: Vec<Mount>, observation: &mut Observation) {
    cut(&mut mounts, Family::Filesystems, "filesystems", observation);
    points(&mounts, &mut observation.points);
}

fn points(mounts: &[Mount], points: &mut Vec<Point>) {
    for mount in mounts {
        let place =
            Attributes::none().with(attribute::MOUNTPOINT, &mount.mountpoint).with(attribute::DEVICE, &mount.device);
        let state = |state: &str| place.clone().with(attribute::FILESYSTEM_STATE, state);

        let Fill { total, used, free } = mount.space;
        let reserved = total.checked_sub(used).and_then(|rest| rest.checked_sub(free));
        points.extend(Point::new(Metric::FilesystemUsage, state("used"), real(used)));
        points.extend(Point::new(Metric::FilesystemUsage, state("free"), real(free)));
        points.extend(reserved.and_then(|bytes| Point::new(Metric::FilesystemUsage, state("reserved"), real(bytes))));
        points.extend(Point::new(Metric::FilesystemLimit, place.clone(), real(total)));
        let share = mount.space.utilization();
        points.extend(share.and_then(|share| Point::new(Metric::FilesystemUtilization, place.clone(), share)));

        let Some(inodes) = mount.inodes else { continue };
        points.extend(Point::new(Metric::FilesystemInodes, state("used"), real(inodes.used)));
        points.extend(Point::new(Metric::FilesystemInodes, state("free"), real(inodes.free)));
        let share = inodes.utilization();
        points.extend(share.and_then(|share| Point::new(Metric::FilesystemInodesUtilization, place.clone(), share)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";

    fn places(mounts: &str, blocks: &str) -> Vec<String> {
        let blocks = format!("{HEADING}{blocks}");
        parse(Some(mounts), &blocks, None).unwrap().into_iter().map(|mount| mount.mountpoint).collect()
    }

    #[test]
    fn escapes_of_the_mount_table_are_undone() {
        assert_eq!(unescaped(r"/a\040b\134c\011\303\251"), "/a b\\c\té");
        assert_eq!(unescaped(r"/ends\04"), r"/ends\04", "half an escape is none");
        assert_eq!(unescaped(r"/\999"), r"/\999");
    }

    #[test]
    fn the_type_is_found_where_the_name_holds_a_space() {
        let mounts = "tank/my\\040data /my\\040data zfs rw 0 0\nmemory /my\\040cache tmpfs rw 0 0\n";
        let blocks = "tank/my data 100 10 90 10% /my data\nmemory 100 10 90 10% /my cache\n";
        assert_eq!(places(mounts, blocks), ["/my data"]);
    }

    #[test]
    fn of_mounts_over_each_other_the_last_is_seen() {
        let mounts = "/dev/sda1 /mnt ext4 rw 0 0\ntmpfs /mnt tmpfs rw 0 0\n";
        assert_eq!(places(mounts, "/dev/sda1 100 10 90 10% /mnt\n"), Vec::<String>::new());
    }

    #[test]
    fn without_a_mount_table_only_devices_count() {
        let blocks = format!("{HEADING}tmpfs 100 10 90 10% /run\n/dev/sda1 100 10 90 10% /\n");
        let found = parse(None, &blocks, None).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].device, "/dev/sda1");
    }

    #[test]
    fn a_line_is_read_from_its_middle() {
        let read = |line| row(line).map(|row| (row.device, row.mountpoint, row.fill));
        let fill = Fill::new(100, 10, 90);
        assert_eq!(read("a 1 b   100 10 90 10% /x  2 3%"), Some(("a 1 b".into(), "/x  2 3%".into(), fill)));
        assert_eq!(read("udev - - - - /dev"), Some(("udev".into(), "/dev".into(), None)));
        for other in
            [HEADING.trim(), "", "100 10 90 10% /x", "a 100 10 90 10 /x", "a 100 -10 90 10% /x", "a 100 10 90 10% x"]
        {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn sizes_that_cannot_be_cost_only_their_filesystem() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /b ext4 rw 0 0\n";
        let blocks = "/dev/sda1 18446744073709551615 10 90 10% /\n/dev/sdb1 100 10 90 10% /b\n";
        assert_eq!(places(mounts, blocks), ["/b"]);
    }
}
