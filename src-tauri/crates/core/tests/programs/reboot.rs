//! Whether the server has to be started anew, and why.

use std::fs;

use hostrounds_core::metric::Metric;
use hostrounds_core::probe::Family;

use crate::place::{DASH, Place, everywhere, reason, value};

fn reboot(place: &Place, shell: &[&str]) -> (Option<f64>, Vec<String>) {
    let observation = place.observe(shell, Family::Reboot);
    assert_eq!(observation.unavailable, []);
    (value(&observation, Metric::RebootRequired, &[]), observation.tables.reboot.unwrap())
}

fn running() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}

/// A release of the same kind as the running kernel, with another version.
fn other(major: u32) -> String {
    let running = running();
    let (_, rest) = running.split_once('.').unwrap();
    format!("{major}.{rest}")
}

#[test]
fn the_mark_of_debian_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.file("/run/reboot-required", "*** System restart required ***\n");
        assert_eq!(
            reboot(&place, shell),
            (Some(1.0), vec!["The system asks for it (/run/reboot-required).".to_owned()])
        );
        place.file("/run/reboot-required.pkgs", "linux-image-6.1.0-21-amd64\nlibc6\nlibc6\n");
        let named = vec!["linux-image-6.1.0-21-amd64".to_owned(), "libc6".to_owned()];
        assert_eq!(reboot(&place, shell), (Some(1.0), named));
    }
}

#[test]
fn needs_restarting_says_what_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.prints("needs-restarting", "needs-restarting-rhel-9.txt", 1);
        assert_eq!(reboot(&place, shell), (Some(1.0), vec!["kernel".to_owned(), "openssl-libs".to_owned()]));
        place.prints("needs-restarting", "needs-restarting-centos-7-no.txt", 0);
        assert_eq!(reboot(&place, shell), (Some(0.0), Vec::new()));
        // Its status is that of yes.
        place.prints("needs-restarting", "needs-restarting-broken.txt", 1);
        assert!(reason(&place.observe(shell, Family::Reboot)).contains("no answer from `needs-restarting`"));
    }
}

#[test]
fn a_newer_kernel_than_the_running_one_requires_a_reboot() {
    for (shell, place) in everywhere() {
        place.file(&format!("/lib/modules/{}/modules.builtin", running()), "");
        place.file(&format!("/lib/modules/{}/modules.builtin", other(1)), "");
        place.file("/lib/modules/999.0.0-of-another-kind/modules.builtin", "");
        place.file(&format!("/lib/modules/{}/updates/left-behind.ko", other(998)), "");
        assert_eq!(reboot(&place, shell), (Some(0.0), Vec::new()));

        let newer = other(997);
        place.file(&format!("/lib/modules/{newer}/modules.builtin"), "");
        let reason = format!("Kernel {newer} is installed, {} is running.", running());
        assert_eq!(reboot(&place, shell), (Some(1.0), vec![reason]));
    }
}

#[test]
fn a_running_kernel_without_its_modules_requires_a_reboot() {
    let place = Place::new();
    place.file(&format!("/lib/modules/{}/modules.builtin", other(1)), "");
    assert_eq!(reboot(&place, &DASH).1, [format!("The modules of the running kernel {} are gone.", running())]);
}

#[test]
fn whether_a_container_needs_a_reboot_is_for_its_host_to_say() {
    for mark in ["/run/systemd/container", "/run/.containerenv", "/.dockerenv"] {
        let place = Place::new();
        place.file(mark, "").file(&format!("/lib/modules/{}/modules.builtin", other(997)), "");
        assert!(reason(&place.observe(&DASH, Family::Reboot)).starts_with("A container"));
        place.file("/run/reboot-required", "");
        assert_eq!(reboot(&place, &DASH).0, Some(1.0), "that is its own");
    }
}

#[test]
fn where_nothing_tells_a_reboot_is_not_known() {
    assert!(reason(&Place::new().observe(&DASH, Family::Reboot)).starts_with("Nothing tells"));
}
