//! The one direction: what a collection yields goes to the store, then to the rules, then to the notifications and events.

use std::sync::Arc;

use async_trait::async_trait;
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Stage, Trigger};
use hostrounds_core::observation::Observation;
use hostrounds_core::server::{Login, Server, ServerId, Target};
use hostrounds_core::time::UnixMillis;
use tokio::sync::Notify;

use crate::alerting::Alerting;
use crate::api::error::store_trouble;
use crate::api::view::{Event, ServerView, Trouble};
use crate::board::Board;
use crate::clock;
use crate::events::Events;
use crate::failure::{self, KEYRING_UNAVAILABLE};
use crate::recorder::Recorder;
use crate::schedule::{Ledger, Queue, TRIES};
use crate::troubles::Troubles;

/// Where collections go.
pub(crate) struct Pipeline {
    pub(crate) board: Arc<Board>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) recorder: Recorder,
    pub(crate) alerting: Arc<Alerting>,
    pub(crate) events: Events,
    pub(crate) troubles: Arc<Troubles>,
    /// The view of the queue is to be told anew.
    pub(crate) queue_changed: Arc<Notify>,
}

impl Pipeline {
    /// A keyring, an agent or a network of this computer that fails is a trouble of its own, not an outage of a server.
    fn note_trouble(&self, server: &Server, collection: &Collection) {
        match &collection.failure {
            Some(failure) if failure::is_trouble(failure) => self.troubles.raise(Trouble {
                code: failure.code.clone(),
                message: failure.message.clone(),
                hint: failure.hint.clone(),
            }),
            // A new login to a server over SSH needed all of them.
            None if collection.stages.iter().any(|stage| stage.stage == Stage::Login) => {
                let uses_agent = matches!(&server.target, Target::Ssh(ssh) if ssh.login == Login::Agent);
                self.troubles.settle(|code| match code {
                    KEYRING_UNAVAILABLE => !uses_agent,
                    "agent_unavailable" | "agent_empty" => uses_agent,
                    "known_hosts_unusable" | "network_unreachable" | "name_lookup_failed" => true,
                    _ => false,
                });
            }
            _ => {}
        }
    }

    /// The view of a server as it is now.
    pub(crate) fn view(&self, id: ServerId) -> Option<ServerView> {
        self.board.view(id, clock::now(), self.queue.next_visit(id))
    }

    /// Tells the faces how a server is now.
    pub(crate) fn tell(&self, id: ServerId) {
        if let Some(view) = self.view(id) {
            self.events.send(Event::Server { view: Box::new(view) });
        }
    }
}

#[async_trait]
impl Ledger for Pipeline {
    fn next_id(&self) -> CollectionId {
        self.queue.next_id()
    }

    fn changed(&self, collection: &Collection) {
        self.queue.put(collection);
        if collection.state == CollectionState::Delayed {
            self.board.note(collection);
            self.tell(collection.server);
        }
        if collection.server != ServerId::LOCAL && collection.trigger != Trigger::Live {
            self.queue_changed.notify_one();
        }
    }

    fn scheduled(&self, server: ServerId, at: Option<UnixMillis>) {
        let before = self.queue.next_visit(server);
        self.queue.schedule(server, at);
        // The next visit moves by the milliseconds that a task needs to look at its clock; that is no news.
        let is_news = match (before, at) {
            (Some(before), Some(at)) => before.0.abs_diff(at.0) > 500,
            (before, at) => before != at,
        };
        if is_news && server != ServerId::LOCAL {
            self.tell(server);
            self.queue_changed.notify_one();
        }
    }

    async fn ended(&self, server: &Server, collection: &Collection, observation: Option<&Observation>) {
        let latest = observation.and_then(|observation| self.board.observe(server.id, observation));
        self.board.note(collection);

        self.recorder.record(collection.clone(), observation.cloned()).await;
        let alerted = match (observation, &collection.failure) {
            (Some(observation), _) => self.alerting.observed(server, observation).await,
            (None, Some(failure)) if is_verdict(collection) => self.alerting.failed(server, failure).await,
            (None, _) => Ok(()),
        };
        if let Err(error) = alerted {
            self.troubles.raise(store_trouble(&error));
        }

        self.note_trouble(server, collection);

        self.queue.put(collection);
        if let Some(latest) = latest {
            self.events.send(Event::Latest { id: server.id, latest: Box::new(latest) });
        }
        self.tell(server.id);
        if crate::schedule::is_shown(collection) {
            self.queue_changed.notify_one();
        }
    }
}

/// Whether a failed collection says that the server cannot be reached: all the tries of a whole run were made, or no further
/// try could have helped. This computer is always reached.
fn is_verdict(collection: &Collection) -> bool {
    collection.state == CollectionState::Failed
        && collection.server != ServerId::LOCAL
        && collection.failure.as_ref().is_some_and(|failure| {
            !failure::is_ours(failure) && (collection.max_attempts >= TRIES || !failure.retryable)
        })
}
