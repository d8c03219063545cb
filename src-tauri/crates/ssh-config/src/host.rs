//! What counts for one host, and the server that it becomes.

use hostrounds_core::address::Address;
use hostrounds_core::server::{DEFAULT_INTERVAL, Hop, ServerDraft, SshTarget, Target, Thresholds};
use hostrounds_core::text::neutralised;

use crate::expand::{Tokens, host_name};
use crate::jump::chain;
use crate::line::{Line, first_word};
use crate::login;
use crate::reason::{Fate, UNKNOWN, fate};
use crate::source::{Entry, Place, Source};
use crate::surroundings::Surroundings;
use crate::{Candidate, Configuration, MAX_HOSTS};

/// The most notes on one candidate.
const MAX_NOTES: usize = 20;
/// The most hosts on a way that are followed; more than a server may have, so that its check can say so.
const MAX_WAY: usize = 16;

/// The options that count for one alias, in their order. The first of a keyword is the one that is used.
pub(crate) struct Values<'a> {
    entries: Vec<&'a Entry>,
}

impl<'a> Values<'a> {
    fn of(alias: &str, source: &'a Source) -> Self {
        let fitting = source.fitting(alias);
        let fits = |entry: &&Entry| fitting.get(entry.block).copied().unwrap_or(false);
        Self { entries: source.entries.iter().filter(fits).collect() }
    }

    fn first(&self, keyword: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.line.keyword == keyword).copied()
    }

    /// The first word of the first option with that keyword.
    pub(crate) fn first_word(&self, keyword: &str) -> Option<&'a str> {
        self.first(keyword).and_then(|entry| entry.line.words.first()).map(String::as_str)
    }

    /// The first word of every option with that keyword.
    pub(crate) fn words(&self, keyword: &str) -> Vec<&'a str> {
        let fitting = self.entries.iter().filter(|entry| entry.line.keyword == keyword);
        fitting.filter_map(|entry| entry.line.words.first()).map(String::as_str).collect()
    }

    /// Whether an option is set to yes, or to no.
    pub(crate) fn is(&self, keyword: &str, yes: bool) -> bool {
        let words = if yes { ["yes", "true"] } else { ["no", "false"] };
        self.first_word(keyword).is_some_and(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
    }
}

/// Why an alias becomes no candidate.
struct Refusal {
    place: Option<Place>,
    text: String,
    reason: String,
}

impl Refusal {
    fn at(entry: &Entry, reason: impl Into<String>) -> Self {
        let Line { name, rest, .. } = &entry.line;
        Self { place: Some(entry.place), text: format!("{name} {rest}"), reason: reason.into() }
    }
}

/// Turns every alias into a candidate, or lists why not.
pub(crate) fn candidates(mut source: Source, surroundings: &Surroundings) -> Configuration {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut refused: Vec<(Place, String, String)> = Vec::new();
    for (index, block) in source.blocks.iter().enumerate().skip(1) {
        let aliases: Vec<&str> = block.aliases().collect();
        if aliases.is_empty() {
            let reason = "It names no host: its options count for the hosts that fit its pattern.";
            refused.push((block.place, block.text.clone(), reason.to_owned()));
        }
        for alias in aliases {
            let lower = alias.to_lowercase();
            if seen.contains(&lower) {
                continue;
            }
            let mut refuse = |place: Option<Place>, text: String, reason: String| {
                refused.push((place.unwrap_or(block.place), text, reason));
            };
            if !source.fitting(alias).get(index).copied().unwrap_or(false) {
                let reason = format!("{alias} is never reached here: another pattern rules it out.");
                refuse(None, block.text.clone(), reason);
                continue;
            }
            seen.push(lower);
            if candidates.len() >= MAX_HOSTS {
                refuse(None, block.text.clone(), format!("At most {MAX_HOSTS} hosts are listed."));
                break;
            }
            match candidate(alias, &source, surroundings) {
                Ok(candidate) => candidates.push(candidate),
                Err(refusal) => {
                    let text = if refusal.text.is_empty() { block.text.clone() } else { refusal.text };
                    refuse(refusal.place, text, format!("{alias} is left out: {}", refusal.reason));
                }
            }
        }
    }
    for (place, text, reason) in refused {
        source.skip(place, &text, reason);
    }
    let (files, skipped) = source.all_skipped();
    Configuration { files, candidates, skipped }
}

fn candidate(alias: &str, source: &Source, surroundings: &Surroundings) -> Result<Candidate, Refusal> {
    let mut way = Way { source, surroundings, passed: Vec::new(), notes: Vec::new() };
    let wanted = Address { user: None, host: alias.to_owned(), port: None };
    let mut hops = way.to(&wanted, true)?;
    let Some(hop) = hops.pop() else {
        return Err(Refusal { place: None, text: String::new(), reason: "there is no way to it.".into() });
    };
    let mut notes = way.notes;
    notes.dedup();
    notes.truncate(MAX_NOTES);
    let draft = ServerDraft {
        name: alias.to_owned(),
        target: Target::Ssh(SshTarget { hop, jumps: hops }),
        enabled: true,
        interval: DEFAULT_INTERVAL,
        thresholds: Thresholds::default(),
        families_off: Vec::new(),
        environment: None,
        tags: Vec::new(),
    };
    let draft = draft.checked().map_err(|errors| {
        let reasons: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        Refusal { place: None, text: String::new(), reason: reasons.join(" ") }
    })?;
    let notes = notes.iter().map(|note| neutralised(note, 1_000)).collect();
    Ok(Candidate { alias: draft.name.clone(), draft, notes })
}

