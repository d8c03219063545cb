//! Updates of packages that wait, as far as the lists say that the server has fetched by itself.
//!
//! The package tool of the distribution is asked in a way that needs no root, waits for no lock and fetches nothing: what it
//! has not fetched yet is not known here either. apt and dnf say which updates close holes; zypper says which patches do; apk
//! and pacman do not say it, and the number is then absent.

use std::collections::HashSet;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point, TABLE_ROWS, Update, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::program::{CUT_OFF, Ran};
use crate::text;

/// - apt: an upgrade that is only simulated (`-s`) fetches and changes nothing. `apt list` says the same, but warns that its
///   form may change.
/// - dnf, yum: `-C` takes the lists as they are; a status of 100 says that there are updates. Repositories that do not say
///   which updates close holes (CentOS) have no `updateinfo`; dnf would find none of them to do so.
/// - zypper: `ZYPP_READONLY_HACK` keeps it from taking the lock when root asks.
/// - More than one may be there (`dnf` on Debian): the first whose packages the system is made of is the right one.
pub(super) const SCRIPT: &str = r#"hr_updates() {
  if [ -e /var/lib/dpkg/status ] && command -v apt-get >/dev/null; then
    for hr_file in /var/lib/apt/lists/*Packages*; do
      if [ -e "$hr_file" ]; then
        hr_program apt apt-get -s -qq -o Debug::NoLocking=true -o APT::Get::Show-User-Simulation-Note=false dist-upgrade
      else
        hr_mark apt_without_lists
      fi
      break
    done
  elif command -v zypper >/dev/null; then
    hr_program zypper env ZYPP_READONLY_HACK=1 zypper --no-refresh --non-interactive --quiet list-updates
    hr_program zypper_patches env ZYPP_READONLY_HACK=1 \
      zypper --no-refresh --non-interactive --quiet list-patches --category security
  elif command -v dnf >/dev/null; then
    hr_dnf dnf
  elif command -v yum >/dev/null; then
    hr_dnf yum
  elif command -v apk >/dev/null; then
    hr_program apk apk --no-network version -l '<'
  elif command -v pacman >/dev/null; then
    hr_program pacman pacman -Qu
  fi
  hr_mark updates
}
hr_dnf() {
  hr_program dnf "$1" -C -q check-update
  [ "$hr_status" = 100 ] || return 0
  for hr_file in /var/cache/dnf/*/repodata/*updateinfo* /var/cache/libdnf5/*/repodata/*updateinfo* \
    /var/cache/yum/*/*/*/*updateinfo*
  do
    if [ -e "$hr_file" ]; then hr_program dnf_security "$1" -C -q check-update --security; break; fi
  done
}
"#;

/// What waits.
struct Pending {
    /// The rows of the table.
    updates: Vec<Update>,
    /// How many packages have an update.
    all: u64,
    /// How many of them close holes, where that is told.
    security: Option<u64>,
}

impl Pending {
    /// Of updates that do not tell of themselves whether they close a hole.
    fn untold(updates: Vec<Update>) -> Self {
        Self { all: updates.len() as u64, updates, security: None }
    }

    /// Of updates that tell it.
    fn told(updates: Vec<Update>) -> Self {
        let security = updates.iter().filter(|update| update.security).count() as u64;
        Self { security: Some(security), ..Self::untold(updates) }
    }
}

/// Adds how many there are, and which, those that close holes first.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    parts.get("updates").ok_or(CUT_OFF)?;
    let tools = ["apt_without_lists", "apt", "zypper", "dnf", "apk", "pacman"];
    let asked = tools.into_iter().find(|part| parts.get(part).is_some());
    let Pending { mut updates, all, security } = match asked {
        Some("apt_without_lists") => {
            return Err("apt has no package lists; run `apt-get update` on the server.".to_owned());
        }
        Some("apt") => apt(parts)?,
        Some("zypper") => zypper(parts)?,
        Some("dnf") => dnf(parts)?,
        Some("apk") => apk(parts)?,
        Some(_) => pacman(parts)?,
        None => return Err("No package tool was found (apt, dnf, yum, zypper, apk, pacman).".to_owned()),
    };

    let kind = |kind: &str| Attributes::none().with(attribute::UPDATE_KIND, kind);
    observation.points.extend(Point::new(Metric::UpdatesPending, kind("all"), real(all)));
    let security = security.and_then(|count| Point::new(Metric::UpdatesPending, kind("security"), real(count)));
    observation.points.extend(security);
    updates.sort_by(|a, b| b.security.cmp(&a.security).then_with(|| a.name.cmp(&b.name)));
    updates.truncate(TABLE_ROWS);
    observation.tables.updates = Some(updates);
    Ok(())
}

/// `Inst libssl3 [3.0.11-1] (3.0.13-1 Debian-Security:12/stable-security [amd64])`, `apt-get(8)`. What comes in anew, without
/// an old version, is no update.
fn apt(parts: &Parts<'_>) -> Result<Pending, String> {
    let ran = Ran::of(parts, "apt", "apt-get")?;
    if ran.status != 0 {
        return Err(ran.failure());
    }
    let update = |line: &str| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(" [")?;
        let (_old, rest) = rest.split_once("] (")?;
        let (version, origins) = rest.split_once(' ')?;
        // `Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])`
        let origins = origins.split('[').next().unwrap_or_default();
        let security = origins.split(',').any(|origin| origin.trim_end().ends_with("-security"));
        Some(Update { name: text::name(name), version: Some(text::name(version)), security })
    };
    Ok(Pending::told(ran.text.lines().filter_map(update).collect()))
}

/// Both tables of zypper: packages, and the patches among which are those that close holes. One patch may stand for several
/// packages, so it is listed beside them.
fn zypper(parts: &Parts<'_>) -> Result<Pending, String> {
    let packages = zypper_table(parts, "zypper")?;
    let cell = |row: &[&str], at: usize| row.get(at).map(|cell| text::name(cell));
    // S | Repository | Name | Current Version | Available Version | Arch
    let mut updates: Vec<Update> = packages
        .iter()
        .filter(|row| row.first() == Some(&"v"))
        .filter_map(|row| Some(Update { name: cell(row, 2)?, version: cell(row, 4), security: false }))
        .collect();
    let patches = zypper_table(parts, "zypper_patches").ok();
    // Repository | Name | Category | Severity | Interactive | Status | Summary
    let patches: Option<Vec<Update>> = patches.map(|rows| {
        let holes = rows.iter().filter(|row| row.get(2) == Some(&"security") && row.contains(&"needed"));
        holes.filter_map(|row| Some(Update { name: cell(row, 1)?, version: None, security: true })).collect()
    });
    let security = patches.as_ref().map(|patches| patches.len() as u64);
    let all = updates.len() as u64;
    updates.extend(patches.into_iter().flatten());
    Ok(Pending { updates, all, security })
}

fn zypper_table<'a>(parts: &Parts<'a>, part: &str) -> Result<Vec<Vec<&'a str>>, String> {
    let ran = Ran::of(parts, part, "zypper")?;
    if ran.status != 0 {
        return Err(ran.failure());
    }
    Ok(ran
        .text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<_>| row.len() > 5)
        .collect())
}

fn dnf(parts: &Parts<'_>) -> Result<Pending, String> {
    let Some(mut updates) = dnf_table(parts, "dnf")? else { return Ok(Pending::told(Vec::new())) };
    let Ok(holes) = dnf_table(parts, "dnf_security") else { return Ok(Pending::untold(updates)) };
    let holes: HashSet<String> = holes.into_iter().flatten().map(|update| update.name).collect();
    for update in &mut updates {
        update.security = holes.contains(&update.name);
    }
    Ok(Pending::told(updates))
}

/// `kernel.x86_64    5.14.0-362.18.1.el9_3    baseos`, until what only replaces others; yum breaks lines that are too long
/// behind the name or the version. Nothing where the status says that there is none.
fn dnf_table(parts: &Parts<'_>, part: &str) -> Result<Option<Vec<Update>>, String> {
    let ran = Ran::of(parts, part, "dnf check-update")?;
    match ran.status {
        0 => return Ok(None),
        100 => {}
        _ => return Err(ran.failure()),
    }
    let mut updates = Vec::new();
    let mut row: Vec<&str> = Vec::new();
    for line in ran.text.lines().take_while(|line| !line.starts_with("Obsoleting")) {
        if !line.starts_with(' ') {
            row.clear();
        }
        row.extend(line.split_whitespace());
        if let [name, version, _repository] = row[..]
            && let Some((name, _architecture)) = name.rsplit_once('.')
            && version.contains('-')
        {
            updates.push(Update { name: text::name(name), version: Some(text::name(version)), security: false });
        }
    }
    Ok(Some(updates))
}

/// `busybox-1.36.1-r2                < 1.36.1-r5`
fn apk(parts: &Parts<'_>) -> Result<Pending, String> {
    let ran = Ran::of(parts, "apk", "apk")?;
    if ran.status != 0 {
        return Err(ran.failure());
    }
    let update = |line: &str| {
        let (installed, available) = line.split_once(" < ")?;
        let (name, _version) = without_version(installed.trim())?;
        let version = available.split_whitespace().next()?;
        Some(Update { name: text::name(name), version: Some(text::name(version)), security: false })
    };
    let updates: Vec<Update> = ran.text.lines().filter_map(update).collect();
    if updates.is_empty() && ran.text.contains("WARNING") {
        return Err("apk has no package lists; run `apk update` on the server.".to_owned());
    }
    Ok(Pending::untold(updates))
}

/// `name-1.2.3-r4` without its version, which is the last two of the words between dashes.
fn without_version(package: &str) -> Option<(&str, &str)> {
    let (rest, _revision) = package.rsplit_once('-')?;
    rest.rsplit_once('-')
}

/// `linux 6.9.1.arch1-1 -> 6.9.2.arch1-1`. The status is 1 where there is none.
fn pacman(parts: &Parts<'_>) -> Result<Pending, String> {
    let ran = Ran::of(parts, "pacman", "pacman")?;
    if ran.text.contains("does not exist (use '-Sy' to download)") {
        return Err("pacman has no package lists; they come with the next `pacman -Syu` on the server.".to_owned());
    }
    if ran.status > 1 || ran.text.contains("error:") {
        return Err(ran.failure());
    }
    let update = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // One that is marked `[ignored]` has a fifth word.
        let [name, _old, "->", version] = words[..] else { return None };
        Some(Update { name: text::name(name), version: Some(text::name(version)), security: false })
    };
    Ok(Pending::untold(ran.text.lines().filter_map(update).collect()))
}
