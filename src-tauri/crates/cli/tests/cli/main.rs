//! The real binary, from the outside: what it prints, what it keeps and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod backup;
mod export;
mod import;
mod keyring;
mod over_ssh;
mod program;
mod questions;
mod report;
mod staying;
mod storage;
mod this_computer;
mod words;
mod wrong_use;
