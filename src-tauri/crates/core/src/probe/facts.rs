//! What rarely changes about a server: read once per shell session.

use std::collections::HashMap;

use crate::observation::Facts;
use crate::probe::parts::Parts;
use crate::text;
use crate::time::UnixMillis;

/// - `grep -m 1` reads no further than it has to: the file is long where there are many CPUs.
pub(super) const SCRIPT: &str = r"hr_facts() {
  hr_mark clock; date +%s
  hr_mark hostname; hostname || uname -n
  hr_mark kernel; uname -r
  hr_mark architecture; uname -m
  hr_mark os; cat /etc/os-release || cat /usr/lib/os-release
  hr_mark cpu; grep -E -m 1 '^(model name|cpu model|Processor|cpu)[[:space:]]*:' /proc/cpuinfo
  hr_mark ticks; getconf CLK_TCK
  hr_mark page; getconf PAGESIZE
  hr_mark smaps; grep -m 1 KernelPageSize /proc/self/smaps
  hr_mark users; cut -d: -f1,3 /etc/passwd
}
";

/// Users that are remembered by name, at most.
const MAX_USERS: usize = 4096;

/// What it takes to understand the process list of a system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct System {
    /// In how many ticks per second the kernel counts the CPU time of processes.
    pub ticks_per_second: u64,
    /// Bytes in a page of memory.
    pub page_size: u64,
    users: HashMap<u32, String>,
}

impl Default for System {
    /// What almost every Linux system has.
    fn default() -> Self {
        Self { ticks_per_second: 100, page_size: 4096, users: HashMap::new() }
    }
}

impl System {
    /// From the parts of the answer of a shell. What is missing stays at what almost every Linux system has.
    #[must_use]
    pub fn parse(parts: &Parts<'_>) -> Self {
        let usual = Self::default();
        let ticks = parts.number("ticks").filter(|ticks| (1..=1_000_000).contains(ticks));
        // BusyBox systems may lack `getconf`; there the kernel says the page size of a mapping: `KernelPageSize:  4 kB`.
        let mapping = || {
            let line = parts.first_line("smaps")?;
            line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
        };
        let page = parts
            .number("page")
            .or_else(mapping)
            .filter(|size| size.is_power_of_two() && (512..=1 << 30).contains(size));
        let users = parts.get("users").unwrap_or_default().lines().filter_map(user).take(MAX_USERS).collect();
        Self {
            ticks_per_second: ticks.unwrap_or(usual.ticks_per_second),
            page_size: page.unwrap_or(usual.page_size),
            users,
        }
    }

    /// The name of a user, or the number where the name is not known.
    #[must_use]
    pub fn user_name(&self, uid: u32) -> Option<String> {
        Some(self.users.get(&uid).cloned().unwrap_or_else(|| uid.to_string()))
    }
}

/// A line `name:uid` of `cut -d: -f1,3 /etc/passwd`.
fn user(line: &str) -> Option<(u32, String)> {
    let (name, uid) = line.split_once(':')?;
    Some((uid.trim().parse().ok()?, text::name(name)))
}

/// The facts in the parts of the answer that a shell gave at that time; nothing where none of them was asked for or can be read.
#[must_use]
pub fn parse(parts: &Parts<'_>, at: UnixMillis) -> Option<Facts> {
    let word = |name| parts.first_line(name).map(text::name);
    let facts = Facts {
        hostname: word("hostname"),
        os: parts.get("os").and_then(os_name),
        kernel: word("kernel"),
        architecture: word("architecture"),
        cpu_model: parts
            .first_line("cpu")
            .and_then(|line| line.split_once(':'))
            .map(|(_, model)| text::name(model.trim()))
            .filter(|model| !model.is_empty()),
        clock_skew: parts.first_line("clock").and_then(|clock| skew(clock, at)),
    };
    (facts != Facts::default()).then_some(facts)
}

