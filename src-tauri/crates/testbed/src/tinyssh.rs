//! A tinysshd of our own: the SSH server without passwords, RSA and options that routers run.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use russh::keys::PublicKey;
use russh::keys::ssh_key::public::{Ed25519PublicKey, KeyData};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::TestbedError;
use crate::keys::{self, ClientKey};
use crate::namespace::View;
use crate::process::run;

/// A running tinysshd on 127.0.0.1, for root, in a home folder of its own. It ends, and every session on it, when it is
/// dropped.
#[derive(Debug)]
pub struct TinySsh {
    _folder: TempDir,
    port: u16,
    key: PathBuf,
    known_hosts_line: String,
    task: JoinHandle<()>,
}

impl TinySsh {
    /// Starts to listen. Needs root, because tinysshd takes keys from the home folder only.
    ///
    /// # Errors
    /// When a program is missing or fails, or we are not root.
    pub async fn start() -> Result<Self, TestbedError> {
        Self::listen(0).await
    }

    pub(crate) async fn listen(port: u16) -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-tinyssh-").tempdir()?;
        let key = keys::client_key(folder.path(), ClientKey::Ed25519, "client").await?;
        let authorized = keys::public_line(&key).await?;
        let view = View { home: Some(vec![(".ssh/authorized_keys".into(), authorized)]), ..View::default() };

        let key_folder = folder.path().join("keys");
        run("tinysshd-makekey", Command::new("tinysshd-makekey").arg("-q").arg(&key_folder)).await?;
        let public = std::fs::read(key_folder.join("ed25519.pk"))?;
        let public = KeyData::Ed25519(Ed25519PublicKey::try_from(public.as_slice())?);
        let public = PublicKey::new(public, "").to_openssh()?;

        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = listener.local_addr()?.port();
        // Fails here, and not at the first connection, where there is no such view.
        let template = view.command(folder.path(), "tinysshd").await?;
        let task = tokio::spawn(serve(listener, template, key_folder));
        let known_hosts_line = format!("[127.0.0.1]:{port} {}", public.trim());
        Ok(Self { _folder: folder, port, key, known_hosts_line, task })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An ed25519 key that is let in.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// A line for a file of known hosts.
    pub fn known_hosts_line(&self) -> &str {
        &self.known_hosts_line
    }
}

impl Drop for TinySsh {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What inetd does: a process per connection, with the connection as its standard input and output.
async fn serve(listener: TcpListener, template: Command, key_folder: PathBuf) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let Ok(mut command) = on_connection(stream, &template, &key_folder) else { continue };
                let Ok(mut child) = command.spawn() else { continue };
                sessions.spawn(async move {
                    let _ = child.wait().await;
                });
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}

fn on_connection(stream: TcpStream, template: &Command, key_folder: &Path) -> std::io::Result<Command> {
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    let input: OwnedFd = stream.as_fd().try_clone_to_owned()?;
    let template = template.as_std();
    let mut command = Command::new(template.get_program());
    command.args(template.get_args()).arg("-q").arg(key_folder);
    command
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(OwnedFd::from(stream)))
        .stderr(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}
