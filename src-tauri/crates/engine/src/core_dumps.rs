//! A crash must not write secrets to disk.

/// Forbids core dumps of this process. Where the system refuses, the process goes on: a dump is then as likely as in any other
/// program.
pub(crate) fn forbid() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::debug!(%error, "core dumps cannot be switched off");
        }
    }
}
