//! Backups: one file that holds everything but the secrets, written while collections go on; and the way back.
//!
//! A backup is a database of its own, with the accepted host keys in a table besides. Restoring swaps the files while nobody
//! has them open; what the backup carried is taken over when the data is next opened, so that a process that is killed in
//! between, or a backup that somebody put into place by hand, comes to the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::Target;
use hostrounds_store::{Carried, StoreError};
use tokio::task::spawn_blocking;

use super::Hostrounds;
use super::secrets;
use super::view::{ApiError, BackupFile, BackupMade, ErrorCode, MissingSecret, Replaced, Trouble};
use crate::clock;
use crate::credentials::CredentialError;
use crate::engine::Engine;
use crate::failure::{KEYRING_UNAVAILABLE, capitalised};
use crate::lock::Lock;
use crate::options::Options;

pub use hostrounds_store::{CopyProgress, OnProgress};

/// The code of the trouble that secrets have to be given again.
const SECRETS_MISSING: &str = "secrets_missing";

impl Hostrounds {
    /// Writes a backup into a new file (0600) while collections go on; a file of that name is replaced only where `overwrite`.
    /// Who drops the call stops it, and nothing of it is left.
    ///
    /// # Errors
    /// [`ErrorCode::Backup`] when the file is there already or cannot be written; [`ErrorCode::Store`],
    /// [`ErrorCode::StoreDamaged`], [`ErrorCode::KnownHosts`].
    pub async fn back_up(
        &self,
        to: PathBuf,
        overwrite: bool,
        progress: OnProgress<'_>,
    ) -> Result<BackupMade, ApiError> {
        let engine = &self.engine;
        let known_hosts = engine.known_hosts.clone();
        let known_hosts = match spawn_blocking(move || known_hosts.own_text()).await {
            Ok(text) => text?,
            Err(error) => return Err(broke_off(&error)),
        };
        let carried =
            Carried { made_at: Some(clock::now()), made_by: Some(env!("CARGO_PKG_VERSION").to_owned()), known_hosts };
        let size = engine.store.backup(&to, &carried, overwrite, progress).await.map_err(|error| match error {
            StoreError::Damaged { .. } | StoreError::Closed | StoreError::Locked => error.into(),
            other => of_backup(other),
        })?;
        let path = std::path::absolute(&to).unwrap_or(to).display().to_string();
        engine.log(ActivityKind::BackedUp, None, &format!("A backup was written to {path}")).await;
        Ok(BackupMade { path, size })
    }

    /// Waits until it is known which secrets of a database that was restored the keyring of this computer lacks, and says
    /// which. Nothing where none are missing, or nothing was restored since this was last known.
    ///
    /// # Errors
    /// [`ErrorCode::Keyring`] when the keyring does not say it: it is asked again when the data is next opened.
    pub async fn missing_secrets(&self) -> Result<Vec<MissingSecret>, ApiError> {
        self.engine.find_missing_secrets().await
    }
}

/// The usual name of a backup that is made now: `hostrounds-2026-05-28.db`.
#[must_use]
pub fn file_name() -> String {
    format!("hostrounds-{}.db", jiff::Zoned::now().strftime("%Y-%m-%d"))
}

/// Looks at a backup, all of it, and says what it is. Nothing is changed.
///
/// # Errors
/// [`ErrorCode::Backup`] when it cannot be restored, and why.
pub async fn inspect(file: &Path) -> Result<BackupFile, ApiError> {
    let info = hostrounds_store::inspect(file).await.map_err(of_backup)?;
    Ok(BackupFile {
        path: file.display().to_string(),
        size: info.size,
        made_at: info.made_at,
        made_by: info.made_by,
        servers: info.servers,
        newest: info.newest,
    })
}

