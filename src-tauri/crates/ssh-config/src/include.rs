//! The files that `Include` names: patterns of paths as `glob(3)` reads them for OpenSSH, folder by folder.
//!
//! The crate `glob` matches the names, but its walk is not used: it goes down on and on where a name is `**`, which means no
//! more than `*` to OpenSSH, and says nothing of the names that do not fit, so that it could not be bounded.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glob::{MatchOptions, Pattern};

/// The most names in folders that are looked at for all includes of a configuration.
pub(crate) const MAX_NAMES: usize = 10_000;
/// How long they are looked for in all. A single folder that does not answer, as on a network, is waited for.
const MAX_TIME: Duration = Duration::from_secs(5);

/// A hidden file is only found by a name that begins with its dot.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Why the files of an include are not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unknown {
    /// It is no pattern.
    Pattern,
    /// The search was given up.
    TooMany,
}

/// The search for the files of all includes of one configuration, which ends.
#[derive(Debug)]
pub(crate) struct Search {
    names: usize,
    until: Instant,
}

/// What one include names.
#[derive(Default, Debug)]
pub(crate) struct Found {
    /// What is there, in the order of the names.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether a folder on the way cannot be read.
    pub(crate) unreadable: bool,
}

impl Search {
    pub(crate) fn new() -> Self {
        Self { names: 0, until: Instant::now() + MAX_TIME }
    }

    /// What `pattern`, an absolute path, names.
    pub(crate) fn find(&mut self, pattern: &str) -> Result<Found, Unknown> {
        let mut found = Found { paths: vec![PathBuf::from("/")], unreadable: false };
        for name in pattern.split('/').filter(|name| !name.is_empty()) {
            let mut next = Vec::new();
            if name.contains(['*', '?', '[']) {
                let pattern = Pattern::new(&without_runs(name)).map_err(|_| Unknown::Pattern)?;
                for folder in found.paths {
                    self.count()?;
                    found.unreadable |= !self.list(&folder, &pattern, &mut next)?;
                }
            } else {
                for folder in found.paths {
                    self.count()?;
                    next.push(folder.join(name));
                }
            }
            found.paths = next;
        }
        found.paths.retain(|path| path.symlink_metadata().is_ok());
        Ok(found)
    }

    /// Adds what in `folder` fits to `found`; whether the folder could be read. What is no folder holds nothing.
    fn list(&mut self, folder: &Path, pattern: &Pattern, found: &mut Vec<PathBuf>) -> Result<bool, Unknown> {
        if !folder.is_dir() {
            return Ok(true);
        }
        let Ok(entries) = folder.read_dir() else { return Ok(false) };
        let mut names = Vec::new();
        for entry in entries {
            self.count()?;
            let Ok(entry) = entry else { return Ok(false) };
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| pattern.matches_with(name, OPTIONS)) {
                names.push(name);
            }
        }
        names.sort_unstable();
        found.extend(names.into_iter().map(|name| folder.join(name)));
        Ok(true)
    }

    fn count(&mut self) -> Result<(), Unknown> {
        self.names += 1;
        if self.names > MAX_NAMES || Instant::now() > self.until { Err(Unknown::TooMany) } else { Ok(()) }
    }
}

/// `name` with one `*` for each run of them.
fn without_runs(name: &str) -> String {
    let mut single = String::with_capacity(name.len());
    for c in name.chars() {
        if c != '*' || !single.ends_with('*') {
            single.push(c);
        }
    }
    single
}
