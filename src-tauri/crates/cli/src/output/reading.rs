//! What was read of a server, as a page of tables.

use hostrounds_core::format;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Facts, Observation, Point, Process, TopProcesses, Unavailable};
use hostrounds_engine::api::view::Latest;

use super::safe;
use super::style::Style;
use super::table::{Cell, Side, Table, Tone};

/// How many processes each list shows.
const PROCESSES: usize = 5;
/// From which share on a filesystem is set off as filling up, and as full.
const FILLING: [f64; 2] = [0.8, 0.9];

/// The values of one server.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    points: &'a [Point],
    processes: Option<&'a TopProcesses>,
    facts: Option<&'a Facts>,
    unavailable: &'a [Unavailable],
}

impl<'a> From<&'a Observation> for Reading<'a> {
    fn from(observation: &'a Observation) -> Self {
        Self {
            points: &observation.points,
            processes: observation.processes.as_ref(),
            facts: observation.facts.as_ref(),
            unavailable: &observation.unavailable,
        }
    }
}

impl<'a> From<&'a Latest> for Reading<'a> {
    fn from(latest: &'a Latest) -> Self {
        Self {
            points: &latest.points,
            processes: latest.processes.as_ref(),
            facts: latest.facts.as_ref(),
            unavailable: &latest.unavailable,
        }
    }
}

impl<'a> Reading<'a> {
    /// The page, line by line. What was not read is left out, never shown as 0.
    pub(crate) fn lines(self, style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.facts().map(|facts| style.faint(&safe(&facts))));
        let overview =
            [("CPU", self.cpu()), ("Load", self.load()), ("Memory", self.memory()), ("Swap", self.swap())].into_iter();
        let counts = [("Processes", self.process_counts()), ("File handles", self.file_handles())];
        let uptime = [("Uptime", self.shown(Metric::Uptime))];
        for (label, words) in overview.chain(counts).chain(uptime) {
            lines.extend(words.map(|words| format!("{}{words}", style.strong(&format!("{label:<14}")))));
        }
        for table in [self.filesystems(), self.network(), self.disks()] {
            section(&mut lines, &table, style);
        }
        if let Some(processes) = self.processes {
            section(&mut lines, &process_table("MOST CPU", &processes.by_cpu), style);
            section(&mut lines, &process_table("MOST MEMORY", &processes.by_memory), style);
        }
        for Unavailable { family, reason } in self.unavailable {
            lines.push(style.doubtful(&safe(&format!("{} not available: {reason}", family.label()))));
        }
        lines
    }

    fn facts(self) -> Option<String> {
        let Facts { hostname, os, kernel, architecture, cpu_model } = self.facts?;
        let known: Vec<&str> =
            [hostname, os, kernel, architecture, cpu_model].into_iter().flatten().map(String::as_str).collect();
        (!known.is_empty()).then(|| known.join(" · "))
    }

    fn cpu(self) -> Option<String> {
        let busy = self.shown(Metric::CpuUtilization)?;
        let modes: Vec<String> = self
            .of(Metric::CpuModeUtilization)
            .filter_map(|point| Some((point.series.attributes.get(attribute::CPU_MODE)?, point.value)))
            .filter(|(mode, share)| *mode != "idle" && *share >= 0.0005)
            .map(|(mode, share)| format!("{} {}", safe(mode), format::percent(share)))
            .collect();
        let count = self.value(Metric::CpuCount).map(|count| format!("of {} CPUs", format::number(count)));
        let modes = (!modes.is_empty()).then(|| format!("({})", modes.join(", ")));
        Some([Some(busy), count, modes].into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    fn load(self) -> Option<String> {
        let averages: Vec<String> = [Metric::Load1, Metric::Load5, Metric::Load15]
            .into_iter()
            .filter_map(|metric| self.value(metric))
            .map(|load| format!("{load:.2}"))
            .collect();
        (!averages.is_empty()).then(|| averages.join("  "))
    }

    fn memory(self) -> Option<String> {
        let share = self.shown(Metric::MemoryUtilization);
        let size = self.shown(Metric::MemoryLimit).map(|size| format!("of {size}"));
        let used = self
            .with(Metric::MemoryUsage, attribute::MEMORY_STATE, "used")
            .map(|used| format!("({} used)", format::bytes(used)));
        joined([share, size, used])
    }

    fn swap(self) -> Option<String> {
        let share = self.shown(Metric::PagingUtilization)?;
        let used = self
            .with(Metric::PagingUsage, attribute::PAGING_STATE, "used")
            .map(|used| format!("({} used)", format::bytes(used)));
        joined([Some(share), used, None])
    }

    fn process_counts(self) -> Option<String> {
        let states: Vec<(String, f64)> = self
            .of(Metric::ProcessCount)
            .filter_map(|point| Some((point.series.attributes.get(attribute::PROCESS_STATE)?.to_owned(), point.value)))
            .collect();
        if states.is_empty() {
            return None;
        }
        let all: f64 = states.iter().map(|(_, count)| count).sum();
        let shown: Vec<String> = states
            .iter()
            .filter(|(_, count)| *count > 0.0)
            .map(|(state, count)| format!("{} {}", format::number(*count), safe(state)))
            .collect();
        let threads = self.value(Metric::ThreadCount).map(|threads| format!("{} threads", format::number(threads)));
        joined([
            Some(format::number(all)),
            Some(format!("({})", shown.join(", "))),
            threads.map(|t| format!("with {t}")),
        ])
    }

    fn file_handles(self) -> Option<String> {
        let open = self.value(Metric::FileHandles).map(format::number)?;
        let limit = self.value(Metric::FileHandleLimit).map(|limit| format!("of {}", format::number(limit)));
        joined([Some(open), limit, None])
    }

    fn filesystems(self) -> Table {
        let mut table = Table::new(&[
            ("MOUNT", Side::Left),
            ("USED", Side::Right),
            ("SIZE", Side::Right),
            ("FREE", Side::Right),
            ("INODES", Side::Right),
            ("DEVICE", Side::Left),
        ]);
        for size in self.of(Metric::FilesystemLimit) {
            let here = &size.series.attributes;
            let share = self.exactly(Metric::FilesystemUtilization, here);
            let free = here.clone().with(attribute::FILESYSTEM_STATE, "free");
            table.row([
                here.get(attribute::MOUNTPOINT).unwrap_or("?").into(),
                Cell::toned(&share.map(format::percent).unwrap_or_default(), fullness(share)),
                format::bytes(size.value).into(),
                self.exactly(Metric::FilesystemUsage, &free).map(format::bytes).unwrap_or_default().into(),
                self.exactly(Metric::FilesystemInodesUtilization, here).map(format::percent).unwrap_or_default().into(),
                here.get(attribute::DEVICE).unwrap_or_default().into(),
            ]);
        }
        table
    }

    fn network(self) -> Table {
        let mut table = Table::new(&[("INTERFACE", Side::Left), ("RECEIVE", Side::Right), ("TRANSMIT", Side::Right)]);
        for name in self.parts(Metric::NetworkIo, attribute::INTERFACE) {
            let part = Attributes::none().with(attribute::INTERFACE, name);
            let flow = |direction| {
                self.exactly(Metric::NetworkIo, &part.clone().with(attribute::NETWORK_DIRECTION, direction))
            };
            table.row([name.into(), rate(flow("receive")), rate(flow("transmit"))]);
        }
        table
    }

    fn disks(self) -> Table {
        let mut table =
            Table::new(&[("DEVICE", Side::Left), ("READ", Side::Right), ("WRITE", Side::Right), ("BUSY", Side::Right)]);
        for name in self.parts(Metric::DiskIo, attribute::DEVICE) {
            let part = Attributes::none().with(attribute::DEVICE, name);
            let flow =
                |direction| self.exactly(Metric::DiskIo, &part.clone().with(attribute::DISK_DIRECTION, direction));
            let busy = self.exactly(Metric::DiskBusy, &part).map(format::percent).unwrap_or_default();
            table.row([name.into(), rate(flow("read")), rate(flow("write")), busy.into()]);
        }
        table
    }

    fn of(self, metric: Metric) -> impl Iterator<Item = &'a Point> {
        self.points.iter().filter(move |point| point.series.metric == metric)
    }

    /// The value of the series with exactly these attributes.
    fn exactly(self, metric: Metric, attributes: &Attributes) -> Option<f64> {
        self.of(metric).find(|point| &point.series.attributes == attributes).map(|point| point.value)
    }

    fn value(self, metric: Metric) -> Option<f64> {
        self.exactly(metric, &Attributes::none())
    }

    fn with(self, metric: Metric, name: &str, value: &str) -> Option<f64> {
        self.exactly(metric, &Attributes::none().with(name, value))
    }

    /// The value of a metric that has one series, in its unit.
    fn shown(self, metric: Metric) -> Option<String> {
        self.value(metric).map(|value| format::value(metric.info().unit, value))
    }

    /// The parts of a server that a metric tells apart, each once, in the order in which they were read.
    fn parts(self, metric: Metric, name: &str) -> Vec<&'a str> {
        let mut parts = Vec::new();
        for part in self.of(metric).filter_map(|point| point.series.attributes.get(name)) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }
}

