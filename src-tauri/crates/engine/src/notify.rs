//! Native notifications.

use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use notify_rust::{Notification, NotificationResponse, Timeout, Urgency};
use thiserror::Error;
use tokio::sync::mpsc;

/// How long the notification daemon may take to accept one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a click on a notification is waited for.
const CLICKABLE: Duration = Duration::from_secs(24 * 3600);

/// What is said to the person at this computer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// The first line.
    pub(crate) title: String,
    /// What happened.
    pub(crate) body: String,
    /// Whether something broke, rather than recovered.
    pub(crate) urgent: bool,
    /// Which server it is about.
    pub(crate) server: ServerId,
    /// The moment it is about.
    pub(crate) at: UnixMillis,
}

/// A notification that a person clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clicked {
    /// Which server it was about.
    pub(crate) server: ServerId,
    /// The moment it was about.
    pub(crate) at: UnixMillis,
}

/// No daemon took the notification.
#[derive(Debug, Error)]
#[error("notifications cannot be shown: {0}")]
pub(crate) struct NotifyError(String);

/// Where notices go.
#[async_trait]
pub(crate) trait Notifier: Send + Sync {
    /// Shows a notice; returns once it was accepted.
    async fn notify(&self, notice: Notice) -> Result<(), NotifyError>;
}

/// The notification daemon of the desktop.
pub(crate) struct Desktop {
    clicks: mpsc::UnboundedSender<Clicked>,
}

impl Desktop {
    /// The desktop, and the clicks that come back from it.
    #[must_use]
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Clicked>) {
        let (clicks, receiver) = mpsc::unbounded_channel();
        (Self { clicks }, receiver)
    }
}

#[async_trait]
impl Notifier for Desktop {
    async fn notify(&self, notice: Notice) -> Result<(), NotifyError> {
        let mut notification = Notification::new();
        notification
            .appname("Hostrounds")
            .icon("hostrounds-desktop")
            .summary(&notice.title)
            .body(&escaped(&notice.body))
            .action("default", "Open");
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            notification.hint(notify_rust::Hint::DesktopEntry("hostrounds-desktop".into()));
            notification.urgency(if notice.urgent { Urgency::Critical } else { Urgency::Normal });
        }
        notification.timeout(if notice.urgent { Timeout::Never } else { Timeout::Default });
        let handle = tokio::time::timeout(PATIENCE, notification.show_async())
            .await
            .map_err(|_| NotifyError(format!("no answer within {} s", PATIENCE.as_secs())))?
            .map_err(|error| NotifyError(error.to_string()))?;
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let clicks = self.clicks.clone();
            tokio::spawn(tokio::time::timeout(CLICKABLE, async move {
                handle
                    .wait_for_action_async(|response: &NotificationResponse| {
                        if matches!(response, NotificationResponse::Default) {
                            // Nobody listens any more only when the engine has stopped.
                            let _ = clicks.send(Clicked { server: notice.server, at: notice.at });
                        }
                    })
                    .await;
            }));
        }
        Ok(())
    }
}

/// Bodies are markup on freedesktop systems
/// (<https://specifications.freedesktop.org/notification-spec/latest/markup.html>), and names come from servers.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_servers_are_no_markup() {
        assert_eq!(escaped("<b>web & db</b>"), "&lt;b&gt;web &amp; db&lt;/b&gt;");
    }
}
