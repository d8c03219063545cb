//! The file on the disk: who may read it.
//!
//! SQLite gives its `-wal` and `-shm` files the mode of the database, so it is enough that the database has the right one
//! before SQLite opens it. The database is never opened here while it may be open elsewhere in this process: closing it would
//! drop the locks that SQLite holds on it (<https://www.sqlite.org/howtocorrupt.html>, 2.2).

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Result, StoreError};

/// Creates the folder (0700) of a file where it is missing.
pub(crate) fn create_folder_of(path: &Path) -> Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => create_folder(folder).map_err(|error| StoreError::from_io(error, folder)),
        None => Ok(()),
    }
}

/// Creates the folder (0700) and an empty file (0600) where they are missing.
pub(crate) fn create(path: &Path) -> Result<()> {
    create_folder_of(path)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::from_io(error, path)),
    }
}

/// Takes away what others than the owner may do with the file and those beside it.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match set_mode(&path, 0o600) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(StoreError::from_io(error, &path)),
            _ => {}
        }
    }
    Ok(())
}

/// The size of the file in bytes.
pub(crate) fn size(path: &Path) -> Result<u64> {
    fs::metadata(path).map(|metadata| metadata.len()).map_err(|error| StoreError::from_io(error, path))
}

/// The size of the write-ahead log in bytes; 0 where there is none.
pub(crate) fn log_size(path: &Path) -> Result<u64> {
    match size(&beside(path, "-wal")) {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(0),
        size => size,
    }
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => set_mode(folder, 0o700),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if fs::metadata(path)?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

/// The file of that name with something behind it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
