//! From an observation to what changes about the alerts of a server.
//!
//! Pure: the alerts that are firing go in, the changes come out; who keeps, logs and notifies is somebody else. A condition
//! that was not observed changes nothing, because unknown is neither down nor OK.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::rule::{Rule, rules};
use crate::alert::{Alert, AlertId, AlertState, RuleKind};
use crate::forecast::Forecast;
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

/// How long the history of a filesystem must have told nothing before its alert ends.
const NO_FORECAST: Duration = Duration::from_secs(6 * 3600);

/// What is remembered of a server from one observation to the next, so that an alert does not come and go with every reading
/// of two seconds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Holding {
    /// When the CPU was last read.
    read_at: Option<UnixMillis>,
    /// Since when it has been on the other side of its threshold than its alert says.
    since: Option<UnixMillis>,
    /// Since when there is no forecast for a filesystem whose alert fires.
    no_forecast: BTreeMap<AlertId, UnixMillis>,
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

    /// Whether filesystems were looked at for long enough without a forecast for that of `alert`. One that is in doubt for an
    /// hour changes nothing.
    fn has_no_forecast(&mut self, alert: &Alert, observation: &Observation) -> bool {
        let Some(forecasts) = &observation.tables.forecasts else { return false };
        let mount = alert.attributes.get(attribute::MOUNTPOINT);
        if forecasts.iter().any(|it| Some(it.mountpoint.as_str()) == mount) {
            self.no_forecast.remove(&alert.id);
            return false;
        }
        let since = *self.no_forecast.entry(alert.id).or_insert(observation.at);
        let is_over = observation.at.since(since) >= NO_FORECAST;
        if is_over {
            self.no_forecast.remove(&alert.id);
        }
        is_over
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
            let fires = rule.fires(value, alert.is_some());
            if rule.kind == RuleKind::Cpu && !holding.has_held(server, observation.at, fires != alert.is_some()) {
                continue;
            }
            match (fires, alert) {
                (true, None) => {
                    let message = message(server, rule, &attributes, value, observation, Turn::Begins);
                    let (threshold, value) = (Some(rule.threshold), Some(value));
                    transitions.push(Transition::Fire { rule: rule.kind, attributes, threshold, value, message });
                }
                (false, Some(alert)) => {
                    let message = message(server, rule, &attributes, value, observation, Turn::Ends);
                    transitions.push(resolve(alert, message));
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
    }

    for alert in firing {
        if alert.rule == RuleKind::Unreachable {
            continue;
        }
        let mount = alert.attributes.get(attribute::MOUNTPOINT);
        let over = match (rules.iter().find(|rule| rule.kind == alert.rule), mount) {
            (None, _) => format!("the {} alert was switched off", noun(alert.rule)),
            (Some(_), Some(mount)) if is_unmounted(mount, observation) => format!("disk {mount} is no longer mounted"),
            (Some(rule), Some(mount))
                if rule.kind == RuleKind::DiskFullIn && holding.has_no_forecast(alert, observation) =>
            {
                format!("disk {mount} does not fill up any more")
            }
            (Some(_), _) => continue,
        };
        transitions.push(resolve(alert, format!("{}: {over}", server.name)));
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
        let attributes = match point.series.attributes.get(attribute::MOUNTPOINT) {
            Some(mount) => Attributes::none().with(attribute::MOUNTPOINT, mount),
            None => point.series.attributes.clone(),
        };
        let worst = readings.entry(attributes).or_insert(point.value);
        *worst = rule.worse(point.value, *worst);
    }
    readings
}

/// Whether filesystems were read, and this one was not among them.
fn is_unmounted(mount: &str, observation: &Observation) -> bool {
    let failed = observation.unavailable.iter().any(|unavailable| unavailable.family == Family::Filesystems);
    let mut read = observation
        .of(Metric::FilesystemUtilization)
        .map(|point| point.series.attributes.get(attribute::MOUNTPOINT) == Some(mount))
        .peekable();
    !failed && read.peek().is_some() && !read.any(|is_it| is_it)
}

fn resolve(alert: &Alert, message: String) -> Transition {
    Transition::Resolve { id: alert.id, message }
}

/// Whether an alert begins or ends.
#[derive(Clone, Copy)]
enum Turn {
    Begins,
    Ends,
}

/// Such as `web-1: disk /var at 91 % (threshold 90 %)`, or `web-1: disk /var will be full in about 2 days (1.5 to 3)`.
fn message(
    server: &Server,
    rule: &Rule,
    attributes: &Attributes,
    value: f64,
    observation: &Observation,
    turn: Turn,
) -> String {
    let mount = attributes.get(attribute::MOUNTPOINT);
    let place = mount.map(|mount| format!(" {mount}")).unwrap_or_default();
    let what = match (rule.kind, turn) {
        (RuleKind::DiskFullIn, turn) => {
            let mut known = observation.tables.forecasts.iter().flatten();
            let known = known.find(|it| Some(it.mountpoint.as_str()) == mount && it.forecast.full_in == value);
            let exactly = Forecast { full_in: value, earliest: value, latest: value };
            let verb = if matches!(turn, Turn::Begins) { "will be full in" } else { "has more time again: full in" };
            let when = format::forecast(&known.map_or(exactly, |it| it.forecast));
            format!("disk{place} {verb} {when}, threshold {}", format::days(rule.threshold))
        }
        (kind, turn) => {
            let verb = if matches!(turn, Turn::Begins) { "at" } else { "back at" };
            let shown = format::percent_beside(value, rule.threshold);
            format!("{}{place} {verb} {shown} (threshold {})", noun(kind), format::threshold_text(rule.threshold))
        }
    };
    format!("{}: {what}", server.name)
}

fn noun(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Cpu => "CPU",
        RuleKind::Memory => "memory",
        RuleKind::Disk => "disk",
        RuleKind::DiskFullIn => "disk forecast",
        RuleKind::Unreachable => "reachability",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step of a server that was read one interval ago.
    fn once(server: &Server, active: &[Alert], observation: &Observation) -> Vec<Transition> {
        let interval = Duration::from_secs(u64::from(server.interval));
        let mut holding = Holding { read_at: Some(observation.at.minus(interval)), ..Holding::default() };
        step(server, active, &mut holding, observation)
    }

    use crate::forecast::{self, FilesystemForecast};
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
            thresholds: Thresholds { cpu: Some(90.0), memory: Some(95.0), disk: Some(90.0), disk_full_in: Some(3.0) },
            environment: None,
            tags: vec![],
            created_at: UnixMillis(0),
        }
    }

    fn observed(points: &[(Metric, &str, f64)]) -> Observation {
        let mut observation = Observation::empty(UnixMillis(0));
        for &(metric, mount, value) in points {
            let attributes = match metric {
                Metric::FilesystemUtilization => device(mount),
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

    const HOUR: i64 = 3_600_000;
    /// In seconds.
    const DAY: f64 = 86_400.0;

    /// The filesystem at `/var` is read after so many hours; it will be full in so many days, or nobody can tell.
    fn foreseen(hours: i64, days: Option<f64>) -> Observation {
        let mut observation = observed(&[(Metric::FilesystemUtilization, "/var", 0.7)]);
        observation.at = UnixMillis(hours * HOUR);
        observation.points.extend(Point::new(Metric::FilesystemLimit, device("/var"), 1e9));
        let of = |days: f64| FilesystemForecast {
            mountpoint: "/var".into(),
            device: "/dev/sda1".into(),
            forecast: Forecast { full_in: days * DAY, earliest: days * 0.75 * DAY, latest: days * 1.5 * DAY },
        };
        forecast::add(&mut observation, days.map(of).into_iter().collect());
        observation
    }

    fn device(mount: &str) -> Attributes {
        disk(mount).with(attribute::DEVICE, "/dev/sda1")
    }

    #[test]
    fn a_disk_that_fills_up_fires_below_its_threshold_and_with_its_range() {
        assert_eq!(once(&server(), &[], &foreseen(0, Some(3.1))), []);
        let transitions = once(&server(), &[], &foreseen(0, Some(2.0)));
        assert_eq!(
            messages(&transitions),
            ["web-1: disk /var will be full in about 2 days (1.5 to 3), threshold 3 days"]
        );
        assert!(
            matches!(&transitions[..], [Transition::Fire { rule: RuleKind::DiskFullIn, attributes, threshold, value, .. }]
            if *attributes == disk("/var") && *threshold == Some(259_200.0) && *value == Some(172_800.0))
        );
    }

    #[test]
    fn it_ends_when_there_is_clearly_more_time() {
        let active = [alert(7, RuleKind::DiskFullIn, disk("/var"))];
        assert_eq!(once(&server(), &active, &foreseen(0, Some(4.0))), []);
        let transitions = once(&server(), &active, &foreseen(0, Some(20.0)));
        assert_eq!(
            messages(&transitions),
            ["web-1: disk /var has more time again: full in about 20 days (15 to 30), threshold 3 days"]
        );
    }

    #[test]
    fn a_forecast_that_is_in_doubt_for_a_while_changes_nothing() {
        let active = [alert(7, RuleKind::DiskFullIn, disk("/var"))];
        let mut holding = Holding::default();
        let mut after = |observation: &Observation| messages_of(&step(&server(), &active, &mut holding, observation));
        assert_eq!(after(&foreseen(0, None)), [""; 0]);
        assert_eq!(after(&foreseen(5, None)), [""; 0]);
        assert_eq!(after(&foreseen(6, Some(2.5))), [""; 0]);
        assert_eq!(after(&foreseen(7, None)), [""; 0], "it begins anew");
        assert_eq!(after(&observed(&[(Metric::FilesystemUtilization, "/var", 0.7)])), [""; 0], "nobody has looked");
        assert_eq!(after(&foreseen(13, None)), ["web-1: disk /var does not fill up any more"]);
    }

    #[test]
    fn a_filesystem_that_is_gone_fills_up_no_more() {
        let active = [alert(7, RuleKind::DiskFullIn, disk("/srv"))];
        let transitions = once(&server(), &active, &foreseen(0, Some(2.0)));
        assert_eq!(messages(&transitions)[1..], ["web-1: disk /srv is no longer mounted"]);
    }

    fn messages_of(transitions: &[Transition]) -> Vec<String> {
        messages(transitions).into_iter().map(str::to_owned).collect()
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
