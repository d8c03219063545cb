//! SSH sessions that stay: connect, check the host key, log in, run one shell.
//!
//! This is the only crate that knows russh. It carries bytes and knows no metric. Everything a server sends is
//! treated as hostile: every stage has a deadline, every buffer a bound, every failure a name, and a sentence that
//! says what a person can do about it.

mod client;
mod connect;
mod connect_error;
mod credential;
mod deadlines;
mod dial;
mod endpoint;
mod frame;
mod inbox;
mod key_file;
mod known_hosts;
mod link;
mod login;
mod prompter;
mod quote;
mod read_ahead;
mod rotation;
mod route;
mod route_error;
mod session;
mod shell;
mod shell_error;
mod start_up;
mod step;
mod surplus;
mod text;
mod wire;

pub use connect::connect;
pub use connect_error::ConnectError;
pub use credential::Credential;
pub use deadlines::{Deadlines, UNANSWERED};
pub use endpoint::Endpoint;
pub use known_hosts::{HostKeyOffer, KnownHosts, KnownHostsError, KnownKey, Verdict, fingerprint_of};
pub use login::check;
pub use prompter::{Prompter, Question, Questions};
pub use route::{Hop, MAX_JUMPS, Route};
pub use route_error::RouteError;
pub use session::{Session, Spent, Traffic};
pub use shell::{Limits, Shell};
pub use shell_error::ShellError;
pub use start_up::StartUp;
pub use step::{Step, StepDone};
