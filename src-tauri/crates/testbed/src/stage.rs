//! A machine that is not as it should be: this one, with some of its files and programs exchanged.
//!
//! Neither root nor a mount namespace is needed. What a client tells the shell passes through a filter that turns
//! `/proc/` and `/run/` into folders of the stage, where everything that is not exchanged is a link to the real thing;
//! what comes back passes through the opposite filter. Programs are exchanged by a folder that comes first in `PATH`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::replacing::Replacing;
use crate::staging::Staging;

/// Trees that the stage stands before.
const TREES: [&str; 2] = ["proc", "run"];
/// From one writing of the files that change to the next. The kernel counts in hundredths.
const TICK: Duration = Duration::from_millis(10);

/// The files and programs of one [`Staging`]. They are gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: TempDir,
    changing: Option<JoinHandle<()>>,
}

/// What a file holds after a time.
pub(crate) type Content = Box<dyn Fn(Duration) -> Vec<u8> + Send>;

impl Stage {
    pub(crate) fn build(staging: Staging) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hostrounds-stage-").tempdir()?;
        fs::create_dir(folder.path().join("bin"))?;
        for tree in TREES {
            symlink(Path::new("/").join(tree), folder.path().join(tree))?;
        }
        let mut stage = Self { folder, changing: None };
        staging.set(&mut stage)?;
        Ok(stage)
    }

    /// `PATH` on the stage.
    pub(crate) fn path(&self) -> OsString {
        let mut path = self.folder.path().join("bin").into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        path
    }

    /// `XDG_DATA_HOME` on the stage.
    pub(crate) fn data_home(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What turns the real places into those of the stage.
    pub(crate) fn staging(&self) -> Replacing {
        let [proc, run] = TREES.map(|tree| self.folder.path().join(tree).display().to_string() + "/");
        Replacing::new(&[("/proc/", &proc), ("/run/", &run), ("/var/run/", &run)])
    }

    /// What turns the places of the stage back.
    pub(crate) fn unstaging(&self) -> Replacing {
        Replacing::new(&[(&self.folder.path().display().to_string(), "")])
    }

    /// Exchanges a program for a shell script.
    pub(crate) fn program(&self, name: &str, script: &str) -> io::Result<()> {
        let path = self.folder.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
    }

    /// Exchanges a program for one that prints this, whatever it is asked.
    pub(crate) fn prints(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let path = self.prop(name, text)?;
        self.program(name, &format!("exec cat '{}'", path.display()))
    }

    /// A file for the programs of the stage, and where it is.
    pub(crate) fn prop(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Exchanges a file, such as `proc/net/dev`.
    pub(crate) fn file(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let place = self.place(path)?;
        fs::write(place, content)
    }

    /// Puts a folder in place of whatever is there, such as `proc/4711`, and says where it is.
    pub(crate) fn directory(&self, path: &str) -> io::Result<PathBuf> {
        let place = self.place(path)?;
        fs::create_dir(&place)?;
        Ok(place)
    }

    /// Puts a socket, to which nobody listens, in place of whatever is there.
    pub(crate) fn socket(&self, path: &str) -> io::Result<()> {
        UnixListener::bind(self.place(path)?).map(drop)
    }

    /// A folder among what the account's programs store.
    pub(crate) fn data(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.data_home().join(path))
    }

    /// Exchanges files that change with time.
    pub(crate) fn changing(&mut self, files: Vec<(&str, Content)>) -> io::Result<()> {
        let mut places = Vec::new();
        for (path, content) in files {
            let place = self.place(path)?;
            fs::write(&place, content(Duration::ZERO))?;
            places.push((place, content));
        }
        let begun = Instant::now();
        self.changing = Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TICK);
            loop {
                ticks.tick().await;
                for (place, content) in &places {
                    // Exchanged at once, so that nobody reads half of it. It fails when the folder is gone.
                    let next = place.with_extension("next");
                    if fs::write(&next, content(begun.elapsed())).and_then(|()| fs::rename(&next, place)).is_err() {
                        return;
                    }
                }
            }
        }));
        Ok(())
    }

    /// Where a file of the stage belongs. The folders above it become real ones, full of links; what was there is gone.
    fn place(&self, path: &str) -> io::Result<PathBuf> {
        let mut place = self.folder.path().to_owned();
        let mut real = PathBuf::from("/");
        let mut names: Vec<&OsStr> = Path::new(path).iter().collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            place.push(name);
            real.push(name);
            if place.is_symlink() {
                fs::remove_file(&place)?;
            }
            if !place.is_dir() {
                fs::create_dir(&place)?;
                for entry in fs::read_dir(&real).into_iter().flatten().flatten() {
                    symlink(entry.path(), place.join(entry.file_name()))?;
                }
            }
        }
        place.push(last);
        if place.is_symlink() {
            fs::remove_file(&place)?;
        }
        Ok(place)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(changing) = &self.changing {
            changing.abort();
        }
    }
}
