//! Who is logged in: from `who`, or where no record of logins is kept (`utmp(5)`, which newer distributions have given up), from
//! `loginctl`.
//!
//! Only sessions at a terminal or a screen count. That of Hostrounds itself has none, and stands in no record.

use crate::metric::Metric;
use crate::observation::{Attributes, Observation, Point, TABLE_ROWS, UserSession, real};
use crate::probe::facts::System;
use crate::probe::parts::Parts;
use crate::probe::program::Ran;
use crate::text;

/// - A record that is kept holds at least when the system was started. One that is empty may be that of a container; where
///   there is none, `who` says that nobody is logged in, whoever is.
/// - The table of `loginctl list-sessions` has other columns in every version, of which only the first is certain; what
///   `show-session` prints names its values.
pub(super) const SCRIPT: &str = r#"hr_users() {
  hr_status=1
  if ! [ -s /run/utmp ] && ! [ -s /var/run/utmp ] && command -v loginctl >/dev/null; then
    hr_sessions=$(hr_limited loginctl list-sessions --no-legend --no-pager); hr_status=$?
  fi
  if [ $hr_status = 0 ]; then
    hr_mark sessions
    echo "$hr_sessions" | {
      while read -r hr_session hr_rest; do [ -n "$hr_session" ] && set -- "$@" "$hr_session"; done
      [ $# = 0 ] || hr_limited loginctl show-session --no-pager \
        -p Name -p TTY -p RemoteHost -p Timestamp -p Type -p Class -p State "$@"
    }
  elif [ -e /run/utmp ] || [ -e /var/run/utmp ]; then
    hr_program who who
  fi
}
"#;

/// Adds the sessions, which may be none; the reason where the system does not tell.
pub(super) fn read(parts: &Parts<'_>, _: &System, observation: &mut Observation) -> Result<(), String> {
    let mut sessions: Vec<UserSession> = match parts.get("sessions") {
        Some(text) => text.split("\n\n").filter_map(of_loginctl).collect(),
        None if parts.get("who").is_none() => {
            return Err("The system keeps no record of logins (utmp), and `loginctl` does not tell.".to_owned());
        }
        None => {
            let who = Ran::of(parts, "who", "who")?;
            if who.status != 0 {
                return Err(who.failure());
            }
            who.text.lines().filter_map(of_who).collect()
        }
    };
    observation.points.extend(Point::new(Metric::UserSessions, Attributes::none(), real(sessions.len() as u64)));
    sessions.truncate(TABLE_ROWS);
    observation.tables.users = Some(sessions);
    Ok(())
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A line of `who`: user, terminal, with BusyBox how long it has been idle, then `Nov 23 10:00`, and from where.
fn of_who(line: &str) -> Option<UserSession> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (user, terminal) = (words.first()?, words.get(1)?);
    let date = words.iter().skip(2).take(2).position(|word| MONTHS.contains(word))? + 2;
    let since = words.get(date..date + 3)?.join(" ");
    let from = words.get(date + 3..).unwrap_or_default().join(" ");
    let from = from.strip_prefix('(').and_then(|from| from.strip_suffix(')')).unwrap_or(&from);
    Some(UserSession {
        user: text::name(user),
        terminal: text::name(terminal),
        from: known(from),
        since: known(&since),
    })
}

/// The values of one session as `loginctl show-session` prints them (`sd_session_get_type(3)`, `sd_session_get_class(3)`).
fn of_loginctl(block: &str) -> Option<UserSession> {
    let value =
        |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default();
    let sits_there = !matches!(value("Type"), "" | "unspecified") && value("Class").starts_with("user");
    (sits_there && value("State") != "closing").then(|| UserSession {
        user: text::name(value("Name")),
        terminal: text::name(if value("TTY").is_empty() { value("Type") } else { value("TTY") }),
        from: known(value("RemoteHost")),
        since: known(value("Timestamp")),
    })
}

