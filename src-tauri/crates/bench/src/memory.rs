//! Memory of this process, from what the kernel counts.

use std::fs;

use anyhow::{Context, Result};

/// What this process holds in memory, in KiB, without what it shares with others.
pub(crate) fn own() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next()).context("no RssAnon in /proc/self/status")?;
    Ok(number.parse()?)
}
