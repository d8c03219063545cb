//! An ssh-agent of our own.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::error::TestbedError;
use crate::process::{Program, run};

/// A running ssh-agent. It ends when it is dropped.
#[derive(Debug)]
pub struct Agent {
    _folder: TempDir,
    socket: PathBuf,
    _program: Program,
}

impl Agent {
    /// Starts an agent and loads these private keys, which must not be encrypted.
    ///
    /// # Errors
    /// When a program is missing or fails.
    pub async fn start(keys: &[&Path]) -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-agent-").tempdir()?;
        let socket = folder.path().join("agent");
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(&socket);
        // It prints how to reach it once the socket is there.
        let program = Program::start("ssh-agent", &mut command, "SSH_AUTH_SOCK").await?;
        let agent = Self { _folder: folder, socket, _program: program };
        for key in keys {
            agent.add(key).await?;
        }
        Ok(agent)
    }

    /// Loads one more key, with the certificate that stands beside it.
    ///
    /// # Errors
    /// When ssh-add fails.
    pub async fn add(&self, key: &Path) -> Result<(), TestbedError> {
        let mut add = Command::new("ssh-add");
        run("ssh-add", add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket)).await.map(drop)
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}
