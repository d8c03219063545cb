//! What rarely changes about a server: read once per shell session.

use std::collections::HashMap;

use crate::observation::Facts;
use crate::text;

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
    pub fn parse<'a>(section: impl Fn(&str) -> Option<&'a str>) -> Self {
        let usual = Self::default();
        let number = |name| first_line(section(name))?.parse::<u64>().ok();
        let ticks = number("ticks").filter(|ticks| (1..=1_000_000).contains(ticks));
        // BusyBox systems may lack `getconf`; there the kernel says the page size of a mapping: `KernelPageSize:  4 kB`.
        let mapping = || {
            let line = first_line(section("smaps"))?;
            line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
        };
        let page =
            number("page").or_else(mapping).filter(|size| size.is_power_of_two() && (512..=1 << 30).contains(size));
        let users = section("users").unwrap_or_default().lines().filter_map(user).take(MAX_USERS).collect();
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

/// The facts in the parts of the answer of a shell; nothing where none of them was asked for or can be read.
#[must_use]
pub fn parse<'a>(section: impl Fn(&str) -> Option<&'a str>) -> Option<Facts> {
    let word = |name| first_line(section(name)).map(text::name);
    let facts = Facts {
        hostname: word("hostname"),
        os: section("os").and_then(os_name),
        kernel: word("kernel"),
        architecture: word("architecture"),
        cpu_model: first_line(section("cpu"))
            .and_then(|line| line.split_once(':'))
            .map(|(_, model)| text::name(model.trim()))
            .filter(|model| !model.is_empty()),
    };
    (facts != Facts::default()).then_some(facts)
}

fn first_line(section: Option<&str>) -> Option<&str> {
    section?.lines().map(str::trim).find(|line| !line.is_empty())
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

    fn answer<'a>(parts: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<&'a str> {
        move |name| parts.iter().find(|(part, _)| *part == name).map(|(_, content)| *content)
    }

    #[test]
    fn facts_are_read() {
        let facts = parse(answer(&[
            ("hostname", "web-1\n\n"),
            ("kernel", "6.1.0-18-amd64\n"),
            ("architecture", "x86_64\n"),
            ("os", "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            ("cpu", "model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n"),
        ]))
        .unwrap();
        assert_eq!(facts.hostname.as_deref(), Some("web-1"));
        assert_eq!(facts.os.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(facts.cpu_model.as_deref(), Some("Intel(R) Xeon(R) CPU @ 2.20GHz"));
    }

    #[test]
    fn what_is_missing_is_absent() {
        let facts = parse(answer(&[("hostname", "router\n"), ("os", ""), ("cpu", "\n")])).unwrap();
        assert_eq!(facts, Facts { hostname: Some("router".into()), ..Facts::default() });
        assert_eq!(parse(answer(&[])), None);
    }

    #[test]
    fn ticks_and_pages_are_those_of_the_system() {
        let system =
            System::parse(answer(&[("ticks", "1024\n"), ("page", "65536\n"), ("users", "root:0\nops:1000\n")]));
        assert_eq!((system.ticks_per_second, system.page_size), (1024, 65536));
        assert_eq!(system.user_name(1000).as_deref(), Some("ops"));
        assert_eq!(system.user_name(4711).as_deref(), Some("4711"));
    }

    #[test]
    fn without_getconf_the_page_size_comes_from_a_mapping() {
        let system = System::parse(answer(&[("ticks", ""), ("smaps", "KernelPageSize:       16 kB\n")]));
        assert_eq!((system.ticks_per_second, system.page_size), (100, 16384));
    }

    #[test]
    fn nonsense_stays_at_what_is_usual() {
        let system = System::parse(answer(&[("ticks", "0\n"), ("page", "5000\n")]));
        assert_eq!(system, System::default());
    }
}
