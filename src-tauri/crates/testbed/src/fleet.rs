//! Many servers at once: real sshds, each of which answers on several ports.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::TestbedError;
use crate::sshd::{Sshd, SshdConfig, free_port};

/// How many addresses one sshd listens on at most (`MAX_LISTEN_SOCKS` in its source).
const PORTS_PER_SSHD: usize = 16;

/// Running servers on 127.0.0.1, told apart by their ports. They end, and every session on them, when it is dropped.
#[derive(Debug)]
pub struct Fleet {
    parts: Vec<(Sshd, BTreeSet<u16>)>,
}

/// One server of a fleet.
#[derive(Debug, Clone, Copy)]
pub struct FleetMember<'a> {
    sshd: &'a Sshd,
    /// The port it listens on.
    pub port: u16,
}

impl Fleet {
    /// Starts so many servers. `config` is that of all.
    ///
    /// # Errors
    /// As [`Sshd::start`].
    pub async fn start(count: usize, config: &SshdConfig) -> Result<Self, TestbedError> {
        let mut parts = Vec::new();
        let mut missing = count;
        while missing > 0 {
            let wanted = missing.min(PORTS_PER_SSHD);
            let mut ports = BTreeSet::new();
            while ports.len() + 1 < wanted {
                ports.insert(free_port()?);
            }
            let mut config = config.clone();
            config.lines.extend(ports.iter().map(|port| format!("Port {port}")));
            let sshd = Sshd::start(config).await?;
            ports.insert(sshd.port());
            missing -= ports.len();
            parts.push((sshd, ports));
        }
        Ok(Self { parts })
    }

    /// Every server.
    pub fn members(&self) -> impl Iterator<Item = FleetMember<'_>> {
        self.parts.iter().flat_map(|(sshd, ports)| ports.iter().map(move |port| FleetMember { sshd, port: *port }))
    }
}

impl FleetMember<'_> {
    /// Always `127.0.0.1`.
    pub fn host(&self) -> &'static str {
        self.sshd.host()
    }

    /// The account that can log in.
    pub fn user(&self) -> &str {
        self.sshd.user()
    }

    /// A key that is let in.
    pub fn key(&self) -> &Path {
        self.sshd.key()
    }

    /// A line for a file of known hosts with its host key.
    pub fn known_hosts_line(&self) -> String {
        self.sshd.known_hosts_line().replace(&format!("]:{} ", self.sshd.port()), &format!("]:{} ", self.port))
    }
}
