//! The shell that runs on servers: POSIX `sh`, tried with dash, bash, BusyBox and zsh.
//!
//! It reads and prints; it writes nothing, changes no setting of the server, and never reads the standard input that its own
//! commands come in on. What every part needs stands here; what a family needs stands with the family.

use std::sync::LazyLock;

use crate::probe::{
    Family, batteries, containers, facts, filesystems, gpus, process_detail, processes, program, reader, reboot,
    routine, tcp, temperatures, units, updates, users,
};

/// - `LC_ALL=C` keeps numbers and words the same everywhere; GNU `df` prints names in any encoding untouched under it.
/// - `timeout` is not everywhere; the trial tells old BusyBox ones (`timeout -t 5`) apart.
const PREAMBLE: &str = r#"hr_mark() { printf '\n@hr %s %s\n' "$hr_nonce" "$*"; }
hr_limited() {
  if [ -z "$hr_timeout" ]; then
    hr_timeout=none
    timeout 5 true >/dev/null 2>&1 && hr_timeout=plain
  fi
  if [ "$hr_timeout" = plain ]; then timeout 8 "$@"; else "$@"; fi
}
"#;

/// - What the shell itself has used comes last, so that it holds what the parts before it cost.
const SLOW: &str = r#"hr_slow() {
  hr_nonce=$1; shift
  for hr_part in "$@"; do "hr_$hr_part"; done </dev/null 2>/dev/null
  hr_mark times; times
  hr_mark end
}
"#;

/// Where programs are, after what the account itself says.
pub(super) const PLACES: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A slow family: the name of its part (its shell function is called `hr_` and that) and the text that defines it.
pub(super) struct Slow {
    pub(super) family: Family,
    pub(super) part: &'static str,
    script: &'static str,
}

/// What the facts are called as a part.
pub(super) const FACTS: &str = "facts";

const fn slow(family: Family, part: &'static str, script: &'static str) -> Slow {
    Slow { family, part, script }
}

/// The slow families in the order in which they are read. What may hang comes last: what was printed before is not lost.
pub(super) const FAMILIES: [Slow; 11] = [
    slow(Family::Processes, "processes", processes::SCRIPT),
    slow(Family::Tcp, "tcp", tcp::SCRIPT),
    slow(Family::Temperatures, "temperatures", temperatures::SCRIPT),
    slow(Family::Batteries, "batteries", batteries::SCRIPT),
    slow(Family::Users, "users", users::SCRIPT),
    slow(Family::Reboot, "reboot", reboot::SCRIPT),
    slow(Family::Units, "units", units::SCRIPT),
    slow(Family::Containers, "containers", containers::SCRIPT),
    slow(Family::Gpus, "gpus", gpus::SCRIPT),
    slow(Family::Updates, "updates", updates::SCRIPT),
    slow(Family::Filesystems, "filesystems", filesystems::SCRIPT),
];

/// Everything that the shell can be asked: definitions only. Ends with a newline.
pub(super) static FUNCTIONS: LazyLock<String> = LazyLock::new(|| {
    let routine = routine::script();
    let families = FAMILIES.iter().map(|slow| slow.script);
    [PREAMBLE, program::SCRIPT, &routine, facts::SCRIPT, process_detail::SCRIPT]
        .into_iter()
        .chain(families)
        .chain([SLOW])
        .collect()
});

/// See [`super::remote::script`].
pub(super) static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    format!("LC_ALL=C; export LC_ALL\nPATH=\"$PATH:{PLACES}\"; export PATH\n{}{}", *FUNCTIONS, reader::script())
});
