//! When a file stands at its place, and when it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // a test may fail loudly

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use hostrounds_export::{Cell, Column, Destination, ExportError, Format, Writer, Written};
use tempfile::TempDir;

fn file(path: &Path, replace: bool) -> Destination {
    Destination::File { path: path.to_owned(), replace }
}

fn begun(format: Format, destination: Destination) -> Writer {
    let mut writer = Writer::open(format, destination).unwrap();
    writer.table("t", &[Column::words("name")]).unwrap();
    for _ in 0..100 {
        writer.row(&[Cell::from("web")]).unwrap();
    }
    writer
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_when_it_is_complete_and_is_for_its_owner_alone() {
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let writer = begun(format, file(&path, false));
        assert!(!path.exists());
        assert_eq!(writer.finish().unwrap(), Written { rows: 100, sheets: 1 });
        assert_eq!(names(&folder), ["out"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_given_up_leaves_nothing_and_what_stood_there_stays() {
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "before").unwrap();
        let writer = begun(format, file(&path, true));
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        drop(writer);
        assert_eq!(names(&folder), ["out"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    }
}

#[test]
fn a_file_is_replaced_only_where_that_was_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "before").unwrap();
    assert!(matches!(Writer::open(Format::Csv, file(&path, false)), Err(ExportError::Exists(_))));
    begun(Format::Csv, file(&path, true)).finish().unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("name\nweb\n"));
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let writer = begun(Format::Csv, file(&path, false));
    fs::write(&path, "somebody else's").unwrap();
    assert!(matches!(writer.finish(), Err(ExportError::Exists(_))));
    assert_eq!(names(&folder), ["out"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
}

#[test]
fn a_link_is_followed_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("out"), folder.path().join("link"));
    fs::write(&path, "before").unwrap();
    symlink(&path, &link).unwrap();
    begun(Format::Csv, file(&link, true)).finish().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&path).unwrap().starts_with("name\n"));
}

#[test]
fn what_is_no_file_is_never_renamed_over() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), Path::new("/dev/null")] {
        assert!(matches!(Writer::open(Format::Csv, file(path, true)), Err(ExportError::NotAFile(_))));
    }
    let missing = folder.path().join("missing").join("out");
    assert!(matches!(Writer::open(Format::Csv, file(&missing, true)), Err(ExportError::NoFolder(_))));
}

#[test]
fn a_full_disk_and_a_closed_pipe_are_told_as_such() {
    for format in Format::ALL {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = begun(format, Destination::Stream(Box::new(full))).finish().unwrap_err();
        assert!(
            matches!(&error, ExportError::Stream(cause) if cause.kind() == io::ErrorKind::StorageFull),
            "{error:?}"
        );
        assert!(error.hint().contains("room"), "{}", error.hint());

        let (reader, pipe) = io::pipe().unwrap();
        drop(reader);
        let error = begun(format, Destination::Stream(Box::new(pipe))).finish().unwrap_err();
        assert!(error.is_closed_pipe(), "{error:?}");
    }
}

#[test]
fn only_a_workbook_holds_several_tables() {
    for format in [Format::Csv, Format::Json] {
        let mut writer = begun(format, Destination::Stream(Box::new(io::sink())));
        assert!(matches!(writer.table("u", &[]), Err(ExportError::SingleTable)));
    }
    let mut writer = begun(Format::Xlsx, Destination::Stream(Box::new(io::sink())));
    writer.table("t", &[Column::words("name")]).unwrap();
    assert_eq!(writer.finish().unwrap(), Written { rows: 100, sheets: 2 });
}
