//! From text to what it says. Each part is read for itself, so that everything that is wrong is told at once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::{Table, Value};

use super::{ConfigFile, Section, VERSION};

/// Why a text is no configuration at all.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error("it is not valid TOML: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("it does not begin with `version = {VERSION}`")]
    NoVersion,
    #[error("it has version {found}; this Hostrounds reads versions up to {VERSION}")]
    Newer { found: i64 },
}

/// What the text says.
///
/// # Errors
/// It is no TOML, or has no version that is known.
pub(crate) fn read(text: &str) -> Result<ConfigFile, ReadError> {
    let table: Table = text.parse()?;
    match table.get("version").and_then(Value::as_integer) {
        Some(found) if found > VERSION => return Err(ReadError::Newer { found }),
        Some(1..) => {}
        _ => return Err(ReadError::NoVersion),
    }
    let mut file = ConfigFile::default();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("version", _) => {}
            ("settings", value) => file.settings = Some(section("settings", value, &mut file.unknown)),
            ("local", value) => file.local = Some(section("local", value, &mut file.unknown)),
            ("server", Value::Array(servers)) => {
                for (index, server) in servers.into_iter().enumerate() {
                    let name = server.get("name").and_then(Value::as_str);
                    let name = name.map_or_else(|| format!("server {}", index + 1), str::to_owned);
                    file.servers.push(section(&name, server, &mut file.unknown));
                }
            }
            ("server", _) => file.servers.push(Section {
                name: "server".into(),
                entry: Err("Each server begins with a line `[[server]]`.".into()),
            }),
            ("host_keys", value) => {
                let keys: Section<BTreeMap<String, Vec<String>>> = section("host_keys", value, &mut file.unknown);
                match keys.entry {
                    Ok(keys) => file.host_keys = keys,
                    Err(error) => file.unknown.push(format!("host_keys ({error})")),
                }
            }
            (other, _) => file.unknown.push(other.to_owned()),
        }
    }
    Ok(file)
}

fn section<T: DeserializeOwned>(name: &str, value: Value, unknown: &mut Vec<String>) -> Section<T> {
    let entry = serde_ignored::deserialize(value, |path| {
        // A question mark stands for a field that may be left out.
        unknown.push(format!("{name}: {}", path.to_string().replace(".?", "")));
    });
    Section { name: name.to_owned(), entry: entry.map_err(|error| error.message().to_owned()) }
}
