//! Key pairs, made by ssh-keygen.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;
use russh::keys::ssh_key::public::Ed25519PublicKey;
use tokio::process::Command;

use crate::error::TestbedError;
use crate::process::run;

/// The passphrase of every encrypted key.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// Type of a host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// `ssh-ed25519`
    Ed25519,
    /// `ecdsa-sha2-nistp256`
    Ecdsa,
    /// `ssh-rsa`, 2048 bits
    Rsa,
}

/// A key pair to log in with: type, form of the file, encrypted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientKey {
    /// ed25519 in OpenSSH's form
    Ed25519,
    /// The same, encrypted with [`PASSPHRASE`]
    Ed25519Encrypted,
    /// ECDSA P-256 in OpenSSH's form
    Ecdsa,
    /// ECDSA P-256 as SEC1 PEM (`BEGIN EC PRIVATE KEY`)
    EcdsaPem,
    /// The same, encrypted with [`PASSPHRASE`] in the old way of PEM files
    EcdsaPemEncrypted,
    /// ECDSA P-256 as PKCS#8 PEM (`BEGIN PRIVATE KEY`)
    EcdsaPkcs8,
    /// ECDSA P-384 in OpenSSH's form
    Ecdsa384,
    /// ECDSA P-384 as SEC1 PEM
    Ecdsa384Pem,
    /// ECDSA P-521 in OpenSSH's form
    Ecdsa521,
    /// ECDSA P-521 as PKCS#8 PEM
    Ecdsa521Pkcs8,
    /// ed25519 as PKCS#8 PEM, made by openssl
    Ed25519Pkcs8,
    /// RSA 2048 in OpenSSH's form
    Rsa,
    /// RSA 2048 as PKCS#1 PEM (`BEGIN RSA PRIVATE KEY`)
    RsaPem,
    /// The same, encrypted with [`PASSPHRASE`] in the old way of PEM files (`Proc-Type: 4,ENCRYPTED`)
    RsaPemEncrypted,
    /// The same with AES-256 in the place of ssh-keygen's AES-128, made by openssl
    RsaPemEncryptedAes256,
    /// RSA 4096 as PKCS#1 PEM
    Rsa4096Pem,
    /// RSA 3072 in OpenSSH's form, encrypted with [`PASSPHRASE`]
    Rsa3072Encrypted,
    /// RSA 2048 as PKCS#8 PEM (`BEGIN PRIVATE KEY`)
    RsaPkcs8,
    /// The same, encrypted with [`PASSPHRASE`] (`BEGIN ENCRYPTED PRIVATE KEY`)
    RsaPkcs8Encrypted,
}

impl ClientKey {
    fn arguments(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Ed25519 => (&["-t", "ed25519"], ""),
            // One round of key derivation: the tests are about the passphrase, not about the time it takes.
            Self::Ed25519Encrypted => (&["-t", "ed25519", "-a", "1"], PASSPHRASE),
            Self::Ecdsa => (&["-t", "ecdsa"], ""),
            Self::EcdsaPem => (&["-t", "ecdsa", "-m", "PEM"], ""),
            Self::EcdsaPemEncrypted => (&["-t", "ecdsa", "-m", "PEM"], PASSPHRASE),
            Self::EcdsaPkcs8 => (&["-t", "ecdsa", "-m", "PKCS8"], ""),
            Self::Ecdsa384 => (&["-t", "ecdsa", "-b", "384"], ""),
            Self::Ecdsa384Pem => (&["-t", "ecdsa", "-b", "384", "-m", "PEM"], ""),
            Self::Ecdsa521 => (&["-t", "ecdsa", "-b", "521"], ""),
            Self::Ecdsa521Pkcs8 => (&["-t", "ecdsa", "-b", "521", "-m", "PKCS8"], ""),
            Self::Rsa4096Pem => (&["-t", "rsa", "-b", "4096", "-m", "PEM"], ""),
            Self::Rsa3072Encrypted => (&["-t", "rsa", "-b", "3072", "-a", "1"], PASSPHRASE),
            Self::Rsa => (&["-t", "rsa", "-b", "2048"], ""),
            // What openssl makes of it comes afterwards.
            Self::Ed25519Pkcs8 => (&["-t", "ed25519"], ""),
            Self::RsaPem | Self::RsaPemEncryptedAes256 => (&["-t", "rsa", "-b", "2048", "-m", "PEM"], ""),
            Self::RsaPemEncrypted => (&["-t", "rsa", "-b", "2048", "-m", "PEM"], PASSPHRASE),
            Self::RsaPkcs8 => (&["-t", "rsa", "-b", "2048", "-m", "PKCS8"], ""),
            Self::RsaPkcs8Encrypted => (&["-t", "rsa", "-b", "2048", "-m", "PKCS8"], PASSPHRASE),
        }
    }
}

