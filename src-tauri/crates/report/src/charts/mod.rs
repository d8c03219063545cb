//! Charts as drawings: how values went over time, what was not observed, and the line that they should not cross.
//!
//! A drawing is the inside of an `svg` element. It knows no colour: its elements have the classes of the `ink` module, which whoever shows
//! it gives a look (`style.css` for HTML).

mod axis;
mod ink;
mod runs;
mod svg;
mod time_axis;
mod value_axis;

use std::convert::Infallible;
use std::time::Duration;

use hostrounds_core::history::Bucket;
use hostrounds_core::metric::Unit;
use jiff::tz::TimeZone;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{ChartBuilder, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle};
use plotters::style::{Color, TextStyle};

use self::ink::Ink;
use self::runs::{runs, wide_enough, widened};
use self::svg::Svg;
use self::time_axis::{position, time_axis};
use self::value_axis::value_axis;
use crate::data::Span;

/// The width of a drawing in its own units, of which two are a point on the screen: lines can stand between points.
pub const WIDTH: u32 = 1_040;
/// The height of a drawing.
pub const HEIGHT: u32 = 330;

const ABOVE: u32 = 14;
const BESIDE: u32 = 46;
const DATES: u32 = 42;
const VALUES: u32 = 118;
/// The size of letters, which the style sheet repeats.
const LETTERS: u32 = 22;
/// How long the marks of ticks are; labels stand twice as far away.
const TICK: i32 = 5;
/// How high the foot of unreachable spans is.
const FOOT: i32 = 7;

/// What a chart shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart<'a> {
    /// The unit of its values.
    pub unit: Unit,
    /// From when to when.
    pub range: Span,
    /// At most two lines; further ones are not drawn.
    pub lines: Vec<Line<'a>>,
    /// A value that matters, such as a threshold.
    pub limit: Option<f64>,
    /// When nothing was observed, in order of time.
    pub unobserved: &'a [Span],
    /// When the server could not be reached, in order of time.
    pub unreachable: &'a [Span],
}

/// How one series went.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line<'a> {
    /// In order of time; a gap has no bucket.
    pub buckets: &'a [Bucket],
    /// The longest usual time between two readings.
    pub every: Duration,
}

/// The chart, [`WIDTH`] by [`HEIGHT`], with the clocks of `zone`.
///
/// # Errors
/// The parts do not fit into the drawing, which is a defect of this program.
pub fn draw(chart: &Chart<'_>, zone: &TimeZone) -> Result<String, DrawingAreaErrorKind<Infallible>> {
    let mut elements = String::new();
    let buckets = || chart.lines.iter().take(2).flat_map(|line| line.buckets);
    let largest = buckets().map(|bucket| bucket.max).chain(chart.limit).fold(0.0, f64::max);
    let values = value_axis(chart.unit, largest);
    let top = values.range.end;
    let width = f64::from(WIDTH - BESIDE - VALUES);

    let area = Svg::new((WIDTH, HEIGHT), &mut elements).into_drawing_area();
    let mut drawing = ChartBuilder::on(&area)
        .margin_top(ABOVE)
        .margin_right(BESIDE)
        .x_label_area_size(DATES)
        .y_label_area_size(VALUES)
        .build_cartesian_2d(time_axis(chart.range, zone), values)?;

    let across = |span: &Span, bottom: f64, top: f64, ink: Ink| {
        Rectangle::new([(position(span.from), top), (position(span.to), bottom)], ink.filled())
    };
    let gaps = wide_enough(chart.unobserved, chart.range, width);
    let unreachable = widened(chart.unreachable, chart.range, width);
    drawing.draw_series(gaps.iter().map(|span| across(span, 0.0, top, Ink::Gap)))?;
    drawing.draw_series(unreachable.iter().map(|span| across(span, 0.0, top, Ink::Unreachable)))?;

    let letters = TextStyle::from(("sans-serif", LETTERS).into_font()).color(&Ink::Label);
    drawing
        .configure_mesh()
        .bold_line_style(Ink::Grid.stroke_width(1))
        .axis_style(Ink::Grid.stroke_width(1))
        .label_style(letters)
        .set_all_tick_mark_size(TICK)
        .draw()?;

    let foot = top * f64::from(FOOT) / f64::from(HEIGHT - ABOVE - DATES);
    drawing.draw_series(unreachable.iter().map(|span| across(span, 0.0, foot, Ink::UnreachableFoot)))?;

    for (line, (band, average)) in chart.lines.iter().zip([(Ink::Band1, Ink::Line1), (Ink::Band2, Ink::Line2)]) {
        for run in runs(line.buckets, line.every) {
            if run.iter().any(|bucket| bucket.min < bucket.max) {
                let upper = run.iter().map(|bucket| (position(bucket.start), bucket.max));
                let lower = run.iter().rev().map(|bucket| (position(bucket.start), bucket.min));
                match run {
                    // A band needs a width; a single bucket is drawn from its smallest to its largest value.
                    [_] => drawing.draw_series([PathElement::new(
                        upper.chain(lower).collect::<Vec<_>>(),
                        average.stroke_width(1),
                    )])?,
                    _ => drawing.draw_series([Polygon::new(upper.chain(lower).collect::<Vec<_>>(), band.filled())])?,
                };
            }
        }
    }
    // Averages lie above the bands of all lines.
    for (line, average) in chart.lines.iter().zip([Ink::Line1, Ink::Line2]) {
        for run in runs(line.buckets, line.every) {
            let points: Vec<(f64, f64)> = run.iter().map(|bucket| (position(bucket.start), bucket.avg)).collect();
            drawing.draw_series([PathElement::new(points, average.stroke_width(2))])?;
        }
    }
    if let Some(limit) = chart.limit.filter(|limit| *limit <= top) {
        let ends = vec![(position(chart.range.from), limit), (position(chart.range.to), limit)];
        drawing.draw_series([PathElement::new(ends, Ink::Limit.stroke_width(1))])?;
    }
    area.present()?;
    drop(drawing);
    drop(area);
    Ok(elements)
}
