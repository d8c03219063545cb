//! The command line and the headless collector.
fn main() {}
