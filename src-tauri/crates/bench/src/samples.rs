//! Samples to keep: made ones that behave like those of real servers, or those of a real machine out of its history.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::Store;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::runtime::Runtime;

/// A moment in 2026.
pub(crate) const BEGIN: UnixMillis = UnixMillis(1_780_000_000_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

const GIB: f64 = (1_u64 << 30) as f64;
const PAGE: f64 = 4096.0;

/// A server that lives: its load follows the day, its memory wanders, its disk fills.
pub(crate) struct MadeServer {
    random: StdRng,
    cores: f64,
    base: f64,
    load: [f64; 3],
    memory: f64,
    cached: f64,
    disk: f64,
    threads: f64,
    network: f64,
}

/// How many series each of them has.
pub(crate) const MADE_SERIES: usize = 20;

impl MadeServer {
    pub(crate) fn new(number: usize) -> Self {
        let mut random = StdRng::seed_from_u64(number as u64);
        let base = random.random_range(0.01..0.5);
        Self {
            cores: f64::from(1_u32 << random.random_range(1..5)),
            base,
            load: [base; 3],
            memory: random.random_range(1.0..12.0) * GIB,
            cached: random.random_range(0.5..3.0) * GIB,
            disk: random.random_range(5.0..80.0) * GIB,
            threads: f64::from(random.random_range(150..900)),
            network: random.random_range(1e3..1e6),
            random,
        }
    }

    /// What it yields at a moment, a minute after the one before.
    pub(crate) fn next(&mut self, at: UnixMillis) -> Observation {
        let day = (at.0 % 86_400_000) as f64 / 86_400_000.0 * std::f64::consts::TAU;
        let noise = self.random.random_range(-0.05..0.05);
        let burst = if self.random.random_bool(0.02) { self.random.random_range(0.0..0.5) } else { 0.0 };
        let cpu = (self.base * (1.0 + 0.5 * day.sin()) + noise * self.base + burst).clamp(0.0, 1.0);
        for (load, minutes) in self.load.iter_mut().zip([1.0, 5.0, 15.0]) {
            *load += (cpu * self.cores - *load) * (1.0 - f64::exp(-1.0 / minutes));
        }
        let mut wander = |value: f64, step: f64, most: f64| {
            let by: f64 = self.random.random_range(-step..step);
            ((value + by) / PAGE).round().clamp(1.0, most / PAGE) * PAGE
        };
        self.memory = wander(self.memory, 4e6, 15.0 * GIB);
        self.cached = wander(self.cached, 2e6, 4.0 * GIB);
        self.disk = wander(self.disk + 3e5, 2e5, 95.0 * GIB);
        self.threads = (self.threads + f64::from(self.random.random_range(-2..=2))).max(50.0);
        let traffic = self.network * (1.0 + 0.5 * day.sin()) * self.random.random_range(0.7..1.4);
        let written = if self.random.random_bool(0.7) { self.random.random_range(1e3..2e6) } else { 0.0 };
        let read = if self.random.random_bool(0.1) { self.random.random_range(4e3..5e6) } else { 0.0 };

        let none = Attributes::none;
        let of = |name: &str, value: &str| Attributes::none().with(name, value);
        let disk = |direction: &str| of(attribute::DEVICE, "sda").with(attribute::DISK_DIRECTION, direction);
        let network = |direction: &str| of(attribute::INTERFACE, "eth0").with(attribute::NETWORK_DIRECTION, direction);
        let mount = || of(attribute::MOUNTPOINT, "/").with(attribute::DEVICE, "/dev/sda1");
        let values = [
            (Metric::CpuUtilization, none(), cpu),
            (Metric::Load1, none(), rounded(self.load[0])),
            (Metric::Load5, none(), rounded(self.load[1])),
            (Metric::Load15, none(), rounded(self.load[2])),
            (Metric::MemoryUtilization, none(), self.memory / (16.0 * GIB)),
            (Metric::MemoryUsage, of(attribute::MEMORY_STATE, "used"), self.memory),
            (Metric::MemoryUsage, of(attribute::MEMORY_STATE, "cached"), self.cached),
            (Metric::PagingUtilization, none(), 0.0),
            (Metric::FilesystemUtilization, mount(), self.disk / (100.0 * GIB)),
            (Metric::FilesystemUsage, mount().with(attribute::FILESYSTEM_STATE, "used"), self.disk),
            (Metric::DiskIo, disk("read"), read),
            (Metric::DiskIo, disk("write"), written),
            (Metric::DiskOperations, disk("read"), (read / 16_384.0 * 60.0).round() / 60.0),
            (Metric::DiskOperations, disk("write"), (written / 16_384.0 * 60.0).round() / 60.0),
            (Metric::NetworkIo, network("receive"), traffic),
            (Metric::NetworkIo, network("transmit"), traffic * 0.4),
            (Metric::NetworkPackets, network("receive"), (traffic / 800.0 * 60.0).round() / 60.0),
            (Metric::NetworkPackets, network("transmit"), (traffic / 900.0 * 60.0).round() / 60.0),
            (Metric::ThreadCount, none(), self.threads),
            (Metric::ProcessCount, of(attribute::PROCESS_STATE, "running"), f64::from(self.random.random_range(1..4))),
        ];
        let points = values.into_iter().filter_map(|(metric, attributes, value)| Point::new(metric, attributes, value));
        // Visits come a little late, each by another while.
        let late = self.random.random_range(0..250);
        Observation { points: points.collect(), ..Observation::empty(UnixMillis(at.0 + late)) }
    }
}

/// The kernel gives load averages with two decimals.
fn rounded(load: f64) -> f64 {
    (load * 100.0).round() / 100.0
}

/// A day of this many servers, minute by minute: all observations of one minute at a time.
pub(crate) fn made(servers: usize, minutes: u32) -> impl Iterator<Item = Vec<Observation>> {
    let mut all: Vec<MadeServer> = (0..servers).map(MadeServer::new).collect();
    (0..minutes).map(move |minute| {
        let at = BEGIN.plus(MINUTE * minute);
        all.iter_mut().map(|server| server.next(at)).collect()
    })
}

/// Everything that a history holds of this computer, collection by collection. The file is only copied.
pub(crate) fn captured(runtime: &Runtime, file: &Path) -> Result<Vec<Observation>> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("captured.db");
    std::fs::copy(file, &copy).with_context(|| file.display().to_string())?;
    let log = Path::new(&format!("{}-wal", file.display())).to_owned();
    if log.exists() {
        std::fs::copy(&log, format!("{}-wal", copy.display()))?;
    }
    let mut collections: BTreeMap<UnixMillis, Vec<Point>> = BTreeMap::new();
    runtime.block_on(async {
        let store = Store::open(&copy).await?;
        for &metric in Metric::ALL {
            let query = HistoryQuery {
                server: ServerId::LOCAL,
                metric,
                attributes: Attributes::none(),
                from: UnixMillis(0),
                to: UnixMillis(i64::MAX),
                max_points: 100_000,
            };
            for series in store.range(&query).await? {
                for bucket in series.buckets {
                    ensure!(bucket.count == 1, "the history is too long: give one of at most 100,000 collections");
                    // What was kept before values had the decimals of their unit gets them here, as it would be kept now.
                    let point = Point::new(metric, series.attributes.clone(), bucket.avg);
                    collections.entry(bucket.start).or_default().extend(point);
                }
            }
        }
        store.close().await;
        Ok(())
    })?;
    let observation = |(at, points)| Observation { points, ..Observation::empty(at) };
    Ok(collections.into_iter().map(observation).collect())
}
