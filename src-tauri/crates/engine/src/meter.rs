//! What servers are made to spend, added up here until it is kept with a collection: once a minute for each server is enough.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use hostrounds_core::footprint::{Budget, Footprint, FootprintDay};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;

use crate::engine::lock;

const DAY: i64 = 24 * 3600 * 1000;
/// For how long what was spent may stand in memory only.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// The account of every server for today.
#[derive(Default)]
pub(crate) struct Meter {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    budget: Budget,
    accounts: HashMap<ServerId, Account>,
}

struct Account {
    /// Today in all, in UTC.
    today: FootprintDay,
    /// What of today was not handed out to be kept.
    unkept: Footprint,
    kept_at: Option<UnixMillis>,
    warned: bool,
}

impl Meter {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { state: Mutex::new(State { budget, accounts: HashMap::new() }) }
    }

    pub(crate) fn set_budget(&self, budget: Budget) {
        let mut state = lock(&self.state);
        state.budget = budget;
        for account in state.accounts.values_mut() {
            account.warned = false;
        }
    }

    /// Begins with what the store holds of today, where another process or an earlier run has spent something.
    pub(crate) fn restore(&self, id: ServerId, now: UnixMillis, kept: Footprint) {
        let mut state = lock(&self.state);
        let account = state.accounts.entry(id).or_insert_with(|| Account::of(now));
        if account.today.day == day_of(now) {
            account.today.footprint = kept.plus(account.unkept);
        }
    }

    /// Adds what was spent just now; gives what is to be kept, if it is time. What a midnight lies in is counted where it ends.
    pub(crate) fn add(&self, id: ServerId, now: UnixMillis, spent: Footprint) -> Option<FootprintDay> {
        let mut state = lock(&self.state);
        let account = state.accounts.entry(id).or_insert_with(|| Account::of(now));
        let yesterday = (account.today.day != day_of(now)).then(|| std::mem::replace(account, Account::of(now)));
        account.today.footprint = account.today.footprint.plus(spent);
        account.unkept = account.unkept.plus(spent);
        if let Some(unkept) = yesterday.as_ref().and_then(Account::left) {
            return Some(unkept);
        }
        let is_time = account.kept_at.is_none_or(|at| now.since(at) >= KEPT_EVERY || at > now);
        if is_time { account.take(now) } else { None }
    }

    /// What of today was not handed out yet.
    pub(crate) fn take(&self, id: ServerId, now: UnixMillis) -> Option<FootprintDay> {
        lock(&self.state).accounts.get_mut(&id)?.take(now)
    }

    /// Everything that was not handed out yet, for the end.
    pub(crate) fn drain(&self, now: UnixMillis) -> Vec<(ServerId, FootprintDay)> {
        let mut state = lock(&self.state);
        state.accounts.iter_mut().filter_map(|(id, account)| Some((*id, account.take(now)?))).collect()
    }

    /// What of today is over the budget, in words.
    pub(crate) fn over_budget(&self, id: ServerId, now: UnixMillis) -> Vec<String> {
        let state = lock(&self.state);
        let today = state.accounts.get(&id).filter(|account| account.today.day == day_of(now));
        today.map(|account| state.budget.exceeded(&account.today.footprint)).unwrap_or_default()
    }

    /// The same, once: nothing where it was asked for before today.
    pub(crate) fn warning(&self, id: ServerId, now: UnixMillis) -> Option<Vec<String>> {
        let over = self.over_budget(id, now);
        let mut state = lock(&self.state);
        let account = state.accounts.get_mut(&id)?;
        if over.is_empty() || account.warned {
            return None;
        }
        account.warned = true;
        Some(over)
    }

    pub(crate) fn forget(&self, id: ServerId) {
        lock(&self.state).accounts.remove(&id);
    }
}

impl Account {
    fn of(now: UnixMillis) -> Self {
        let today = FootprintDay { day: day_of(now), footprint: Footprint::default() };
        Self { today, unkept: Footprint::default(), kept_at: None, warned: false }
    }

    fn left(&self) -> Option<FootprintDay> {
        (self.unkept != Footprint::default()).then_some(FootprintDay { footprint: self.unkept, ..self.today })
    }

    fn take(&mut self, now: UnixMillis) -> Option<FootprintDay> {
        let left = self.left()?;
        self.unkept = Footprint::default();
        self.kept_at = Some(now);
        Some(left)
    }
}

/// The begin of the day in UTC.
pub(crate) fn day_of(now: UnixMillis) -> UnixMillis {
    UnixMillis(now.0 - now.0.rem_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ServerId = ServerId(1);
    const NOON: i64 = 20_000 * DAY + DAY / 2;

    fn login() -> Footprint {
        Footprint { logins: 1, ..Footprint::default() }
    }

    fn kept(day: Option<FootprintDay>) -> Option<(i64, u32)> {
        day.map(|day| (day.day.0 / DAY, day.footprint.logins))
    }

    #[test]
    fn it_is_kept_at_once_and_then_once_a_minute() {
        let meter = Meter::default();
        let at = |seconds: i64| UnixMillis(NOON + seconds * 1000);
        assert_eq!(kept(meter.add(ID, at(0), login())), Some((20_000, 1)));
        assert_eq!(kept(meter.add(ID, at(2), login())), None);
        assert_eq!(kept(meter.add(ID, at(59), login())), None);
        assert_eq!(kept(meter.add(ID, at(60), login())), Some((20_000, 3)));
        assert!(meter.drain(at(61)).is_empty());
        meter.add(ID, at(62), login());
        assert_eq!(meter.drain(at(63)).len(), 1);
    }

    #[test]
    fn midnight_begins_a_new_day_and_loses_nothing() {
        let meter = Meter::default();
        let late = UnixMillis(20_001 * DAY - 2000);
        let early = UnixMillis(20_001 * DAY + 1000);
        meter.add(ID, late, login());
        assert_eq!(kept(meter.add(ID, UnixMillis(late.0 + 1000), login())), None);
        assert_eq!(kept(meter.add(ID, early, login())), Some((20_000, 1)), "what was left of yesterday");
        assert_eq!(kept(meter.add(ID, early, login())), Some((20_001, 2)));
    }

    #[test]
    fn a_warning_is_given_once_and_again_with_another_budget() {
        let meter = Meter::new(Budget { logins: Some(1), bytes: None, cpu: None });
        let now = UnixMillis(NOON);
        meter.restore(ID, now, login());
        assert_eq!(meter.warning(ID, now), None);
        meter.add(ID, now, login());
        assert_eq!(meter.over_budget(ID, now), ["2 logins, budget 1"]);
        assert!(meter.warning(ID, now).is_some());
        assert_eq!(meter.warning(ID, now), None);
        meter.set_budget(Budget { logins: Some(0), bytes: None, cpu: None });
        assert!(meter.warning(ID, now).is_some());
        assert!(meter.over_budget(ID, UnixMillis(NOON + DAY)).is_empty(), "another day");
    }
}
