//! The routine families on systems other than Linux, as far as `sysinfo` tells them. What it does not tell is named as
//! unavailable.

use std::collections::BTreeMap;
use std::time::Instant;

use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point, real};
use hostrounds_core::probe::{Family, load, uptime};
use hostrounds_core::{rate, text};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, Networks, System};

/// The counters of the latest reading.
#[derive(Debug)]
pub(crate) struct Portable {
    system: Option<System>,
    networks: Option<Networks>,
    before: Option<(Instant, Interfaces)>,
}

/// By interface, received and sent: bytes, packets, errors.
type Interfaces = BTreeMap<String, [[u64; 3]; 2]>;

impl Portable {
    pub(crate) fn new() -> Self {
        Self { system: System::new().ok(), networks: Networks::new().ok(), before: None }
    }

    pub(crate) fn needs_second_reading(&self) -> bool {
        self.before.is_none()
    }

    /// Adds `families`. The counters of the network are always read: with them, another reading is known to be a second one.
    pub(crate) fn read(&mut self, families: &[Family], observation: &mut Observation) {
        let wanted = |family: Family| families.contains(&family);
        match &mut self.system {
            Some(system) => {
                if wanted(Family::Cpu) {
                    cpu(system, self.before.is_some(), &mut observation.points);
                }
                if wanted(Family::Memory) {
                    memory(system, &mut observation.points);
                }
            }
            None => {
                for family in [Family::Cpu, Family::Memory].into_iter().filter(|family| wanted(*family)) {
                    crate::miss(observation, family, "This system does not tell it.");
                }
            }
        }
        if wanted(Family::Load) {
            match System::load_average() {
                Ok(average) => load::points([average.one, average.five, average.fifteen], &mut observation.points),
                Err(error) => crate::miss(observation, Family::Load, format!("There is no load average: {error}.")),
            }
        }
        if wanted(Family::Uptime) {
            match System::uptime() {
                Ok(seconds) => uptime::points(seconds as f64, &mut observation.points),
                Err(error) => crate::miss(observation, Family::Uptime, format!("The uptime cannot be read: {error}.")),
            }
        }
        self.network(wanted(Family::Network), observation);
        for family in
            [Family::DiskIo, Family::FileHandles, Family::Pressure].into_iter().filter(|family| wanted(*family))
        {
            crate::miss(observation, family, "Not read on this operating system yet.");
        }
    }

    fn network(&mut self, wanted: bool, observation: &mut Observation) {
        let now = Instant::now();
        let mut interfaces = Interfaces::new();
        match &mut self.networks {
            Some(networks) => {
                networks.refresh(true);
                interfaces.extend(networks.iter().map(|(name, data)| {
                    let received =
                        [data.total_received(), data.total_packets_received(), data.total_errors_on_received()];
                    let sent = [
                        data.total_transmitted(),
                        data.total_packets_transmitted(),
                        data.total_errors_on_transmitted(),
                    ];
                    (text::name(&name.to_string_lossy()), [received, sent])
                }));
            }
            None if wanted => crate::miss(observation, Family::Network, "This system does not tell it."),
            None => {}
        }
        if let (Some((then, before)), true) = (&self.before, wanted) {
            let elapsed = now.duration_since(*then).as_secs_f64();
            if elapsed >= rate::MIN_ELAPSED {
                network_points(before, &interfaces, elapsed, &mut observation.points);
            }
        }
        self.before = Some((now, interfaces));
    }
}

fn cpu(system: &mut System, is_second: bool, points: &mut Vec<Point>) {
    system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
    if let Ok(count @ 1..) = u32::try_from(system.cpus().len()) {
        points.extend(Point::new(Metric::CpuCount, Attributes::none(), f64::from(count)));
    }
    if !is_second {
        return;
    }
    let ratio = |percent: f32| f64::from(percent / 100.0).min(1.0);
    points.extend(Point::new(Metric::CpuUtilization, Attributes::none(), ratio(system.global_cpu_usage())));
    for (number, cpu) in system.cpus().iter().enumerate() {
        let attributes = Attributes::none().with(attribute::CPU_NUMBER, number.to_string());
        points.extend(Point::new(Metric::CpuCoreUtilization, attributes, ratio(cpu.usage())));
    }
}