fn known(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| text::name(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn observed(parts: &str) -> (Result<(), String>, Observation) {
        let text = format!("{parts}\n@hr n end\n");
        let mut observation = Observation::empty(UnixMillis(0));
        (read(&Parts::of(&text, "n"), &System::default(), &mut observation), observation)
    }

    fn row(user: &str, terminal: &str, from: Option<&str>, since: &str) -> UserSession {
        let owned = |text: &str| text.to_owned();
        UserSession { user: owned(user), terminal: owned(terminal), from: from.map(owned), since: Some(owned(since)) }
    }

    #[test]
    fn who_is_read_as_gnu_and_busybox_print_it() {
        let gnu = "root     pts/0        Nov 24 06:00 (10.0.0.9)\nops      tty1         Nov  4 06:00\n\
                   a        :0           Nov 24 06:00 (:0)\nnoise\n";
        let (read, observation) = observed(&format!("@hr n who\n{gnu}\n@hr n who_status 0\n"));
        assert_eq!(read, Ok(()));
        let rows = [
            row("root", "pts/0", Some("10.0.0.9"), "Nov 24 06:00"),
            row("ops", "tty1", None, "Nov 4 06:00"),
            row("a", ":0", Some(":0"), "Nov 24 06:00"),
        ];
        assert_eq!(observation.tables.users.as_deref(), Some(&rows[..]));
        assert_eq!(observation.value(Metric::UserSessions, &Attributes::none()), Some(3.0));

        let busybox = "root            pts/0           00:05   Nov 23 10:00:12  fe80::1%eth0\n";
        let (_, observation) = observed(&format!("@hr n who\n{busybox}\n@hr n who_status 0\n"));
        assert_eq!(observation.tables.users, Some(vec![row("root", "pts/0", Some("fe80::1%eth0"), "Nov 23 10:00:12")]));
    }

    #[test]
    fn nobody_is_an_empty_table() {
        for parts in ["@hr n who\n\n@hr n who_status 0\n", "@hr n sessions\n\n"] {
            let (read, observation) = observed(parts);
            assert_eq!(read, Ok(()));
            assert_eq!(observation.value(Metric::UserSessions, &Attributes::none()), Some(0.0));
            assert_eq!(observation.tables.users, Some(Vec::new()));
        }
    }

    #[test]
    fn a_system_that_does_not_tell_is_not_available() {
        assert!(observed("").0.is_err());
        let (read, observation) = observed("@hr n who\nwho: cannot\n\n@hr n who_status 1\n");
        assert_eq!(read, Err("`who` failed: who: cannot".to_owned()));
        assert_eq!((observation.points, observation.tables.users), (Vec::new(), None));
    }

    #[test]
    fn of_the_sessions_of_loginctl_those_at_a_terminal_or_screen_count() {
        let session = |name: &str, tty: &str, kind: &str, class: &str, state: &str| {
            format!(
                "Name={name}\nTimestamp=Mon 2026-11-23 10:00:00 UTC\nTTY={tty}\nRemoteHost=\nType={kind}\n\
                 Class={class}\nState={state}\n"
            )
        };
        let sessions = [
            session("ops", "pts/0", "tty", "user", "active").replace("RemoteHost=", "RemoteHost=10.0.0.9"),
            session("us", "", "unspecified", "user", "active"),
            session("ops", "", "wayland", "user-early", "online"),
            session("gdm", "tty1", "x11", "greeter", "online"),
            session("ops", "", "tty", "manager", "active"),
            session("gone", "pts/9", "tty", "user", "closing"),
        ];
        let (_, observation) = observed(&format!("@hr n sessions\n{}\n", sessions.join("\n")));
        let since = "Mon 2026-11-23 10:00:00 UTC";
        let rows = [row("ops", "pts/0", Some("10.0.0.9"), since), row("ops", "wayland", None, since)];
        assert_eq!(observation.tables.users.as_deref(), Some(&rows[..]));
    }

    #[test]
    fn the_table_is_bounded_and_the_count_is_not() {
        let lines: String = (0..5_000).map(|n| format!("u{n} pts/{n} Nov 24 06:00\n")).collect();
        let (_, observation) = observed(&format!("@hr n who\n{lines}\n@hr n who_status 0\n"));
        assert_eq!(observation.value(Metric::UserSessions, &Attributes::none()), Some(5_000.0));
        assert_eq!(observation.tables.users.map(|rows| rows.len()), Some(TABLE_ROWS));
    }
}