fn section(lines: &mut Vec<String>, table: &Table, style: Style) {
    if !table.is_empty() {
        lines.push(String::new());
        lines.extend(table.lines(style));
    }
}

fn process_table(heading: &'static str, processes: &[Process]) -> Table {
    let mut table = Table::new(&[
        (heading, Side::Left),
        ("PID", Side::Right),
        ("USER", Side::Left),
        ("CPU", Side::Right),
        ("MEMORY", Side::Right),
        ("THREADS", Side::Right),
    ]);
    for process in processes.iter().take(PROCESSES) {
        table.row([
            process.name.as_str().into(),
            process.pid.to_string().into(),
            process.user.as_deref().unwrap_or_default().into(),
            process.cpu.map(format::percent).unwrap_or_default().into(),
            size(process.memory).into(),
            process.threads.map(|threads| threads.to_string()).unwrap_or_default().into(),
        ]);
    }
    table
}

/// Bytes as a fraction are exact enough for people: 2^53 bytes are 8 PiB.
fn size(bytes: u64) -> String {
    format::bytes(bytes as f64)
}

fn rate(bytes_per_second: Option<f64>) -> Cell {
    bytes_per_second.map(|rate| format!("{}/s", format::bytes(rate))).unwrap_or_default().into()
}

fn fullness(share: Option<f64>) -> Tone {
    let [filling, full] = FILLING;
    match share {
        Some(share) if share >= full => Tone::Bad,
        Some(share) if share >= filling => Tone::Doubtful,
        _ => Tone::Plain,
    }
}

fn joined(words: [Option<String>; 3]) -> Option<String> {
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
