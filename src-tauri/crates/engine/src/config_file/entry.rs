//! The parts of a file, field by field. What is left out stays as it is.

use hostrounds_core::probe::Family;
use serde::{Deserialize, Serialize};

/// A number, or `"off"`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum LimitText<T> {
    Number(T),
    Word(Off),
}

#[derive(Deserialize, Serialize)]
enum Off {
    #[serde(rename = "off")]
    Off,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Limit<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match LimitText::deserialize(deserializer) {
            Ok(LimitText::Number(number)) => Ok(Self(Some(number))),
            Ok(LimitText::Word(Off::Off)) => Ok(Self(None)),
            Err(_) => Err(serde::de::Error::custom("a number or \"off\" belongs here")),
        }
    }
}

impl<T: Serialize> Serialize for Limit<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(number) => number.serialize(serializer),
            None => Off::Off.serialize(serializer),
        }
    }
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
pub(crate) struct SettingsEntry {
    pub(crate) concurrency: Option<u32>,
    pub(crate) notifications: Option<bool>,
    #[serde(default)]
    pub(crate) budget: BudgetEntry,
    #[serde(default)]
    pub(crate) retention: RetentionEntry,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
pub(crate) struct BudgetEntry {
    pub(crate) logins: Option<Limit<u32>>,
    pub(crate) bytes: Option<Limit<u64>>,
    pub(crate) cpu: Option<Limit<f64>>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
pub(crate) struct RetentionEntry {
    pub(crate) days: Option<Limit<u32>>,
    pub(crate) bytes: Option<Limit<u64>>,
    pub(crate) warn_bytes: Option<Limit<u64>>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ThresholdsEntry {
    pub(crate) cpu: Option<Limit<f64>>,
    pub(crate) memory: Option<Limit<f64>>,
    pub(crate) disk: Option<Limit<f64>>,
    pub(crate) disk_full_in: Option<Limit<f64>>,
}

/// This computer.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
pub(crate) struct LocalEntry {
    pub(crate) enabled: Option<bool>,
    pub(crate) interval: Option<u32>,
    #[serde(default)]
    pub(crate) thresholds: ThresholdsEntry,
    pub(crate) without: Option<Vec<Family>>,
    pub(crate) environment: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(crate) struct ServerEntry {
    pub(crate) name: String,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) user: Option<String>,
    pub(crate) logins: Option<Vec<LoginEntry>>,
    pub(crate) jumps: Option<Vec<HopEntry>>,
    pub(crate) enabled: Option<bool>,
    pub(crate) interval: Option<u32>,
    #[serde(default)]
    pub(crate) thresholds: ThresholdsEntry,
    pub(crate) without: Option<Vec<Family>>,
    pub(crate) environment: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
pub(crate) struct HopEntry {
    pub(crate) host: String,
    #[serde(default = "ssh_port")]
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) logins: Vec<LoginEntry>,
}

pub(crate) const fn ssh_port() -> u16 {
    22
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
pub(crate) struct LoginEntry {
    pub(crate) method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Password,
    Key,
    Agent,
    Prompts,
}
