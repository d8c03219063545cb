//! `run`: the schedule without a window, one line per collection. This computer, which is read every 2 s, is only told when it
//! fails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hostrounds_core::collection::{Collection, CollectionId, CollectionState};
use hostrounds_core::format;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::view::{Event, Trouble};
use hostrounds_engine::api::{EventStream, Hostrounds};
use serde::Serialize;

use crate::output::{Output, failure, safe, time};
use crate::problem::Problem;
use crate::server::show::collection_word;
use crate::session::{Notifications, Session};
use crate::signals::Ending;

/// How many ended collections are remembered, so that each is told once. The queue shows 200.
const REMEMBERED: usize = 2_000;

/// A collection that has ended, as a line of the JSON stream.
#[derive(Serialize)]
#[serde(tag = "type", rename = "collection", rename_all = "camelCase")]
struct CollectionLine<'a> {
    name: &'a str,
    collection: &'a Collection,
}

pub(crate) async fn carry_out(place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let mut ending = Ending::listen()?;
    let session = Session::open(place, Notifications::Sent).await?;
    let outcome = tokio::select! {
        outcome = run(&session.engine, output) => outcome,
        () = ending.wished() => Ok(()),
    };
    session.close_with(outcome).await
}

async fn run(engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let events = engine.events();
    let journal = Journal { engine, output, since: time::now(), told: BTreeSet::new() };
    engine.start_schedule().await?;
    let enabled = engine.servers().iter().filter(|view| view.server.enabled).count();
    let servers = if enabled == 1 { "server" } else { "servers" };
    output.note(format!("Collecting {enabled} {servers} until SIGTERM or Ctrl+C."));
    journal.keep(events).await
}

/// Writes down what happens.
struct Journal<'a> {
    engine: &'a Hostrounds,
    output: &'a Output,
    /// Collections that ended before belong to an earlier run.
    since: UnixMillis,
    told: BTreeSet<CollectionId>,
}

impl Journal<'_> {
    async fn keep(mut self, mut events: EventStream) -> Result<(), Problem> {
        while let Some(event) = events.next().await {
            match &event {
                Event::Queue { queue } => self.ended(&queue.collections)?,
                Event::Missed => {
                    let queue = self.engine.queue().await?;
                    self.ended(&queue.collections)?;
                }
                Event::Alert { .. } | Event::Activity { .. } | Event::Troubles { .. } if self.output.json => {
                    self.output.event(&event)?;
                }
                Event::Activity { entry } => {
                    self.output.line(safe(&format!("{} {}", time::local(entry.at), entry.message)))?;
                }
                Event::Troubles { troubles } => {
                    for Trouble { message, hint, .. } in troubles {
                        self.output.error(message, hint);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells the collections that have ended since the last look at the queue, oldest first.
    fn ended(&mut self, collections: &[Collection]) -> Result<(), Problem> {
        for collection in collections.iter().rev() {
            let Some(ended_at) = collection.ended_at else { continue };
            if ended_at < self.since || !self.told.insert(collection.id) {
                continue;
            }
            self.tell(collection, ended_at)?;
        }
        while self.told.len() > REMEMBERED {
            self.told.pop_first();
        }
        Ok(())
    }

    fn tell(&self, collection: &Collection, ended_at: UnixMillis) -> Result<(), Problem> {
        let views = self.engine.servers();
        let server = views.iter().find(|view| view.server.id == collection.server);
        let name = server.map_or("(removed)", |view| view.server.name.as_str());
        if self.output.json {
            return self.output.event(&CollectionLine { name, collection });
        }
        let began = collection.started_at.unwrap_or(collection.queued_at);
        let (word, _) = collection_word(collection.state);
        let took = format::duration(ended_at.since(began));
        let what = match (&collection.failure, collection.state) {
            (Some(cause), state) if state != CollectionState::Completed => {
                let hint = self.output.with_commands(&cause.hint);
                format!("{word} at {}: {} {hint}", failure::stage(cause.stage), cause.message)
            }
            _ => format!("{word} in {took}, {} values", collection.points),
        };
        self.output.line(safe(&format!("{} {name} {what}", time::local(ended_at))))
    }
}