/// The way to one alias.
struct Way<'a> {
    source: &'a Source,
    surroundings: &'a Surroundings,
    /// The hosts that are being resolved, against loops.
    passed: Vec<String>,
    notes: Vec<String>,
}

impl Way<'_> {
    /// The host and, before it, the jump hosts that lead to it. `own_jumps` says whether its own `ProxyJump` counts: behind
    /// another jump host it does not.
    fn to(&mut self, wanted: &Address, own_jumps: bool) -> Result<Vec<Hop>, Refusal> {
        let values = Values::of(&wanted.host, self.source);
        let is_jump = !self.passed.is_empty();
        let mut notes = Vec::new();
        let hop = self.hop(wanted, &values, &mut notes)?;
        for entry in &values.entries {
            let (name, reason) = match fate(&entry.line.keyword) {
                Fate::Missed(reason) => (entry.line.name.clone(), reason),
                Fate::Unknown => (first_word(&entry.line.name), UNKNOWN),
                Fate::Used | Fate::Harmless(_) => continue,
            };
            let place = self.source.shown(entry.place);
            notes.push(format!("{name} is not used ({place}). {reason}"));
        }
        let about = if is_jump { format!("Jump host {}: ", wanted.host) } else { String::new() };
        self.notes.extend(notes.into_iter().map(|note| format!("{about}{note}")));

        let mut hops = Vec::new();
        if own_jumps && let Some((entry, names)) = self.jumps(&values)? {
            self.passed.push(wanted.host.clone());
            for (index, name) in names.iter().enumerate() {
                if self.passed.contains(&name.host) {
                    return Err(Refusal::at(entry, format!("its ProxyJump leads back to {}.", name.host)));
                }
                if self.passed.len() + hops.len() > MAX_WAY {
                    return Err(Refusal::at(entry, "its ProxyJump never ends."));
                }
                // `ssh` dials the first one as its own configuration says, and the others through the one before.
                hops.extend(self.to(name, index == 0)?);
            }
            self.passed.pop();
        }
        hops.push(hop);
        Ok(hops)
    }

    fn hop(&self, wanted: &Address, values: &Values<'_>, notes: &mut Vec<String>) -> Result<Hop, Refusal> {
        let alias = wanted.host.as_str();
        let host = match values.first("hostname") {
            None => alias.to_lowercase(),
            Some(entry) => host_name(entry.line.words.first().map_or("", String::as_str), alias)
                .map_err(|token| Refusal::at(entry, format!("{token} is no token of HostName.")))?,
        };
        let port = match (wanted.port, values.first("port")) {
            (Some(port), _) => port,
            (None, None) => 22,
            (None, Some(entry)) => {
                let parsed = entry.line.words.first().and_then(|word| word.parse().ok()).filter(|port| *port > 0);
                parsed.ok_or_else(|| Refusal::at(entry, "its port is no number from 1 to 65535."))?
            }
        };
        let configured = wanted.user.as_deref().or_else(|| values.first_word("user"));
        let user = configured.unwrap_or(&self.surroundings.user).to_owned();
        let tokens = Tokens { surroundings: self.surroundings, alias, host: &host, port, user: &user };
        let logins = login::logins(values, tokens, notes);
        if logins.is_empty() {
            let who = if self.passed.is_empty() { "it".to_owned() } else { format!("its jump host {alias}") };
            let reason = format!("{who} allows no way to log in that Hostrounds has.");
            return Err(Refusal { place: None, text: String::new(), reason });
        }
        Ok(Hop { host, port, user, logins })
    }

    /// The jump hosts that count, and where they stand. `ProxyCommand` and `ProxyJump` exclude each other: the first one that
    /// stands there counts.
    fn jumps<'v>(&mut self, values: &Values<'v>) -> Result<Option<(&'v Entry, Vec<Address>)>, Refusal> {
        let command = values.first("proxycommand");
        let jump = values.first("proxyjump");
        let position = |entry: Option<&Entry>| {
            let same = |other: &&Entry| entry.is_some_and(|entry| std::ptr::eq(*other, entry));
            values.entries.iter().position(same).unwrap_or(usize::MAX)
        };
        if let Some(entry) = command.filter(|_| position(command) < position(jump)) {
            if entry.line.rest.eq_ignore_ascii_case("none") {
                return Ok(None);
            }
            if jump.is_none() {
                let reason =
                    "a ProxyCommand is never executed. If it is `ssh -W %h:%p HOST`, write `ProxyJump HOST` instead.";
                return Err(Refusal::at(entry, reason));
            }
            let place = self.source.shown(entry.place);
            self.notes.push(format!("ProxyCommand is never executed ({place}): its ProxyJump is used instead."));
        }
        let Some(entry) = jump else { return Ok(None) };
        match chain(&entry.line.rest) {
            Some(names) => Ok(Some((entry, names))),
            None => Err(Refusal::at(entry, "its ProxyJump cannot be understood.")),
        }
    }
}
