//! A key file, with its certificate where it has one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use russh::MethodKind;
use russh::keys::{Certificate, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use secrecy::SecretString;

use super::attempt::{Answer, Attempt, Cause, Halt, within};
use super::certificate::{self, KeyOfCertificate};
use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::key_file;
use crate::known_hosts::fingerprint;
use crate::quote::{quoted, quoted_path};

/// A key that can be used.
pub(super) struct Loaded {
    pub(super) key: PrivateKey,
    /// The certificate to show, and its file.
    pub(super) certificate: Option<(Certificate, PathBuf)>,
    /// Whether the certificate was asked for; otherwise it stood beside the key.
    pub(super) explicit: bool,
    /// Why the certificate beside the key is not shown.
    pub(super) passed_over: Option<ConnectError>,
}

/// Reads a key and its certificate. Decrypting is slow by design: it has a thread of its own.
pub(super) async fn load(
    path: &Path,
    certificate: Option<&Path>,
    passphrase: Option<SecretString>,
) -> Result<Loaded, ConnectError> {
    let (file, certificate) = (path.to_owned(), certificate.map(Path::to_owned));
    let loading = tokio::task::spawn_blocking(move || load_now(&file, certificate, passphrase.as_ref()));
    loading
        .await
        .map_err(|error| ConnectError::KeyFileUnreadable { path: path.to_owned(), reason: error.to_string() })?
}

fn load_now(
    path: &Path,
    certificate: Option<PathBuf>,
    passphrase: Option<&SecretString>,
) -> Result<Loaded, ConnectError> {
    let key = key_file::load(path, passphrase)?;
    let explicit = certificate.is_some();
    let file = certificate.unwrap_or_else(|| certificate::beside(path));
    if !explicit && !file.exists() {
        return Ok(Loaded { key, certificate: None, explicit, passed_over: None });
    }
    match fitting(&file, path, &key) {
        Ok(found) => Ok(Loaded { key, certificate: Some((found, file)), explicit, passed_over: None }),
        Err(error) if explicit => Err(error),
        // Nobody asked for it: the key itself may do.
        Err(error) => Ok(Loaded { key, certificate: None, explicit, passed_over: Some(error) }),
    }
}

/// The certificate, if it belongs to the key and is good now.
fn fitting(file: &Path, path: &Path, key: &PrivateKey) -> Result<Certificate, ConnectError> {
    let found = certificate::read(file)?;
    if found.public_key() != key.public_key().key_data() {
        return Err(ConnectError::CertificateOtherKey { path: file.to_owned(), key: path.to_owned() });
    }
    certificate::is_timely(&found, &file.display().to_string(), SystemTime::now())?;
    Ok(found)
}

/// A key, for people.
pub(super) fn described(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), fingerprint(key))
}

impl Attempt<'_, '_> {
    pub(super) async fn with_key(
        &mut self,
        path: &Path,
        certificate: Option<&Path>,
        passphrase: Option<SecretString>,
    ) -> Result<Answer, Halt> {
        let loading = load(path, certificate, passphrase);
        let loaded = within(self.stages.last(), loading).await?.map_err(Halt::Unusable)?;
        if let Some((certificate, file)) = &loaded.certificate {
            let answer = self.with_certificate(&loaded.key, certificate, file).await?;
            let ends = loaded.explicit || self.is_exhausted() || !self.offers(MethodKind::PublicKey);
            if answer != Answer::Refused || ends {
                return Ok(answer);
            }
        }
        let hash = self.rsa_hash(loaded.key.public_key()).await?;
        let label = format!("the key {}", described(loaded.key.public_key()));
        let cause = Cause::Key { remedy: installation(path, self.endpoint) };
        let key = PrivateKeyWithHashAlg::new(Arc::new(loaded.key), hash);
        let user = self.user().to_owned();
        let showing = self.handle.authenticate_publickey(user, key);
        let result = within(self.stages.last(), showing).await?.map_err(|error| self.broken(&error));
        let answer = self.judged(label, cause, result).await?;
        if let (Answer::Refused, Some(error)) = (answer, loaded.passed_over) {
            // A certificate that has expired is the likely cause.
            self.unusable(error);
        }
        Ok(answer)
    }

    async fn with_certificate(
        &mut self,
        key: &PrivateKey,
        certificate: &Certificate,
        file: &Path,
    ) -> Result<Answer, Halt> {
        let hash = self.rsa_hash(key.public_key()).await?;
        let (label, user) = (certificate::described(certificate), self.user().to_owned());
        let cause = certificate::cause(certificate, &file.display().to_string(), &user);
        let mut signer = KeyOfCertificate(key);
        let showing = self.handle.authenticate_certificate_with(user, certificate.clone(), hash, &mut signer);
        let result = match within(self.stages.last(), showing).await? {
            Ok(result) => Ok(result),
            Err(super::certificate::SigningError::Send(_)) => Err(self.broken(&russh::Error::SendError)),
            Err(error) => {
                let (path, reason) = (file.to_owned(), error.to_string());
                return Err(Halt::Unusable(ConnectError::CertificateUnusable { path, reason }));
            }
        };
        Ok(self.judged(label, cause, result).await?)
    }
}

/// A command that puts the public half of the key file at `path` on the server, with another way to log in.
fn installation(path: &Path, endpoint: &Endpoint) -> String {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    let Endpoint { host, port, user } = endpoint;
    format!("ssh-copy-id -i {} -p {port} -- {}", quoted_path(public.as_ref()), quoted(&format!("{user}@{host}")))
}
