//! The pipeline: schedule, collect, store, alert, notify.

pub mod api;
