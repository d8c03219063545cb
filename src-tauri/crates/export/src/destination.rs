//! Where a table is written to: a file that appears when it is complete, or a stream.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, PersistError};

use crate::ExportError;

/// Where a table goes.
pub enum Destination {
    /// A file with mode 0600.
    File {
        /// Its place.
        path: PathBuf,
        /// Whether a file that stands there already is replaced, once the new one is complete.
        replace: bool,
    },
    /// Whatever takes bytes, as they come.
    Stream(Box<dyn Write + Send>),
}

/// An open destination, for whoever writes something else than a table. A file that is not completed is removed.
pub enum Sink {
    /// A file that has no name yet.
    File {
        /// Where it will stand.
        path: PathBuf,
        /// Whether what stands there is replaced.
        replace: bool,
        /// What is written so far.
        unfinished: BufWriter<NamedTempFile>,
    },
    /// A stream.
    Stream(BufWriter<Box<dyn Write + Send>>),
}

impl Destination {
    /// Opens it. Nothing stands at its place yet.
    ///
    /// # Errors
    /// A file that may not be replaced, what is no file, a folder that is not there, or what the system says.
    pub fn open(self) -> Result<Sink, ExportError> {
        match self {
            Self::Stream(stream) => Ok(Sink::Stream(BufWriter::new(stream))),
            Self::File { path, replace } => {
                let path = place(path, replace)?;
                let unfinished = unfinished_beside(&path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => ExportError::NoFolder(folder_of(&path).to_owned()),
                    _ => ExportError::Write { path: path.clone(), error },
                })?;
                Ok(Sink::File { path, replace, unfinished: BufWriter::new(unfinished) })
            }
        }
    }
}

impl Sink {
    /// The folder where what is only needed on the way may stand: on the disk that has to hold the whole anyway.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(folder_of(path)),
            Self::Stream(_) => None,
        }
    }

    /// What went wrong here.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> ExportError {
        match self {
            Self::File { path, .. } => ExportError::Write { path: path.clone(), error },
            Self::Stream(_) => ExportError::Stream(error),
        }
    }

    /// Lets the complete file stand under its name.
    ///
    /// # Errors
    /// A file that came to stand there meanwhile, or what the system says.
    pub fn complete(mut self) -> Result<(), ExportError> {
        if let Err(error) = self.flush() {
            return Err(self.failed(error));
        }
        let Self::File { path, replace, unfinished } = self else { return Ok(()) };
        let failed = |error| ExportError::Write { path: path.clone(), error };
        let unfinished = unfinished.into_inner().map_err(|error| failed(error.into_error()))?;
        // Before it takes the name of a file that was whole, it has to be on the disk itself.
        unfinished.as_file().sync_all().map_err(failed)?;
        let named = if replace { unfinished.persist(&path) } else { unfinished.persist_noclobber(&path) };
        match named {
            Ok(_) => Ok(()),
            Err(PersistError { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ExportError::Exists(path))
            }
            Err(PersistError { error, .. }) => Err(failed(error)),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { unfinished, .. } => unfinished.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { unfinished, .. } => unfinished.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// Where the file will stand: behind a link, what the link names. A device or a pipe is never renamed over.
fn place(path: PathBuf, replace: bool) -> Result<PathBuf, ExportError> {
    match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => Err(ExportError::NotAFile(path)),
        Ok(_) if !replace => Err(ExportError::Exists(path)),
        Ok(_) => fs::canonicalize(&path).map_err(|error| ExportError::Write { path, error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path),
        Err(error) => Err(ExportError::Write { path, error }),
    }
}

/// A file (0600) of another name in the same folder, removed unless it is completed.
fn unfinished_beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".hostrounds-export-").suffix(".part").tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
