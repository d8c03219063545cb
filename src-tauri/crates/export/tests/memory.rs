//! A million values pass through; they are never held.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)] // a test may fail loudly
#![cfg(target_os = "linux")]

use hostrounds_core::metric::Unit;
use hostrounds_core::time::UnixMillis;
use hostrounds_export::{Cell, Column, Destination, Format, Writer};

/// What a writer may need, in KiB. A workbook that holds its rows takes several times as much for the fewest of these.
const MOST: u64 = 8 * 1024;

/// A workbook is slow to write without optimisation; a tenth of the values shows it too.
fn values(format: Format) -> u32 {
    if format == Format::Xlsx { 100_000 } else { 1_000_000 }
}

/// The most memory that this process ever held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_million_values_need_the_memory_of_a_few() {
    let folder = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let (before, values) = (peak(), values(format));
        let path = folder.path().join(format.extension());
        let mut writer = Writer::open(format, Destination::File { path: path.clone(), replace: false }).unwrap();
        let columns = [Column::moments("time"), Column::words("server"), Column::of(Unit::Ratio, "value")];
        writer.table("web", &columns).unwrap();
        for place in 0..values {
            let at = UnixMillis(1_764_000_000_000 + 2_000 * i64::from(place));
            writer.row(&[at.into(), Cell::from("web"), (f64::from(place) / 3e6).into()]).unwrap();
        }
        assert_eq!(writer.finish().unwrap().rows, u64::from(values));
        let grown = peak() - before;
        let size = std::fs::metadata(&path).unwrap().len() / 1024;
        eprintln!("{format:?}: {values} rows, {size} KiB, peak grew by {grown} KiB");
        assert!(grown < MOST, "{format:?} took {grown} KiB");
    }
}
