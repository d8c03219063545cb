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

/// No daemon took the notification. The words are for a person; what the bus said is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum NotifyError {
    /// There is no session bus to ask on.
    #[error("desktop notifications cannot be shown: Hostrounds was not started in a desktop session")]
    NoDesktop,
    /// Nobody on the bus shows notifications.
    #[error("desktop notifications cannot be shown: nothing on this desktop shows them")]
    NoDaemon,
    /// There is one, and it does not answer.
    #[error("desktop notifications cannot be shown: the program that shows them does not answer")]
    Silent,
    /// There is one, and it took none.
    #[error("desktop notifications cannot be shown: the program that shows them refused one")]
    Refused,
}

impl NotifyError {
    /// What a person can do about it.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::NoDesktop => {
                "Start Hostrounds from the desktop, or switch notifications off in the settings. Alerts are in the window \
                 all the same."
            }
            Self::NoDaemon => {
                "Start a notification daemon: GNOME, KDE and Xfce bring one, elsewhere install dunst or mako. Or switch \
                 notifications off in the settings. Alerts are in the window all the same."
            }
            Self::Silent | Self::Refused => {
                "Restart the notification daemon, or log out and in again. Or switch notifications off in the settings. \
                 Alerts are in the window all the same."
            }
        }
    }
}

/// What the failure of a call to the bus means. The library only tells it as text; the names of errors in it are those of the
/// bus (<https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-messages>).
fn meaning(text: &str) -> NotifyError {
    const ERROR: &str = "org.freedesktop.DBus.Error.";
    let is = |name: &str| text.contains(&format!("{ERROR}{name}"));
    if is("ServiceUnknown") || is("NameHasNoOwner") || is("Spawn.") {
        NotifyError::NoDaemon
    } else if is("NoReply") || is("Timeout") {
        NotifyError::Silent
    } else if cfg!(all(unix, not(target_os = "macos"))) && !text.contains("org.freedesktop.") {
        NotifyError::NoDesktop
    } else {
        NotifyError::Refused
    }
}

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
            .map_err(|_| NotifyError::Silent)?
            .map_err(|error| {
                tracing::warn!(%error, "a notification was not shown");
                meaning(&error.to_string())
            })?;
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
    fn a_person_is_told_what_is_missing_and_not_what_the_bus_says() {
        // As zbus 5.19 words them.
        for (text, meaning_of_it, word) in [
            (
                "org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.Notifications was not provided by any \
                 .service files",
                NotifyError::NoDaemon,
                "dunst",
            ),
            (
                "org.freedesktop.DBus.Error.Spawn.ChildExited: Process org.freedesktop.Notifications exited with status 1",
                NotifyError::NoDaemon,
                "Start a notification daemon",
            ),
            ("org.freedesktop.DBus.Error.NoReply: Remote peer disconnected", NotifyError::Silent, "Restart"),
            ("org.freedesktop.DBus.Error.AccessDenied: no", NotifyError::Refused, "Restart"),
            ("I/O error: No such file or directory (os error 2)", NotifyError::NoDesktop, "from the desktop"),
        ] {
            let error = meaning(text);
            assert_eq!(error, meaning_of_it, "{text}");
            let told = format!("{error} {}", error.hint());
            assert!(told.contains(word) && !told.contains("org.freedesktop"), "{told}");
        }
    }

    #[test]
    fn names_of_servers_are_no_markup() {
        assert_eq!(escaped("<b>web & db</b>"), "&lt;b&gt;web &amp; db&lt;/b&gt;");
    }
}
