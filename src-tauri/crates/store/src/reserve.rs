//! A reserve on the disk, for the day on which it is full: giving up history has to write before it makes room.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use crate::{Result, Store, StoreError, file};

/// Enough for the log of a few hundred steps.
const RESERVE: usize = 8 << 20;

impl Store {
    fn reserve(&self) -> PathBuf {
        file::beside(&self.path, "-reserve")
    }

    /// Sets the reserve aside where it is missing. Where there is no room for it now, it is tried again another time.
    pub async fn keep_reserve(&self) -> Result<()> {
        let path = self.reserve();
        let kept = tokio::task::spawn_blocking(move || {
            if fs::metadata(&path).is_ok_and(|there| there.len() == RESERVE as u64) {
                return Ok(());
            }
            // Twice as much has to be there, so that setting it aside is not what fills the disk.
            let probe = file::beside(&path, "-probe");
            let written = write_private(&probe, 2 * RESERVE);
            let _ = fs::remove_file(&probe);
            written.and_then(|()| write_private(&path, RESERVE)).inspect_err(|_| {
                let _ = fs::remove_file(&path);
            })
        });
        match kept.await.map_err(std::io::Error::other).flatten() {
            Err(error) if error.kind() == ErrorKind::StorageFull => Ok(()),
            kept => kept.map_err(|error| StoreError::from_io(error, &self.reserve())),
        }
    }

    /// Gives the reserve back to the disk. Answers whether there was one.
    pub async fn spend_reserve(&self) -> bool {
        tokio::fs::remove_file(self.reserve()).await.is_ok()
    }
}

/// Bytes that take their full room on the disk also where it compresses.
fn write_private(path: &std::path::Path, bytes: usize) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // The generator of Marsaglia's "Xorshift RNGs" (2003): nothing secret, only not compressible.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut block = Vec::with_capacity(1 << 16);
    let mut left = bytes;
    while left > 0 {
        block.clear();
        while block.len() < left.min(1 << 16) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        block.truncate(left);
        file.write_all(&block)?;
        left -= block.len();
    }
    file.sync_all()
}
