//! The mounted filesystems of this computer.
//!
//! `sysinfo` lists them, without those of the network (asking one whose server is gone would hang); their numbers come from
//! `statvfs` where there is one, because `sysinfo` tells neither inodes nor what is reserved for the system.

use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_core::probe::filesystems::{Fill, Mount, add, is_disk, without_duplicates};
use hostrounds_core::text;
use sysinfo::{Disk, DiskRefreshKind, Disks};

/// Adds them to `observation`.
pub(crate) fn read(observation: &mut Observation) {
    let kind = DiskRefreshKind::nothing().with_storage();
    match Disks::new_with_refreshed_list_specifics(kind) {
        Ok(disks) => {
            let mounts = disks.iter().filter_map(mount).collect();
            add(without_duplicates(mounts), observation);
        }
        Err(error) => crate::miss(observation, Family::Filesystems, format!("The mounts cannot be listed: {error}.")),
    }
}

fn mount(disk: &Disk) -> Option<Mount> {
    let mountpoint = disk.mount_point().to_string_lossy();
    if !is_disk(&disk.file_system().to_string_lossy(), &mountpoint) {
        return None;
    }
    let (space, inodes) = fill(disk)?;
    Some(Mount {
        mountpoint: text::name(&mountpoint),
        device: text::name(&disk.name().to_string_lossy()),
        space,
        inodes,
    })
}

/// Bytes and inodes.
#[cfg(unix)]
fn fill(disk: &Disk) -> Option<(Fill, Option<Fill>)> {
    let numbers = rustix::fs::statvfs(disk.mount_point()).ok()?;
    let blocks = |blocks: u64| blocks.checked_mul(numbers.f_frsize);
    let used = blocks(numbers.f_blocks.checked_sub(numbers.f_bfree)?)?;
    let space = Fill::new(blocks(numbers.f_blocks)?, used, blocks(numbers.f_bavail)?)?;
    let inodes =
        numbers.f_files.checked_sub(numbers.f_ffree).and_then(|used| Fill::new(numbers.f_files, used, numbers.f_ffree));
    Some((space, inodes))
}

/// Bytes; inodes are not known here.
#[cfg(not(unix))]
fn fill(disk: &Disk) -> Option<(Fill, Option<Fill>)> {
    let (total, free) = (disk.total_space(), disk.available_space());
    Some((Fill::new(total, total.checked_sub(free)?, free)?, None))
}
