//! Lock files: one schedule per data directory, and one collection of a server at a time, whichever process makes it.
//!
//! The operating system holds the locks (`flock` on Linux), so they end with the process, however it ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// The lock, or nothing where another process holds it.
    pub(crate) fn try_take(path: &Path) -> io::Result<Option<Self>> {
        Self::of(path, File::try_lock)
    }

    /// A share of the lock, which many can hold at once; nothing where another process has it alone.
    pub(crate) fn try_share(path: &Path) -> io::Result<Option<Self>> {
        Self::of(path, File::try_lock_shared)
    }

    fn of(path: &Path, try_lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<Self>> {
        if let Some(folder) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match try_lock(&file) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The lock, once whoever holds it lets go; nothing when that takes longer than `patience`.
    pub(crate) async fn take(path: PathBuf, patience: Duration) -> io::Result<Option<Self>> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            if let Some(lock) = Self::try_take(&path)? {
                return Ok(Some(lock));
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(None);
            }
            // The kernel can wait for a lock, but only with a thread that cannot be cancelled.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_share_a_lock_or_one_has_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/data.lock");
        let shares = [Lock::try_share(&path).unwrap(), Lock::try_share(&path).unwrap()];
        assert!(shares.iter().all(Option::is_some));
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(shares);
        let alone = Lock::try_take(&path).unwrap();
        assert!(alone.is_some());
        assert!(Lock::try_share(&path).unwrap().is_none());
    }

    #[test]
    fn only_one_holds_a_lock_and_it_ends_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/schedule.lock");
        let first = Lock::try_take(&path).unwrap();
        assert!(first.is_some());
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(first);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
