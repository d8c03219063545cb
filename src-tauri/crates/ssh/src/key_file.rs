//! Reading a private key file, and saying exactly what is wrong with it.

use std::fs;
use std::io;
use std::path::Path;

use russh::keys::{Error, PrivateKey, decode_secret_key};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::connect_error::ConnectError;
use crate::text::printable;

/// The largest key file that makes sense; an RSA key of 16384 bits takes 13 KiB.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads and, where needed, decrypts a key. Deliberately slow for encrypted keys: not for a thread that others need.
pub(crate) fn load(path: &Path, passphrase: Option<&SecretString>) -> Result<PrivateKey, ConnectError> {
    let text = read(path)?;
    let passphrase = passphrase.map(ExposeSecret::expose_secret).filter(|given| !given.is_empty());
    if let Some(cipher) = old_encryption(&text) {
        return Err(ConnectError::KeyFileOldEncryption { path: path.to_owned(), cipher });
    }
    // A passphrase given for an open key is not used: the decoder would try to decrypt what is not encrypted.
    match (decode_secret_key(&text, None), passphrase) {
        (Ok(key), _) => Ok(key),
        (Err(error), passphrase) if is_encrypted(&text, &error) => match passphrase {
            None => Err(ConnectError::KeyPassphraseMissing { path: path.to_owned() }),
            Some(passphrase) => {
                decode_secret_key(&text, Some(passphrase)).map_err(|error| decryption(path, &text, &error))
            }
        },
        (Err(error), _) => Err(not_a_key(path, what_it_is(&text).map_or_else(|| error.to_string(), str::to_owned))),
    }
}

/// The cipher of an encrypted PEM file (RFC 1421, `DEK-Info`) that cannot be decrypted here: russh knows AES-128 in RSA
/// files, which is what ssh-keygen writes.
fn old_encryption(text: &str) -> Option<String> {
    let cipher = text.lines().find_map(|line| line.strip_prefix("DEK-Info:"))?;
    let cipher = cipher.split(',').next().unwrap_or(cipher);
    let known = cipher.trim() == "AES-128-CBC" && text.contains("-----BEGIN RSA PRIVATE KEY-----");
    (!known).then(|| printable(cipher.as_bytes(), 40))
}

/// Why a key that is encrypted was not decrypted: nearly always the passphrase.
fn decryption(path: &Path, text: &str, error: &Error) -> ConnectError {
    match error {
        Error::UnknownAlgorithm(_) | Error::UnsupportedKeyType { .. } => not_a_key(path, error.to_string()),
        // The head that names the cipher is not understood, whatever the passphrase; what a wrong one makes of the rest
        // may look the same once in a while, but not for two of them.
        Error::Der(_) if matches!(decode_secret_key(text, Some("another passphrase")), Err(Error::Der(_))) => {
            ConnectError::KeyFileOldEncryption { path: path.to_owned(), cipher: "an old cipher".into() }
        }
        _ => ConnectError::KeyPassphraseWrong { path: path.to_owned() },
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, ConnectError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ConnectError::KeyFileMissing { path: path.to_owned() },
        _ => ConnectError::KeyFileUnreadable { path: path.to_owned(), reason: error.to_string() },
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.is_dir() {
        return Err(not_a_key(path, "it is a folder".into()));
    }
    if !about.is_file() {
        return Err(not_a_key(path, "it is not a regular file".into()));
    }
    if about.len() > MAX_BYTES {
        return Err(not_a_key(path, "it is too large".into()));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(not_a_key(path, "it is not text".into())),
        Err(error) => Err(unreadable(error)),
    }
}

fn is_encrypted(text: &str, error: &Error) -> bool {
    matches!(error, Error::KeyIsEncrypted)
        || text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || (text.starts_with("PuTTY-User-Key-File-") && !text.contains("Encryption: none"))
}

fn what_it_is(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    if start.is_empty() {
        Some("it is empty")
    } else if ["ssh-", "ecdsa-", "sk-", "---- BEGIN SSH2"].iter().any(|prefix| start.starts_with(prefix)) {
        Some("it is a public key")
    } else if !start.contains("PRIVATE KEY-----") {
        Some("it holds no key")
    } else {
        None
    }
}

fn not_a_key(path: &Path, reason: String) -> ConnectError {
    ConnectError::KeyFileNotAKey { path: path.to_owned(), reason }
}
