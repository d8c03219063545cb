//! From an observation to what changes about the alerts of a server.
//!
//! Pure: the alerts that are firing go in, the changes come out; who keeps, logs and notifies is somebody else. A condition
//! that was not observed changes nothing, because unknown is neither down nor OK.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::rule::{Rule, rules};
use crate::alert::{Alert, AlertId, AlertState, RuleKind};
use crate::format;
use crate::metric::{Metric, attribute};
use crate::observation::{Attributes, Observation};
use crate::probe::Family;
use crate::server::{Server, Target};
use crate::time::UnixMillis;

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

/// The longest time over which CPU must have been above or below its threshold before an alert changes.
const HOLD: Duration = Duration::from_secs(30);

/// What is remembered of a server from one observation to the next, so that an alert does not come and go with every reading
/// of two seconds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Holding {
    /// When the CPU was last read.
    read_at: Option<UnixMillis>,
    /// Since when it has been on the other side of its threshold than its alert says.
    since: Option<UnixMillis>,
}

impl Holding {
    /// Whether CPU has differed from what its alert says for long enough. A value of the CPU is an average since the reading
    /// before it; the average of a whole interval is enough, 30 s are in any case. This computer is read so often that its
    /// interval says nothing.
    fn has_held(&mut self, server: &Server, at: UnixMillis, differs: bool) -> bool {
        let read_at = self.read_at.replace(at);
        if !differs {
            self.since = None;
            return false;
        }
        let interval = Duration::from_secs(u64::from(server.interval));
        let needed = if matches!(server.target, Target::Local) { HOLD } else { HOLD.min(interval.mul_f64(0.9)) };
        // A first reading is the average of a moment only, and the clock may have been set back.
        let since = self.since.filter(|since| *since <= at).or(read_at.filter(|read_at| *read_at <= at)).unwrap_or(at);
        self.since = Some(since);
        let held = at.since(since) >= needed;
        if held {
            self.since = None;
        }
        held
    }
}

