//! Servers to test against: a private sshd on loopback and servers that misbehave. `docs/testbed.md` lists them.
//!
//! Everything here listens on 127.0.0.1, keeps its files in a temporary folder, and ends with the value that started
//! it. Nothing touches the account's own `~/.ssh`.

mod account;
mod agent;
mod authority;
mod catalogue;
mod dropbear;
mod error;
mod fleet;
mod host_key_liar;
mod keys;
mod misbehaving;
mod namespace;
mod packet;
mod password_server;
mod peer;
mod process;
mod replacing;
mod slow_line;
mod sshd;
mod stage;
mod staging;
mod tinyssh;
mod transport;

pub use agent::Agent;
pub use authority::Authority;
pub use catalogue::{CATALOGUE, TestServer, Variant};
pub use dropbear::Dropbear;
pub use error::TestbedError;
pub use fleet::{Fleet, FleetMember};
pub use host_key_liar::{HostKeyLiar, Lie};
pub use keys::{ClientKey, KeyType, PASSPHRASE};
pub use misbehaving::{MisbehavingServer, Misbehaviour};
pub use password_server::{Asked, Intrusion, PasswordMethods, PasswordServer, PasswordServerConfig, Round, Ruling};
pub use slow_line::SlowLine;
pub use sshd::{Sshd, SshdConfig};
pub use staging::Staging;
pub use tinyssh::TinySsh;
