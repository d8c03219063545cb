//! JSON: one array, so that it can be read whole, with a row on each line, so that it can also be read line by line.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::table::{Cell, Column};
use crate::text;

/// Numbers that are whole up to here are written without a point: every reader holds them exactly.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Writes rows into an array that is still open.
pub(crate) struct Array {
    names: Vec<String>,
}

impl Array {
    pub(crate) fn begin(columns: &[Column], sink: &mut impl Write) -> io::Result<Self> {
        sink.write_all(b"[")?;
        Ok(Self { names: columns.iter().map(|column| column.name.clone().into_owned()).collect() })
    }

    /// A row; what is not known is left out.
    pub(crate) fn row(&self, first: bool, cells: &[Cell<'_>], sink: &mut impl Write) -> io::Result<()> {
        sink.write_all(if first { b"\n" } else { b",\n" })?;
        serde_json::to_writer(sink, &Row { names: &self.names, cells })?;
        Ok(())
    }

    pub(crate) fn end(sink: &mut impl Write) -> io::Result<()> {
        sink.write_all(b"\n]\n")
    }
}

struct Row<'a> {
    names: &'a [String],
    cells: &'a [Cell<'a>],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, cell) in self.names.iter().zip(self.cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => map.serialize_entry(name, text)?,
                Cell::Number(number) if !number.is_finite() => {}
                #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
                Cell::Number(number) if number.fract() == 0.0 && number.abs() < WHOLE => {
                    map.serialize_entry(name, &(*number as i64))?;
                }
                Cell::Number(number) => map.serialize_entry(name, number)?,
                Cell::Flag(flag) => map.serialize_entry(name, flag)?,
                Cell::Time(at) => map.serialize_entry(name, &text::moment(*at))?,
            }
        }
        map.end()
    }
}
