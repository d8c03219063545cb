//! The page: what it says, what it never holds, and how large it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod hostile;
mod sample;
mod shown;
