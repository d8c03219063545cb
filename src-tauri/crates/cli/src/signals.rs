//! The wish to end: SIGTERM, SIGINT, SIGHUP, Ctrl+C.

use crate::problem::Problem;

/// Waits for the first wish to end. Made before the work begins, so that none is missed.
pub(crate) struct Ending {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Ending {
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Problem> {
        use tokio::signal::unix::{SignalKind, signal};
        let on =
            |kind| signal(kind).map_err(|error| Problem::Machine { what: "Signals cannot be received".into(), error });
        Ok(Self { signals: [on(SignalKind::terminate())?, on(SignalKind::interrupt())?, on(SignalKind::hangup())?] })
    }

    #[cfg(unix)]
    pub(crate) async fn wished(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.signals;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Problem> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(crate) async fn wished(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
