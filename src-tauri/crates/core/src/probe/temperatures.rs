//! Temperatures: the sensors of `/sys/class/hwmon`, and the thermal zones that are none of them
//! (<https://docs.kernel.org/hwmon/sysfs-interface.html>, <https://docs.kernel.org/driver-api/thermal/sysfs-api.html>).

use std::collections::{BTreeMap, BTreeSet};

use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation, Point};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::sysfs::{self, Entry};
use crate::probe::{Family, cut};
use crate::text;

/// - Kernels before 3.x keep the files of a chip one folder deeper.
/// - The last file is always empty: with it, `grep` prints names even where there is only one other.
pub(super) const SCRIPT: &str = r"hr_temperatures() {
  hr_mark temperatures
  grep . \
    /sys/class/hwmon/*/name /sys/class/hwmon/*/temp*_label /sys/class/hwmon/*/temp*_input \
    /sys/class/hwmon/*/device/name /sys/class/hwmon/*/device/temp*_label /sys/class/hwmon/*/device/temp*_input /dev/null
  grep . /sys/class/thermal/thermal_zone*/type /sys/class/thermal/thermal_zone*/temp /dev/null
}
";

/// Adds what each sensor reports; the reason where there is none.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    let listing = parts.get("temperatures").ok_or("The sensors (/sys/class/hwmon) could not be read.")?;
    let mut sensors = sensors(listing);
    if sensors.is_empty() {
        return Err("The kernel knows no sensors; virtual machines rarely have any.".to_owned());
    }
    cut(&mut sensors, Family::Temperatures, "sensors", observation);
    let points = sensors.into_iter().filter_map(|(name, celsius)| {
        Point::new(Metric::Temperature, Attributes::none().with(attribute::SENSOR, name), celsius)
    });
    observation.points.extend(points);
    Ok(())
}

/// The chips and zones of a listing, with the number that the kernel gave each.
type Devices<'a> = BTreeMap<(u64, &'a str), BTreeMap<&'a str, &'a str>>;

fn devices<'a>(listing: &'a str, class: &'a str) -> Devices<'a> {
    let mut devices = Devices::new();
    for Entry { device, file, value } in sysfs::entries(listing, class) {
        let number = device.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(u64::MAX);
        let file = file.strip_prefix("device/").unwrap_or(file);
        // Where a file stands in both folders, the first one counts.
        devices.entry((number, device)).or_default().entry(file).or_insert(value);
    }
    devices
}

/// Every sensor by a name that no other has, with what it reports in degrees Celsius, in the order of the kernel.
fn sensors(listing: &str) -> Vec<(String, f64)> {
    let chips = devices(listing, "hwmon");
    let mut found: Vec<(String, f64)> = Vec::new();
    let mut names = Names::default();
    let mut add = |name: String, value: &str| {
        let Some(celsius) = millidegrees(value) else { return };
        found.push((names.unique(&name), celsius));
    };
    let mut chip_names = BTreeSet::new();
    for ((_, device), files) in &chips {
        let chip = files.get("name").copied().unwrap_or(device);
        chip_names.insert(chip.replace('-', "_"));
        let mut inputs: Vec<(u64, &str)> = files.keys().filter_map(|file| input(file)).collect();
        inputs.sort_unstable();
        for (_, sensor) in inputs {
            let label = files.get(format!("{sensor}_label").as_str()).copied().unwrap_or(sensor);
            let value = files.get(format!("{sensor}_input").as_str()).copied().unwrap_or_default();
            add(format!("{chip} {label}"), value);
        }
    }
    for ((_, device), files) in devices(listing, "thermal") {
        let zone = files.get("type").copied().unwrap_or(device);
        // The kernel shows many zones as a chip as well, under the same name.
        if !chip_names.contains(&zone.replace('-', "_")) {
            add(zone.to_owned(), files.get("temp").copied().unwrap_or_default());
        }
    }
    found
}

/// The number and the name of the sensor (`temp2`) that a file `temp2_input` is of.
fn input(file: &str) -> Option<(u64, &str)> {
    let sensor = file.strip_suffix("_input")?;
    Some((sensor.strip_prefix("temp")?.parse().ok()?, sensor))
}