/// What `date +%s` printed, compared with the time here.
fn skew(clock: &str, at: UnixMillis) -> Option<i64> {
    clock.parse::<i64>().ok()?.checked_sub(at.0.div_euclid(1000))
}

/// The name of the system in an os-release file: `PRETTY_NAME`, or else `NAME` (`os-release(5)`).
#[must_use]
pub fn os_name(os_release: &str) -> Option<String> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        let unquoted = line.trim().trim_matches(['"', '\'']).replace("\\\"", "\"");
        (!unquoted.is_empty()).then(|| text::name(&unquoted))
    };
    value("PRETTY_NAME").or_else(|| value("NAME"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer<T>(parts: &[(&str, &str)], read: impl Fn(&Parts<'_>) -> T) -> T {
        let mut text: String = parts.iter().map(|(name, content)| format!("@hr n {name}\n{content}\n")).collect();
        text.push_str("@hr n end\n");
        read(&Parts::of(&text, "n"))
    }

    const AT: UnixMillis = UnixMillis(1_795_000_000_400);

    #[test]
    fn a_clock_is_compared_with_ours() {
        for (clock, expected) in [
            ("1795000000\n", Some(0)),
            ("1795000042\n", Some(42)),
            ("86400\n", Some(86_400 - 1_795_000_000)),
            ("+%s\n", None),
            ("99999999999999999999\n", None),
            ("-9223372036854775808\n", None),
            ("", None),
        ] {
            let facts = answer(&[("hostname", "h\n"), ("clock", clock)], |parts| parse(parts, AT)).unwrap();
            assert_eq!(facts.clock_skew, expected, "{clock:?}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told() {
        let told = |clock_skew| Facts { clock_skew, ..Facts::default() }.clock();
        assert_eq!(told(Some(42)).as_deref(), Some("clock 42 s ahead"));
        assert_eq!(told(Some(-90_000)).as_deref(), Some("clock 1 d 1 h behind"));
        assert_eq!((told(Some(2)), told(Some(-2)), told(None)), (None, None, None));
    }

    #[test]
    fn facts_are_read() {
        let parts = [
            ("hostname", "web-1\n\n"),
            ("kernel", "6.1.0-18-amd64\n"),
            ("architecture", "x86_64\n"),
            ("os", "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            ("cpu", "model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n"),
        ];
        let facts = answer(&parts, |parts| parse(parts, AT)).unwrap();
        assert_eq!(facts.hostname.as_deref(), Some("web-1"));
        assert_eq!(facts.os.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(facts.cpu_model.as_deref(), Some("Intel(R) Xeon(R) CPU @ 2.20GHz"));
    }

    #[test]
    fn what_is_missing_is_absent() {
        let facts = answer(&[("hostname", "router\n"), ("os", ""), ("cpu", "\n")], |parts| parse(parts, AT)).unwrap();
        assert_eq!(facts, Facts { hostname: Some("router".into()), ..Facts::default() });
        assert_eq!(answer(&[], |parts| parse(parts, AT)), None);
    }

    #[test]
    fn ticks_and_pages_are_those_of_the_system() {
        let system =
            answer(&[("ticks", "1024\n"), ("page", "65536\n"), ("users", "root:0\nops:1000\n")], System::parse);
        assert_eq!((system.ticks_per_second, system.page_size), (1024, 65536));
        assert_eq!(system.user_name(1000).as_deref(), Some("ops"));
        assert_eq!(system.user_name(4711).as_deref(), Some("4711"));
    }

    #[test]
    fn without_getconf_the_page_size_comes_from_a_mapping() {
        let system = answer(&[("ticks", ""), ("smaps", "KernelPageSize:       16 kB\n")], System::parse);
        assert_eq!((system.ticks_per_second, system.page_size), (100, 16384));
    }

    #[test]
    fn nonsense_stays_at_what_is_usual() {
        let system = answer(&[("ticks", "0\n"), ("page", "5000\n")], System::parse);
        assert_eq!(system, System::default());
    }
}
