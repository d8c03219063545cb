//! Why a report cannot be written. Neither depends on what was measured: both are defects of this program.

use std::convert::Infallible;

use plotters::drawing::DrawingAreaErrorKind;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A chart cannot be laid out.
    #[error("a chart cannot be drawn: {0}")]
    Chart(#[from] DrawingAreaErrorKind<Infallible>),
    /// The template does not fit what is put into it.
    #[error("the page cannot be laid out: {0:#}")]
    Page(#[from] minijinja::Error),
}
