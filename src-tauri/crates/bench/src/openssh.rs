//! The comparison: OpenSSH's own client, which runs `cat` on the files that our side reads.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hostrounds_core::probe::routine;
use tokio::runtime::Runtime;

use crate::cpu;
use crate::server::Server;

/// How often, and how far apart, a master is asked whether it is ready.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A server, and how `ssh` is called for it.
pub(crate) struct OpenSsh {
    pub(crate) server: Server,
}

/// A connection that stands and is shared (`ControlMaster`).
pub(crate) struct Master<'a> {
    pub(crate) server: &'a Server,
    openssh: &'a OpenSsh,
    socket: PathBuf,
    process: Child,
}

impl OpenSsh {
    pub(crate) fn start(runtime: &Runtime) -> Result<Self> {
        Ok(Self { server: Server::start(runtime)? })
    }

    /// Opens a connection that stands.
    pub(crate) fn master(&self) -> Result<Master<'_>> {
        let socket = self.server.sshd.folder().join("master");
        let process = self.ssh().arg("-MNS").arg(&socket).arg(self.destination()).stdin(Stdio::null()).spawn()?;
        let master = Master { server: &self.server, openssh: self, socket, process };
        for _ in 0..TRIES {
            if master.client().args(["-O", "check"]).arg(self.destination()).output()?.status.success() {
                return Ok(master);
            }
            sleep(PAUSE);
        }
        anyhow::bail!("ssh -M does not come up")
    }

    /// The same files over a connection of its own, with the key exchange that is quickest for OpenSSH.
    pub(crate) fn cat_cold(&self) -> Result<()> {
        self.cat_cold_at(self.server.sshd.port())
    }

    /// The same through a relay that listens on `port`.
    pub(crate) fn cat_cold_at(&self, port: u16) -> Result<()> {
        let quickest = ["-S", "none", "-o", "KexAlgorithms=curve25519-sha256"];
        cat(self.ssh_at(port).args(quickest).arg(self.destination()))
    }

    /// Nothing of the account's own `~/.ssh` is read or written.
    fn ssh(&self) -> Command {
        self.ssh_at(self.server.sshd.port())
    }

    fn ssh_at(&self, port: u16) -> Command {
        let Server { sshd, known_hosts, .. } = &self.server;
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-p", &port.to_string(), "-i"]).arg(sshd.key());
        command.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display()));
        for option in [
            "GlobalKnownHostsFile=none",
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "PreferredAuthentications=publickey",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "LogLevel=ERROR",
        ] {
            command.args(["-o", option]);
        }
        command
    }

    fn destination(&self) -> String {
        format!("{}@{}", self.server.sshd.user(), self.server.sshd.host())
    }
}

impl Master<'_> {
    /// The same files over the connection that stands.
    pub(crate) fn cat(&self) -> Result<()> {
        cat(self.client().arg(self.openssh.destination()))
    }

    /// CPU of the process that holds the connection.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu::of_process(self.process.id())
    }

    fn client(&self) -> Command {
        let mut command = self.openssh.ssh();
        command.arg("-S").arg(&self.socket);
        command
    }
}

impl Drop for Master<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cat(ssh: &mut Command) -> Result<()> {
    // Kernels without pressure stall information lack its files, and ours does without them as well.
    let files = routine::PATHS.into_iter().filter(|path| Path::new(path).exists());
    let output = ssh.arg("cat").args(files).stdin(Stdio::null()).output().context("ssh")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ssh ended with {}: {said}", output.status);
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(printed.contains("\nprocs_running "), "`cat` did not print /proc/stat");
    Ok(())
}
