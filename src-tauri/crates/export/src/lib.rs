//! Tables written as CSV, JSON and XLSX, row by row, in memory that does not grow with them.
//!
//! Rows come from anywhere; this crate knows neither the store nor the engine. What is begun stands under its name only when it
//! is complete: a file is written beside its place and renamed at the end.

mod destination;
mod error;
mod format;
mod json;
mod spreadsheet;
mod table;
mod text;
mod writer;

pub use destination::{Destination, Sink};
pub use error::ExportError;
pub use format::Format;
pub use table::{Cell, Column, Holds, Table};
pub use writer::{Writer, Written};
