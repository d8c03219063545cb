//! How many collections run at once, and who comes first: what a person asks for goes ahead of the schedule, and servers that
//! failed the last time, which tend to hang, come behind the others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// At most so many collections that have become slow leave their place to another one. Together with the places it bounds how
/// many connections are made at once, whatever hangs.
const SLOW_ALLOWED: usize = 64;
/// So many of the schedule go ahead of a server that failed the last time, while both wait.
const AHEAD_OF_DOUBTFUL: u32 = 4;

/// A bounded number of places, with three lines before them.
pub(crate) struct Gate {
    state: Mutex<State>,
}

struct State {
    places: usize,
    /// Collections that run.
    inside: usize,
    /// Those of them that have become slow.
    slow: usize,
    people: VecDeque<oneshot::Sender<Place>>,
    schedule: VecDeque<oneshot::Sender<Place>>,
    doubtful: VecDeque<oneshot::Sender<Place>>,
    /// How many of the schedule have gone ahead of the doubtful that wait.
    ahead: u32,
}

impl State {
    /// The next in line, if there is room.
    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        if self.inside - self.slow.min(SLOW_ALLOWED) >= self.places {
            return None;
        }
        if let Some(person) = self.people.pop_front() {
            return Some(person);
        }
        if (self.ahead < AHEAD_OF_DOUBTFUL || self.doubtful.is_empty())
            && let Some(scheduled) = self.schedule.pop_front()
        {
            self.ahead = if self.doubtful.is_empty() { 0 } else { self.ahead + 1 };
            return Some(scheduled);
        }
        self.ahead = 0;
        self.doubtful.pop_front()
    }
}

/// A place that is held until it is dropped.
pub(crate) struct Place {
    gate: Arc<Gate>,
    is_slow: bool,
}

impl Place {
    /// Lets another one in: what goes on here waits for its server and costs next to nothing. Where too many are slow already,
    /// the next one is let in when one of them has ended.
    pub(crate) fn grow_slow(&mut self) {
        if !std::mem::replace(&mut self.is_slow, true) {
            self.gate.lock().slow += 1;
            self.gate.admit();
        }
    }
}

/// Which line to stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Ahead of all scheduled work.
    Person,
    /// In order of arrival.
    Schedule,
    /// Behind the rest of the schedule, since the server failed the last time.
    Doubtful,
}

impl Gate {
    pub(crate) fn new(places: u32) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                places: places as usize,
                inside: 0,
                slow: 0,
                people: VecDeque::new(),
                schedule: VecDeque::new(),
                doubtful: VecDeque::new(),
                ahead: 0,
            }),
        })
    }

    /// A place, once one is free. Dropping the future leaves the line.
    pub(crate) async fn enter(self: &Arc<Self>, line: Line) -> Place {
        loop {
            let (sender, receiver) = oneshot::channel();
            {
                let mut state = self.lock();
                match line {
                    Line::Person => state.people.push_back(sender),
                    Line::Schedule => state.schedule.push_back(sender),
                    Line::Doubtful => state.doubtful.push_back(sender),
                }
            }
            self.admit();
            // A gate never drops a sender that it holds, so an error cannot come; were it to, the line is joined again.
            if let Ok(place) = receiver.await {
                return place;
            }
        }
    }

    /// Changes how many places there are. Fewer places take effect as running collections end.
    pub(crate) fn resize(self: &Arc<Self>, places: u32) {
        self.lock().places = places as usize;
        self.admit();
    }

    fn admit(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.lock();
                let Some(next) = state.next() else { return };
                state.inside += 1;
                next
            };
            // Whoever left the line gives the place back by dropping it, which admits the next one.
            drop(next.send(Place { gate: Arc::clone(self), is_slow: false }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut state = self.gate.lock();
            state.inside -= 1;
            state.slow -= usize::from(self.is_slow);
        }
        self.gate.admit();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    async fn is_waiting<T>(future: &mut std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn people_go_first_and_the_places_are_bounded() {
        let gate = Gate::new(1);
        let held = gate.enter(Line::Schedule).await;
        let mut scheduled = pin!(gate.enter(Line::Schedule));
        let mut person = pin!(gate.enter(Line::Person));
        assert!(is_waiting(&mut scheduled).await);
        assert!(is_waiting(&mut person).await);
        drop(held);
        let place = person.await;
        assert!(is_waiting(&mut scheduled).await);
        drop(place);
        scheduled.await;
    }

    #[tokio::test]
    async fn so_many_that_are_slow_let_others_in_and_no_more() {
        let gate = Gate::new(1);
        let mut slow = Vec::new();
        for _ in 0..SLOW_ALLOWED {
            let mut place = gate.enter(Line::Schedule).await;
            place.grow_slow();
            place.grow_slow();
            slow.push(place);
        }
        let mut one_more = gate.enter(Line::Schedule).await;
        one_more.grow_slow();
        let mut person = pin!(gate.enter(Line::Person));
        assert!(is_waiting(&mut person).await, "all that may be slow are");
        drop(slow.pop());
        person.await;
    }

    #[tokio::test]
    async fn servers_that_failed_come_behind_the_others_and_are_not_forgotten() {
        let gate = Gate::new(1);
        let held = gate.enter(Line::Schedule).await;
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        for line in [[Line::Doubtful; 2].as_slice(), &[Line::Schedule; 6]].concat() {
            let (gate, sender) = (Arc::clone(&gate), sender.clone());
            tokio::spawn(async move {
                let _place = gate.enter(line).await;
                sender.send(line == Line::Doubtful).unwrap();
            });
            tokio::task::yield_now().await;
        }
        drop(held);
        let mut doubtful = Vec::new();
        for _ in 0..8 {
            doubtful.push(order.recv().await.unwrap());
        }
        assert_eq!(doubtful, [false, false, false, false, true, false, false, true]);
    }

    #[tokio::test]
    async fn who_left_the_line_blocks_nobody() {
        let gate = Gate::new(1);
        let held = gate.enter(Line::Schedule).await;
        {
            let mut impatient = pin!(gate.enter(Line::Schedule));
            assert!(is_waiting(&mut impatient).await);
        }
        drop(held);
        gate.enter(Line::Schedule).await;
    }

    #[tokio::test]
    async fn more_places_let_more_in() {
        let gate = Gate::new(1);
        let _held = gate.enter(Line::Schedule).await;
        let mut second = pin!(gate.enter(Line::Schedule));
        assert!(is_waiting(&mut second).await);
        gate.resize(2);
        second.await;
    }
}
