//! A certificate authority of our own, for keys of users.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::error::TestbedError;
use crate::keys::{self, ClientKey};
use crate::process::run;

/// A key that signs keys; a server believes it after `TrustedUserCAKeys`.
#[derive(Debug)]
pub struct Authority {
    _folder: TempDir,
    key: PathBuf,
}

impl Authority {
    /// Makes the key.
    ///
    /// # Errors
    /// When ssh-keygen is missing or fails.
    pub async fn new() -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-authority-").tempdir()?;
        let key = keys::client_key(folder.path(), ClientKey::Ed25519, "authority").await?;
        Ok(Self { _folder: folder, key })
    }

    /// The file for `TrustedUserCAKeys`.
    pub fn public_key(&self) -> PathBuf {
        keys::public(&self.key)
    }

    /// Makes a certificate for the key at `path` and returns its file, `<path>-cert.pub`, where OpenSSH looks for it.
    /// `options` are ssh-keygen's: `-n` with the principals, `-V` with the validity, `-h` for a host.
    ///
    /// # Errors
    /// When ssh-keygen fails.
    pub async fn certify(&self, path: &Path, options: &[&str]) -> Result<PathBuf, TestbedError> {
        let mut sign = Command::new("ssh-keygen");
        sign.args(["-q", "-I", "testbed", "-s"]).arg(&self.key).args(options).arg(keys::public(path));
        run("ssh-keygen", &mut sign).await?;
        let mut certificate = path.as_os_str().to_owned();
        certificate.push("-cert.pub");
        Ok(certificate.into())
    }
}
