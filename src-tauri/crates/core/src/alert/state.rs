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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Point, Unavailable};
    use crate::server::{ServerId, Target, Thresholds};
    use crate::time::UnixMillis;

    fn server() -> Server {
        Server {
            id: ServerId(1),
            name: "web-1".into(),
            target: Target::Local,
            enabled: true,
            interval: 60,
            thresholds: Thresholds { cpu: Some(90.0), memory: Some(95.0), disk: Some(90.0) },
            environment: None,
            tags: vec![],
            created_at: UnixMillis(0),
        }
    }

    fn observed(points: &[(Metric, &str, f64)]) -> Observation {
        let mut observation = Observation::empty(UnixMillis(0));
        for &(metric, mount, value) in points {
            let attributes = match metric {
                Metric::FilesystemUtilization => disk(mount).with(attribute::DEVICE, "/dev/sda1"),
                _ => Attributes::none(),
            };
            observation.points.extend(Point::new(metric, attributes, value));
        }
        observation
    }

    fn disk(mount: &str) -> Attributes {
        Attributes::none().with(attribute::MOUNTPOINT, mount)
    }

    fn alert(id: i64, rule: RuleKind, attributes: Attributes) -> Alert {
        Alert {
            id: AlertId(id),
            server: ServerId(1),
            rule,
            attributes,
            state: AlertState::Firing,
            threshold: None,
            value: None,
            message: String::new(),
            fired_at: UnixMillis(0),
            resolved_at: None,
        }
    }

    fn message(transition: &Transition) -> &str {
        match transition {
            Transition::Fire { message, .. } | Transition::Resolve { message, .. } => message,
        }
    }

    fn messages(transitions: &[Transition]) -> Vec<&str> {
        transitions.iter().map(message).collect()
    }

    #[test]
    fn it_fires_at_the_threshold_and_says_so() {
        let at_threshold = observed(&[(Metric::CpuUtilization, "", 0.9), (Metric::MemoryUtilization, "", 0.949)]);
        let transitions = step(&server(), &[], &at_threshold);
        assert_eq!(
            transitions,
            [Transition::Fire {
                rule: RuleKind::Cpu,
                attributes: Attributes::none(),
                threshold: Some(0.9),
                value: Some(0.9),
                message: "web-1: CPU at 90 % (threshold 90 %)".into(),
            }]
        );
    }

    #[test]
    fn just_below_is_below() {
        assert_eq!(step(&server(), &[], &observed(&[(Metric::CpuUtilization, "", 0.899_999)])), []);
    }

    #[test]
    fn each_mount_fires_alone_and_by_its_path() {
        let full = observed(&[
            (Metric::FilesystemUtilization, "/", 0.5),
            (Metric::FilesystemUtilization, "/srv", 0.97),
            (Metric::FilesystemUtilization, "/var", 0.911),
        ]);
        let transitions = step(&server(), &[alert(7, RuleKind::Disk, disk("/srv"))], &full);
        assert_eq!(messages(&transitions), ["web-1: disk /var at 91 % (threshold 90 %)"]);
        assert!(matches!(&transitions[..], [Transition::Fire { attributes, .. }] if *attributes == disk("/var")));
    }

    #[test]
    fn what_fires_already_does_not_fire_again() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        assert_eq!(step(&server(), &active, &observed(&[(Metric::CpuUtilization, "", 0.99)])), []);
    }

    #[test]
    fn it_resolves_once_the_value_is_below() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        let transitions = step(&server(), &active, &observed(&[(Metric::CpuUtilization, "", 0.8996)]));
        let message = "web-1: CPU back at 89.96 % (threshold 90 %)".to_owned();
        assert_eq!(transitions, [Transition::Resolve { id: AlertId(7), message }]);
    }

    #[test]
    fn what_was_not_observed_changes_nothing() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none()), alert(8, RuleKind::Disk, disk("/var"))];
        assert_eq!(step(&server(), &active, &observed(&[])), []);

        let mut failed = observed(&[(Metric::FilesystemUtilization, "/", 0.1)]);
        failed.unavailable.push(Unavailable { family: Family::Filesystems, reason: "half of it".into() });
        assert_eq!(step(&server(), &active, &failed), []);
    }

    #[test]
    fn a_mount_that_is_gone_resolves() {
        let active = [alert(8, RuleKind::Disk, disk("/mnt/usb"))];
        let transitions = step(&server(), &active, &observed(&[(Metric::FilesystemUtilization, "/", 0.1)]));
        assert_eq!(messages(&transitions), ["web-1: disk /mnt/usb is no longer mounted"]);
    }

    #[test]
    fn a_rule_that_is_switched_off_resolves_whatever_is_observed() {
        let mut quiet = server();
        quiet.thresholds.cpu = None;
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        let transitions = step(&quiet, &active, &observed(&[(Metric::CpuUtilization, "", 0.99)]));
        assert_eq!(messages(&transitions), ["web-1: the CPU alert was switched off"]);
    }

    #[test]
    fn a_higher_threshold_resolves_what_is_now_below() {
        let mut patient = server();
        patient.thresholds.cpu = Some(99.0);
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        assert_eq!(step(&patient, &active, &observed(&[(Metric::CpuUtilization, "", 0.95)])).len(), 1);
    }

    #[test]
    fn alerts_of_other_servers_and_old_ones_do_not_count() {
        let mut other = alert(7, RuleKind::Cpu, Attributes::none());
        other.server = ServerId(2);
        let mut over = alert(8, RuleKind::Cpu, Attributes::none());
        over.state = AlertState::Resolved;
        assert_eq!(step(&server(), &[other, over], &observed(&[(Metric::CpuUtilization, "", 0.95)])).len(), 1);
    }

    #[test]
    fn unreachable_fires_once_and_resolves_once() {
        let fired = unreachable(&server(), &[], "connection refused").unwrap();
        assert_eq!(message(&fired), "web-1 cannot be reached: connection refused");
        let active = [alert(9, RuleKind::Unreachable, Attributes::none())];
        assert_eq!(unreachable(&server(), &active, "connection refused"), None);
        assert_eq!(step(&server(), &active, &observed(&[])), [], "an observation alone does not end it");
        let message = "web-1 can be reached again".to_owned();
        assert_eq!(reachable(&server(), &active), Some(Transition::Resolve { id: AlertId(9), message }));
        assert_eq!(reachable(&server(), &[]), None);
    }

    #[test]
    fn a_server_that_is_no_longer_watched_has_no_alerts() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none()), alert(9, RuleKind::Unreachable, Attributes::none())];
        assert_eq!(no_longer_watched(&server(), &active).len(), 2);
    }
}
