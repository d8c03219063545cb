//! The history as rows: one for each value, or one for each time with a column for each series.

use std::borrow::Cow;
use std::collections::HashMap;

use hostrounds_core::metric::{Metric, MetricInfo};
use hostrounds_core::observation::Series;
use hostrounds_export::{Cell, Column, ExportError, Writer};

use super::readings::Window;

/// The attributes that tell the series of these metrics apart, each once.
pub(super) fn attributes_of(metrics: &[Metric]) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for name in metrics.iter().flat_map(|metric| metric.info().attributes) {
        if !all.contains(name) {
            all.push(name);
        }
    }
    all
}

/// The columns of a table with a row for each value.
pub(super) fn long_columns(attributes: &[&'static str]) -> Vec<Column> {
    let begin = [Column::moments("time"), Column::words("server"), Column::words("metric")];
    let middle = attributes.iter().map(|name| Column::words(*name));
    begin.into_iter().chain(middle).chain([Column::words("value"), Column::words("unit")]).collect()
}

/// Writes a row for each value.
pub(super) fn write_long(
    writer: &mut Writer,
    server: &str,
    attributes: &[&'static str],
    window: &Window,
) -> Result<(), ExportError> {
    // All that the rows of a series share is looked up once.
    let shared: Vec<(&MetricInfo, Vec<Option<&str>>)> = window
        .series
        .iter()
        .map(|series| (series.metric.info(), attributes.iter().map(|name| series.attributes.get(name)).collect()))
        .collect();
    let mut row: Vec<Cell<'_>> = Vec::new();
    for value in &window.values {
        let Some((info, attributes)) = shared.get(value.series) else { continue };
        row.clear();
        row.extend([value.at.into(), server.into(), info.name.into()]);
        row.extend(attributes.iter().map(|value| Cell::from(*value)));
        row.extend([value.value.into(), info.unit.ucum().into()]);
        writer.row(&row)?;
    }
    Ok(())
}

/// The columns of a sheet with a row for each time.
pub(super) fn wide_columns(series: &[Series]) -> Vec<Column> {
    let of = |series: &Series| Column::of(series.metric.info().unit, title(series));
    std::iter::once(Column::moments("time")).chain(series.iter().map(of)).collect()
}

/// A series in a few words: `system.network.io eth0 receive`.
fn title(series: &Series) -> Cow<'static, str> {
    let info = series.metric.info();
    let values = info.attributes.iter().filter_map(|name| series.attributes.get(name));
    let words: Vec<&str> = std::iter::once(info.name).chain(values).collect();
    if words.len() == 1 { info.name.into() } else { words.join(" ").into() }
}

/// Writes a row for each time. Where a series has no value at that time, the cell is empty.
pub(super) fn write_wide(writer: &mut Writer, columns: &[Series], window: &Window) -> Result<(), ExportError> {
    let places: HashMap<&Series, usize> =
        columns.iter().enumerate().map(|(place, series)| (series, place + 1)).collect();
    // A series that was first seen while this export was under way has no column yet.
    let places: Vec<Option<usize>> = window.series.iter().map(|series| places.get(series).copied()).collect();
    let mut row: Vec<Cell<'_>> = Vec::new();
    for values in window.values.chunk_by(|one, other| one.at == other.at) {
        row.clear();
        row.resize(columns.len() + 1, Cell::Empty);
        let cells = values.iter().filter_map(|value| Some((*places.get(value.series)?, value.value)));
        let mut any = false;
        for (place, value) in cells {
            if let Some(cell) = place.and_then(|place| row.get_mut(place)) {
                *cell = value.into();
                any = true;
            }
        }
        if let (Some(time), Some(value), true) = (row.first_mut(), values.first(), any) {
            *time = value.at.into();
            writer.row(&row)?;
        }
    }
    Ok(())
}
