//! A server that announces a host key it does not hold.
//!
//! sshd may keep its host keys in an ssh-agent (`HostKeyAgent` of sshd_config(5)), and then announces what it has the
//! public half of. This is such an agent, and it does not have the private one.

use std::path::PathBuf;

use russh::keys::PrivateKey;
use russh::keys::signature::Signer;
use russh::keys::ssh_key::Signature;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::TestbedError;
use crate::keys::{self, KeyType};
use crate::packet::{Fields, Packet};

/// Message numbers (draft-ietf-sshm-ssh-agent, section 6.1).
const FAILURE: u8 = 5;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// No request that sshd makes is longer.
const MAX_REQUEST: u32 = 256 * 1024;

/// What such a server does when it is asked to prove that it holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lie {
    /// It says that it cannot.
    Refuses,
    /// It signs with another key of the same type.
    SignsWithAnother,
}

/// An agent that makes sshd announce an ECDSA key nobody holds. It ends when it is dropped.
#[derive(Debug)]
pub struct HostKeyLiar {
    folder: TempDir,
    claimed: PathBuf,
    line: String,
    asked: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl HostKeyLiar {
    /// Starts to listen.
    ///
    /// # Errors
    /// When ssh-keygen fails or the socket cannot be made.
    pub async fn start(lie: Lie) -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-liar-").tempdir()?;
        let claimed = keys::host_key(folder.path(), KeyType::Ecdsa).await?;
        let line = keys::public_line(&claimed).await?;
        tokio::fs::remove_file(&claimed).await?;
        let other_folder = folder.path().join("other");
        tokio::fs::create_dir(&other_folder).await?;
        let other = keys::host_key(&other_folder, KeyType::Ecdsa).await?;
        let other = PrivateKey::from_openssh(tokio::fs::read(other).await?)?;
        let listener = UnixListener::bind(folder.path().join("agent"))?;
        let (counter, asked) = watch::channel(0);
        let task = tokio::spawn(serve(listener, lie, other, counter));
        Ok(Self { folder, claimed, line, asked, task })
    }

    /// Lines for [`crate::SshdConfig::lines`].
    pub fn lines(&self) -> Vec<String> {
        let agent = self.folder.path().join("agent");
        vec![format!("HostKeyAgent {}", agent.display()), format!("HostKey {}", self.claimed.display())]
    }

    /// The key that is claimed: its type and itself.
    pub fn claimed(&self) -> &str {
        &self.line
    }

    /// How often it was asked for a signature.
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }
}

impl Drop for HostKeyLiar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, lie: Lie, other: PrivateKey, counter: watch::Sender<usize>) {
    let mut talks = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (other, counter) = (other.clone(), counter.clone());
        talks.spawn(async move {
            let _ = talk(stream, lie, &other, &counter).await;
        });
    }
}

async fn talk(
    mut stream: UnixStream,
    lie: Lie,
    other: &PrivateKey,
    counter: &watch::Sender<usize>,
) -> Result<(), TestbedError> {
    loop {
        let length = stream.read_u32().await?.min(MAX_REQUEST);
        let mut request = Vec::new();
        (&mut stream).take(length.into()).read_to_end(&mut request).await?;
        let answer = if request.first() == Some(&SIGN_REQUEST) {
            counter.send_modify(|count| *count += 1);
            signed(&request, lie, other)
        } else {
            None
        };
        let answer = answer.unwrap_or_else(|| Packet::new(FAILURE));
        stream.write_all(Packet::part().string(answer.as_slice()).as_slice()).await?;
    }
}

fn signed(request: &[u8], lie: Lie, other: &PrivateKey) -> Option<Packet> {
    if lie == Lie::Refuses {
        return None;
    }
    let mut fields = Fields(request.get(1..)?);
    let (_key, data) = (fields.string().ok()?, fields.string().ok()?);
    let signature: Signature = other.try_sign(data).ok()?;
    Some(Packet::new(SIGN_RESPONSE).string(Vec::<u8>::try_from(signature).ok()?))
}
