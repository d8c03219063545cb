//! What the engine tells, told to the window.

use hostrounds_engine::api::{Event, EventStream};
use tauri::{AppHandle, Emitter};

use crate::{tray, window};

const NAME: &str = "hostrounds";

/// Hands every event to the window until the engine ends.
pub(crate) async fn forward(app: AppHandle, mut events: EventStream) {
    while let Some(event) = events.next().await {
        match &event {
            Event::Queue { queue } => tray::show_paused(&app, queue.paused),
            Event::ShowServer { .. } => window::show(&app),
            _ => {}
        }
        if let Err(error) = app.emit_to(window::MAIN, NAME, event) {
            tracing::warn!(%error, "an event did not reach the window");
        }
    }
}
