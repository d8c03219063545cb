//! What is measured, what it means and when it alerts.
//!
//! Floor 0 of the house: plain data and pure functions. No I/O, no clock (`now` is an argument), no async, no SQL; everything
//! else in the workspace may depend on this crate, and it depends on none of it.

pub mod activity;
pub mod address;
pub mod alert;
pub mod collection;
pub mod coverage;
pub mod footprint;
pub mod forecast;
pub mod format;
pub mod history;
pub mod metric;
pub mod observation;
pub mod probe;
pub mod rate;
pub mod retention;
pub mod rollup;
pub mod server;
pub mod text;
pub mod time;
