//! Passwords and passphrases, in the keyring of the operating system and nowhere else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::server::ServerId;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// The service name under which the keyring shows the entries.
const SERVICE: &str = "hostrounds";
/// How long the keyring may take: a person may have to unlock it first.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a call waits for the one before it.
const TURN: Duration = Duration::from_secs(5);

/// Why a credential could not be read or written.
#[derive(Debug, Error)]
pub(crate) enum CredentialError {
    /// No keyring answers.
    #[error("the keyring cannot be used: {0}")]
    Unavailable(String),
    /// The keyring is there, but does not give access.
    #[error("the keyring refuses access: {0}")]
    Locked(String),
    /// The keyring did not answer in time.
    #[error("the keyring did not answer within {} s", PATIENCE.as_secs())]
    Timeout,
    /// An earlier call still waits for a person to unlock the keyring.
    #[error("the keyring waits to be unlocked")]
    Waiting,
    /// The entry is not text.
    #[error("the keyring entry of this server is damaged")]
    Damaged,
}

impl CredentialError {
    /// What a person can do about it.
    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => {
                "Start a keyring that offers the Secret Service (gnome-keyring, KWallet or KeePassXC), or use an SSH agent or a key file without passphrase."
            }
            Self::Locked(_) | Self::Timeout | Self::Waiting => "Unlock the keyring of this computer, then try again.",
            Self::Damaged => "Set the password or passphrase of this server again.",
        }
    }
}

/// The servers whose secret this application has put into the keyring: asking the keyring itself may open a prompt.
#[derive(Default)]
pub(crate) struct Secrets {
    servers: Mutex<BTreeSet<ServerId>>,
}

impl Secrets {
    /// Whether the keyring holds a secret of that server.
    pub(crate) fn has(&self, server: ServerId) -> bool {
        self.lock().contains(&server)
    }

    /// Takes note of one server; gives all servers where that changed anything.
    pub(crate) fn note(&self, server: ServerId, has: bool) -> Option<BTreeSet<ServerId>> {
        let mut servers = self.lock();
        let changed = if has { servers.insert(server) } else { servers.remove(&server) };
        changed.then(|| servers.clone())
    }

    /// Replaces what was noted by what the store holds.
    pub(crate) fn replace(&self, servers: BTreeSet<ServerId>) {
        *self.lock() = servers;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<ServerId>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where secrets are kept: one per server.
#[async_trait]
pub(crate) trait Credentials: Send + Sync {
    /// The secret of a server, if it has one.
    async fn get(&self, server: ServerId) -> Result<Option<SecretString>, CredentialError>;
    /// Puts or replaces the secret of a server.
    async fn set(&self, server: ServerId, secret: SecretString) -> Result<(), CredentialError>;
    /// Removes the secret of a server; nothing happens where there is none.
    async fn clear(&self, server: ServerId) -> Result<(), CredentialError>;
}

/// The keyring of the operating system.
pub(crate) struct Keyring {
    /// Tells the entries of several data directories apart.
    installation: String,
    /// One call at a time: one that waits for a person keeps its thread, and must not gather others behind it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Keyring {
    /// The keyring entries of one data directory.
    #[must_use]
    pub(crate) fn new(installation: String) -> Self {
        Self { installation, turn: Arc::default() }
    }

    async fn with_entry<T: Send + 'static>(
        &self,
        server: ServerId,
        act: impl FnOnce(keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, CredentialError> {
        let user = format!("{}/server-{}", self.installation, server.0);
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turn).lock_owned());
        let turn = turn.await.map_err(|_| CredentialError::Waiting)?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            connect_keyring()?;
            match keyring_core::Entry::new(SERVICE, &user).and_then(act) {
                Ok(value) => Ok(Some(value)),
                Err(keyring_core::Error::NoEntry) => Ok(None),
                Err(error) => {
                    // A keyring daemon that was restarted is only found by a new connection.
                    keyring_core::unset_default_store();
                    Err(error)
                }
            }
        });
        match tokio::time::timeout(PATIENCE, work).await {
            Err(_) => Err(CredentialError::Timeout),
            Ok(Err(join)) => Err(CredentialError::Unavailable(join.to_string())),
            Ok(Ok(result)) => result.map_err(described),
        }
    }
}

/// Makes the store of the platform the default one. Tried again at every use until it succeeds: a keyring that starts after
/// the application is found without a restart.
fn connect_keyring() -> keyring_core::Result<()> {
    static CONNECTING: Mutex<()> = Mutex::new(());
    let _alone = CONNECTING.lock().unwrap_or_else(PoisonError::into_inner);
    if keyring_core::get_default_store().is_some() {
        return Ok(());
    }
    #[cfg(all(unix, not(target_os = "macos")))]
    keyring_core::set_default_store(zbus_secret_service_keyring_store::Store::new()?);
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    if let Err(error) = keyring::Entry::store_status() {
        return Err(keyring_core::Error::NotSupportedByStore(error.to_string()));
    }
    Ok(())
}

fn described(error: keyring_core::Error) -> CredentialError {
    match error {
        keyring_core::Error::NoStorageAccess(reason) => CredentialError::Locked(reason.to_string()),
        keyring_core::Error::BadEncoding(_) | keyring_core::Error::BadDataFormat(..) => CredentialError::Damaged,
        other => CredentialError::Unavailable(other.to_string()),
    }
}

#[async_trait]
impl Credentials for Keyring {
    async fn get(&self, server: ServerId) -> Result<Option<SecretString>, CredentialError> {
        self.with_entry(server, |entry| entry.get_password().map(SecretString::from)).await
    }

    async fn set(&self, server: ServerId, secret: SecretString) -> Result<(), CredentialError> {
        self.with_entry(server, move |entry| entry.set_password(secret.expose_secret())).await.map(|_| ())
    }

    async fn clear(&self, server: ServerId) -> Result<(), CredentialError> {
        self.with_entry(server, |entry| entry.delete_credential()).await.map(|_| ())
    }
}
