//! Reports that people pass round: one self-contained HTML file, without scripts, that loads nothing.
//!
//! Floor 1: from plain data ([`Report`]) to text; it knows neither the store nor a clock. The parts can be used apart: what is
//! said ([`content`], words and charts as data) knows no HTML, charts ([`charts`]) are drawings with classes for colours, and
//! [`html`] only lays out.

pub mod charts;
pub mod content;
pub mod data;
mod error;
mod figures;
mod html;
mod words;

pub use data::Report;
pub use error::ReportError;
pub use html::html;
