//! From an observation to what changes about the alerts of a server.
//!
//! Pure: the alerts that are firing go in, the changes come out; who keeps, logs and notifies is somebody else. A condition
//! that was not observed changes nothing, because unknown is neither down nor OK.

use std::collections::BTreeMap;

use crate::alert::rule::{Rule, rules};
use crate::alert::{Alert, AlertId, AlertState, RuleKind};
use crate::format;
use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation};
use crate::probe::Family;
use crate::server::Server;

/// One change to the alerts of a server.
#[derive(Clone, PartialEq, Debug)]
pub enum Transition {
    /// A condition holds that did not hold before: an alert starts firing.
    Fire {
        /// From which rule.
        rule: RuleKind,
        /// See [`Alert::attributes`].
        attributes: Attributes,
        /// See [`Alert::threshold`].
        threshold: Option<f64>,
        /// See [`Alert::value`].
        value: Option<f64>,
        /// What is wrong, in a sentence that names the server.
        message: String,
    },
    /// An alert that was firing is over.
    Resolve {
        /// Which one.
        id: AlertId,
        /// Why it is over, in a sentence that names the server.
        message: String,
    },
}

/// What an observation of `server` changes. Of `active`, only alerts of this server that are firing count.
#[must_use]
pub fn step(server: &Server, active: &[Alert], observation: &Observation) -> Vec<Transition> {
    let firing: Vec<&Alert> = firing(server, active).collect();
    let rules = rules(&server.thresholds);
    let mut transitions = Vec::new();

    for rule in &rules {
        for (attributes, value) in readings(rule, observation) {
            let alert = firing.iter().find(|alert| alert.rule == rule.kind && alert.attributes == attributes);
            match (value >= rule.threshold, alert) {
                (true, None) => transitions.push(fire(server, rule, attributes, value)),
                (false, Some(alert)) => {
                    transitions.push(resolve(alert, value_message(server, rule, &attributes, value, "back at")))
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
    }

    for alert in firing {
        if alert.rule == RuleKind::Unreachable {
            continue;
        }
        match rules.iter().find(|rule| rule.kind == alert.rule) {
            None => transitions
                .push(resolve(alert, format!("{}: the {} alert was switched off", server.name, noun(alert.rule)))),
            Some(rule) if rule.kind == RuleKind::Disk && is_unmounted(alert, rule, observation) => {
                let mount = alert.attributes.get(attribute::MOUNTPOINT).unwrap_or_default();
                transitions.push(resolve(alert, format!("{}: disk {mount} is no longer mounted", server.name)));
            }
            Some(_) => {}
        }
    }
    transitions
}

/// What it changes that no try of a collection succeeded, `failure` saying why. Nothing where that is known already.
#[must_use]
pub fn unreachable(server: &Server, active: &[Alert], failure: &str) -> Option<Transition> {
    let known = firing(server, active).any(|alert| alert.rule == RuleKind::Unreachable);
    (!known).then(|| Transition::Fire {
        rule: RuleKind::Unreachable,
        attributes: Attributes::none(),
        threshold: None,
        value: None,
        message: format!("{} cannot be reached: {failure}", server.name),
    })
}

/// What it changes that a collection succeeded. Nothing where the server was not known to be unreachable.
#[must_use]
pub fn reachable(server: &Server, active: &[Alert]) -> Option<Transition> {
    firing(server, active)
        .find(|alert| alert.rule == RuleKind::Unreachable)
        .map(|alert| resolve(alert, format!("{} can be reached again", server.name)))
}

/// Ends every alert of a server that is no longer watched, because it was removed or disabled.
#[must_use]
pub fn no_longer_watched(server: &Server, active: &[Alert]) -> Vec<Transition> {
    firing(server, active).map(|alert| resolve(alert, format!("{} is no longer watched", server.name))).collect()
}

fn firing<'a>(server: &Server, active: &'a [Alert]) -> impl Iterator<Item = &'a Alert> {
    let id = server.id;
    active.iter().filter(move |alert| alert.server == id && alert.state == AlertState::Firing)
}

/// The values that a rule looks at, by the attributes of the alert. The device behind a mount may change its name, so a disk
/// alert goes by the mount alone.
fn readings(rule: &Rule, observation: &Observation) -> BTreeMap<Attributes, f64> {
    let mut readings = BTreeMap::new();
    for point in observation.of(rule.metric) {
        let attributes = match (rule.kind, point.series.attributes.get(attribute::MOUNTPOINT)) {
            (RuleKind::Disk, Some(mount)) => Attributes::none().with(attribute::MOUNTPOINT, mount),
            _ => point.series.attributes.clone(),
        };
        let highest = readings.entry(attributes).or_insert(point.value);
        *highest = point.value.max(*highest);
    }
    readings
}

/// Whether filesystems were read, and the one of this alert was not among them.
fn is_unmounted(alert: &Alert, rule: &Rule, observation: &Observation) -> bool {
    let failed = observation.unavailable.iter().any(|unavailable| unavailable.family == Family::Filesystems);
    let was_read = observation.of(Metric::FilesystemUtilization).next().is_some();
    was_read && !failed && !readings(rule, observation).contains_key(&alert.attributes)
}

fn fire(server: &Server, rule: &Rule, attributes: Attributes, value: f64) -> Transition {
    let message = value_message(server, rule, &attributes, value, "at");
    Transition::Fire { rule: rule.kind, attributes, threshold: Some(rule.threshold), value: Some(value), message }
}

fn resolve(alert: &Alert, message: String) -> Transition {
    Transition::Resolve { id: alert.id, message }
}

/// Such as `web-1: disk /var at 91 % (threshold 90 %)`.
fn value_message(server: &Server, rule: &Rule, attributes: &Attributes, value: f64, verb: &str) -> String {
    let place = attributes.get(attribute::MOUNTPOINT).map(|mount| format!(" {mount}")).unwrap_or_default();
    format!(
        "{}: {}{place} {verb} {} (threshold {})",
        server.name,
        noun(rule.kind),
        format::percent_beside(value, rule.threshold),
        format::threshold_text(rule.threshold)
    )
}

fn noun(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Cpu => "CPU",
        RuleKind::Memory => "memory",
        RuleKind::Disk => "disk",
        RuleKind::Unreachable => "reachability",
    }
}