fn millidegrees(value: &str) -> Option<f64> {
    value.parse::<i32>().ok().map(|value| f64::from(value) / 1000.0)
}

/// Names that are taken, with how many sensors would have liked to have each.
#[derive(Default)]
struct Names {
    wanted: BTreeMap<String, usize>,
}

impl Names {
    /// `name`, or if that is taken `name 2`, `name 3`: two disks or two processors of one make.
    fn unique(&mut self, name: &str) -> String {
        let name = text::neutralised(name, text::NAME_MAX - NUMBER_MAX);
        let mut candidate = name.clone();
        while self.wanted.contains_key(&candidate) {
            let count = self.wanted.entry(name.clone()).or_insert(1);
            *count += 1;
            candidate = format!("{name} {count}");
        }
        self.wanted.insert(candidate.clone(), 1);
        candidate
    }
}

/// Characters that a number behind a name takes at most.
const NUMBER_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(lines: &[&str]) -> Vec<(String, f64)> {
        sensors(&lines.iter().map(|line| format!("/sys/class/{line}\n")).collect::<String>())
    }

    fn expected(all: &[(&str, f64)]) -> Vec<(String, f64)> {
        all.iter().map(|(name, celsius)| ((*name).to_owned(), *celsius)).collect()
    }

    #[test]
    fn sensors_bear_the_chip_and_their_label() {
        let found = listing(&[
            "hwmon/hwmon1/name:coretemp",
            "hwmon/hwmon1/temp1_label:Package id 0",
            "hwmon/hwmon1/temp1_input:41000",
            "hwmon/hwmon1/temp10_input:39500",
            "hwmon/hwmon1/temp2_input:-4500",
            "hwmon/hwmon1/temp2_label:Core 0",
            "hwmon/hwmon0/name:acpitz",
        ]);
        let all = [("coretemp Package id 0", 41.0), ("coretemp Core 0", -4.5), ("coretemp temp10", 39.5)];
        assert_eq!(found, expected(&all));
    }

    #[test]
    fn sensors_of_one_name_are_told_apart_by_the_order_of_the_kernel() {
        let found = listing(&[
            "hwmon/hwmon10/name:nvme",
            "hwmon/hwmon10/temp1_label:Composite",
            "hwmon/hwmon10/temp1_input:51850",
            "hwmon/hwmon9/name:nvme",
            "hwmon/hwmon9/temp1_label:Composite",
            "hwmon/hwmon9/temp1_input:38850",
        ]);
        assert_eq!(found, expected(&[("nvme Composite", 38.85), ("nvme Composite 2", 51.85)]));
    }

    #[test]
    fn a_zone_that_is_a_chip_as_well_counts_once() {
        let found = listing(&[
            "hwmon/hwmon0/name:cpu_thermal",
            "hwmon/hwmon0/temp1_input:48312",
            "thermal/thermal_zone0/type:cpu-thermal",
            "thermal/thermal_zone0/temp:48312",
            "thermal/thermal_zone1/type:x86_pkg_temp",
            "thermal/thermal_zone1/temp:-273000",
        ]);
        assert_eq!(found, expected(&[("cpu_thermal temp1", 48.312), ("x86_pkg_temp", -273.0)]));
    }

    #[test]
    fn old_kernels_keep_the_files_one_folder_deeper() {
        let found = listing(&["hwmon/hwmon0/device/name:k10temp", "hwmon/hwmon0/device/temp1_input:30000"]);
        assert_eq!(found, expected(&[("k10temp temp1", 30.0)]));
    }

    #[test]
    fn a_sensor_that_reports_nonsense_costs_only_itself() {
        let found = listing(&[
            "hwmon/hwmon0/temp1_input:18446744073709551616",
            "hwmon/hwmon0/temp2_input:N/A",
            "hwmon/hwmon0/tempx_input:1",
            "hwmon/hwmon0/temp3_input:1000",
        ]);
        assert_eq!(found, expected(&[("hwmon0 temp3", 1.0)]));
    }
}
