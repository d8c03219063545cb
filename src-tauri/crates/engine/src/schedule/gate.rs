//! How many collections run at once, and who comes first: what a person asks for goes ahead of the schedule.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A bounded number of places, with two lines before them.
pub(crate) struct Gate {
    state: Mutex<State>,
}

struct State {
    places: usize,
    taken: usize,
    people: VecDeque<oneshot::Sender<Place>>,
    schedule: VecDeque<oneshot::Sender<Place>>,
}

/// A place that is held until it is dropped.
pub(crate) struct Place {
    gate: Arc<Gate>,
}

/// Which line to stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Ahead of all scheduled work.
    Person,
    /// In order of arrival.
    Schedule,
}

impl Gate {
    pub(crate) fn new(places: u32) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                places: places as usize,
                taken: 0,
                people: VecDeque::new(),
                schedule: VecDeque::new(),
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
                if state.taken >= state.places {
                    return;
                }
                let Some(next) = state.people.pop_front().or_else(|| state.schedule.pop_front()) else { return };
                state.taken += 1;
                next
            };
            // Whoever left the line gives the place back by dropping it, which admits the next one.
            drop(next.send(Place { gate: Arc::clone(self) }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.lock().taken -= 1;
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