fn memory(system: &mut System, points: &mut Vec<Point>) {
    system.refresh_memory_specifics(MemoryRefreshKind::everything());
    let (total, available) = (system.total_memory(), system.available_memory());
    let used = total.checked_sub(available);
    let states = [("used", used), ("free", Some(system.free_memory())), ("available", Some(available))];
    for (state, bytes) in states {
        let attributes = Attributes::none().with(attribute::MEMORY_STATE, state);
        points.extend(bytes.and_then(|bytes| Point::new(Metric::MemoryUsage, attributes, real(bytes))));
    }
    points.extend(Point::new(Metric::MemoryLimit, Attributes::none(), real(total)));
    points.extend(used.and_then(|used| share(Metric::MemoryUtilization, used, total)));

    let (total, free) = (system.total_swap(), system.free_swap());
    let Some(used) = total.checked_sub(free) else { return };
    for (state, bytes) in [("used", used), ("free", free)] {
        let attributes = Attributes::none().with(attribute::PAGING_STATE, state);
        points.extend(Point::new(Metric::PagingUsage, attributes, real(bytes)));
    }
    points.extend(share(Metric::PagingUtilization, used, total));
}

fn network_points(before: &Interfaces, now: &Interfaces, elapsed: f64, points: &mut Vec<Point>) {
    for (name, now) in now {
        let Some(before) = before.get(name) else { continue };
        for ((direction, before), now) in ["receive", "transmit"].into_iter().zip(before).zip(now) {
            let metrics = [Metric::NetworkIo, Metric::NetworkPackets, Metric::NetworkErrors];
            for ((metric, before), now) in metrics.into_iter().zip(before).zip(now) {
                let attributes =
                    Attributes::none().with(attribute::INTERFACE, name).with(attribute::NETWORK_DIRECTION, direction);
                let rate = rate::per_second(*before, *now, elapsed);
                points.extend(rate.and_then(|rate| Point::new(metric, attributes, rate)));
            }
        }
    }
}

fn share(metric: Metric, part: u64, whole: u64) -> Option<Point> {
    (whole > 0).then(|| Point::new(metric, Attributes::none(), real(part) / real(whole)))?
}

#[cfg(test)]
mod tests {
    use hostrounds_core::time::UnixMillis;

    use super::*;

    /// The Linux path is the other module; this one runs everywhere, so it is tried here too.
    #[test]
    fn what_sysinfo_tells_becomes_points() {
        let mut portable = Portable::new();
        let mut first = Observation::empty(UnixMillis(0));
        portable.read(Family::ALL, &mut first);
        assert_eq!(first.of(Metric::CpuUtilization).count(), 0, "one reading gives no rate");
        assert!(!portable.needs_second_reading());

        let missing: Vec<Family> = first.unavailable.iter().map(|unavailable| unavailable.family).collect();
        assert_eq!(missing, [Family::DiskIo, Family::FileHandles, Family::Pressure]);
        for metric in [Metric::CpuCount, Metric::Load1, Metric::MemoryUtilization, Metric::Uptime] {
            assert_eq!(first.of(metric).count(), 1, "{metric}");
        }

        let mut second = Observation::empty(UnixMillis(0));
        portable.read(&[Family::Load], &mut second);
        assert!(second.points.iter().all(|point| point.series.metric.info().family == Family::Load));
        assert_eq!(second.unavailable, []);
    }

    #[test]
    fn interfaces_give_rates_and_a_counter_that_went_backwards_gives_none() {
        let reading = |received| Interfaces::from([("en0".to_owned(), [[received, 10, 0], [50, 5, 0]])]);
        let mut points = Vec::new();
        network_points(&reading(1_000), &reading(3_000), 2.0, &mut points);
        assert_eq!((points.len(), points[0].value), (6, 1_000.0));

        points.clear();
        network_points(&reading(3_000), &reading(1_000), 2.0, &mut points);
        assert_eq!(points.len(), 5);
    }
}