/// Puts a backup in the place of the data. The database that was there stays beside it under another name. Open the data
/// afterwards.
///
/// # Errors
/// [`ErrorCode::InUse`] while any process has the data open; [`ErrorCode::Backup`], [`ErrorCode::Store`]. The data is as it was
/// then.
pub async fn restore(options: &Options, file: &Path, progress: OnProgress<'_>) -> Result<Replaced, ApiError> {
    let _alone = take_data(options)?;
    let suffix = format!("before-restore-{}", stamp());
    let aside = hostrounds_store::restore(file, &options.database(), &suffix, progress).await.map_err(of_backup)?;
    Ok(replaced(aside))
}

/// Moves the database aside, whatever state it is in; opening the data then begins with an empty one. Accepted host keys stay.
///
/// # Errors
/// [`ErrorCode::InUse`] while any process has the data open; [`ErrorCode::Store`].
pub async fn begin_anew(options: &Options) -> Result<Replaced, ApiError> {
    let _alone = take_data(options)?;
    let suffix = format!("set-aside-{}", stamp());
    Ok(replaced(hostrounds_store::set_aside(&options.database(), &suffix).await?))
}

fn replaced(aside: Option<PathBuf>) -> Replaced {
    Replaced { aside: aside.map(|path| path.display().to_string()) }
}

