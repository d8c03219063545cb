//! The report as one HTML page. The template escapes whatever it is given, and only drawings and the style go in as they are.

use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use crate::charts::{self, draw};
use crate::content::{Figure, content, server};
use crate::data::Report;
use crate::error::ReportError;

const OPENING: &str = "opening.html";
const SERVER: &str = "server.html";
const CLOSING: &str = "closing.html";

/// A chart as the template takes it.
#[derive(Serialize)]
struct Drawn<'a> {
    #[serde(flatten)]
    figure: &'a Figure<'a>,
    drawing: String,
}

/// The whole page, with moments by the clocks of `zone`.
///
/// # Errors
/// Charts or the page cannot be laid out, which is a defect of this program and does not depend on what was measured.
pub fn html(report: &Report, zone: &TimeZone) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    templates.add_template(OPENING, include_str!("page/opening.html"))?;
    templates.add_template(SERVER, include_str!("page/server.html"))?;
    templates.add_template(CLOSING, include_str!("page/closing.html"))?;

    let content = content(report, zone);
    let style = include_str!("page/style.css");
    let opening = context! { style, report => Serde(&content) };
    let mut page = templates.get_template(OPENING)?.render(opening)?;
    // One server at a time: the drawings of hundreds are large.
    let template = templates.get_template(SERVER)?;
    for place in 0..report.servers.len() {
        let Some(section) = server(report, place, zone) else { continue };
        let mut figures = Vec::with_capacity(section.figures.len());
        for figure in &section.figures {
            figures.push(Drawn { figure, drawing: draw(&figure.chart, zone)? });
        }
        page.push_str(&template.render(context! {
            server => Serde(&section),
            figures => Serde(&figures),
            width => charts::WIDTH,
            height => charts::HEIGHT,
        })?);
    }
    page.push_str(&templates.get_template(CLOSING)?.render(context! { report => Serde(&content) })?);
    Ok(page)
}
