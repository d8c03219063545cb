//! What a configuration refers to without naming it: the user, the home directory, environment variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::ConfigError;

/// What a configuration refers to without naming it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The home directory: `~` and `%d`.
    pub home: PathBuf,
    /// The name of the local user: `%u`, and who logs in where no `User` is set.
    pub user: String,
    /// The environment variables, for `${NAME}`.
    pub variables: BTreeMap<String, String>,
}

impl Surroundings {
    /// Those of the user that runs this program.
    ///
    /// # Errors
    /// [`ConfigError::NobodyHere`].
    pub fn of_this_user() -> Result<Self, ConfigError> {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let variables = std::env::vars_os();
        Ok(Self {
            home: home.ok_or(ConfigError::NobodyHere("home directory"))?,
            user: whoami::username().map_err(|_| ConfigError::NobodyHere("name"))?,
            variables: variables
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        })
    }

    /// Where OpenSSH looks for the configuration of a user.
    #[must_use]
    pub fn default_config(&self) -> PathBuf {
        self.home.join(".ssh/config")
    }

    /// The place that a path with a leading `~/` means. `~other/` is another user's home, which is not looked up.
    pub(crate) fn place(&self, path: &str) -> Option<PathBuf> {
        match path.strip_prefix('~') {
            None => Some(PathBuf::from(path)),
            Some("") => Some(self.home.clone()),
            Some(rest) => rest.strip_prefix('/').map(|rest| self.home.join(rest)),
        }
    }

    /// Whether a file is there. A file that cannot be looked at counts as one that is not.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.place(path).is_some_and(|place| Path::is_file(&place))
    }
}
