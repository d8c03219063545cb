//! What is sent to servers, run for real by the shells that servers have, on this machine.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod conversation;
mod reader;
mod restricted;
mod script;
