//! The files of a configuration as one list of options, each with the blocks it stands in. `Include` opens further files at
//! the place where it stands, and what they hold counts only where that place does, as in OpenSSH.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use hostrounds_core::text::neutralised;
use wildmatch::WildMatch;

use crate::error::ConfigError;
use crate::include::{MAX_NAMES, Search, Unknown};
use crate::line::{BadLine, Line, first_word};
use crate::reason::{Fate, UNKNOWN, fate};
use crate::surroundings::Surroundings;
use crate::{MAX_FILE, MAX_INCLUDES, MAX_LINES, MAX_SKIPPED, Skipped};

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    file: usize,
    line: u32,
}

/// An option at its place.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    /// The block it stands in, as an index of [`Source::blocks`].
    pub(crate) block: usize,
    pub(crate) place: Place,
}

/// What follows a `Host` line, up to the next one. Block 0 is what counts for every host.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The block in which the file was included that this one stands in.
    outer: Option<usize>,
    patterns: Vec<HostPattern>,
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// A word behind `Host`.
#[derive(Clone, Debug)]
pub(crate) struct HostPattern {
    negated: bool,
    wild: bool,
    text: String,
    pattern: WildMatch,
}

impl HostPattern {
    fn new(word: &str) -> Self {
        let (negated, text) = word.strip_prefix('!').map_or((false, word), |text| (true, text));
        Self { negated, wild: text.contains(['*', '?']), text: text.to_owned(), pattern: WildMatch::new(text) }
    }
}

impl Block {
    /// The hosts that are named here, without those that are only described.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter(|pattern| !pattern.negated && !pattern.wild).map(|pattern| pattern.text.as_str())
    }

    fn fits(&self, alias: &str) -> bool {
        let mut fits = false;
        for pattern in self.patterns.iter().filter(|pattern| pattern.pattern.matches(alias)) {
            if pattern.negated {
                return false;
            }
            fits = true;
        }
        fits
    }
}

/// A whole configuration.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    /// Options without which monitoring is none the worse: the keyword, where it stands first, how often.
    harmless: Vec<(Skipped, String, u32)>,
    /// How many were skipped beyond those that are listed.
    unlisted: usize,
    lines: usize,
    search: Search,
}

impl Source {
    pub(crate) fn read(path: &Path, surroundings: &Surroundings) -> Result<Self, ConfigError> {
        let everything = Block {
            outer: None,
            patterns: vec![HostPattern::new("*")],
            place: Place { file: 0, line: 0 },
            text: String::new(),
        };
        let mut source = Self {
            files: Vec::new(),
            blocks: vec![everything],
            entries: Vec::new(),
            skipped: Vec::new(),
            harmless: Vec::new(),
            unlisted: 0,
            lines: 0,
            search: Search::new(),
        };
        let text = text_of(path)?;
        source.open(path.to_owned(), &text, 0, &mut Vec::new(), surroundings);
        if source.lines > MAX_LINES { Err(ConfigError::TooLarge(path.to_owned())) } else { Ok(source) }
    }

