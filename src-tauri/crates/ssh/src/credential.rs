//! What proves to a server who we are.

use std::path::PathBuf;

use secrecy::SecretString;

/// One way to log in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Sent as `password`, or as the answer to a single hidden `keyboard-interactive` prompt.
    Password(SecretString),
    /// A private key file: ed25519, ECDSA or RSA, in OpenSSH, PKCS#8, PKCS#1 or SEC1 form.
    Key {
        /// The private key, not the `.pub` beside it.
        path: PathBuf,
        /// Needed only when the file is encrypted.
        passphrase: Option<SecretString>,
    },
    /// Keys held by an ssh-agent.
    Agent {
        /// The agent's socket; `None` means the one that `SSH_AUTH_SOCK` names.
        socket: Option<PathBuf>,
    },
}