/// What an observation of `server` changes. Of `active`, only alerts of this server that are firing count.
#[must_use]
pub fn step(server: &Server, active: &[Alert], holding: &mut Holding, observation: &Observation) -> Vec<Transition> {
    let firing: Vec<&Alert> = firing(server, active).collect();
    let mut rules = rules(&server.thresholds);
    // What is not read any more is not watched any more.
    rules.retain(|rule| !server.families_off.contains(&rule.metric.info().family));
    let mut transitions = Vec::new();

    for rule in &rules {
        for (attributes, value) in readings(rule, observation) {
            let alert = firing.iter().find(|alert| alert.rule == rule.kind && alert.attributes == attributes);
            let is_above = value >= rule.threshold;
            if rule.kind == RuleKind::Cpu && !holding.has_held(server, observation.at, is_above != alert.is_some()) {
                continue;
            }
            match (is_above, alert) {
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

    /// A step of a server that was read one interval ago.
    fn once(server: &Server, active: &[Alert], observation: &Observation) -> Vec<Transition> {
        let interval = Duration::from_secs(u64::from(server.interval));
        let mut holding = Holding { read_at: Some(observation.at.minus(interval)), since: None };
        step(server, active, &mut holding, observation)
    }

    use crate::observation::{Point, Unavailable};
    use crate::server::{Hop, Login, ServerId, SshTarget, Thresholds};
    use crate::time::UnixMillis;

    fn server() -> Server {
        Server {
            id: ServerId(1),
            name: "web-1".into(),
            target: Target::Ssh(SshTarget::direct(Hop {
                host: "h".into(),
                port: 22,
                user: "u".into(),
                logins: vec![Login::agent()],
            })),
            families_off: vec![],
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
            resolution: None,
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
        let transitions = once(&server(), &[], &at_threshold);
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
        assert_eq!(once(&server(), &[], &observed(&[(Metric::CpuUtilization, "", 0.8999)])), []);
    }

    #[test]
    fn each_mount_fires_alone_and_by_its_path() {
        let full = observed(&[
            (Metric::FilesystemUtilization, "/", 0.5),
            (Metric::FilesystemUtilization, "/srv", 0.97),
            (Metric::FilesystemUtilization, "/var", 0.911),
        ]);
        let transitions = once(&server(), &[alert(7, RuleKind::Disk, disk("/srv"))], &full);
        assert_eq!(messages(&transitions), ["web-1: disk /var at 91 % (threshold 90 %)"]);
        assert!(matches!(&transitions[..], [Transition::Fire { attributes, .. }] if *attributes == disk("/var")));
    }

    #[test]
    fn what_fires_already_does_not_fire_again() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        assert_eq!(once(&server(), &active, &observed(&[(Metric::CpuUtilization, "", 0.99)])), []);
    }

    #[test]
    fn it_resolves_once_the_value_is_below() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        let transitions = once(&server(), &active, &observed(&[(Metric::CpuUtilization, "", 0.8996)]));
        let message = "web-1: CPU back at 89.96 % (threshold 90 %)".to_owned();
        assert_eq!(transitions, [Transition::Resolve { id: AlertId(7), message }]);
    }

    #[test]
    fn what_was_not_observed_changes_nothing() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none()), alert(8, RuleKind::Disk, disk("/var"))];
        assert_eq!(once(&server(), &active, &observed(&[])), []);

        let mut failed = observed(&[(Metric::FilesystemUtilization, "/", 0.1)]);
        failed.unavailable.push(Unavailable::cut(Family::Filesystems, "filesystems"));
        assert_eq!(once(&server(), &active, &failed), []);
    }

    #[test]
    fn a_mount_that_is_gone_resolves() {
        let active = [alert(8, RuleKind::Disk, disk("/mnt/usb"))];
        let transitions = once(&server(), &active, &observed(&[(Metric::FilesystemUtilization, "/", 0.1)]));
        assert_eq!(messages(&transitions), ["web-1: disk /mnt/usb is no longer mounted"]);
    }

    #[test]
    fn a_rule_that_is_switched_off_resolves_whatever_is_observed() {
        let mut quiet = server();
        quiet.thresholds.cpu = None;
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        let transitions = once(&quiet, &active, &observed(&[(Metric::CpuUtilization, "", 0.99)]));
        assert_eq!(messages(&transitions), ["web-1: the CPU alert was switched off"]);
    }

    #[test]
    fn a_family_that_is_switched_off_takes_its_rule_along() {
        let unread = Server { families_off: vec![Family::Cpu], ..server() };
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        let transitions = once(&unread, &active, &observed(&[(Metric::MemoryUtilization, "", 0.99)]));
        assert_eq!(messages(&transitions)[..1], ["web-1: memory at 99 % (threshold 95 %)"]);
        assert_eq!(messages(&transitions)[1..], ["web-1: the CPU alert was switched off"]);
    }

    #[test]
    fn a_higher_threshold_resolves_what_is_now_below() {
        let mut patient = server();
        patient.thresholds.cpu = Some(99.0);
        let active = [alert(7, RuleKind::Cpu, Attributes::none())];
        assert_eq!(once(&patient, &active, &observed(&[(Metric::CpuUtilization, "", 0.95)])).len(), 1);
    }

    #[test]
    fn alerts_of_other_servers_and_old_ones_do_not_count() {
        let mut other = alert(7, RuleKind::Cpu, Attributes::none());
        other.server = ServerId(2);
        let mut over = alert(8, RuleKind::Cpu, Attributes::none());
        over.state = AlertState::Resolved;
        assert_eq!(once(&server(), &[other, over], &observed(&[(Metric::CpuUtilization, "", 0.95)])).len(), 1);
    }

    #[test]
    fn unreachable_fires_once_and_resolves_once() {
        let fired = unreachable(&server(), &[], "connection refused").unwrap();
        assert_eq!(message(&fired), "web-1 cannot be reached: connection refused");
        let active = [alert(9, RuleKind::Unreachable, Attributes::none())];
        assert_eq!(unreachable(&server(), &active, "connection refused"), None);
        assert_eq!(once(&server(), &active, &observed(&[])), [], "an observation alone does not end it");
        let message = "web-1 can be reached again".to_owned();
        assert_eq!(reachable(&server(), &active), Some(Transition::Resolve { id: AlertId(9), message }));
        assert_eq!(reachable(&server(), &[]), None);
    }

    #[test]
    fn a_server_that_is_no_longer_watched_has_no_alerts() {
        let active = [alert(7, RuleKind::Cpu, Attributes::none()), alert(9, RuleKind::Unreachable, Attributes::none())];
        assert_eq!(no_longer_watched(&server(), &active).len(), 2);
    }

    /// How many transitions each reading of the CPU brings; they are `apart` seconds from each other.
    fn transitions(server: &Server, apart: i64, readings: &[f64]) -> Vec<usize> {
        let mut holding = Holding::default();
        let mut active = Vec::new();
        let mut counts = Vec::new();
        for (place, &value) in readings.iter().enumerate() {
            let mut observation = observed(&[(Metric::CpuUtilization, "", value)]);
            observation.at = UnixMillis(1_000_000 + i64::try_from(place).unwrap() * apart * 1000);
            let steps = step(server, &active, &mut holding, &observation);
            for transition in &steps {
                match transition {
                    Transition::Fire { .. } => active.push(alert(1, RuleKind::Cpu, Attributes::none())),
                    Transition::Resolve { .. } => active.clear(),
                }
            }
            counts.push(steps.len());
        }
        counts
    }

    #[test]
    fn a_short_burst_of_this_computer_is_no_alert() {
        let local = Server { target: Target::Local, interval: 2, ..server() };
        assert_eq!(transitions(&local, 2, &[0.99, 0.99, 0.1, 0.99, 0.99, 0.1]), [0; 6]);
        let mut long = vec![0.99; 17];
        long.extend([0.1, 0.99, 0.1]);
        let fired = transitions(&local, 2, &long);
        assert_eq!(fired.iter().position(|count| *count == 1), Some(15), "after 30 s above the threshold");
        assert_eq!(fired.iter().sum::<usize>(), 1, "and a dip of 2 s resolves nothing");
    }

    #[test]
    fn the_average_of_a_whole_interval_is_enough() {
        let server = Server { interval: 60, ..server() };
        assert_eq!(transitions(&server, 60, &[0.1, 0.99, 0.1, 0.99]), [0, 1, 1, 1]);
    }

    #[test]
    fn the_moment_of_a_first_reading_is_no_alert() {
        let server = Server { interval: 60, ..server() };
        assert_eq!(transitions(&server, 60, &[0.99, 0.99]), [0, 1]);
    }

    #[test]
    fn readings_every_two_seconds_of_a_server_somebody_looks_at_must_hold() {
        let server = Server { interval: 60, ..server() };
        let looked_at = transitions(&server, 2, &[0.1, 0.99, 0.1, 0.99, 0.1]);
        assert_eq!(looked_at, [0; 5]);
    }
}
