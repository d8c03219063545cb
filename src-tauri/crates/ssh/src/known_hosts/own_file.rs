//! The app's own file of known hosts: the only one that is written.
//!
//! Besides lines that OpenSSH reads it may hold comments of the form `#hostrounds-overrules HOST FINGERPRINT`. Such a
//! comment says that a person has put another key in the place of this one: wherever else the key is written for that
//! host, in files that are not ours to write, it does not count. To `ssh` and `ssh-keygen` it is a comment like any
//! other.
//!
//! Names are written in plain text, as OpenSSH does by default, so that `ssh-keygen -F`, `-l` and `-R` find them and a
//! person can read which servers they are; the database beside the file holds the same names anyway.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;

use super::error::KnownHostsError;
use super::offer::bare;

const OVERRULES: &str = "#hostrounds-overrules";

/// Where it is.
#[derive(Debug, Clone)]
pub(crate) struct OwnFile {
    path: PathBuf,
}

impl OwnFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file that is not there is an empty one; one that is there and cannot be read is an error, because keys would be
    /// asked for again that somebody has decided about.
    pub(crate) fn read(&self) -> Result<Text, KnownHostsError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Text(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Text(Vec::new())),
            Err(source) => Err(KnownHostsError::Read { path: self.path.clone(), source }),
        }
    }

    /// Changes the file as one: nobody reads half of it, and two programs that change it at the same time do so one
    /// after the other. Mode 0600, in a folder of mode 0700.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Text) -> Result<T, KnownHostsError>,
    ) -> Result<T, KnownHostsError> {
        let _lock = self.lock().map_err(|source| self.write_error(source))?;
        let before = self.read()?;
        let mut after = before.clone();
        let outcome = change(&mut after)?;
        if after != before {
            self.write(&after.0).map_err(|source| self.write_error(source))?;
        }
        Ok(outcome)
    }

    /// Held in a file of its own, because the file itself is another one after each change.
    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            create_private_folder(folder)?;
        }
        let mut options = private();
        let lock = options.create(true).truncate(false).open(self.beside(".lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let new = self.beside(".new");
        // Left over from a program that was killed while it held the lock.
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = private().create_new(true).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(ending);
        name.into()
    }

    fn write_error(&self, source: io::Error) -> KnownHostsError {
        KnownHostsError::Write { path: self.path.clone(), source }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// What stands in the file. Lines that a change is not about stay as they are, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(Vec<u8>);

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Text {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Fingerprints of the keys that were overruled for `name`.
    pub(crate) fn overruled(&self, name: &str) -> Vec<String> {
        let lines = self.0.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        lines.filter_map(|line| overruling(line, name)).map(str::to_owned).collect()
    }

    /// Files the key under `name`. It is not overruled any more then.
    pub(crate) fn add(&mut self, name: &str, key: &PublicKey) {
        let fingerprint = super::offer::fingerprint(key);
        self.retain(|_, line| {
            std::str::from_utf8(line).ok().and_then(|line| overruling(line, name)) != Some(fingerprint.as_str())
        });
        self.append(&format!("{name} {}", bare(key)));
    }

    /// Says that the key with this fingerprint does not count for `name`, wherever it stands.
    pub(crate) fn overrule(&mut self, name: &str, fingerprint: &str) {
        if !self.overruled(name).iter().any(|known| known == fingerprint) {
            self.append(&format!("{OVERRULES} {name} {fingerprint}"));
        }
    }

    /// Removes the lines of these numbers, counted from 1.
    pub(crate) fn remove(&mut self, numbers: &[usize]) {
        self.retain(|number, _| !numbers.contains(&number));
    }

    fn retain(&mut self, mut keep: impl FnMut(usize, &[u8]) -> bool) {
        let lines = self.0.split_inclusive(|byte| *byte == b'\n').enumerate();
        let kept =
            lines.filter(|(index, line)| keep(index.saturating_add(1), line.strip_suffix(b"\n").unwrap_or(line)));
        self.0 = kept.flat_map(|(_, line)| line).copied().collect();
    }

    fn append(&mut self, line: &str) {
        // A line that lost its end is not lengthened.
        if self.0.last().is_some_and(|byte| *byte != b'\n') {
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(line.as_bytes());
        self.0.push(b'\n');
    }
}

/// The fingerprint, if the line is such a comment about `name`.
fn overruling<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut words = line.split_ascii_whitespace();
    (words.next() == Some(OVERRULES) && words.next() == Some(name)).then(|| words.next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_a_change_is_not_about_stay_byte_for_byte() {
        let before = b"# a comment\r\n\n  web ssh-rsa  AAAA \t\n\xff\xfe\nlast without an end".to_vec();
        let mut text = Text(before.clone());
        text.remove(&[3]);
        assert_eq!(text.0, b"# a comment\r\n\n\xff\xfe\nlast without an end");
        let mut text = Text(before.clone());
        text.overrule("web", "SHA256:x");
        text.overrule("web", "SHA256:x");
        assert_eq!(text.0, [&before[..], b"\n#hostrounds-overrules web SHA256:x\n"].concat());
        assert_eq!(text.overruled("web"), ["SHA256:x"]);
        assert!(text.overruled("db").is_empty());
    }
}
