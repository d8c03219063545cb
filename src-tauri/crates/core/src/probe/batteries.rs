//! Batteries of the system, from `/sys/class/power_supply`
//! (<https://docs.kernel.org/power/power_supply_class.html>). Those of mice and headsets are not counted.

use std::collections::BTreeMap;

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::sysfs::{self, Entry};
use crate::probe::{Family, cut};
use crate::text;

/// The last file is always empty: with it, `grep` prints names even where there is only one other.
pub(super) const SCRIPT: &str = r#"hr_batteries() {
  hr_mark batteries
  for hr_file in type scope present status capacity energy_now energy_full charge_now charge_full; do
    set -- "$@" /sys/class/power_supply/*/$hr_file
  done
  grep . "$@" /dev/null
}
"#;

/// Adds how full each battery is and whether it is being drained; the reason where there is none.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    let listing = parts.get("batteries").ok_or("The batteries (/sys/class/power_supply) could not be read.")?;
    let mut devices: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for Entry { device, file, value } in sysfs::entries(listing, "power_supply") {
        devices.entry(text::name(device)).or_default().insert(file, value);
    }
    devices.retain(|_, files| is_battery(files));
    if devices.is_empty() {
        return Err("The system has no battery.".to_owned());
    }
    let mut devices = devices.into_iter().collect();
    cut(&mut devices, Family::Batteries, "batteries", observation);
    for (name, files) in devices {
        let attributes = || Attributes::none().with(attribute::BATTERY, &name);
        let charge = charge(&files).and_then(|charge| Point::new(Metric::BatteryCharge, attributes(), charge));
        observation.points.extend(charge);
        let discharging = files.get("status").map(|status| if *status == "Discharging" { 1.0 } else { 0.0 });
        let discharging = discharging.and_then(|flag| Point::new(Metric::BatteryDischarging, attributes(), flag));
        observation.points.extend(discharging);
    }
    Ok(())
}

fn is_battery(files: &BTreeMap<&str, &str>) -> bool {
    files.get("type") == Some(&"Battery") && files.get("scope") != Some(&"Device") && files.get("present") != Some(&"0")
}

/// From 0 to 1. Some batteries say it in percent, all say energy (or charge) now and when full; a worn one may exceed what
/// it says of itself.
fn charge(files: &BTreeMap<&str, &str>) -> Option<f64> {
    let number = |file: &str| files.get(file)?.parse::<u32>().ok().map(f64::from);
    let share = |now: &str, full: &str| Some(number(now)? / number(full).filter(|full| *full > 0.0)?);
    let percent = number("capacity").map(|percent| percent / 100.0);
    let charge = percent.or_else(|| share("energy_now", "energy_full")).or_else(|| share("charge_now", "charge_full"));
    charge.map(|charge| charge.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn observed(lines: &[&str]) -> (Result<(), String>, Observation) {
        let lines: String = lines.iter().map(|line| format!("/sys/class/power_supply/{line}\n")).collect();
        let text = format!("@hr n batteries\n{lines}\n@hr n end\n");
        let mut observation = Observation::empty(UnixMillis(0));
        (read(&Parts::of(&text, "n"), &System::default(), &mut observation), observation)
    }

    #[test]
    fn batteries_of_the_system_count_and_no_mains_or_mice() {
        let (read, observation) = observed(&[
            "AC/type:Mains",
            "BAT0/type:Battery",
            "BAT0/present:1",
            "BAT0/status:Discharging",
            "BAT0/capacity:87",
            "hidpp_battery_0/type:Battery",
            "hidpp_battery_0/scope:Device",
            "hidpp_battery_0/capacity:50",
        ]);
        assert_eq!(read, Ok(()));
        let bat0 = Attributes::none().with(attribute::BATTERY, "BAT0");
        assert_eq!(observation.value(Metric::BatteryCharge, &bat0), Some(0.87));
        assert_eq!(observation.value(Metric::BatteryDischarging, &bat0), Some(1.0));
        assert_eq!(observation.points.len(), 2);
    }

    #[test]
    fn without_a_percentage_energy_or_charge_say_it() {
        let (_, observation) = observed(&[
            "BAT0/type:Battery",
            "BAT0/energy_now:30000000",
            "BAT0/energy_full:60000000",
            "BAT1/type:Battery",
            "BAT1/status:Full",
            "BAT1/charge_now:4100",
            "BAT1/charge_full:4000",
            "BAT2/type:Battery",
            "BAT2/charge_now:4100",
            "BAT2/charge_full:0",
        ]);
        let charges: Vec<f64> = observation.points.iter().map(|point| point.value).collect();
        assert_eq!(charges, [0.5, 1.0, 0.0], "the last is that BAT1 is not drained; BAT2 says nothing");
    }

    #[test]
    fn no_battery_is_not_available() {
        assert!(observed(&[]).0.is_err());
        assert!(observed(&["AC/type:Mains", "BAT0/type:Battery", "BAT0/present:0"]).0.is_err());
    }
}
