//! Failed units of systemd.

use hostrounds_core::metric::Metric;
use hostrounds_core::probe::Family;

use crate::place::{DASH, Place, everywhere, reason, value};

#[test]
fn failed_units_are_listed() {
    for (shell, place) in everywhere() {
        place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-252.txt", 0);
        let observation = place.observe(shell, Family::Units);
        assert_eq!(observation.unavailable, []);
        assert_eq!(value(&observation, Metric::UnitsFailed, &[]), Some(3.0));
        let units = observation.tables.units.unwrap();
        let listed: Vec<_> = units.iter().map(|unit| (unit.name.as_str(), unit.description.as_str())).collect();
        let expected =
            [("certbot.service", "Certbot"), (r"mnt-my\x20data.mount", "/mnt/my data"), ("old.service", "old.service")];
        assert_eq!(listed, expected);
    }
}

#[test]
fn systemctl_is_asked_for_failed_units_only() {
    let place = Place::new();
    place.file("/run/systemd/system/.keep", "").program("systemctl", r#"[ "$2" = --state=failed ] || echo "$@""#);
    let observation = place.observe(&DASH, Family::Units);
    assert_eq!(value(&observation, Metric::UnitsFailed, &[]), Some(0.0), "none is a number too");
    assert_eq!(observation.tables.units, Some(Vec::new()));
}

#[test]
fn a_dot_before_a_unit_is_no_name() {
    let place = Place::new();
    place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-219.txt", 0);
    assert_eq!(place.observe(&DASH, Family::Units).tables.units.unwrap()[0].name, "kdump.service");
}

#[test]
fn units_are_not_available_without_systemd_or_where_it_does_not_answer() {
    for (shell, place) in everywhere() {
        place.prints("systemctl", "systemctl-252.txt", 0);
        assert_eq!(reason(&place.observe(shell, Family::Units)), "systemd does not run here.");

        place.file("/run/systemd/system/.keep", "").prints("systemctl", "systemctl-no-bus.txt", 1);
        let observation = place.observe(shell, Family::Units);
        assert_eq!(reason(&observation), "`systemctl` failed: Failed to list units: Connection timed out");
    }
}
