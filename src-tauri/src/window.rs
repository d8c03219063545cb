//! The one window.

use tauri::webview::NewWindowResponse;
use tauri::{App, AppHandle, Manager, Url, WebviewWindowBuilder};

/// Its label, in tauri.conf.json and in its capability file too.
pub(crate) const MAIN: &str = "main";

/// Opens it as tauri.conf.json describes it.
///
/// # Errors
/// The webview cannot be made.
pub(crate) fn open(app: &App) -> anyhow::Result<()> {
    let windows = &app.config().app.windows;
    let config = windows
        .iter()
        .find(|window| window.label == MAIN)
        .ok_or_else(|| anyhow::anyhow!("no window '{MAIN}' is configured"))?;
    let home = app.config().build.dev_url.clone().filter(|_| cfg!(dev));
    WebviewWindowBuilder::from_config(app.handle(), config)?
        .initialization_script(include_str!("language.js"))
        .on_navigation(move |url| stays_home(url, home.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Brings it before the person, wherever it was.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    if let Err(error) = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus()) {
        tracing::warn!(%error, "the window could not be brought to the front");
    }
}

// The window shows the embedded frontend (or that of the dev server) and never anything else: a page from elsewhere would stand
// beside commands that reach every server.
fn stays_home(url: &Url, dev_server: Option<&Url>) -> bool {
    let embedded = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    embedded || dev_server.is_some_and(|home| home.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_stays_on_its_own_pages() {
        let dev_server = url("http://localhost:5173");
        assert!(stays_home(&url("tauri://localhost/index.html#/alerts"), None));
        assert!(stays_home(&url("http://tauri.localhost/"), None));
        assert!(stays_home(&url("http://localhost:5173/src/main.tsx"), Some(&dev_server)));

        assert!(!stays_home(&url("http://localhost:5173/"), None));
        assert!(!stays_home(&url("http://localhost:5174/"), Some(&dev_server)));
        assert!(!stays_home(&url("https://tauri.localhost.example.org/"), None));
        assert!(!stays_home(&url("data:text/html,hello"), None));
        assert!(!stays_home(&url("file:///etc/passwd"), None));
    }
}
