//! A private folder beside a file, in which the next version of that file is made.
//!
//! On the same disk as the file, so that what is finished takes its place in one step; and a folder (0700) rather than a file,
//! so that what SQLite puts beside a database is private and gone with it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Result, StoreError};

/// Gone with everything in it when it is dropped.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
}

impl Workplace {
    /// A workplace beside `target`, whose folder has to be there.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = target.with_file_name(format!(".{name}.{}-{count}.part", std::process::id()));
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&folder) {
                Ok(()) => return Ok(Self { folder }),
                // Left behind by a process that was killed and had the same number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // Nothing that a person could act on: what is left is hidden, private and named after its purpose.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes durable what a file holds.
pub(crate) fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

/// Makes durable which names stand in the folder of `file`.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // Elsewhere than on Unix a folder cannot be opened, and names are durable without it.
        Some(folder) if cfg!(unix) => sync(folder),
        _ => Ok(()),
    }
}

/// Where a file will stand: behind a link, what the link names. A folder, a device or a pipe is never renamed over.
///
/// # Errors
/// [`StoreError::NotAFile`], [`StoreError::NoFolder`], and [`StoreError::Exists`] unless `overwrite`.
pub(crate) fn place(path: &Path, overwrite: bool) -> Result<PathBuf> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::NotAFile { path: path.to_owned() }),
        Ok(_) if !overwrite => Err(StoreError::Exists { path: path.to_owned() }),
        Ok(_) => fs::canonicalize(path).map_err(|error| StoreError::from_io(error, path)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(StoreError::NotAFile { path: path.to_owned() });
            };
            match fs::canonicalize(folder) {
                Ok(folder) => Ok(folder.join(name)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    Err(StoreError::NoFolder { path: folder.to_owned() })
                }
                Err(error) => Err(StoreError::from_io(error, folder)),
            }
        }
        Err(error) => Err(StoreError::from_io(error, path)),
    }
}

/// Gives a finished file its name. Where another file has it, that one is replaced, or stays and is an error.
pub(crate) fn put(finished: &Path, target: &Path, overwrite: bool) -> io::Result<()> {
    if overwrite {
        fs::rename(finished, target)?;
    } else {
        match fs::hard_link(finished, target) {
            // Not every file system knows links; then another process has an instant to put a file of that name there.
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !target.exists() => fs::rename(finished, target)?,
            linked => linked?,
        }
    }
    sync_folder(target)
}

/// Writes a file (0600, whatever the umask) that is there whole or not at all. One of that name is replaced only where
/// `overwrite`.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::NoFolder`], [`StoreError::NotAFile`], and those of the disk.
pub fn write_file(path: &Path, bytes: &[u8], overwrite: bool) -> Result<()> {
    let path = &place(path, overwrite)?;
    let write = || {
        let workplace = Workplace::beside(path)?;
        let file = workplace.file("new");
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut new = options.open(&file)?;
        new.write_all(bytes)?;
        new.sync_all()?;
        put(&file, path, overwrite)
    };
    write().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::Exists { path: path.to_owned() },
        _ => StoreError::from_io(error, path),
    })
}
