//! Systemd units that have failed, those of the system: what fails in the session of a user is that user's business.

use crate::metric::Metric;
use crate::observation::{Attributes, FailedUnit, Observation, Point, TABLE_ROWS, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::program::Ran;
use crate::text;

/// `/run/systemd/system` is there where systemd is the init that runs (`sd_booted(3)`); `systemctl` alone says nothing.
pub(super) const SCRIPT: &str = r"hr_units() {
  if [ -d /run/systemd/system ]; then
    hr_program units systemctl list-units --state=failed --full --plain --no-legend --no-pager
  else
    hr_mark units_none
  fi
}
";

/// Adds how many have failed, and which.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    if parts.get("units_none").is_some() {
        return Err("systemd does not run here.".to_owned());
    }
    let ran = Ran::of(parts, "units", "systemctl")?;
    if ran.status != 0 {
        return Err(ran.failure());
    }
    let mut units: Vec<FailedUnit> = ran.text.lines().filter_map(unit).collect();
    observation.points.extend(Point::new(Metric::UnitsFailed, Attributes::none(), real(units.len() as u64)));
    units.truncate(TABLE_ROWS);
    observation.tables.units = Some(units);
    Ok(())
}

/// `nginx.service loaded failed failed A web server`; versions before 246 put a dot before it even where a plain list is
/// asked for.
fn unit(line: &str) -> Option<FailedUnit> {
    let mut words = line.split_whitespace().skip_while(|word| !word.contains('.'));
    let name = words.next()?;
    let (_load, active, _sub) = (words.next()?, words.next()?, words.next()?);
    let description: Vec<&str> = words.collect();
    (active == "failed").then(|| FailedUnit { name: text::name(name), description: text::name(&description.join(" ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_failed_units_are_units() {
        let name = |line| unit(line).map(|unit| unit.name);
        assert_eq!(name("nginx.service loaded failed failed A web server"), Some("nginx.service".to_owned()));
        assert_eq!(
            name("* mnt-my\\x20data.mount loaded failed failed /mnt/my data"),
            Some("mnt-my\\x20data.mount".to_owned())
        );
        assert_eq!(name("● a.service not-found failed failed"), Some("a.service".to_owned()));
        assert_eq!(name("cron.service loaded active running cron"), None);
        assert_eq!(name("0 loaded units listed."), None);
    }
}
