//! The files of known hosts, judged as OpenSSH judges them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; ssh(1),
//! "VERIFYING HOST KEYS").
//!
//! russh's own helper ignores `@revoked`, wildcards and several keys of a type, so files are read and matched here.
//! Accepted keys go into the app's own file; the files of the user and of the computer are only read.

mod certificate;
mod entry;
mod error;
mod line;
mod offer;
mod own_file;
mod pattern;
mod record;

use std::fs;
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;

use crate::endpoint::known_host_name;
use entry::Origin;
pub use error::KnownHostsError;
use line::{Line, Marker};
pub(crate) use offer::fingerprint;
pub use offer::{HostKeyOffer, KnownKey, Verdict};
use own_file::{OwnFile, Text};
pub(crate) use record::Record;

/// Where accepted host keys are kept, and which other files are believed.
#[derive(Debug, Clone)]
pub struct KnownHosts {
    own: OwnFile,
    others: Vec<(Origin, PathBuf)>,
}

impl KnownHosts {
    /// Accepted keys go into `own`; the `read_only` files are the user's, believed but never written.
    pub fn new(own: PathBuf, read_only: Vec<PathBuf>) -> Self {
        let others = read_only.into_iter().map(|path| (Origin::User, path)).collect();
        Self { own: OwnFile::new(own), others }
    }

    /// These files are believed as well. They are in the care of whoever runs this computer: no further keys are learned
    /// on the strength of what stands in them.
    #[must_use]
    pub fn and_global(mut self, files: Vec<PathBuf>) -> Self {
        self.others.extend(files.into_iter().map(|path| (Origin::Global, path)));
        self
    }

    /// The same with the files that OpenSSH reads: `known_hosts` and `known_hosts2` in `~/.ssh`, and `ssh_known_hosts`
    /// and `ssh_known_hosts2` in `/etc/ssh` (ssh_config(5), `UserKnownHostsFile` and `GlobalKnownHostsFile`).
    pub fn system(own: PathBuf) -> Self {
        let in_home = |home: PathBuf| ["known_hosts", "known_hosts2"].map(|name| home.join(".ssh").join(name)).to_vec();
        let user = std::env::home_dir().map(in_home).unwrap_or_default();
        let global = ["ssh_known_hosts", "ssh_known_hosts2"].map(|name| Path::new("/etc/ssh").join(name));
        Self::new(own, user).and_global(global.to_vec())
    }

    /// Judges a key, given as `ssh-ed25519 AAAA...`, that a server at `host` and `port` showed.
    ///
    /// # Errors
    /// When `key` is not a public key, or the app's own file is there but cannot be read.
    pub fn judge(&self, host: &str, port: u16, key: &str) -> Result<Verdict, KnownHostsError> {
        let key = parse_key(key)?;
        Ok(self.record(host, port)?.judge(&key.into()))
    }

    /// Writes the offered key into the app's own file, mode 0600 in a directory of mode 0700. Once is enough: a key
    /// that is known already is not written again.
    ///
    /// # Errors
    /// When the key contradicts what is known (a changed key has to [replace](Self::replace) the old one, a revoked one
    /// is never accepted), when the offer is not a proper one, or when the file cannot be written.
    pub fn accept(&self, offer: &HostKeyOffer) -> Result<(), KnownHostsError> {
        self.decide(offer, |offer| {
            let (file, line) = offer.replaces.first().map(|key| (key.file.clone(), key.line)).unwrap_or_default();
            Err(KnownHostsError::Contradicted { host: offer.host.clone(), file, line })
        })
    }

    /// Puts the offered key in the place of those it [replaces](HostKeyOffer::replaces). Those that stand in the app's
    /// own file for this server alone are removed; others stay where they are and no longer count for this server, which
    /// is written down in the app's own file. Yet other keys that are written there later count as ever.
    ///
    /// # Errors
    /// When the key is revoked, when other keys are known than the offer names, when the offer is not a proper one, or
    /// when the file cannot be written.
    pub fn replace(&self, offer: &HostKeyOffer) -> Result<(), KnownHostsError> {
        self.decide(offer, |current| {
            let was_shown =
                |known: &KnownKey| offer.replaces.iter().any(|shown| shown.fingerprint == known.fingerprint);
            if current.replaces.iter().all(was_shown) {
                Ok(())
            } else {
                Err(KnownHostsError::Outdated { host: current.host.clone() })
            }
        })
    }

