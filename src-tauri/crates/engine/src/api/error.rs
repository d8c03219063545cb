//! Failures of the floors below, as a face gets them.

use hostrounds_core::server::FieldError;
use hostrounds_ssh::KnownHostsError;
use hostrounds_store::StoreError;

use super::view::{ApiError, ErrorCode, Trouble};
use crate::credentials::CredentialError;
use crate::failure::capitalised;

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), fields: Vec::new() }
    }

    pub(crate) fn schedule_held() -> Self {
        Self::new(
            ErrorCode::ScheduleHeld,
            "Another Hostrounds process keeps the schedule of this data directory.",
            "Use that one, end it, or choose another directory with --data-dir.",
        )
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}."), "It may have been removed in the meantime.")
    }

    pub(crate) fn invalid(fields: Vec<FieldError>) -> Self {
        let message =
            fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect::<Vec<_>>().join(" ");
        Self { fields, ..Self::new(ErrorCode::Invalid, message, "Correct what is marked; nothing was changed.") }
    }

    pub(crate) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    pub(crate) fn name_taken(name: &str) -> Self {
        Self {
            fields: vec![FieldError { field: "name".into(), message: "Another server has this name.".into() }],
            ..Self::new(
                ErrorCode::NameTaken,
                format!("There is already a server named `{name}`."),
                "Choose another name, or edit that server.",
            )
        }
    }

    pub(crate) fn local(what: &str) -> Self {
        Self::new(
            ErrorCode::LocalServer,
            format!("This computer cannot be {what}."),
            "Only servers over SSH can; this computer can be disabled instead.",
        )
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}. {}", self.message.trim_end_matches('.'), self.hint)
    }
}

impl std::error::Error for ApiError {}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("server"),
            other => {
                let code = match &other {
                    StoreError::Damaged { .. } => ErrorCode::StoreDamaged,
                    _ => ErrorCode::Store,
                };
                Self::new(code, capitalised(&other.to_string()), other.hint())
            }
        }
    }
}

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        Self::new(ErrorCode::Keyring, capitalised(&error.to_string()), error.hint())
    }
}

impl From<KnownHostsError> for ApiError {
    fn from(error: KnownHostsError) -> Self {
        let code = match error {
            KnownHostsError::Contradicted { .. }
            | KnownHostsError::Revoked { .. }
            | KnownHostsError::Outdated { .. } => ErrorCode::HostKeyChanged,
            _ => ErrorCode::KnownHosts,
        };
        Self::new(code, capitalised(&error.to_string()), error.hint())
    }
}

/// A store that fails, as a trouble. Its code begins with `store_`.
pub(crate) fn store_trouble(error: &StoreError) -> Trouble {
    Trouble {
        code: format!("store_{}", error.code().trim_start_matches("store_")),
        message: capitalised(&error.to_string()),
        hint: error.hint().into(),
    }
}
