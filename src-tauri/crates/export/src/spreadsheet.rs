//! XLSX: a workbook whose rows leave the memory as they are written.
//!
//! Text is written as text, never as a formula, and needs no `'` for it. A sheet that is full goes on in another one.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use hostrounds_core::metric::Unit;
use hostrounds_core::time::UnixMillis;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::ExportError;
use crate::error::cause;
use crate::table::{Cell, Column, Holds};
use crate::text;

/// The rows of a sheet, its headings included (<https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>,
/// as the limits below).
pub(crate) const MOST_ROWS: u32 = 1_048_576;
/// The columns of a sheet.
const MOST_COLUMNS: usize = 16_384;
/// The characters of a cell.
const MOST_TEXT: usize = 32_767;
/// The characters of the name of a sheet.
const MOST_NAME: usize = 31;

/// 1970-01-01 as days since the beginning of the calendar of Excel.
const EPOCH: f64 = 25_569.0;
/// 1900-03-01 and 10000-01-01: before the one Excel counts a day too many, from the other on it has no dates.
const DAYS: std::ops::Range<f64> = 61.0..2_958_466.0;
const DAY: f64 = 86_400_000.0;

/// How wide a column with moments is, and any other, in characters.
const TIME_WIDTH: f64 = 23.0;
const WIDTHS: std::ops::RangeInclusive<f64> = 12.0..=40.0;

/// A workbook that is being written.
pub(crate) struct Book {
    workbook: Workbook,
    looks: Looks,
    names: HashSet<String>,
    sheet: Option<Sheet>,
    most_rows: u32,
}

/// The sheet that is being written.
struct Sheet {
    index: usize,
    name: String,
    columns: Vec<Column>,
    looks: Vec<Option<Look>>,
    next: u32,
}

struct Looks {
    heading: Format,
    time: Format,
    percent: Format,
    bytes: Format,
}

#[derive(Clone, Copy)]
enum Look {
    Percent,
    Bytes,
}

/// What can go wrong; the caller knows where it was to be written.
pub(crate) enum Trouble {
    Disk(io::Error),
    Other(ExportError),
}

impl From<XlsxError> for Trouble {
    fn from(error: XlsxError) -> Self {
        match cause(error) {
            Ok(error) => Self::Disk(error),
            Err(error) => Self::Other(ExportError::Workbook(error)),
        }
    }
}

type Result<T> = std::result::Result<T, Trouble>;

impl Book {
    /// A workbook without a sheet. What it must put aside goes to `folder`, by default to that of the system, where nobody else
    /// can read it and it is gone with the process.
    pub(crate) fn new(folder: Option<&Path>, most_rows: u32) -> Result<Self> {
        let mut workbook = Workbook::new();
        if let Some(folder) = folder {
            workbook.set_tempdir(folder)?;
        }
        let looks = Looks {
            heading: Format::new().set_bold(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            percent: Format::new().set_num_format("0.0%"),
            bytes: Format::new().set_num_format("#,##0"),
        };
        Ok(Self { workbook, looks, names: HashSet::new(), sheet: None, most_rows })
    }

    /// Begins a sheet.
    pub(crate) fn sheet(&mut self, name: &str, columns: &[Column]) -> Result<()> {
        let taken = self.free_name(name);
        if columns.len() > MOST_COLUMNS {
            return Err(Trouble::Other(ExportError::Columns {
                sheet: name.to_owned(),
                columns: columns.len(),
                most: MOST_COLUMNS,
            }));
        }
        let index = self.names.len();
        self.names.insert(taken.to_lowercase());
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(taken)?;
        sheet.set_freeze_panes(1, 0)?;
        for (place, column) in (0_u16..).zip(columns) {
            sheet.set_column_width(place, width(column))?;
        }
        for (place, column) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(0, place, cut(&heading(column)), &self.looks.heading)?;
        }
        self.sheet = Some(Sheet {
            index,
            name: name.to_owned(),
            columns: columns.to_vec(),
            looks: columns.iter().map(look).collect(),
            next: 1,
        });
        Ok(())
    }

