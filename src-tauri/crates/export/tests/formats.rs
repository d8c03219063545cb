//! What stands in the files, read back by readers that are not ours where there are some.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use hostrounds_core::metric::Unit;
use hostrounds_core::time::UnixMillis;
use hostrounds_export::{Cell, Column, Destination, Format, Table, Writer, Written};
use proptest::prelude::*;

/// Names as a server may have chosen them.
const HOSTILE: [&str; 8] = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a,\"b\"\nc", "<b>&\u{1}"];

fn written(format: Format, table: &Table) -> (Vec<u8>, Written) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    let mut writer = Writer::open(format, Destination::File { path: path.clone(), replace: false }).unwrap();
    writer.whole(table).unwrap();
    let end = writer.finish().unwrap();
    (std::fs::read(path).unwrap(), end)
}

fn text(format: Format, table: &Table) -> String {
    String::from_utf8(written(format, table).0).unwrap()
}

fn table() -> Table {
    let at = |millis| Cell::Time(UnixMillis(millis));
    Table {
        name: "local".into(),
        columns: vec![
            Column::moments("time"),
            Column::words("name"),
            Column::of(Unit::Ratio, "share"),
            Column::of(Unit::Bytes, "memory"),
            Column::words("enabled"),
        ],
        rows: vec![
            vec![at(1_764_000_000_000), "web".into(), 0.25.into(), 4_294_967_296.0.into(), true.into()],
            vec![at(1_764_000_000_007), "=cmd|' /C calc'!A0".into(), Cell::Empty, (-1.5).into(), false.into()],
            vec![at(i64::MAX), "données".into(), f64::NAN.into(), 1e-7.into(), Cell::Empty],
        ],
    }
}

#[test]
fn csv_is_text_with_exact_numbers() {
    insta::assert_snapshot!(text(Format::Csv, &table()), @r"
    time,name,share [1],memory [By],enabled
    2025-11-24T16:00:00.000Z,web,0.25,4294967296,true
    2025-11-24T16:00:00.007Z,'=cmd|' /C calc'!A0,,-1.5,false
    9223372036854775807,données,,0.0000001,
    ");
}

#[test]
fn json_is_one_array_with_a_row_per_line() {
    let json = text(Format::Json, &table());
    insta::assert_snapshot!(json, @r#"
    [
    {"time":"2025-11-24T16:00:00.000Z","name":"web","share":0.25,"memory":4294967296,"enabled":true},
    {"time":"2025-11-24T16:00:00.007Z","name":"=cmd|' /C calc'!A0","memory":-1.5,"enabled":false},
    {"time":"9223372036854775807","name":"données","memory":1e-7}
    ]
    "#);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap().as_array().unwrap().len(), 3);
}

#[test]
fn a_workbook_holds_moments_numbers_and_text() {
    let (bytes, end) = written(Format::Xlsx, &table());
    assert_eq!(end, Written { rows: 3, sheets: 1 });
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["local"]);
    let sheet = book.worksheet_range("local").unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    let headings: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
    assert_eq!(headings, ["time (UTC)", "name", "share [1]", "memory [By]", "enabled"]);
    let Data::DateTime(time) = &rows[2][0] else { panic!("{:?}", rows[2][0]) };
    let millis = (time.as_f64() - 25_569.0) * 86_400_000.0;
    assert!((millis - 1_764_000_000_007.0).abs() < 0.5, "{millis}");
    assert_eq!(
        rows[1][1..],
        [Data::String("web".into()), Data::Float(0.25), Data::Float(4_294_967_296.0), Data::Bool(true)]
    );
    assert_eq!(
        rows[2][1..],
        [Data::String("=cmd|' /C calc'!A0".into()), Data::Empty, Data::Float(-1.5), Data::Bool(false)]
    );
    assert_eq!(rows[3][0], Data::String("9223372036854775807".into()));
    assert!(book.worksheet_formula("local").unwrap().is_empty(), "nothing is a formula");
}

#[test]
fn nothing_is_an_empty_table() {
    let empty = Table { rows: vec![], ..table() };
    assert_eq!(text(Format::Csv, &empty), "time,name,share [1],memory [By],enabled\n");
    assert_eq!(text(Format::Json, &empty), "[\n]\n");
    let (bytes, end) = written(Format::Xlsx, &empty);
    assert_eq!(end, Written { rows: 0, sheets: 1 });
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.worksheet_range("local").unwrap().height(), 1);
}

#[test]
fn a_text_that_is_too_long_for_a_sheet_is_cut_and_does_not_break_it() {
    let long = Table { rows: vec![vec![Cell::Empty, "é".repeat(40_000).into()]], ..table() };
    let (bytes, _) = written(Format::Xlsx, &long);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range("local").unwrap();
    assert_eq!(sheet.get_value((1, 1)).unwrap().to_string().chars().count(), 32_767);
}

#[test]
fn hostile_text_is_text_in_every_format() {
    let rows = HOSTILE.map(|name| vec![name.to_owned().into()]).into();
    let hostile = Table { name: HOSTILE[0].into(), columns: vec![Column::words("=HYPERLINK(\"x\")")], rows };
    let csv = text(Format::Csv, &hostile);
    assert!(csv.starts_with("\"'=HYPERLINK"), "{csv}");

    let json: serde_json::Value = serde_json::from_str(&text(Format::Json, &hostile)).unwrap();
    let names: Vec<&str> =
        json.as_array().unwrap().iter().map(|row| row["=HYPERLINK(\"x\")"].as_str().unwrap()).collect();
    assert_eq!(names, HOSTILE);

    let (bytes, _) = written(Format::Xlsx, &hostile);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let name = book.sheet_names()[0].clone();
    assert!(book.worksheet_formula(&name).unwrap().is_empty(), "nothing is a formula");
    let sheet = book.worksheet_range(&name).unwrap();
    assert_eq!(sheet.height(), HOSTILE.len() + 1);
    assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("=1+1".into())));
}

proptest! {
    #[test]
    fn csv_comes_back_as_it_was_and_runs_nothing(
        texts in proptest::collection::vec("[=+@\\-\t\r\n,\"';a-zé ]{0,12}", 1..20),
        numbers in proptest::collection::vec(proptest::num::f64::NORMAL | proptest::num::f64::ZERO, 1..20),
    ) {
        let rows: Vec<(String, f64)> = texts.into_iter().zip(numbers).collect();
        let table = Table {
            name: "t".into(),
            columns: vec![Column::words("name"), Column::of(Unit::Count, "value")],
            rows: rows.iter().map(|(text, number)| vec![text.clone().into(), (*number).into()]).collect(),
        };
        let bytes = written(Format::Csv, &table).0;
        let mut read = csv::Reader::from_reader(bytes.as_slice());
        let back: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
        prop_assert_eq!(back.len(), rows.len());
        for (record, (text, number)) in back.iter().zip(&rows) {
            let cell = &record[0];
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", cell);
            prop_assert!(cell == text || cell.strip_prefix('\'') == Some(text.as_str()), "{:?} {:?}", cell, text);
            prop_assert_eq!(record[1].parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }
}
