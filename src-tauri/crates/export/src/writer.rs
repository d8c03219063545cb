//! One face for the formats.

use std::io::{self, Write};

use crate::destination::{Destination, Sink};
use crate::json::Array;
use crate::spreadsheet::{Book, MOST_ROWS, Trouble};
use crate::table::{Cell, Column, Table};
use crate::text::{harmless, moment};
use crate::{ExportError, Format};

/// Writes tables, row by row. Dropped before [`Self::finish`], it leaves nothing behind.
pub struct Writer {
    kind: Kind,
    rows: u64,
    width: usize,
}

enum Kind {
    Csv { begun: bool, csv: Box<csv::Writer<Sink>> },
    Json { array: Option<Array>, sink: Sink },
    Xlsx { book: Box<Book>, sink: Sink },
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// Rows, without headings.
    pub rows: u64,
    /// Sheets of a workbook; 1 in other formats.
    pub sheets: usize,
}

impl Writer {
    /// Opens a destination. Nothing stands there before [`Self::finish`], except in a stream.
    ///
    /// # Errors
    /// The file exists already, its folder does not, or it may not be written.
    pub fn open(format: Format, destination: Destination) -> Result<Self, ExportError> {
        Self::with_sheets_of(MOST_ROWS, format, destination)
    }

    /// The same with smaller sheets.
    pub(crate) fn with_sheets_of(rows: u32, format: Format, destination: Destination) -> Result<Self, ExportError> {
        let sink = destination.open()?;
        let kind = match format {
            Format::Csv => Kind::Csv { begun: false, csv: Box::new(csv::Writer::from_writer(sink)) },
            Format::Json => Kind::Json { array: None, sink },
            Format::Xlsx => {
                let book = Book::new(sink.folder(), rows).map_err(|trouble| told(&sink, trouble))?;
                Kind::Xlsx { book: Box::new(book), sink }
            }
        };
        Ok(Self { kind, rows: 0, width: 0 })
    }

    /// Begins a table. The rows that follow belong to it.
    ///
    /// # Errors
    /// The destination does not take it; [`ExportError::SingleTable`] for a second one outside a workbook.
    pub fn table(&mut self, name: &str, columns: &[Column]) -> Result<(), ExportError> {
        self.width = columns.len();
        match &mut self.kind {
            Kind::Csv { begun: true, .. } | Kind::Json { array: Some(_), .. } => Err(ExportError::SingleTable),
            Kind::Csv { begun, csv } => {
                *begun = true;
                let headings = columns.iter().map(|column| harmless(&column.heading()).into_owned());
                csv.write_record(headings).map_err(|error| csv.get_ref().failed(of_csv(error)))
            }
            Kind::Json { array, sink } => {
                *array = Some(Array::begin(columns, sink).map_err(|error| sink.failed(error))?);
                Ok(())
            }
            Kind::Xlsx { book, sink } => book.sheet(name, columns).map_err(|trouble| told(sink, trouble)),
        }
    }

