//! What the figures were taken on, and whether it had other things to do.

use std::fs::{self, File};
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use procfs_core::{FromRead, LoadAverage};

/// From this load on, per CPU, other work disturbs what is measured.
const BUSY: f32 = 0.25;

/// Says on which machine and with which versions the benchmark runs.
pub(crate) fn describe() -> Result<()> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let cpus = available_parallelism()?.get();
    println!("Linux {}, {cpus} CPUs; {}; SQLite {}", kernel.trim(), openssh()?, sqlite()?);

    let load = LoadAverage::from_read(File::open("/proc/loadavg")?)?.one;
    if load / cpus as f32 > BUSY {
        println!("The machine is busy with something else (load {load}): take these figures as rough.");
    }
    if cfg!(debug_assertions) {
        println!("This is a debug build: ours are no figures to go by. Use `make bench`.");
    }
    Ok(())
}

fn openssh() -> Result<String> {
    let output = Command::new("ssh").arg("-V").output().context("ssh -V")?;
    Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// The version of the command line tool; ours is built in.
fn sqlite() -> Result<String> {
    let output = Command::new("sqlite3").arg("--version").output().context("sqlite3 --version")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}
