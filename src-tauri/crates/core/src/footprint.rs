//! What watching costs the servers: logins, channels, bytes and CPU, per server and day.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::server::FieldError;
use crate::time::UnixMillis;

/// CPU time in seconds that the shells of one session have used on the server, with everything they started: what POSIX
/// `times` prints (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_27>).
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct RemoteCpu(pub f64);

/// What a server was made to spend.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Footprint {
    /// Logins, on the server itself.
    pub logins: u32,
    /// Channels opened: each starts a process of sshd and a login shell.
    pub channels: u32,
    /// Bytes from the server, encrypted.
    #[ts(type = "number")]
    pub received: u64,
    /// Bytes to the server, encrypted.
    #[ts(type = "number")]
    pub sent: u64,
    /// CPU seconds of the shells and what they started; without sshd's own share, which it does not tell.
    pub cpu: f64,
    /// Collections that read something.
    pub collections: u32,
    /// CPU seconds that start-up files (rc files) took, of [`Self::cpu`].
    pub start_up: f64,
}

impl Footprint {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            logins: self.logins.saturating_add(other.logins),
            channels: self.channels.saturating_add(other.channels),
            received: self.received.saturating_add(other.received),
            sent: self.sent.saturating_add(other.sent),
            cpu: self.cpu + other.cpu,
            collections: self.collections.saturating_add(other.collections),
            start_up: self.start_up + other.start_up,
        }
    }
}

/// The footprint of one day.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FootprintDay {
    /// The begin of the day in UTC.
    pub day: UnixMillis,
    /// What was spent on it.
    pub footprint: Footprint,
}

/// What a server may be made to spend in a day before it is pointed out. Nothing is stopped by it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Logins.
    pub logins: Option<u32>,
    /// Bytes in both directions together.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    /// CPU seconds.
    pub cpu: Option<f64>,
}

/// 48 logins (one in half an hour), 200 MiB, and ten minutes of one CPU (0.7 %).
impl Default for Budget {
    fn default() -> Self {
        Self { logins: Some(48), bytes: Some(200 << 20), cpu: Some(600.0) }
    }
}

impl Budget {
    /// The largest limits that can be set: more than a login a second, 1 TiB, and a day of one CPU. What would never be reached
    /// is no limit; none is said by leaving it out.
    pub const MOST: Self = Self { logins: Some(100_000), bytes: Some(1 << 40), cpu: Some(86_400.0) };

    /// This budget, where every limit of it is one that can be set: from 0 to that of [`Self::MOST`].
    ///
    /// # Errors
    /// Every field that is wrong, as `budget.cpu`.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let Self { logins, bytes, cpu } = Self::MOST;
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
        if self.logins > logins {
            refuse("budget.logins", format!("At most {} logins a day, or no limit.", logins.unwrap_or_default()));
        }
        if self.bytes > bytes {
            let most = crate::format::bytes(crate::observation::real(bytes.unwrap_or_default()));
            refuse("budget.bytes", format!("At most {most} a day, or no limit."));
        }
        if let (Some(seconds), Some(most)) = (self.cpu, cpu)
            && !(0.0..=most).contains(&seconds)
        {
            refuse("budget.cpu", format!("A number of seconds from 0 to {most:.0}, or no limit."));
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// What of `footprint` is over the budget, in words for a person; empty where nothing is.
    #[must_use]
    pub fn exceeded(&self, footprint: &Footprint) -> Vec<String> {
        let bytes = footprint.received.saturating_add(footprint.sent);
        let mut over = Vec::new();
        if let Some(most) = self.logins.filter(|most| footprint.logins > *most) {
            let noun = if footprint.logins == 1 { "login" } else { "logins" };
            over.push(format!("{} {noun}, budget {most}", footprint.logins));
        }
        if let Some(most) = self.bytes.filter(|most| bytes > *most) {
            let shown = |bytes: u64| crate::format::bytes(crate::observation::real(bytes));
            over.push(format!("{} transferred, budget {}", shown(bytes), shown(most)));
        }
        if let Some(most) = self.cpu.filter(|most| footprint.cpu > *most) {
            over.push(format!("{:.0} s of CPU, budget {most:.0} s", footprint.cpu));
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_the_budget_is_named() {
        let budget = Budget { logins: Some(10), bytes: None, cpu: Some(1.0) };
        let spent = Footprint { logins: 11, received: u64::MAX, sent: 1, cpu: 1.0, ..Footprint::default() };
        assert_eq!(budget.exceeded(&spent), ["11 logins, budget 10"]);
        assert_eq!(Budget::default().exceeded(&Footprint::default()), Vec::<String>::new());
    }

    #[test]
    fn a_limit_that_could_never_be_reached_is_refused_at_its_field() {
        for fine in [Budget::MOST, Budget::default(), Budget { logins: Some(0), bytes: None, cpu: Some(0.0) }] {
            assert_eq!(fine.checked(), Ok(fine));
        }
        let fields =
            |budget: Budget| budget.checked().unwrap_err().into_iter().map(|wrong| wrong.field).collect::<Vec<_>>();
        let wrong = Budget { logins: Some(100_001), bytes: Some((1 << 40) + 1), cpu: Some(-0.5) };
        assert_eq!(fields(wrong), ["budget.logins", "budget.bytes", "budget.cpu"]);
        for cpu in [f64::NAN, f64::INFINITY, 86_400.5] {
            assert_eq!(fields(Budget { cpu: Some(cpu), ..Budget::default() }), ["budget.cpu"]);
        }
    }

    #[test]
    fn footprints_add_up() {
        let one = Footprint { logins: 1, channels: 2, received: 3, sent: 4, cpu: 0.5, collections: 1, start_up: 0.25 };
        let two = one.plus(one);
        assert_eq!((two.logins, two.channels, two.received, two.sent, two.collections), (2, 4, 6, 8, 2));
        assert!((two.cpu - 1.0).abs() < 1e-9 && (two.start_up - 0.5).abs() < 1e-9);
    }
}
