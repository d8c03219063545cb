//! One private sshd per side, so that the CPU of each server counts one side only.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use hostrounds_testbed::{Sshd, SshdConfig};
use tokio::runtime::Runtime;

use crate::cpu;

/// bash reads the account's start-up files for every command that sshd runs, unless this says that it runs within another
/// shell. They are not what is measured, and may take longer than all that is.
pub(crate) const WITHOUT_START_UP_FILES: &str = "SetEnv SHLVL=1";

/// A running sshd on loopback.
pub(crate) struct Server {
    pub(crate) sshd: Sshd,
    /// A file that knows its host key.
    pub(crate) known_hosts: PathBuf,
    pid: u32,
}

impl Server {
    pub(crate) fn start(runtime: &Runtime) -> Result<Self> {
        let config = SshdConfig { lines: vec![WITHOUT_START_UP_FILES.to_owned()], ..SshdConfig::default() };
        let sshd = runtime.block_on(Sshd::start(config))?;
        let known_hosts = sshd.folder().join("known_hosts");
        fs::write(&known_hosts, format!("{}\n", sshd.known_hosts_line()))?;
        let pid = pid_of(&sshd).context("the sshd that was just started is not there")?;
        Ok(Self { sshd, known_hosts, pid })
    }

    /// CPU of the server so far: sshd and everything that it has started.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu::of_tree(self.pid)
    }
}

/// Its command line holds the path of its configuration, and no other has that one.
fn pid_of(sshd: &Sshd) -> Option<u32> {
    let folder = sshd.folder().to_str()?;
    let pids = cpu::children(std::process::id()).ok()?.into_iter().map(|stat| stat.pid.unsigned_abs());
    pids.into_iter().find(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(folder)
    })
}
