//! What the history takes, and how much of it is kept.

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::format;
use hostrounds_core::observation::real;
use hostrounds_core::retention::{BYTES_LEAST, DAYS_MOST, Expired, Retention, days_words};
use hostrounds_core::server::{FieldError, ServerId};

use super::Hostrounds;
use super::view::{ApiError, RetentionPreview, ServerExpired, StorageReport};
use crate::clock;
use crate::upkeep::kept_since;

impl Hostrounds {
    /// What the database takes on the disk, by server, and what is kept of the history.
    ///
    /// # Errors
    /// [`super::ErrorCode::Store`] when the store fails.
    pub async fn storage(&self) -> Result<StorageReport, ApiError> {
        let taken = self.engine.store.storage(clock::now()).await?;
        Ok(StorageReport { taken, retention: self.engine.settings().retention })
    }

    /// What would be given up if that were kept. `server` with its days would be an exception from now on; the exceptions that
    /// there are count too.
    ///
    /// # Errors
    /// [`super::ErrorCode::Invalid`]; [`super::ErrorCode::NotFound`]; [`super::ErrorCode::Store`] when the store fails.
    pub async fn preview_retention(
        &self,
        retention: Retention,
        exception: Option<(ServerId, Option<u32>)>,
    ) -> Result<RetentionPreview, ApiError> {
        checked(&retention)?;
        if let Some((id, days)) = exception {
            self.server(id)?;
            checked_days("days", days)?;
        }
        let store = &self.engine.store;
        let now = clock::now();
        let mut servers = Vec::new();
        let mut bytes = 0;
        for server in self.engine.board.servers() {
            let own = match exception {
                Some((id, days)) if id == server.id => days,
                _ => store.keep_days(server.id).await?,
            };
            let Some(days) = own.or(retention.days) else { continue };
            let expired = store.expired(server.id, kept_since(now, days)).await?;
            if expired != Expired::default() {
                bytes += expired.bytes;
                servers.push(ServerExpired { server: server.id, expired });
            }
        }
        let by_size = match retention.bytes {
            // What goes by age makes room already.
            Some(most) => store.over(most.saturating_add(bytes)).await?,
            None => Expired::default(),
        };
        Ok(RetentionPreview { servers, by_size })
    }

    /// Sets how many days the history of one server is kept, or leaves it to the settings. What is older goes soon after.
    ///
    /// # Errors
    /// [`super::ErrorCode::Invalid`]; [`super::ErrorCode::NotFound`]; [`super::ErrorCode::Store`] when the store fails.
    pub async fn set_keep_days(&self, id: ServerId, days: Option<u32>) -> Result<(), ApiError> {
        let server = self.server(id)?;
        checked_days("days", days)?;
        if self.engine.store.keep_days(id).await? == days {
            return Ok(());
        }
        self.engine.store.set_keep_days(id, days).await?;
        self.engine.upkeep.notify_one();
        let kept = match days {
            Some(days) => format!("for {}", days_words(days)),
            None => "as the settings say".to_owned(),
        };
        let line = format!("The history of {} is kept {kept}", server.name);
        self.engine.log(ActivityKind::SettingChanged, Some(id), &line).await;
        Ok(())
    }
}

/// Refuses limits that cannot be meant.
pub(super) fn checked(retention: &Retention) -> Result<(), ApiError> {
    checked_days("retention.days", retention.days)?;
    let mut wrong = Vec::new();
    for (field, bytes) in [("retention.bytes", retention.bytes), ("retention.warnBytes", retention.warn_bytes)] {
        if bytes.is_some_and(|bytes| bytes < BYTES_LEAST) {
            let message = format!("Give at least {}, or nothing for no limit.", format::bytes(real(BYTES_LEAST)));
            wrong.push(FieldError { field: field.into(), message });
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(ApiError::invalid(wrong)) }
}

fn checked_days(field: &str, days: Option<u32>) -> Result<(), ApiError> {
    match days {
        Some(days) if !(1..=DAYS_MOST).contains(&days) => {
            Err(ApiError::invalid_field(field, format!("Give 1 to {DAYS_MOST} days, or nothing for no limit.")))
        }
        _ => Ok(()),
    }
}
