//! The icon in the tray, where the desktop has one.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::menu::{MenuBuilder, MenuEvent, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry};

use crate::engine::Engine;
use crate::window;

const SHOW: &str = "show";
const PAUSE: &str = "pause";
const QUIT: &str = "quit";

struct Tray {
    pause: MenuItem<Wry>,
    paused: AtomicBool,
}

/// Shows the icon. Without the library for it there is none, and nothing else is missing.
pub(crate) fn show(app: &AppHandle) {
    // The engine is opened anew when its data was replaced.
    if app.try_state::<Tray>().is_some() {
        return;
    }
    let handle = app.clone();
    if let Err(error) = app.run_on_main_thread(move || show_guarded(&handle)) {
        tracing::warn!(%error, "there is no icon in the tray");
    }
}

// The library is opened at run time, and the crate that does so panics where it is not installed. A stack trace would alarm people
// whose desktop has no tray in the first place.
fn show_guarded(app: &AppHandle) {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(AssertUnwindSafe(|| build(app)));
    panic::set_hook(hook);
    match built {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(error)) => tracing::warn!(%error, "there is no icon in the tray"),
        Err(_) => tracing::warn!("there is no icon in the tray: libayatana-appindicator3 is not installed"),
    }
}

/// Lets the menu offer what is possible: to pause the schedule, or to resume it.
pub(crate) fn show_paused(app: &AppHandle, paused: bool) {
    let Some(tray) = app.try_state::<Tray>() else { return };
    if tray.paused.swap(paused, Ordering::AcqRel) == paused {
        return;
    }
    if let Err(error) = tray.pause.set_text(pause_text(paused)) {
        tracing::warn!(%error, "the menu of the tray could not be changed");
    }
}

fn build(app: &AppHandle) -> tauri::Result<Tray> {
    let pause = MenuItem::with_id(app, PAUSE, pause_text(false), true, None::<&str>)?;
    let menu =
        MenuBuilder::new(app).text(SHOW, "Show Hostrounds").item(&pause).separator().text(QUIT, "Quit").build()?;
    let mut icon = TrayIconBuilder::with_id("main").tooltip("Hostrounds").menu(&menu).on_menu_event(choose);
    if let Some(image) = app.default_window_icon() {
        icon = icon.icon(image.clone());
    }
    icon.build(app)?;
    Ok(Tray { pause, paused: AtomicBool::new(false) })
}

fn choose(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        SHOW => window::show(app),
        PAUSE => {
            tauri::async_runtime::spawn(pause_or_resume(app.clone()));
        }
        QUIT => app.exit(0),
        _ => {}
    }
}

async fn pause_or_resume(app: AppHandle) {
    let Some(hostrounds) = app.state::<Engine>().opened().await else { return };
    let paused = app.try_state::<Tray>().is_some_and(|tray| tray.paused.load(Ordering::Acquire));
    let done = if paused { hostrounds.resume().await } else { hostrounds.pause().await };
    if let Err(error) = done {
        tracing::warn!(code = ?error.code, "the schedule could not be paused or resumed: {}", error.message);
    }
}

fn pause_text(paused: bool) -> &'static str {
    if paused { "Resume the schedule" } else { "Pause the schedule" }
}