/// Makes a pair in `folder` and returns the path of the private key.
pub(crate) async fn client_key(folder: &Path, key: ClientKey, name: &str) -> Result<PathBuf, TestbedError> {
    let path = folder.join(name);
    let (arguments, passphrase) = key.arguments();
    match key {
        ClientKey::Ed25519Pkcs8 => {
            let mut make = Command::new("openssl");
            make.args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(&path);
            run("openssl", &mut make).await?;
            tokio::fs::set_permissions(&path, Permissions::from_mode(0o600)).await?;
            // Older ssh-keygens do not read such a file. Its public key is the end of what openssl prints (RFC 8410, 4).
            let der = folder.join(format!("{name}.der"));
            let mut print = Command::new("openssl");
            print.args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&path).arg("-out").arg(&der);
            run("openssl", &mut print).await?;
            let der = tokio::fs::read(&der).await?;
            let bytes = der.last_chunk::<32>().copied().unwrap_or_default();
            let key = PublicKey::new(Ed25519PublicKey(bytes).into(), "testbed");
            tokio::fs::write(public(&path), key.to_openssh()?).await?;
        }
        ClientKey::RsaPemEncryptedAes256 => {
            let open = folder.join(format!("{name}.open"));
            generate(&open, arguments, passphrase).await?;
            tokio::fs::rename(public(&open), public(&path)).await?;
            let mut encrypt = Command::new("openssl");
            encrypt.args(["rsa", "-traditional", "-aes256", "-passout"]).arg(format!("pass:{PASSPHRASE}"));
            run("openssl", encrypt.arg("-in").arg(&open).arg("-out").arg(&path)).await?;
            tokio::fs::remove_file(&open).await?;
        }
        _ => generate(&path, arguments, passphrase).await?,
    }
    Ok(path)
}

/// Makes a host key in `folder` and returns the path of the private key.
pub(crate) async fn host_key(folder: &Path, key: KeyType) -> Result<PathBuf, TestbedError> {
    let (name, arguments): (_, &[&str]) = match key {
        KeyType::Ed25519 => ("host_ed25519", &["-t", "ed25519"]),
        KeyType::Ecdsa => ("host_ecdsa", &["-t", "ecdsa"]),
        KeyType::Rsa => ("host_rsa", &["-t", "rsa", "-b", "2048"]),
    };
    let path = folder.join(name);
    // ssh-keygen asks before it overwrites.
    for old in [path.clone(), public(&path)] {
        match tokio::fs::remove_file(old).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    generate(&path, arguments, "").await?;
    Ok(path)
}

/// The public half beside a private key: type and key, without the comment.
pub(crate) async fn public_line(path: &Path) -> Result<String, TestbedError> {
    let text = tokio::fs::read_to_string(public(path)).await?;
    Ok(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// The fingerprint as ssh-keygen prints it.
pub(crate) async fn fingerprint(path: &Path) -> Result<String, TestbedError> {
    let printed = run("ssh-keygen", Command::new("ssh-keygen").arg("-lf").arg(public(path))).await?;
    Ok(printed.split_whitespace().nth(1).unwrap_or_default().to_owned())
}

pub(crate) fn public(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

async fn generate(path: &Path, arguments: &[&str], passphrase: &str) -> Result<(), TestbedError> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "testbed", "-N", passphrase]).args(arguments).arg("-f").arg(path);
    run("ssh-keygen", &mut command).await.map(drop)
}