    /// Files an offered key. Whether it may take the place of others, `contradicted` says.
    fn decide(
        &self,
        offer: &HostKeyOffer,
        contradicted: impl FnOnce(&HostKeyOffer) -> Result<(), KnownHostsError>,
    ) -> Result<(), KnownHostsError> {
        let key = parse_key(&offer.openssh)?;
        let name = offer.host.as_str();
        if !pattern::is_plain_name(name) {
            return Err(KnownHostsError::BadName { host: offer.host.clone() });
        }
        self.own.change(|text| {
            let record = self.record_with(name, text);
            match record.judge(&key.clone().into()) {
                Verdict::Known => return Ok(()),
                Verdict::Unknown(_) => {}
                Verdict::Changed(current) => {
                    contradicted(&current)?;
                    let own: Vec<usize> = record.own_lines_without(&[]).map(|entry| entry.number).collect();
                    let in_own = |known: &KnownKey| known.file == self.own.path() && own.contains(&known.line);
                    text.remove(&own);
                    for known in current.replaces.iter().filter(|known| !in_own(known)) {
                        text.overrule(name, &known.fingerprint);
                    }
                }
                Verdict::Revoked { offer, entry } => {
                    return Err(KnownHostsError::Revoked { host: offer.host, file: entry.file, line: entry.line });
                }
            }
            text.add(name, &key);
            Ok(())
        })
    }

