//! A dropbear of our own: the other SSH server that small machines run.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::error::TestbedError;
use crate::keys::{self, ClientKey};
use crate::namespace::View;
use crate::process::{Program, run};
use crate::sshd::free_port;

/// A running dropbear on 127.0.0.1, for root, in a home folder of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Dropbear {
    _folder: TempDir,
    port: u16,
    key: PathBuf,
    known_hosts_line: String,
    _program: Program,
}

impl Dropbear {
    /// Starts a server and waits until it listens. Needs root, because dropbear takes keys from the home folder only.
    ///
    /// # Errors
    /// When a program is missing or fails, or we are not root.
    pub async fn start() -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-dropbear-").tempdir()?;
        let key = keys::client_key(folder.path(), ClientKey::Rsa, "client").await?;
        let authorized = keys::public_line(&key).await?;
        let view = View { home: Some(vec![(".ssh/authorized_keys".into(), authorized)]), ..View::default() };

        let host_key = folder.path().join("host_key");
        let mut make = Command::new("dropbearkey");
        make.args(["-t", "ed25519", "-f"]).arg(&host_key);
        let printed = run("dropbearkey", &mut make).await?;
        let public = printed.lines().find(|line| line.starts_with("ssh-ed25519 ")).unwrap_or_default();
        let public = public.split_whitespace().take(2).collect::<Vec<_>>().join(" ");

        let port = free_port()?;
        let mut command = view.command(folder.path(), "dropbear").await?;
        command.args(["-F", "-E", "-s", "-j", "-k", "-P", ""]).arg("-r").arg(&host_key);
        command.arg("-p").arg(format!("127.0.0.1:{port}"));
        let program = Program::start("dropbear", &mut command, "Not backgrounding").await?;
        let known_hosts_line = format!("[127.0.0.1]:{port} {public}");
        Ok(Self { _folder: folder, port, key, known_hosts_line, _program: program })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An RSA key that is let in.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// A line for a file of known hosts.
    pub fn known_hosts_line(&self) -> &str {
        &self.known_hosts_line
    }
}
