//! The pipeline: schedule, collect, store, alert, notify.
//!
//! Floor 2 of the house and the only place that wires the floors below. A sample flows down one line (`schedule` -> `visit` ->
//! `pipeline` -> `recorder` -> `alerting` -> `events`); what a person does enters through [`api`].

mod alerting;
pub mod api;
mod board;
mod clock;
mod core_dumps;
mod credentials;
mod engine;
mod events;
mod failure;
mod forecasts;
mod housekeeping;
mod lock;
mod meter;
mod notify;
mod options;
mod pipeline;
mod prompts;
mod quote;
mod recorder;
mod schedule;
mod troubles;
mod upkeep;
mod visit;