    /// What stands in the app's own file; nothing where there is none.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn own_text(&self) -> Result<Option<Vec<u8>>, KnownHostsError> {
        let text = self.own.read()?;
        Ok(self.own.path().exists().then(|| text.as_bytes().to_vec()))
    }

    /// The keys that stand in the app's own file under plain names, in the order of the file.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn accepted(&self) -> Result<Vec<HostKeyOffer>, KnownHostsError> {
        let text = self.own.read()?;
        let lines = text.as_bytes().split(|byte| *byte == b'\n').filter_map(Line::split);
        let plain = lines.filter(|line| line.marker == Marker::Plain);
        Ok(plain
            .filter_map(|line| Some((std::str::from_utf8(line.hosts).ok()?, line.key()?)))
            .flat_map(|(hosts, key)| {
                let names = hosts.split(',').filter(|name| pattern::is_plain_name(name));
                names.map(|name| HostKeyOffer::new(name, &key)).collect::<Vec<_>>()
            })
            .collect())
    }

    /// Judges a key, given as `ssh-ed25519 AAAA...`, under `name` as a file of known hosts has it: `host`, or `[host]:port`.
    ///
    /// # Errors
    /// When `key` is not a public key, `name` cannot be written into a file of known hosts, or the app's own file is there but
    /// cannot be read.
    pub fn judge_named(&self, name: &str, key: &str) -> Result<Verdict, KnownHostsError> {
        let key = parse_key(key)?;
        if !pattern::is_plain_name(name) {
            return Err(KnownHostsError::BadName { host: name.to_owned() });
        }
        Ok(self.record_with(name, &self.own.read()?).judge(&key.into()))
    }

    /// Accepts several keys at once, all or none; of one server too, where nothing is known of it yet.
    ///
    /// # Errors
    /// Those of [`Self::accept`].
    pub fn accept_all(&self, offers: &[HostKeyOffer]) -> Result<(), KnownHostsError> {
        self.own.change(|text| {
            let before = text.clone();
            for offer in offers {
                let (key, name) = (parse_key(&offer.openssh)?, offer.host.as_str());
                if !pattern::is_plain_name(name) {
                    return Err(KnownHostsError::BadName { host: offer.host.clone() });
                }
                match self.record_with(name, &before).judge(&key.clone().into()) {
                    Verdict::Known => {}
                    Verdict::Unknown(_) => text.add(name, &key),
                    Verdict::Changed(current) => {
                        let known = current.replaces.first().map(|key| (key.file.clone(), key.line));
                        let (file, line) = known.unwrap_or_default();
                        return Err(KnownHostsError::Contradicted { host: current.host, file, line });
                    }
                    Verdict::Revoked { offer, entry } => {
                        return Err(KnownHostsError::Revoked { host: offer.host, file: entry.file, line: entry.line });
                    }
                }
            }
            Ok(())
        })
    }

    /// Puts `text` in the place of everything that stands in the app's own file.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn replace_own_text(&self, text: Vec<u8>) -> Result<(), KnownHostsError> {
        self.own.change(|own| {
            *own = Text::from(text);
            Ok(())
        })
    }

    /// Files `proven`, keys that the server of `name` has proved to hold, on the strength of `trusted`, the key it
    /// showed at the beginning; takes those of its keys out of the app's own file that are not among `announced` any
    /// more. Returns the fingerprints of the keys that are new.
    pub(crate) fn learn(
        &self,
        name: &str,
        trusted: &PublicKey,
        proven: &[PublicKey],
        announced: &[PublicKey],
    ) -> Result<Vec<String>, KnownHostsError> {
        self.own.change(|text| {
            let record = self.record_with(name, text);
            // Somebody may have decided otherwise since the session began.
            if !pattern::is_plain_name(name) || !record.learns_by(trusted) || !announced.contains(trusted) {
                return Ok(Vec::new());
            }
            let gone: Vec<usize> = record.own_lines_without(announced).map(|entry| entry.number).collect();
            text.remove(&gone);
            let new = record.new_among(proven);
            for key in &new {
                text.add(name, key);
            }
            Ok(new.into_iter().map(fingerprint).collect())
        })
    }

    /// Everything the files say about one server.
    pub(crate) fn record(&self, host: &str, port: u16) -> Result<Record, KnownHostsError> {
        Ok(self.record_with(&known_host_name(host, port), &self.own.read()?))
    }

    fn record_with(&self, name: &str, own: &Text) -> Record {
        let (mut exact, mut portless) = (Vec::new(), Vec::new());
        let mut read = |origin: Origin, file: &Path, text: &[u8]| {
            exact.extend(entry::of_host(origin, file, text, name));
            if let Some(host) = record::portless(name) {
                portless.extend(entry::of_host(origin, file, text, host));
            }
        };
        read(Origin::Own, self.own.path(), own.as_bytes());
        for (origin, path) in &self.others {
            // A file of someone else's that cannot be read is passed over, as ssh does: fewer keys are known then. What
            // is no file, such as a named pipe, might be read for ever.
            if path.is_file()
                && let Ok(text) = fs::read(path)
            {
                read(*origin, path, &text);
            }
        }
        Record::new(name, exact, portless, own.overruled(name))
    }
}

/// The fingerprint of a key that is given as `ssh-ed25519 AAAA...`; nothing where it is none.
#[must_use]
pub fn fingerprint_of(key: &str) -> Option<String> {
    parse_key(key).ok().map(|key| fingerprint(&key))
}

fn parse_key(key: &str) -> Result<PublicKey, KnownHostsError> {
    PublicKey::from_openssh(key).map_err(|error| KnownHostsError::NotAKey { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_openssh_are_asked() {
        let known = KnownHosts::system("own".into());
        let of = |origin: Origin| {
            let files = known.others.iter().filter(|(of, _)| *of == origin);
            files.map(|(_, path)| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of(Origin::Global), ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]);
        let user = of(Origin::User);
        let [first, second] = user.as_slice() else { panic!("{user:?}") };
        assert!(first.ends_with("/.ssh/known_hosts") && second.ends_with("/.ssh/known_hosts2"), "{user:?}");
    }
}
