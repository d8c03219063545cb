//! Where an engine keeps its data and what it may do.

use std::path::PathBuf;

use directories::ProjectDirs;

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the store, the accepted host keys and the locks. Made when it is missing.
    pub data_dir: PathBuf,
    /// Whether native notifications are sent, on top of what the settings say.
    pub notify: bool,
}

impl Options {
    /// The options for one data directory, with notifications.
    #[must_use]
    pub fn at(data_dir: PathBuf) -> Self {
        Self { data_dir, notify: true }
    }

    /// The data directory that the platform has for this application: `$XDG_DATA_HOME/hostrounds` on Linux. Absent where the
    /// user has no home directory.
    #[must_use]
    pub fn default_data_dir() -> Option<PathBuf> {
        ProjectDirs::from("org", "Hostrounds", "hostrounds").map(|dirs| dirs.data_local_dir().to_owned())
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data_dir.join("hostrounds.db")
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.data_dir.join("known_hosts")
    }

    pub(crate) fn schedule_lock(&self) -> PathBuf {
        self.data_dir.join("locks").join("schedule.lock")
    }

    /// Shared by whoever has the data open; held alone by whoever replaces it.
    pub(crate) fn data_lock(&self) -> PathBuf {
        self.data_dir.join("locks").join("data.lock")
    }

    pub(crate) fn server_lock(&self, id: i64) -> PathBuf {
        self.data_dir.join("locks").join(format!("server-{id}.lock"))
    }
}
