//! Whether a reboot is required: what the distribution notes of it, and whether a newer kernel than the running one is there.
//!
//! Three voices, none of which every system has: the file `/run/reboot-required` (Debian, Ubuntu), `needs-restarting`
//! (Fedora, Red Hat, SUSE), and the kernels below `/lib/modules` (all but containers, which run on that of their host).

use std::cmp::Ordering;

use crate::metric::Metric;
use crate::observation::{Attributes, Observation, Point, TABLE_ROWS};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::program::{CUT_OFF, Ran};
use crate::text;

/// `modules.builtin` comes with the package of a kernel and goes with it; other files below `/lib/modules` stay behind.
pub(super) const SCRIPT: &str = r#"hr_reboot() {
  for hr_file in /run/reboot-required /var/run/reboot-required; do
    if [ -e $hr_file ]; then hr_mark reboot_asked; cat $hr_file.pkgs; break; fi
  done
  for hr_file in /run/systemd/container /run/.containerenv /.dockerenv; do
    [ -e $hr_file ] && hr_mark reboot_container
  done
  if command -v needs-restarting >/dev/null; then
    hr_program reboot_needs needs-restarting -r
  fi
  hr_mark reboot_running; cat /proc/sys/kernel/osrelease
  hr_mark reboot_kernels
  for hr_file in /lib/modules/*/modules.builtin; do
    [ -e "$hr_file" ] && printf '%s\n' "$hr_file"
  done
}
"#;

/// Adds whether a reboot is required, and why.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    parts.get("reboot_kernels").ok_or(CUT_OFF)?;
    let is_container = parts.get("reboot_container").is_some();
    let kernel = if is_container { None } else { kernel(parts) };
    let voices = [parts.get("reboot_asked").map(asked), needs_restarting(parts), kernel];
    if voices.iter().all(Option::is_none) {
        return Err(if is_container {
            "A container runs on the kernel of its host; ask the host.".to_owned()
        } else {
            "Nothing tells: there is no /run/reboot-required, no answer from `needs-restarting`, and no \
             kernel like the running one in /lib/modules."
                .to_owned()
        });
    }
    let mut reasons: Vec<String> = Vec::new();
    for reason in voices.into_iter().flatten().flatten() {
        if reasons.len() < TABLE_ROWS && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let required = if reasons.is_empty() { 0.0 } else { 1.0 };
    observation.points.extend(Point::new(Metric::RebootRequired, Attributes::none(), required));
    observation.tables.reboot = Some(reasons);
    Ok(())
}

/// The packages that asked for a reboot; the file alone where it does not say which.
fn asked(packages: &str) -> Vec<String> {
    let named: Vec<String> =
        packages.lines().map(str::trim).filter(|line| !line.is_empty()).map(text::name).take(TABLE_ROWS).collect();
    if named.is_empty() { vec!["The system asks for it (/run/reboot-required).".to_owned()] } else { named }
}

/// What `needs-restarting -r` lists; nothing where it did not say whether a reboot is required (it may have failed, also with
/// the status that stands for yes).
fn needs_restarting(parts: &Parts<'_>) -> Option<Vec<String>> {
    let ran = Ran::of(parts, "reboot_needs", "needs-restarting").ok()?;
    let says = |words: &str| ran.text.lines().any(|line| line.trim_start().starts_with(words));
    if ran.status == 0 {
        return says("Reboot ").then(Vec::new);
    }
    if !says("Reboot is ") {
        return None;
    }
    let listed = ran.text.lines().filter_map(|line| line.trim().strip_prefix("* "));
    let listed: Vec<String> = listed.map(text::name).take(TABLE_ROWS).collect();
    Some(if listed.is_empty() { vec!["The system asks for it (`needs-restarting`).".to_owned()] } else { listed })
}

/// Bytes of a release at most (`__NEW_UTS_LEN`, `uname(2)`). Every kernel is compared with the others, which a longer one
/// would make long.
const RELEASE_MAX: usize = 64;

/// Whether a newer kernel of the running one's kind is installed; nothing where none of its kind is, since it then comes from
/// somewhere else (the host of a virtual machine, a build by hand).
fn kernel(parts: &Parts<'_>) -> Option<Vec<String>> {
    let is_release = |release: &&str| release.len() <= RELEASE_MAX;
    let running = parts.first_line("reboot_running").filter(is_release)?;
    let installed: Vec<&str> = parts
        .get("reboot_kernels")?
        .lines()
        .filter_map(|line| line.strip_suffix("/modules.builtin")?.rsplit('/').next())
        .filter(is_release)
        .filter(|release| kind(release) == kind(running))
        .collect();
    let newest = installed.iter().copied().max_by(|a, b| by_version(a, b))?;
    Some(if by_version(newest, running) == Ordering::Greater {
        vec![text::name(&format!("Kernel {newest} is installed, {running} is running."))]
    } else if !installed.contains(&running) {
        vec![text::name(&format!("The modules of the running kernel {running} are gone."))]
    } else {
        Vec::new()
    })
}

/// What kind of kernel a release is, apart from its version: `generic` of `6.8.0-31-generic`, `elx` of
/// `5.14.0-362.el9.x86_64`.
fn kind(release: &str) -> String {
    release.chars().filter(char::is_ascii_alphabetic).collect()
}

/// Compares releases as `rpm` does: run by run of digits or letters, a number being newer than a word, and what goes on newer
/// than what ends.
fn by_version(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (runs(a), runs(b));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (Some(left), Some(right)) => by_run(left, right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn by_run(a: &[u8], b: &[u8]) -> Ordering {
    let is_number = |run: &[u8]| run.first().is_some_and(u8::is_ascii_digit);
    match (is_number(a), is_number(b)) {
        (true, true) => {
            let (a, b) = (without_zeros(a), without_zeros(b));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (false, false) => a.cmp(b),
        (a_is_number, b_is_number) => a_is_number.cmp(&b_is_number),
    }
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// The runs of digits and of letters in `release`, without what stands between them.
fn runs(release: &str) -> impl Iterator<Item = &[u8]> {
    let words = release.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
    words.flat_map(|word| word.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::debian("6.1.0-9-amd64", "6.1.0-18-amd64")]
    #[case::ubuntu("5.15.0-97-generic", "6.8.0-31-generic")]
    #[case::red_hat("5.14.0-362.8.1.el9_3.x86_64", "5.14.0-362.18.1.el9_3.x86_64")]
    #[case::red_hat_first_of_a_minor("5.14.0-362.el9.x86_64", "5.14.0-362.8.1.el9_3.x86_64")]
    #[case::arch("6.9.1-arch1-1", "6.9.1-arch1-2")]
    #[case::alpine("6.6.9-0-lts", "6.6.31-0-lts")]
    fn releases_are_in_the_order_in_which_they_came(#[case] earlier: &str, #[case] later: &str) {
        assert_eq!(by_version(earlier, later), Ordering::Less);
        assert_eq!(by_version(later, earlier), Ordering::Greater);
        assert_eq!(by_version(later, later), Ordering::Equal);
        assert_eq!(kind(earlier), kind(later));
    }

    #[test]
    fn what_no_kernel_can_call_itself_is_no_release() {
        let told = |running: &str, installed: &str| {
            let kernels = format!("/lib/modules/{installed}/modules.builtin");
            let text = format!("@hr n reboot_running\n{running}\n\n@hr n reboot_kernels\n{kernels}\n\n@hr n end\n");
            kernel(&Parts::of(&text, "n"))
        };
        let release = |length: usize| "6".repeat(length);
        assert_eq!(told(&release(RELEASE_MAX), &release(RELEASE_MAX)), Some(Vec::new()));
        assert_eq!(told(&release(RELEASE_MAX), &release(RELEASE_MAX + 1)), None);
        assert_eq!(told(&release(RELEASE_MAX + 1), &release(RELEASE_MAX)), None);
    }

    #[test]
    fn kernels_of_other_kinds_are_told_apart() {
        assert_ne!(kind("6.1.0-18-amd64"), kind("6.1.0-18-cloud-amd64"));
        assert_ne!(kind("6.1.0-18-amd64"), kind("6.18.44-custom"));
    }
}