    /// Which blocks count for `alias`: one answer per block.
    pub(crate) fn fitting(&self, alias: &str) -> Vec<bool> {
        let mut fitting: Vec<bool> = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            // An outer block stands before its inner ones.
            let outer = block.outer.is_none_or(|outer| fitting.get(outer).copied().unwrap_or(false));
            fitting.push(outer && block.fits(alias));
        }
        fitting
    }

    pub(crate) fn skip(&mut self, place: Place, text: &str, reason: impl Into<String>) {
        if self.skipped.len() >= MAX_SKIPPED {
            self.unlisted += 1;
            return;
        }
        let skipped = self.item(place, text, reason.into());
        self.skipped.push(skipped);
    }

    /// Everything that was skipped: what matters first.
    pub(crate) fn all_skipped(mut self) -> (Vec<PathBuf>, Vec<Skipped>) {
        for (mut skipped, _, times) in self.harmless {
            if times > 1 {
                skipped.reason = format!("{} It stands {times} times.", skipped.reason);
            }
            if self.skipped.len() < MAX_SKIPPED {
                self.skipped.push(skipped);
            }
        }
        if let (Some(last), 1..) = (self.skipped.last_mut(), self.unlisted) {
            last.reason = format!("{} {} more are not listed.", last.reason, self.unlisted);
        }
        (self.files, self.skipped)
    }

    /// `file:line`, for a note.
    pub(crate) fn shown(&self, place: Place) -> String {
        let file = self.files.get(place.file).map(|file| file.to_string_lossy()).unwrap_or_default();
        format!("{}:{}", neutralised(&file, 1_000), place.line)
    }

    fn item(&self, place: Place, text: &str, reason: String) -> Skipped {
        let file = self.files.get(place.file).map(|file| file.to_string_lossy()).unwrap_or_default();
        Skipped {
            file: neutralised(&file, 1_000),
            line: place.line,
            text: neutralised(text.trim(), 200),
            reason: neutralised(&reason, 1_000),
        }
    }

    /// Takes a file apart. `within` is the block in which it was included; `opened` are the files that lead to it.
    fn open(
        &mut self,
        path: PathBuf,
        text: &str,
        within: usize,
        opened: &mut Vec<PathBuf>,
        surroundings: &Surroundings,
    ) {
        opened.push(path.canonicalize().unwrap_or_else(|_| path.clone()));
        let file = self.files.len();
        self.files.push(path);
        let mut block = Some(within);
        for (number, line) in text.lines().enumerate() {
            self.lines += 1;
            if self.lines > MAX_LINES {
                break;
            }
            let place = Place { file, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
            let parsed = match Line::read(line) {
                Ok(Some(parsed)) => parsed,
                Ok(None) => continue,
                Err(BadLine::NoValue) => {
                    self.skip(place, &first_word(line), "Nothing stands behind the keyword.");
                    continue;
                }
                Err(BadLine::OpenQuote) => {
                    self.skip(place, &first_word(line), "A quote is not closed.");
                    continue;
                }
            };
            match parsed.keyword.as_str() {
                "host" => block = Some(self.begin(within, place, line, &parsed.words)),
                "match" if parsed.words.len() == 1 && parsed.rest.eq_ignore_ascii_case("all") => {
                    block = Some(self.begin(within, place, line, &["*".to_owned()]));
                }
                "match" => {
                    self.skip(place, line, "`Match` is not evaluated: what stands in this block is left out.");
                    block = None;
                }
                _ => {
                    let Some(block) = block else { continue };
                    if parsed.keyword == "include" {
                        for word in &parsed.words {
                            self.include(word, place, line, block, opened, surroundings);
                        }
                    } else {
                        self.keep(parsed, block, place, line);
                    }
                }
            }
        }
        opened.pop();
    }

    fn begin(&mut self, within: usize, place: Place, text: &str, words: &[String]) -> usize {
        let patterns: Vec<HostPattern> = words.iter().map(|word| HostPattern::new(word)).collect();
        self.blocks.push(Block { outer: Some(within), patterns, place, text: text.to_owned() });
        self.blocks.len() - 1
    }

    fn keep(&mut self, line: Line, block: usize, place: Place, text: &str) {
        match fate(&line.keyword) {
            Fate::Used => {}
            Fate::Missed(reason) => self.skip(place, text, reason),
            Fate::Unknown => self.skip(place, &first_word(text), UNKNOWN),
            Fate::Harmless(reason) => {
                if let Some((.., times)) = self.harmless.iter_mut().find(|(_, keyword, _)| *keyword == line.keyword) {
                    *times += 1;
                } else {
                    let first = self.item(place, text, reason.to_owned());
                    self.harmless.push((first, line.keyword, 1));
                }
                return;
            }
        }
        self.entries.push(Entry { line, block, place });
    }

    fn include(
        &mut self,
        word: &str,
        place: Place,
        text: &str,
        block: usize,
        opened: &mut Vec<PathBuf>,
        surroundings: &Surroundings,
    ) {
        // As OpenSSH does in the configuration of a user: what is not absolute stands in ~/.ssh.
        let Some(pattern) = surroundings.place(word).map(|path| surroundings.home.join(".ssh").join(path)) else {
            self.skip(place, text, "The home directory of another user is not looked up. Write the whole path.");
            return;
        };
        let found = pattern.to_str().ok_or(Unknown::Pattern).and_then(|pattern| self.search.find(pattern));
        let found = match found {
            Ok(found) => found,
            Err(Unknown::Pattern) => {
                self.skip(place, text, "This is no path or pattern of paths.");
                return;
            }
            Err(Unknown::TooMany) => {
                let reason = format!("At most {MAX_NAMES} names are looked at, and for a few seconds. Name the files.");
                self.skip(place, text, reason);
                return;
            }
        };
        if found.unreadable {
            self.skip(place, text, "A folder on the way cannot be read.");
        } else if found.paths.is_empty() {
            self.skip(place, text, "No file is there.");
        }
        for path in found.paths {
            // The first file is not included by anybody.
            if self.files.len() > MAX_INCLUDES {
                self.skip(place, text, format!("At most {MAX_INCLUDES} files are included."));
                return;
            }
            if path.canonicalize().is_ok_and(|path| opened.contains(&path)) {
                self.skip(place, text, format!("{} includes itself.", path.display()));
                continue;
            }
            match text_of(&path) {
                Ok(inner) => self.open(path, &inner, block, opened, surroundings),
                Err(error) => self.skip(place, text, error.to_string()),
            }
        }
    }
}

/// What the headings of private keys of all kinds end with (RFC 7468).
const KEY_HEADING: &str = "PRIVATE KEY-----";

/// The text of a file, whatever its bytes. Devices and pipes are not opened: they could never end.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
        _ => ConfigError::Unreadable { path: path.to_owned(), error },
    };
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(ConfigError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    if read.map_err(unreadable)? as u64 > MAX_FILE {
        return Err(ConfigError::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.contains(KEY_HEADING) { Err(ConfigError::PrivateKey(path.to_owned())) } else { Ok(text) }
}