    /// A row of the table that was begun last: a cell for every column. Cells that are missing are empty, those beyond the
    /// columns are left out, and so is a row before the first table.
    ///
    /// # Errors
    /// The destination does not take it.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        let cells = cells.get(..self.width).unwrap_or(cells);
        match &mut self.kind {
            Kind::Csv { begun: false, .. } | Kind::Json { array: None, .. } => return Ok(()),
            Kind::Csv { csv, .. } => {
                let written = (|| {
                    cells.iter().try_for_each(|cell| field(csv, cell))?;
                    (cells.len()..self.width).try_for_each(|_| csv.write_field(""))?;
                    csv.write_record(None::<&[u8]>)
                })();
                written.map_err(|error| csv.get_ref().failed(of_csv(error)))?;
            }
            Kind::Json { array: Some(array), sink } => {
                array.row(self.rows == 0, cells, sink).map_err(|error| sink.failed(error))?;
            }
            Kind::Xlsx { book, sink } => book.row(cells).map_err(|trouble| told(sink, trouble))?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes a whole table.
    ///
    /// # Errors
    /// As [`Self::table`] and [`Self::row`].
    pub fn whole(&mut self, table: &Table) -> Result<(), ExportError> {
        self.table(&table.name, &table.columns)?;
        table.rows.iter().try_for_each(|row| self.row(row))
    }

    /// Completes the file and lets it stand under its name.
    ///
    /// # Errors
    /// The destination does not take it; then nothing is left there.
    pub fn finish(self) -> Result<Written, ExportError> {
        let (written, sink) = self.assembled()?;
        sink.complete()?;
        Ok(written)
    }

    /// The same, unless it has been given up by the time all is put together: then nothing is left, as if it were dropped.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn finish_unless(self, given_up: impl FnOnce() -> bool) -> Result<Option<Written>, ExportError> {
        let (written, sink) = self.assembled()?;
        if given_up() {
            return Ok(None);
        }
        sink.complete()?;
        Ok(Some(written))
    }

    fn assembled(self) -> Result<(Written, Sink), ExportError> {
        let mut written = Written { rows: self.rows, sheets: 1 };
        let sink = match self.kind {
            Kind::Csv { mut csv, .. } => {
                csv.flush().map_err(|error| csv.get_ref().failed(error))?;
                csv.into_inner().map_err(|error| {
                    let kind = error.error().kind();
                    error.into_inner().get_ref().failed(kind.into())
                })?
            }
            Kind::Json { array, mut sink } => {
                if array.is_none() {
                    Array::begin(&[], &mut sink).map_err(|error| sink.failed(error))?;
                }
                Array::end(&mut sink).map_err(|error| sink.failed(error))?;
                sink
            }
            Kind::Xlsx { book, mut sink } => {
                written.sheets = book.sheets();
                book.save(&mut sink).map_err(|trouble| told(&sink, trouble))?;
                sink
            }
        };
        Ok((written, sink))
    }
}

fn told(sink: &Sink, trouble: Trouble) -> ExportError {
    match trouble {
        Trouble::Disk(error) => sink.failed(error),
        Trouble::Other(error) => error,
    }
}

/// The failure of the disk or the pipe, which the library wraps.
fn of_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn field(csv: &mut csv::Writer<impl Write>, cell: &Cell<'_>) -> csv::Result<()> {
    match cell {
        Cell::Empty => csv.write_field(""),
        Cell::Number(number) if !number.is_finite() => csv.write_field(""),
        Cell::Text(text) => csv.write_field(harmless(text).as_ref()),
        Cell::Number(number) => csv.write_field(number.to_string()),
        Cell::Flag(flag) => csv.write_field(flag.to_string()),
        Cell::Time(at) => csv.write_field(moment(*at)),
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Reader, Xlsx};

    use super::*;

    #[test]
    fn a_full_sheet_goes_on_in_another_one_with_the_same_headings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.xlsx");
        let file = Destination::File { path: path.clone(), replace: false };
        let mut writer = Writer::with_sheets_of(4, Format::Xlsx, file).unwrap();
        for name in ["web", "db"] {
            writer.table(name, &[Column::words("place")]).unwrap();
            for place in 0..7_u32 {
                writer.row(&[place.into()]).unwrap();
            }
        }
        assert_eq!(writer.finish().unwrap(), Written { rows: 14, sheets: 6 });

        let mut book: Xlsx<_> = calamine::open_workbook(path).unwrap();
        assert_eq!(book.sheet_names(), ["web", "web (2)", "web (3)", "db", "db (2)", "db (3)"]);
        let rows = |book: &mut Xlsx<_>, name: &str| -> Vec<String> {
            book.worksheet_range(name).unwrap().rows().map(|row| row.first().unwrap().to_string()).collect()
        };
        assert_eq!(rows(&mut book, "web"), ["place", "0", "1", "2"]);
        assert_eq!(rows(&mut book, "web (3)"), ["place", "6"]);
    }
}