    /// A row of the sheet that was begun last.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        if let Some(full) = self.sheet.take_if(|sheet| sheet.next >= self.most_rows) {
            self.sheet(&full.name, &full.columns)?;
        }
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        let page = self.workbook.worksheet_from_index(sheet.index)?;
        for ((place, cell), look) in (0_u16..).zip(cells).zip(&sheet.looks) {
            write(page, sheet.next, place, cell, *look, &self.looks)?;
        }
        sheet.next += 1;
        Ok(())
    }

    /// How many sheets there are.
    pub(crate) fn sheets(&self) -> usize {
        self.names.len()
    }

    /// Puts the workbook together.
    pub(crate) fn save(mut self, sink: impl io::Write + Send) -> Result<()> {
        Ok(self.workbook.save_to_writer(sink)?)
    }

    /// A name that a sheet may have and none has yet, whatever the case of its letters.
    fn free_name(&self, wanted: &str) -> String {
        let allowed: String =
            wanted.chars().map(|c| if c.is_control() || "[]:*?/\\".contains(c) { '_' } else { c }).collect();
        let trimmed = allowed.trim().trim_matches('\'');
        // Excel keeps this name for itself.
        let reserved = trimmed.eq_ignore_ascii_case("history");
        let plain = if trimmed.is_empty() || reserved {
            format!("{trimmed} values").trim().to_owned()
        } else {
            trimmed.to_owned()
        };
        let mut number = 1_u32;
        loop {
            let suffix = if number == 1 { String::new() } else { format!(" ({number})") };
            let room = MOST_NAME - suffix.len();
            let name = format!("{}{suffix}", first_units(&plain, room).trim_end_matches('\''));
            if !self.names.contains(&name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

fn write(
    page: &mut Worksheet,
    row: u32,
    place: u16,
    cell: &Cell<'_>,
    look: Option<Look>,
    looks: &Looks,
) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Number(number) if !number.is_finite() => return Ok(()),
        Cell::Text(text) => page.write_string(row, place, cut(text))?,
        Cell::Number(number) => match look {
            Some(Look::Percent) => page.write_number_with_format(row, place, *number, &looks.percent)?,
            Some(Look::Bytes) => page.write_number_with_format(row, place, *number, &looks.bytes)?,
            None => page.write_number(row, place, *number)?,
        },
        Cell::Flag(flag) => page.write_boolean(row, place, *flag)?,
        Cell::Time(at) => match day(*at) {
            Some(day) => page.write_number_with_format(row, place, day, &looks.time)?,
            None => page.write_string(row, place, text::moment(*at))?,
        },
    };
    Ok(())
}

/// A moment as Excel counts: days with their fractions. In UTC, since it knows no time zones.
fn day(at: UnixMillis) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of these days are far below 2^53")]
    let day = at.0 as f64 / DAY + EPOCH;
    DAYS.contains(&day).then_some(day)
}

fn look(column: &Column) -> Option<Look> {
    let Holds::Quantities(unit) = column.holds else { return None };
    match unit {
        Unit::Ratio => Some(Look::Percent),
        Unit::Bytes | Unit::BytesPerSecond => Some(Look::Bytes),
        Unit::Count | Unit::PerSecond | Unit::Seconds | Unit::Celsius | Unit::Flag => None,
    }
}

/// What stands above a column. A moment in a sheet cannot say its time zone.
fn heading(column: &Column) -> String {
    if column.holds == Holds::Moments { format!("{} (UTC)", column.heading()) } else { column.heading() }
}

/// How wide a column is, in characters; its values are not known yet.
fn width(column: &Column) -> f64 {
    match column.holds {
        Holds::Moments => TIME_WIDTH,
        Holds::Words | Holds::Quantities(_) => {
            let letters = u8::try_from(heading(column).chars().count()).unwrap_or(u8::MAX);
            f64::from(letters).clamp(*WIDTHS.start(), *WIDTHS.end())
        }
    }
}

fn cut(text: &str) -> &str {
    first_units(text, MOST_TEXT)
}

/// The beginning of a text that is at most so long in UTF-16, in which Excel counts.
fn first_units(text: &str, most: usize) -> &str {
    let mut left = most;
    let end = text.char_indices().find(|(_, c)| match left.checked_sub(c.len_utf16()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_one_that_a_sheet_may_have() {
        let mut book = Book::new(None, MOST_ROWS).ok().unwrap();
        let mut taken = |name: &str| {
            let free = book.free_name(name);
            book.names.insert(free.to_lowercase());
            free
        };
        assert_eq!(taken("web"), "web");
        assert_eq!(taken("WEB"), "WEB (2)");
        assert_eq!(taken("a/b:c[d]*?\\"), "a_b_c_d____");
        assert_eq!(taken("'quoted'"), "quoted");
        assert_eq!(taken("History"), "History values");
        assert_eq!(taken(""), "values");
        assert_eq!(taken(&"x".repeat(40)), "x".repeat(31));
        assert_eq!(taken(&"x".repeat(40)), format!("{} (2)", "x".repeat(27)));
        assert_eq!(taken(&"😀".repeat(40)), "😀".repeat(15));
    }

    #[test]
    fn a_moment_is_a_day_of_excel() {
        assert_eq!(day(UnixMillis(0)), Some(25_569.0));
        assert_eq!(day(UnixMillis(1_764_000_000_000)), Some(25_569.0 + 1_764_000_000.0 / 86_400.0));
        assert_eq!(day(UnixMillis(i64::MAX)), None);
        assert_eq!(day(UnixMillis(i64::MIN)), None);
    }
}
