//! Why a table could not be written.

use std::io;
use std::path::PathBuf;

use rust_xlsxwriter::XlsxError;
use thiserror::Error;

/// Why a table could not be written. Whatever it is, nothing stands at the destination that did not stand there before.
#[derive(Debug, Error)]
pub enum ExportError {
    /// There is a file of that name, and it was not to be replaced.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// What has that name is a folder, a device or a pipe.
    #[error("`{}` is no regular file", .0.display())]
    NotAFile(PathBuf),
    /// The folder in which the file would stand is not there.
    #[error("there is no folder `{}`", .0.display())]
    NoFolder(PathBuf),
    /// The file cannot be written.
    #[error("`{}` cannot be written: {error}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What the table is streamed to does not take it.
    #[error("the output cannot be written: {0}")]
    Stream(io::Error),
    /// A sheet cannot have so many columns.
    #[error("a sheet of a workbook holds {most} columns, and `{sheet}` has {columns}")]
    Columns {
        /// Which table.
        sheet: String,
        /// How many columns it has.
        columns: usize,
        /// How many there may be.
        most: usize,
    },
    /// The format holds a single table.
    #[error("such a file holds a single table")]
    SingleTable,
    /// The workbook cannot be put together.
    #[error("the workbook cannot be put together: {0}")]
    Workbook(Box<XlsxError>),
}

impl ExportError {
    /// What a person can do about it, in a sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Exists(_) => "Choose another name, or let it be replaced (`--force` on the command line).",
            Self::NotAFile(_) => "Choose the name of a file.",
            Self::NoFolder(_) => "Make the folder first, or choose another one.",
            Self::Write { error, .. } | Self::Stream(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "Make room there, or choose another place."
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "Choose a folder that you may write to."
                }
                _ => "Choose another place, and try again.",
            },
            Self::Columns { .. } => "Export fewer metrics or servers at once, or as CSV, where each value has a row.",
            Self::SingleTable => "Export the tables one by one, or as XLSX.",
            Self::Workbook(_) => "Export as CSV.",
        }
    }

    /// Whether whoever read the stream has seen enough.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What a workbook reports, as far as the disk is the cause.
pub(crate) fn cause(error: XlsxError) -> Result<io::Error, Box<XlsxError>> {
    match error {
        XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => Ok(error),
        XlsxError::ZipError(error) => Ok(error.into()),
        other => Err(Box::new(other)),
    }
}
