//! The families that ask programs of the server: the real script in the shells that servers have, with programs that print
//! what those of other systems do, in a place of their own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)] // a test may fail loudly

mod containers;
mod gpus;
mod hostile;
mod place;
mod process_detail;
mod reboot;
mod units;
mod updates;
