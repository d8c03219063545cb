//! From a route to a session that stays: host after host, stage after stage.

use std::net::{IpAddr, SocketAddr};

use crate::client::Via;
use crate::connect_error::ConnectError;
use crate::deadlines::Deadlines;
use crate::dial;
use crate::endpoint::Endpoint;
use crate::known_hosts::KnownHosts;
use crate::link::Link;
use crate::login::login;
use crate::prompter::Prompter;
use crate::route::{Hop, MAX_JUMPS, Route};
use crate::route_error::RouteError;
use crate::session::Session;
use crate::step::{Stages, Step, StepDone};

/// Connects to every host of the route in turn, judges its key, logs in. `on_step` hears of every stage that went well, in
/// order, as it is done.
///
/// `prompter` answers what only a person can ([`Credential::Prompts`](crate::Credential::Prompts)); without one, a server
/// that asks ends the connection before anything was answered.
///
/// The future may be dropped at any moment; nothing of it remains.
///
/// # Errors
/// The host and the stage that failed, and why; see [`ConnectError`]. No stage takes longer than `deadlines` say, whatever
/// the other side does.
pub async fn connect(
    route: &Route,
    known: &KnownHosts,
    deadlines: &Deadlines,
    prompter: Option<&dyn Prompter>,
    on_step: &mut (dyn FnMut(StepDone) + Send),
) -> Result<Session, RouteError> {
    let jumps = route.jumps.len();
    if jumps > MAX_JUMPS {
        return Err(RouteError::before_login(None, ConnectError::TooManyJumps { jumps }));
    }
    let mut way = Way { known, deadlines, prompter, on_step, passed: Vec::new() };
    for jump in &route.jumps {
        let link = way.enter(jump, Some(&jump.endpoint)).await?;
        way.passed.push((jump.endpoint.clone(), link));
    }
    let link = way.enter(&route.server, None).await?;
    let jumps = way.passed.into_iter().map(|(_, link)| link).collect();
    Ok(Session::new(link, jumps, route.server.endpoint.user.clone(), deadlines.shell))
}

/// A route that is being followed.
struct Way<'a> {
    known: &'a KnownHosts,
    deadlines: &'a Deadlines,
    prompter: Option<&'a dyn Prompter>,
    on_step: &'a mut (dyn FnMut(StepDone) + Send),
    /// The jump hosts that were passed.
    passed: Vec<(Endpoint, Link)>,
}

impl Way<'_> {
    /// Connects to the next host and logs in. `jump` is what it is called when it fails; `None` for the server.
    async fn enter(&mut self, hop: &Hop, jump: Option<&Endpoint>) -> Result<Link, RouteError> {
        let here = |error| RouteError::before_login(jump, error);
        let endpoint = &hop.endpoint;
        let deadlines = self.deadlines;
        let mut stages = Stages::begin(deadlines.login, jump.cloned(), self.on_step);
        let record = self.known.record(&endpoint.host, endpoint.port).map_err(|error| here(error.into()))?;

        let mut link = match self.passed.last() {
            None => {
                let addresses = dial::resolve(endpoint, stages.deadline(deadlines.resolve)).await.map_err(here)?;
                stages.done(Step::Resolve, listed(&addresses));
                let (tcp, address) = dial::dial(&addresses, stages.deadline(deadlines.connect)).await.map_err(here)?;
                stages.done(Step::Connect, address.to_string());
                Link::open(tcp, &address.to_string(), record, self.known, None, deadlines, &mut stages)
                    .await
                    .map_err(here)?
            }
            Some((from, last)) => {
                let opened = last.forward(from, endpoint, stages.deadline(deadlines.connect)).await;
                let line = opened.map_err(|error| match error {
                    // What the jump host itself does not do is its failure, and not the next one's.
                    error @ (ConnectError::ForwardingRefused { .. } | ConnectError::Disconnected { .. }) => {
                        RouteError::before_login(Some(from), error)
                    }
                    error => here(error),
                })?;
                stages.done(Step::Connect, reached(endpoint, from));
                let via = Via { jump: from.to_string(), shared: last.shared.clone() };
                let place = endpoint.place();
                Link::open(line, &place, record, self.known, Some(via), deadlines, &mut stages).await.map_err(here)?
            }
        };
        match login(&mut link, hop, self.prompter, deadlines.person, &mut stages).await {
            Ok(how) => stages.done(Step::Login, how),
            Err(error @ ConnectError::NoCredential { .. }) => return Err(here(error)),
            Err(error) => return Err(RouteError { login: Some(link.traffic()), ..here(error) }),
        }
        Ok(link)
    }
}

fn listed(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ")
}

fn reached(endpoint: &Endpoint, from: &Endpoint) -> String {
    let place = endpoint.place();
    if endpoint.host.trim().parse::<IpAddr>().is_ok() {
        format!("{place} from {from}")
    } else {
        format!("{place} from {from}, which looks the name up")
    }
}