/// A moment as a part of a name, by the clock of Greenwich.
fn stamp() -> String {
    jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Says to others that the data is in use. Nothing where the lock file cannot be used: nobody can replace the data then either,
/// and what is wrong with its folder the store says better.
pub(crate) fn share_data(options: &Options) -> Result<Option<Lock>, ApiError> {
    match Lock::try_share(&options.data_lock()) {
        Ok(Some(share)) => Ok(Some(share)),
        Ok(None) => Err(ApiError::new(
            ErrorCode::InUse,
            "Another Hostrounds process is restoring a backup into this data directory.",
            "Try again when it has ended.",
        )),
        Err(error) => {
            tracing::warn!(%error, "the lock of the data cannot be used");
            Ok(None)
        }
    }
}

/// The data for this process alone.
fn take_data(options: &Options) -> Result<Lock, ApiError> {
    let path = options.data_lock();
    Lock::try_take(&path).map_err(|error| unusable(&path, &error))?.ok_or_else(|| {
        ApiError::new(
            ErrorCode::InUse,
            format!("Another Hostrounds process uses `{}`.", options.data_dir.display()),
            "Quit the window and end other commands (`hostrounds run`, `watch`), then try again. Nothing was changed.",
        )
    })
}

fn unusable(path: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(
        ErrorCode::Store,
        format!("The lock file `{}` cannot be used: {error}.", path.display()),
        "Check the owner and the permissions of the data directory.",
    )
}

fn broke_off(error: &tokio::task::JoinError) -> ApiError {
    ApiError::new(ErrorCode::Backup, format!("The reading broke off: {error}."), "Try again.")
}

/// What is wrong with a backup, or with where it goes. That the backup is damaged says nothing about the data.
pub(super) fn of_backup(error: StoreError) -> ApiError {
    let hint = match &error {
        StoreError::Damaged { .. } => "Choose another backup.",
        StoreError::Foreign { .. } => "Choose a file that Hostrounds has written as a backup.",
        StoreError::Newer { .. } => "Install the newest version of Hostrounds, which can restore it.",
        StoreError::Full { .. } => "Free some space there, or choose another place.",
        StoreError::Permission { .. } => "Choose a place that you may read and write.",
        StoreError::Io { .. } => "Check the disk.",
        other => other.hint(),
    };
    ApiError::new(ErrorCode::Backup, capitalised(&error.to_string()), hint)
}

impl Engine {
    /// Takes over what a backup carried that the database was restored from, if it was.
    pub(crate) async fn take_over_carried(self: &Arc<Self>) -> Result<(), ApiError> {
        let Some(carried) = self.store.carried().await? else { return Ok(()) };
        if let Some(text) = carried.known_hosts {
            self.put_known_hosts(text).await?;
            self.store.carried_host_keys_are_in_place().await?;
        }
        let engine = Arc::clone(self);
        self.spawn(async move {
            // What the keyring refuses is a trouble by then.
            let _ = engine.find_missing_secrets().await;
        });
        Ok(())
    }

    /// Asks the keyring for the secrets that a restored database says it holds. Those that it lacks, because this is another
    /// computer, are noted as missing and no longer claimed.
    async fn find_missing_secrets(&self) -> Result<Vec<MissingSecret>, ApiError> {
        let mut missing = self.missing_secrets.lock().await;
        let Some(carried) = self.store.carried().await? else { return Ok(missing.clone()) };
        for server in self.board.servers() {
            let mut noted = self.secrets.noted(server.id);
            let mut gone = Vec::new();
            for slot in self.secrets.of(&server) {
                match self.credentials.get(server.id, &slot).await {
                    // It is there, even where it cannot be read as text.
                    Ok(Some(_)) | Err(CredentialError::Damaged) => {}
                    Ok(None) => {
                        noted.remove(&slot);
                        gone.push(slot);
                    }
                    Err(error) => {
                        self.troubles.raise(Trouble {
                            code: KEYRING_UNAVAILABLE.into(),
                            message: capitalised(&error.to_string()),
                            hint: error.hint().into(),
                        });
                        return Err(error.into());
                    }
                }
            }
            self.note_secrets(server.id, noted).await?;
            for slot in gone {
                let what = secrets::name(&slot);
                let message = format!("{}: the {what} is not in the keyring of this computer", server.name);
                self.log(ActivityKind::CredentialChanged, Some(server.id), &message).await;
                missing.push(MissingSecret { server: server.id, name: server.name.clone(), slot, what });
            }
            self.board.put(server.clone(), self.secrets.of(&server));
            self.pipeline.tell(server.id);
        }
        self.store.forget_carried().await?;
        let made = carried.made_at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
        let made = made.map(|at| format!(" of {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
        self.log(ActivityKind::Restored, None, &format!("The data was restored from a backup{made}")).await;
        self.tell_missing(&missing);
        Ok(missing.clone())
    }

    /// Gives up what is no longer missing, and tells what still is.
    pub(super) async fn look_after_missing_secrets(&self) {
        let mut missing = self.missing_secrets.lock().await;
        if missing.is_empty() {
            return;
        }
        missing.retain(|secret| match self.board.server(secret.server).map(|server| server.target) {
            Some(Target::Ssh(ssh)) => {
                ssh.secret_slots().contains(&secret.slot) && !self.secrets.has(secret.server, &secret.slot, &ssh)
            }
            _ => false,
        });
        self.tell_missing(&missing);
    }

    fn tell_missing(&self, missing: &[MissingSecret]) {
        self.troubles.settle(|code| code == SECRETS_MISSING && missing.is_empty());
        if !missing.is_empty() {
            let each: Vec<String> = missing.iter().map(|secret| format!("{} ({})", secret.name, secret.what)).collect();
            self.troubles.raise(Trouble {
                code: SECRETS_MISSING.into(),
                message: format!("The keyring of this computer does not hold these secrets: {}.", each.join(", ")),
                hint: "Edit each server and give them again. Passwords are in no backup.".into(),
            });
        }
    }

    /// Puts the accepted host keys of a backup in the place of those that are here, which stay beside them.
    async fn put_known_hosts(&self, text: Vec<u8>) -> Result<(), ApiError> {
        let known_hosts = self.known_hosts.clone();
        let path = self.options.known_hosts();
        let put = move || -> Result<(), ApiError> {
            match known_hosts.own_text()? {
                Some(present) if present == text => return Ok(()),
                Some(present) if !present.is_empty() => {
                    let mut aside = path.into_os_string();
                    aside.push(format!(".before-restore-{}", stamp()));
                    match hostrounds_store::write_file(aside.as_ref(), &present, false) {
                        // Kept by a restore of the same second, before this one.
                        Ok(()) | Err(StoreError::Exists { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                _ => {}
            }
            Ok(known_hosts.replace_own_text(text)?)
        };
        match spawn_blocking(put).await {
            Ok(done) => done,
            Err(error) => Err(broke_off(&error)),
        }
    }
}
