//! What proves to a server who we are.

use std::path::PathBuf;

use secrecy::SecretString;

/// One way to log in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Sent as `password`, or as the answer to the first prompt of `keyboard-interactive` if that is a single hidden
    /// one.
    Password(SecretString),
    /// A private key file: ed25519, ECDSA or RSA, in OpenSSH, PKCS#8, PKCS#1 or SEC1 form.
    Key {
        /// The private key, not the `.pub` beside it.
        path: PathBuf,
        /// An OpenSSH certificate for the key. With `None`, `<path>-cert.pub` is shown where it exists and is valid,
        /// and the plain key where the server does not accept that.
        certificate: Option<PathBuf>,
        /// Needed only when the file is encrypted.
        passphrase: Option<SecretString>,
    },
    /// Keys and certificates held by an ssh-agent; at most five of them are tried.
    Agent {
        /// The agent's socket; `None` means the one that `SSH_AUTH_SOCK` names.
        socket: Option<PathBuf>,
        /// Only the key with this fingerprint (`SHA256:...`) or the public key of this file: a `.pub` file, or a
        /// private key with its `.pub` beside it. A leading `~/` is not expanded.
        key: Option<String>,
    },
    /// A person answers what the server asks (`keyboard-interactive`).
    Prompts,
}
