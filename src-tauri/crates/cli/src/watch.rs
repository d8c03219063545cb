//! `watch`: the live values of one server in the terminal.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::collection::Failure;
use hostrounds_core::format;
use hostrounds_core::server::{LOCAL_NAME, ServerId};
use hostrounds_engine::api::view::{Event, Latest, ServerView, Summary};
use hostrounds_engine::api::{EventStream, Hostrounds};
use terminal_size::{Height, terminal_size};

use crate::output::command::quoted;
use crate::output::failure;
use crate::output::reading::Reading;
use crate::output::{Output, safe, time};
use crate::problem::Problem;
use crate::session::{Notifications, Session};
use crate::signals::Ending;

/// Starts a frame: the cursor goes home, and lines that are too long are cut instead of being wrapped.
const FRAME_BEGINS: &str = "\u{1b}[?7l\u{1b}[H";
/// Ends a line of a frame: what an earlier, longer line left is cleared.
const LINE_ENDS: &str = "\u{1b}[K\r\n";
/// Ends a frame: what is below is cleared, and lines wrap again.
const FRAME_ENDS: &str = "\u{1b}[J\u{1b}[?7h";
/// Clears the screen before the first frame.
const CLEAR: &str = "\u{1b}[2J";

/// Whom to watch.
#[derive(Args)]
pub(crate) struct WatchArguments {
    /// The name of the server; this computer where none is given
    #[arg(value_name = "NAME", default_value = LOCAL_NAME)]
    name: String,
}

pub(crate) async fn carry_out(wanted: WatchArguments, place: Option<PathBuf>, output: &Output) -> Result<(), Problem> {
    let mut ending = Ending::listen()?;
    let session = Session::open(place, Notifications::Sent).await?;
    let outcome = tokio::select! {
        outcome = watch(&wanted.name, &session.engine, output) => outcome,
        () = ending.wished() => Ok(()),
    };
    session.close_with(outcome).await
}

async fn watch(name: &str, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let view = engine.server_named(name)?;
    if !view.server.enabled {
        return Err(Problem::usage(
            format!("{} is disabled, so it is not collected.", safe(&view.server.name)),
            format!("Enable it first: {}", output.command(&format!("server enable {}", quoted(&view.server.name)))),
        ));
    }
    let events = engine.events();
    engine.set_live(view.server.id, true).await?;
    Watch { engine, output, id: view.server.id, drawn: false, told: None }.follow(events).await
}

/// A server that is being watched.
struct Watch<'a> {
    engine: &'a Hostrounds,
    output: &'a Output,
    id: ServerId,
    /// Whether a frame stands on the screen.
    drawn: bool,
    /// The failure that was last told, so that each is told once.
    told: Option<Failure>,
}

impl Watch<'_> {
    async fn follow(mut self, mut events: EventStream) -> Result<(), Problem> {
        self.note("Waiting for the first values. Ctrl+C ends.");
        while let Some(event) = events.next().await {
            match event {
                Event::Latest { id, latest } if id == self.id => {
                    self.told = None;
                    self.show(&latest)?;
                }
                Event::Server { view } if view.server.id == self.id => self.take_note(&view).await?,
                Event::ServerRemoved { id } if id == self.id => {
                    return Err(Problem::usage("The server was removed.", "There is nothing left to watch."));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells a new failure. One that only a person can set right ends the watch: trying a wrong password every 2 s would lock
    /// the account.
    async fn take_note(&mut self, view: &ServerView) -> Result<(), Problem> {
        if !view.server.enabled {
            return Err(Problem::usage("The server was disabled.", "Enable it to watch it again."));
        }
        let Some(cause) = &view.failure else { return Ok(()) };
        if self.told.as_ref() != Some(cause) {
            self.told = Some(cause.clone());
            if self.drawn
                && let Some(latest) = self.engine.latest(self.id).await?
            {
                self.draw(view, &latest, Some(cause))?;
            } else if self.output.json {
                self.output.error_event(&serde_json::json!({ "failure": cause }));
            } else {
                failure::tell(self.output, &view.server.name, cause);
            }
        }
        if cause.retryable { Ok(()) } else { Problem::of_failures([cause]).map_or(Ok(()), Err) }
    }

    fn show(&mut self, latest: &Latest) -> Result<(), Problem> {
        if self.output.json {
            return self.output.event(latest);
        }
        let Some(view) = self.engine.servers().into_iter().find(|view| view.server.id == self.id) else {
            return Ok(());
        };
        if self.output.terminal {
            return self.draw(&view, latest, None);
        }
        self.output.line(sample(&view.server.name, latest, view.summary.as_ref()))
    }

    /// One frame, cut at the height of the terminal.
    fn draw(&mut self, view: &ServerView, latest: &Latest, cause: Option<&Failure>) -> Result<(), Problem> {
        let style = self.output.style;
        let title = format!("{} · {} · Ctrl+C ends", view.server.name, time::local(latest.at));
        let mut lines = vec![style.strong(&safe(&title))];
        if let Some(cause) = cause {
            lines.push(style.bad(&safe(&format!("{}: {}", failure::stage(cause.stage), cause.message))));
            lines.push(safe(&self.output.with_commands(&cause.hint)));
        }
        lines.extend(Reading::from(latest).lines(style));
        let height = terminal_size().map_or(usize::MAX, |(_, Height(rows))| usize::from(rows).saturating_sub(1));
        let mut frame = String::new();
        if !self.drawn {
            frame.push_str(CLEAR);
        }
        frame.push_str(FRAME_BEGINS);
        for line in lines.into_iter().take(height.max(1)) {
            frame.push_str(&line);
            frame.push_str(LINE_ENDS);
        }
        frame.push_str(FRAME_ENDS);
        self.drawn = true;
        self.output.raw(frame.as_bytes())
    }

    fn note(&self, text: &str) {
        if self.output.terminal {
            self.output.note(text);
        }
    }
}

/// One line with the few values that overviews show. What was not read is left out.
fn sample(name: &str, latest: &Latest, summary: Option<&Summary>) -> String {
    let Summary { cpu, memory, disk, disk_mountpoint, load, network_receive, network_transmit, .. } =
        summary.cloned().unwrap_or_default();
    let mount = disk_mountpoint.unwrap_or_default();
    let words = [
        cpu.map(|share| format!("cpu {}", format::percent(share))),
        memory.map(|share| format!("memory {}", format::percent(share))),
        disk.map(|share| format!("disk {} ({mount})", format::percent(share))),
        load.map(|load| format!("load {load:.2}")),
        network_receive.map(|rate| format!("in {}/s", format::bytes(rate))),
        network_transmit.map(|rate| format!("out {}/s", format::bytes(rate))),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    safe(&format!("{} {name}  {}", time::clock(latest.at), words.join("  ")))
}
