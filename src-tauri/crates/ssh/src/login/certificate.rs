//! OpenSSH certificates: read, and looked at before a server is asked about them.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Certificate, HashAlg, PrivateKey, ssh_key};
use russh::{SendError, Signer};
use thiserror::Error;

use super::attempt::Cause;
use crate::connect_error::ConnectError;
use crate::known_hosts::fingerprint;
use crate::text::printable;

/// The largest certificate file that makes sense.
const MAX_BYTES: u64 = 64 * 1024;

/// Where OpenSSH looks for the certificate of a key.
pub(super) fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push("-cert.pub");
    name.into()
}

/// Reads a certificate for users.
pub(super) fn read(path: &Path) -> Result<Certificate, ConnectError> {
    let unusable = |reason: String| ConnectError::CertificateUnusable { path: path.to_owned(), reason };
    let about = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(unusable("it is not a certificate file".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let certificate = Certificate::from_openssh(text.trim())
        .map_err(|error| unusable(format!("it is not an OpenSSH certificate ({error})")))?;
    match certificate.cert_type() {
        CertType::User => Ok(certificate),
        _ => Err(unusable("it is for a host, not for a user".into())),
    }
}

/// Whether the certificate is good now, by this computer's clock.
pub(super) fn is_timely(certificate: &Certificate, name: &str, now: SystemTime) -> Result<(), ConnectError> {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now < certificate.valid_after() {
        let since = written(certificate.valid_after());
        return Err(ConnectError::CertificateNotYetValid { certificate: name.to_owned(), since });
    }
    if now >= certificate.valid_before() {
        let until = written(certificate.valid_before());
        return Err(ConnectError::CertificateExpired { certificate: name.to_owned(), until });
    }
    Ok(())
}

/// A time of a certificate, as people read it.
fn written(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "the end of time".to_owned(), |time| time.to_string())
}

/// What a refusal of it is about. Which names a server takes for a user is its own affair (`AuthorizedPrincipalsFile`), so
/// that nothing is concluded from them before it has refused.
pub(super) fn cause(certificate: &Certificate, name: &str, user: &str) -> Cause {
    let principals = certificate.valid_principals();
    if principals.iter().any(|principal| principal == user) {
        return Cause::Certificate;
    }
    let principals = principals.iter().take(10).map(|name| printable(name.as_bytes(), 50)).collect();
    Cause::Principals { certificate: name.to_owned(), principals }
}

/// The certificate, for people.
pub(super) fn described(certificate: &Certificate) -> String {
    let id = printable(certificate.key_id().as_bytes(), 50);
    let key = fingerprint(&ssh_key::PublicKey::new(certificate.public_key().clone(), ""));
    format!("the certificate {id:?} of the key {key}")
}

/// Signs with a key that was read here, as an agent would. russh's own way to show a certificate uses SHA-1 for RSA.
pub(super) struct KeyOfCertificate<'a>(pub(super) &'a PrivateKey);

/// A signature that could not be made.
#[derive(Debug, Error)]
pub(super) enum SigningError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Key(#[from] ssh_key::Error),
    #[error(transparent)]
    Encoding(#[from] russh::keys::ssh_encoding::Error),
}

impl Signer for KeyOfCertificate<'_> {
    type Error = SigningError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, SigningError> {
        let signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&to_sign),
            other => other.try_sign(&to_sign),
        };
        let signature = signature.map_err(ssh_key::Error::from)?;
        let mut encoded = Vec::new();
        signature.encode(&mut encoded)?;
        encoded.encode(&mut to_sign)?;
        Ok(to_sign)
    }
}
