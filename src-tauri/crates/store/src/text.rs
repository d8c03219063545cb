//! Values that are kept as text: JSON, and the words of enums without their quotes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

pub(crate) fn to_json<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Value { what, source })
}

pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Value { what, source })
}

/// The word that serde writes for a variant without fields.
pub(crate) fn to_word<T: Serialize>(what: &'static str, value: T) -> Result<String, StoreError> {
    Ok(to_json(what, &value)?.trim_matches('"').to_owned())
}

pub(crate) fn from_word<T: DeserializeOwned>(what: &'static str, word: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|source| StoreError::Value { what, source })
}
