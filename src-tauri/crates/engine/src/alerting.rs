//! Alerts: what the rules of `core` say, kept, logged, notified and told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::alert::state::{Holding, Transition, no_longer_watched, reachable, step, unreachable};
use hostrounds_core::alert::{Alert, AlertState};
use hostrounds_core::collection::Failure;
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{Server, ServerId};
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{NewAlert, Store, StoreError};
use tokio_util::task::TaskTracker;

use crate::api::view::{Event, Trouble};
use crate::board::Board;
use crate::clock;
use crate::engine::lock;
use crate::events::Events;
use crate::notify::{Notice, Notifier};
use crate::troubles::Troubles;

/// The code of the trouble of a desktop that takes no notifications.
const NO_NOTIFICATIONS: &str = "notifications_unavailable";

/// Turns observations and failures into alerts.
pub(crate) struct Alerting {
    pub(crate) store: Store,
    pub(crate) board: Arc<Board>,
    pub(crate) events: Events,
    pub(crate) troubles: Arc<Troubles>,
    pub(crate) notifier: Option<Arc<dyn Notifier>>,
    /// The highest number of an alert that was told.
    pub(crate) told: AtomicI64,
    /// What the rules remember of each server.
    pub(crate) holding: Mutex<HashMap<ServerId, Holding>>,
    /// What the settings say about notifications.
    pub(crate) notify: AtomicBool,
    /// Notifications on their way.
    pub(crate) sending: TaskTracker,
}

impl Alerting {
    /// A server was observed.
    pub(crate) async fn observed(&self, server: &Server, observation: &Observation) -> Result<(), StoreError> {
        let active = self.store.firing().await?;
        let stepped = {
            let mut holding = lock(&self.holding);
            step(server, &active, holding.entry(server.id).or_default(), observation)
        };
        let transitions = reachable(server, &active).into_iter().chain(stepped).collect();
        self.carry_out(server, observation.at, transitions).await
    }

    /// No try of a collection succeeded.
    pub(crate) async fn failed(&self, server: &Server, failure: &Failure) -> Result<(), StoreError> {
        let active = self.store.firing().await?;
        let transitions = unreachable(server, &active, &failure.message).into_iter().collect();
        self.carry_out(server, clock::now(), transitions).await
    }

    /// A server is no longer watched.
    pub(crate) async fn ended(&self, server: &Server) -> Result<(), StoreError> {
        self.forget(server.id);
        let active = self.store.firing().await?;
        self.carry_out(server, clock::now(), no_longer_watched(server, &active)).await
    }

    /// A server starts anew, or is gone.
    pub(crate) fn forget(&self, id: ServerId) {
        lock(&self.holding).remove(&id);
    }

    /// Counts anew how many alerts are firing on each server.
    pub(crate) async fn count(&self) -> Result<(), StoreError> {
        let mut firing: HashMap<ServerId, u32> = HashMap::new();
        for alert in self.store.firing().await? {
            *firing.entry(alert.server).or_default() += 1;
        }
        self.board.set_firing(&firing);
        Ok(())
    }

    async fn carry_out(&self, server: &Server, at: UnixMillis, transitions: Vec<Transition>) -> Result<(), StoreError> {
        if transitions.is_empty() {
            return Ok(());
        }
        let mut outcome = Ok(());
        for transition in transitions {
            // One that fails must not keep the others from being told.
            outcome = outcome.and(self.carry_out_one(server, at, transition).await);
        }
        outcome.and(self.count().await)
    }

    async fn carry_out_one(&self, server: &Server, at: UnixMillis, transition: Transition) -> Result<(), StoreError> {
        let (alert, kind, message) = match transition {
            Transition::Fire { rule, attributes, threshold, value, message } => {
                let new = NewAlert {
                    server: server.id,
                    rule,
                    attributes,
                    threshold,
                    value,
                    message: message.clone(),
                    fired_at: at,
                };
                match self.store.fire_alert(new).await {
                    Ok(Some(alert)) => (alert, ActivityKind::AlertFired, message),
                    // It was disabled meanwhile, or another process saw the same and was first.
                    Ok(None) | Err(StoreError::AlreadyFiring) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
            Transition::Resolve { id, message } => match self.store.resolve_alert(id, at, &message).await? {
                Some(alert) => (alert, ActivityKind::AlertResolved, message),
                None => return Ok(()),
            },
        };
        // The person first: the log may fail.
        self.told.fetch_max(alert.id.0, Ordering::Relaxed);
        self.notify(server, &alert, message.clone());
        self.events.send(Event::Alert { alert });
        let entry = self.store.log(at, kind, Some(server.id), &message).await?;
        self.events.send(Event::Activity { entry });
        Ok(())
    }

    /// Notifies of what another process, which sends no notifications, has seen firing.
    pub(crate) async fn catch_up(&self) -> Result<(), StoreError> {
        let told = self.told.load(Ordering::Relaxed);
        for alert in self.store.firing().await?.into_iter().filter(|alert| alert.id.0 > told) {
            self.told.fetch_max(alert.id.0, Ordering::Relaxed);
            if let Some(server) = self.board.server(alert.server) {
                self.notify(&server, &alert, alert.message.clone());
            }
        }
        Ok(())
    }

    /// The alerts that stand in the store already are no news.
    pub(crate) async fn start(&self) -> Result<(), StoreError> {
        let newest = self.store.alerts(None, 1).await?;
        self.told.store(newest.first().map_or(0, |alert| alert.id.0), Ordering::Relaxed);
        self.count().await
    }

    /// Sends a notification in the background: a daemon that hangs must not hold up collections.
    fn notify(&self, server: &Server, alert: &Alert, message: String) {
        let Some(notifier) = self.notifier.clone().filter(|_| self.notify.load(Ordering::Relaxed)) else { return };
        let urgent = alert.state == AlertState::Firing;
        let title = if urgent { format!("{}: alert", server.name) } else { format!("{}: resolved", server.name) };
        let notice =
            Notice { title, body: message, urgent, server: server.id, at: alert.resolved_at.unwrap_or(alert.fired_at) };
        let troubles = Arc::clone(&self.troubles);
        self.sending.spawn(async move {
            match notifier.notify(notice).await {
                Ok(()) => troubles.settle(|code| code == NO_NOTIFICATIONS),
                Err(error) => troubles.raise(Trouble {
                    code: NO_NOTIFICATIONS.into(),
                    message: crate::failure::capitalised(&error.to_string()),
                    hint: error.hint().into(),
                }),
            }
        });
    }
}
