//! Pending updates, as each package tool tells them.

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::probe::Family;
use rstest::rstest;

use crate::place::{DASH, Place, everywhere, print, reason, value};

/// All updates, those that close holes, and the rows of the table.
fn updates(place: &Place, shell: &[&str]) -> (Option<f64>, Option<f64>, Vec<(String, String)>) {
    let observation = place.observe(shell, Family::Updates);
    assert_eq!(observation.unavailable, []);
    let count = |kind| value(&observation, Metric::UpdatesPending, &[(attribute::UPDATE_KIND, kind)]);
    let rows = observation.tables.updates.as_deref().unwrap_or_default().iter().map(|update| {
        let mark = if update.security { "!" } else { "" };
        (format!("{mark}{}", update.name), update.version.clone().unwrap_or_default())
    });
    (count("all"), count("security"), rows.collect())
}

fn names(rows: &[(String, String)]) -> Vec<&str> {
    rows.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn updates_of_apt_come_with_what_they_are_for() {
    for (shell, place) in everywhere() {
        place.file("/var/lib/dpkg/status", "").file("/var/lib/apt/lists/deb.debian.org_main_Packages.lz4", "");
        place.prints("apt-get", "apt-debian-12.txt", 0);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(6.0), Some(4.0)));
        assert_eq!(names(&rows), ["!libgcrypt20", "!libgcrypt20-dev", "!openssl", "!tzdata", "base-files", "bash"]);
        assert_eq!(rows[2].1, "3.0.22-1~deb12u2");

        place.prints("apt-get", "apt-ubuntu-22.04.txt", 0);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(3.0), Some(2.0)), "what comes in anew is no update");
        assert_eq!(names(&rows), ["!imagemagick", "!linux-image-generic", "libgnutls30:i386"]);
    }
}

#[test]
fn apt_without_lists_or_with_broken_packages_knows_no_updates() {
    let place = Place::new();
    place.file("/var/lib/dpkg/status", "").program("apt-get", "");
    assert!(reason(&place.observe(&DASH, Family::Updates)).contains("run `apt-get update`"));
    place.file("/var/lib/apt/lists/x_Packages", "").prints("apt-get", "apt-broken.txt", 100);
    assert!(reason(&place.observe(&DASH, Family::Updates)).contains("Unmet dependencies"));
}

/// A `dnf` (or `yum`) that prints one fixture for all updates and one for those that close holes.
fn dnf(all: &str, security: &str) -> String {
    format!(
        "case \"$*\" in *--security) {}; exit 100 ;; '-C -q check-update') {}; exit 100 ;; *) exit 1 ;; esac",
        print(security),
        print(all)
    )
}

#[test]
fn updates_of_dnf_close_holes_where_the_repositories_say_so() {
    for (shell, place) in everywhere() {
        place.program("dnf", &dnf("dnf-rocky-9.txt", "dnf-rocky-9-security.txt"));
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(4.0), None), "no repository says so");
        assert_eq!(names(&rows), ["curl", "grub2-efi-x64-modules-with-a-long-name", "kernel", "tzdata"]);
        assert_eq!(rows[1].1, "1:2.06-70.el9_3.2");

        place.file("/var/cache/dnf/baseos-0123/repodata/0123-updateinfo.xml.gz", "");
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(4.0), Some(2.0)));
        assert_eq!(names(&rows)[..2], ["!curl", "!kernel"]);
    }
}

#[rstest]
#[case::dnf5("dnf", "dnf5-fedora-41.txt", 100, &["bash", "vim-data"])]
#[case::yum("yum", "dnf-rocky-9.txt", 100, &["curl", "grub2-efi-x64-modules-with-a-long-name", "kernel", "tzdata"])]
#[case::none("dnf", "needs-restarting-centos-7-no.txt", 0, &[])]
#[case::apk("apk", "apk-alpine-3.19.txt", 0, &["busybox", "libcrypto3", "py3-setuptools-pyc"])]
#[case::pacman("pacman", "pacman.txt", 0, &["linux", "openssl"])]
#[case::pacman_none("pacman", "none.txt", 1, &[])]
fn updates_of_other_tools_are_listed(
    #[case] tool: &str,
    #[case] fixture: &str,
    #[case] status: u8,
    #[case] expected: &[&str],
) {
    for (shell, place) in everywhere() {
        place.prints(tool, fixture, status);
        let (all, _, rows) = updates(&place, shell);
        assert_eq!(names(&rows), expected);
        assert_eq!(all, Some(expected.len() as f64));
        assert!(rows.iter().all(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit())));
    }
}

#[test]
fn updates_of_zypper_are_packages_and_patches() {
    for (shell, place) in everywhere() {
        let tables = format!(
            "[ \"$ZYPP_READONLY_HACK\" = 1 ] || exit 1\ncase \"$*\" in *list-patches*) {} ;; *) {} ;; esac",
            print("zypper-leap-15-patches.txt"),
            print("zypper-leap-15.txt")
        );
        place.program("zypper", &tables);
        let (all, security, rows) = updates(&place, shell);
        assert_eq!((all, security), (Some(2.0), Some(1.0)));
        assert_eq!(names(&rows), ["!openSUSE-SLE-15.5-2023-4659", "curl", "timezone"]);
        assert_eq!(rows[1].1, "8.0.1-150400.5.36.1");
    }
}

#[rstest]
#[case::dnf("dnf", "dnf-without-cache.txt", 1, "no cache for 'baseos'")]
#[case::apk("apk", "apk-without-lists.txt", 0, "run `apk update`")]
#[case::zypper("zypper", "hostile.txt", 4, "`zypper` failed")]
fn a_tool_without_lists_knows_no_updates(
    #[case] tool: &str,
    #[case] fixture: &str,
    #[case] status: u8,
    #[case] expected: &str,
) {
    let place = Place::new();
    place.prints(tool, fixture, status);
    let observation = place.observe(&DASH, Family::Updates);
    assert!(reason(&observation).contains(expected), "{:?}", observation.unavailable);
}

#[test]
fn without_a_package_tool_updates_are_not_available() {
    assert!(reason(&Place::new().observe(&DASH, Family::Updates)).starts_with("No package tool was found"));
}
