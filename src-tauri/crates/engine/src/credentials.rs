//! Passwords and passphrases, in the keyring of the operating system and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::server::{SecretSlot, Server, ServerId, SshTarget, Target};
use hostrounds_store::KeptSecret;
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

/// The secrets of a server that this application has put into the keyring, each with the host that it may be shown to where its
/// slot does not say it.
pub(crate) type Noted = BTreeMap<SecretSlot, Option<String>>;

/// What is known of the secrets without asking the keyring: asking it may open a prompt.
#[derive(Default)]
pub(crate) struct Secrets {
    noted: Mutex<BTreeMap<ServerId, Noted>>,
}

impl Secrets {
    /// Whether the keyring holds that secret of a server, and it may be shown to the hosts of `target`.
    pub(crate) fn has(&self, server: ServerId, slot: &SecretSlot, target: &SshTarget) -> bool {
        self.lock().get(&server).and_then(|noted| noted.get(slot)).is_some_and(|place| *place == place_of(slot, target))
    }

    /// The secrets of a server that the keyring holds, without one that was given for another host.
    pub(crate) fn of(&self, server: &Server) -> Vec<SecretSlot> {
        let Target::Ssh(target) = &server.target else { return Vec::new() };
        self.noted(server.id).into_keys().filter(|slot| self.has(server.id, slot, target)).collect()
    }

    /// Every secret of a server that the keyring holds.
    pub(crate) fn noted(&self, server: ServerId) -> Noted {
        self.lock().get(&server).cloned().unwrap_or_default()
    }

    /// Takes over what is noted of a server.
    pub(crate) fn put(&self, server: ServerId, noted: Noted) {
        self.lock().insert(server, noted);
    }

    /// Takes over what the store has noted.
    pub(crate) fn replace(&self, kept: Vec<KeptSecret>) {
        let mut noted: BTreeMap<ServerId, Noted> = BTreeMap::new();
        for KeptSecret { server, slot, place } in kept {
            noted.entry(server).or_default().insert(slot, place);
        }
        *self.lock() = noted;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServerId, Noted>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host that a secret may be shown to, where its slot does not say it: the password of the server itself must not go to
/// another host when the settings change. A passphrase goes nowhere.
pub(crate) fn place_of(slot: &SecretSlot, target: &SshTarget) -> Option<String> {
    match slot {
        SecretSlot::Password { jump: None } => Some(target.hop.to_string()),
        SecretSlot::Password { jump: Some(_) } | SecretSlot::Passphrase { .. } => None,
    }
}

/// Where secrets are kept: one for each slot of a server.
#[async_trait]
pub(crate) trait Credentials: Send + Sync {
    /// A secret, if it is there.
    async fn get(&self, server: ServerId, slot: &SecretSlot) -> Result<Option<SecretString>, CredentialError>;
    /// Puts or replaces a secret.
    async fn set(&self, server: ServerId, slot: &SecretSlot, secret: SecretString) -> Result<(), CredentialError>;
    /// Removes a secret; nothing happens where there is none.
    async fn clear(&self, server: ServerId, slot: &SecretSlot) -> Result<(), CredentialError>;
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
        slot: &SecretSlot,
        act: impl FnOnce(keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, CredentialError> {
        let user = format!("{}/server-{}/{}", self.installation, server.0, entry_name(slot));
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

/// Under which name the keyring shows a secret of a server.
fn entry_name(slot: &SecretSlot) -> String {
    match slot {
        SecretSlot::Password { jump: None } => "password".to_owned(),
        SecretSlot::Password { jump: Some(jump) } => format!("password of {jump}"),
        SecretSlot::Passphrase { path } => format!("passphrase of {path}"),
    }
}

#[async_trait]
impl Credentials for Keyring {
    async fn get(&self, server: ServerId, slot: &SecretSlot) -> Result<Option<SecretString>, CredentialError> {
        self.with_entry(server, slot, |entry| entry.get_password().map(SecretString::from)).await
    }

    async fn set(&self, server: ServerId, slot: &SecretSlot, secret: SecretString) -> Result<(), CredentialError> {
        self.with_entry(server, slot, move |entry| entry.set_password(secret.expose_secret())).await.map(|_| ())
    }

    async fn clear(&self, server: ServerId, slot: &SecretSlot) -> Result<(), CredentialError> {
        self.with_entry(server, slot, |entry| entry.delete_credential()).await.map(|_| ())
    }
}
