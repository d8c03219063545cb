//! What was read of a server, as a page of tables.

use hostrounds_core::format;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{
    Attributes, Container, Facts, Observation, Point, Process, Tables, TopProcesses, Unavailable, real,
};
use hostrounds_engine::api::view::Latest;

use super::safe;
use super::style::Style;
use super::table::{Cell, Side, Table, Tone};

/// How many processes each list shows.
const PROCESSES: usize = 5;
/// How many names a line shows before it only counts the rest.
const NAMES: usize = 5;
/// How many containers are shown.
const CONTAINERS: usize = 20;
/// From which share on a filesystem is set off as filling up, and as full.
const FILLING: [f64; 2] = [0.8, 0.9];

/// The values of one server.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    points: &'a [Point],
    processes: Option<&'a TopProcesses>,
    facts: Option<&'a Facts>,
    tables: &'a Tables,
    unavailable: &'a [Unavailable],
}

impl<'a> From<&'a Observation> for Reading<'a> {
    fn from(observation: &'a Observation) -> Self {
        Self {
            points: &observation.points,
            processes: observation.processes.as_ref(),
            facts: observation.facts.as_ref(),
            tables: &observation.tables,
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
            tables: &latest.tables,
            unavailable: &latest.unavailable,
        }
    }
}

impl<'a> Reading<'a> {
    /// The page, line by line. What was not read is left out, never shown as 0.
    pub(crate) fn lines(self, style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.facts().map(|facts| style.faint(&safe(&facts))));
        let overview = [
            ("CPU", self.cpu()),
            ("Load", self.load()),
            ("Memory", self.memory()),
            ("Swap", self.swap()),
            ("Pressure", self.pressure()),
            ("Processes", self.process_counts()),
            ("File handles", self.file_handles()),
            ("TCP", self.tcp()),
            ("Temperatures", self.temperatures()),
            ("GPUs", self.gpus()),
            ("Batteries", self.batteries()),
            ("Users", self.users()),
            ("Failed units", self.failed_units()),
            ("Updates", self.updates()),
            ("Reboot", self.reboot()),
            ("Uptime", self.shown(Metric::Uptime)),
        ];
        for (label, words) in overview {
            lines.extend(words.map(|words| format!("{}{words}", style.strong(&format!("{label:<14}")))));
        }
        for table in [self.filesystems(), self.network(), self.disks()] {
            section(&mut lines, &table, style);
        }
        if let Some(containers) = &self.tables.containers {
            section(&mut lines, &container_table(containers), style);
        }
        if let Some(processes) = self.processes {
            section(&mut lines, &process_table("MOST CPU", &processes.by_cpu), style);
            section(&mut lines, &process_table("MOST MEMORY", &processes.by_memory), style);
        }
        for Unavailable { family, reason, partial } in self.unavailable {
            let how = if *partial { "not complete" } else { "not available" };
            lines.push(style.doubtful(&safe(&format!("{} {how}: {reason}", family.label()))));
        }
        lines
    }

    fn facts(self) -> Option<String> {
        let facts = self.facts?;
        let Facts { hostname, os, kernel, architecture, cpu_model, clock_skew: _ } = facts;
        let clock = facts.clock();
        let known = [hostname, os, kernel, architecture, cpu_model, &clock];
        let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
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

    /// What tasks wait for; where all of them did, that too.
    fn pressure(self) -> Option<String> {
        let kind = |resource: &str, kind: &str| {
            let attributes =
                Attributes::none().with(attribute::RESOURCE, resource).with(attribute::PRESSURE_KIND, kind);
            self.exactly(Metric::Pressure, &attributes)
        };
        let words = self.parts(Metric::Pressure, attribute::RESOURCE).into_iter().filter_map(|resource| {
            let full = kind(resource, "full").filter(|full| *full >= 0.0005);
            let full = full.map(|full| format!(" ({} full)", format::percent(full))).unwrap_or_default();
            Some(format!("{} {}{full}", safe(resource), format::percent(kind(resource, "some")?)))
        });
        listed(words)
    }

    fn tcp(self) -> Option<String> {
        let states = self.of(Metric::TcpConnections).filter(|point| point.value > 0.0);
        listed(states.filter_map(|point| {
            let state = point.series.attributes.get(attribute::CONNECTION_STATE)?;
            Some(format!("{} {}", format::number(point.value), safe(state)))
        }))
    }

    fn temperatures(self) -> Option<String> {
        let mut sensors: Vec<(&str, f64)> = self
            .of(Metric::Temperature)
            .filter_map(|point| Some((point.series.attributes.get(attribute::SENSOR)?, point.value)))
            .collect();
        sensors.sort_by(|one, other| other.1.total_cmp(&one.1));
        let unit = Metric::Temperature.info().unit;
        some_of(sensors.into_iter().map(|(sensor, value)| format!("{} {}", safe(sensor), format::value(unit, value))))
    }

    fn gpus(self) -> Option<String> {
        listed(self.parts(Metric::GpuUtilization, attribute::GPU).into_iter().map(|gpu| {
            let value = |metric: Metric| {
                self.with(metric, attribute::GPU, gpu).map(|value| format::value(metric.info().unit, value))
            };
            let used = value(Metric::GpuMemoryUsage).map(|used| {
                let limit = value(Metric::GpuMemoryLimit).map(|limit| format!(" of {limit}")).unwrap_or_default();
                format!("({used}{limit})")
            });
            let words = [Some(safe(gpu)), value(Metric::GpuUtilization), used, value(Metric::GpuTemperature)];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }))
    }

    fn batteries(self) -> Option<String> {
        listed(self.of(Metric::BatteryCharge).filter_map(|point| {
            let battery = point.series.attributes.get(attribute::BATTERY)?;
            let drained = self.with(Metric::BatteryDischarging, attribute::BATTERY, battery) == Some(1.0);
            Some(format!(
                "{} {}{}",
                safe(battery),
                format::percent(point.value),
                if drained { ", discharging" } else { "" }
            ))
        }))
    }

    fn users(self) -> Option<String> {
        let count = format::number(self.value(Metric::UserSessions)?);
        let sessions = self.tables.users.iter().flatten().map(|session| {
            let from = session.from.as_ref().map(|from| format!(" from {}", safe(from))).unwrap_or_default();
            format!("{} on {}{from}", safe(&session.user), safe(&session.terminal))
        });
        Some(with_names(count, some_of(sessions)))
    }

    fn failed_units(self) -> Option<String> {
        let count = format::number(self.value(Metric::UnitsFailed)?);
        let units = self.tables.units.iter().flatten();
        Some(with_names(count, some_of(units.map(|unit| safe(&unit.name)))))
    }

    fn updates(self) -> Option<String> {
        let of_kind = |kind| self.with(Metric::UpdatesPending, attribute::UPDATE_KIND, kind).map(format::number);
        let all = of_kind("all")?;
        let security = of_kind("security").map(|count| format!(", {count} of them for security")).unwrap_or_default();
        let updates = self.tables.updates.iter().flatten();
        Some(with_names(format!("{all} pending{security}"), some_of(updates.map(|update| safe(&update.name)))))
    }

    fn reboot(self) -> Option<String> {
        if self.value(Metric::RebootRequired)? == 0.0 {
            return Some("not required".to_owned());
        }
        let reasons = self.tables.reboot.iter().flatten().map(|reason| safe(reason));
        Some(with_names("required".to_owned(), some_of(reasons)))
    }

    fn filesystems(self) -> Table {
        let mut table = Table::new(&[
            ("MOUNT", Side::Left),
            ("USED", Side::Right),
            ("SIZE", Side::Right),
            ("FREE", Side::Right),
            ("INODES", Side::Right),
            ("FULL IN", Side::Left),
            ("DEVICE", Side::Left),
        ]);
        let forecasts = self.tables.forecasts.as_deref().unwrap_or_default();
        for size in self.of(Metric::FilesystemLimit) {
            let here = &size.series.attributes;
            let share = self.exactly(Metric::FilesystemUtilization, here);
            let free = here.clone().with(attribute::FILESYSTEM_STATE, "free");
            let forecast = forecasts.iter().find(|it| it.attributes() == *here);
            table.row([
                here.get(attribute::MOUNTPOINT).unwrap_or("?").into(),
                Cell::toned(&share.map(format::percent).unwrap_or_default(), fullness(share)),
                format::bytes(size.value).into(),
                self.exactly(Metric::FilesystemUsage, &free).map(format::bytes).unwrap_or_default().into(),
                self.exactly(Metric::FilesystemInodesUtilization, here).map(format::percent).unwrap_or_default().into(),
                forecast.map(|it| format::forecast(&it.forecast)).unwrap_or_default().into(),
                here.get(attribute::DEVICE).unwrap_or_default().into(),
            ]);
        }
        table.without_empty_columns()
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
        ("READ", Side::Right),
        ("WRITE", Side::Right),
        ("HANDLES", Side::Right),
    ]);
    for process in processes.iter().take(PROCESSES) {
        let count = |count: Option<u32>| Cell::from(count.map(|count| count.to_string()).unwrap_or_default());
        table.row([
            process.name.as_str().into(),
            process.pid.to_string().into(),
            process.user.as_deref().unwrap_or_default().into(),
            process.cpu.map(format::percent).unwrap_or_default().into(),
            format::bytes(real(process.memory)).into(),
            count(process.threads),
            rate(process.disk_read),
            rate(process.disk_written),
            count(process.handles),
        ]);
    }
    table.without_empty_columns()
}

fn container_table(containers: &[Container]) -> Table {
    let mut table = Table::new(&[
        ("CONTAINER", Side::Left),
        ("STATE", Side::Left),
        ("CPU", Side::Right),
        ("MEMORY", Side::Right),
        ("IMAGE", Side::Left),
        ("STATUS", Side::Left),
        ("ENGINE", Side::Left),
    ]);
    for container in containers.iter().take(CONTAINERS) {
        let tone = if container.state == "running" { Tone::Good } else { Tone::Doubtful };
        table.row([
            container.name.as_str().into(),
            Cell::toned(&container.state, tone),
            container.cpu.map(format::percent).unwrap_or_default().into(),
            container.memory.map(|memory| format::bytes(real(memory))).unwrap_or_default().into(),
            container.image.as_str().into(),
            container.status.as_str().into(),
            container.engine.as_str().into(),
        ]);
    }
    table.without_empty_columns()
}

/// All words in one line; nothing where there are none.
fn listed(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The first words in one line, the rest counted.
fn some_of(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.collect();
    let rest = words.len().saturating_sub(NAMES);
    let shown = listed(words.into_iter().take(NAMES))?;
    Some(if rest > 0 { format!("{shown} and {rest} more") } else { shown })
}

fn with_names(count: String, names: Option<String>) -> String {
    names.map_or_else(|| count.clone(), |names| format!("{count}: {names}"))
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

#[cfg(test)]
mod tests {
    use hostrounds_core::forecast::{self, FilesystemForecast, Forecast};
    use hostrounds_core::observation::{FailedUnit, Update, UserSession};
    use hostrounds_core::time::UnixMillis;

    use super::*;

    fn point(metric: Metric, attributes: &[(&str, &str)], value: f64) -> Point {
        let attributes = attributes.iter().fold(Attributes::none(), |all, (name, value)| all.with(name, *value));
        Point::new(metric, attributes, value).unwrap()
    }

    fn observation() -> Observation {
        let gpu = [(attribute::GPU, "0 NVIDIA L4")];
        let pressure = |kind| [(attribute::RESOURCE, "io"), (attribute::PRESSURE_KIND, kind)];
        let update = |name: &str| Update { name: name.into(), version: None, security: false };
        let container = Container {
            name: "db".into(),
            image: "postgres:17".into(),
            state: "running".into(),
            status: "Up 3 days".into(),
            engine: "docker".into(),
            cpu: Some(0.25),
            memory: None,
        };
        Observation {
            points: vec![
                point(Metric::Pressure, &pressure("some"), 0.25),
                point(Metric::Pressure, &pressure("full"), 0.125),
                point(Metric::TcpConnections, &[(attribute::CONNECTION_STATE, "established")], 3.0),
                point(Metric::TcpConnections, &[(attribute::CONNECTION_STATE, "time_wait")], 0.0),
                point(Metric::Temperature, &[(attribute::SENSOR, "nvme")], 38.0),
                point(Metric::Temperature, &[(attribute::SENSOR, "coretemp")], 61.0),
                point(Metric::GpuUtilization, &gpu, 0.5),
                point(Metric::GpuTemperature, &gpu, 40.0),
                point(Metric::BatteryCharge, &[(attribute::BATTERY, "BAT0")], 0.75),
                point(Metric::BatteryDischarging, &[(attribute::BATTERY, "BAT0")], 1.0),
                point(Metric::UserSessions, &[], 1.0),
                point(Metric::UnitsFailed, &[], 0.0),
                point(Metric::UpdatesPending, &[(attribute::UPDATE_KIND, "all")], 7.0),
                point(Metric::UpdatesPending, &[(attribute::UPDATE_KIND, "security")], 2.0),
                point(Metric::RebootRequired, &[], 1.0),
            ],
            tables: Tables {
                units: Some(vec![]),
                users: Some(vec![UserSession {
                    user: "ann".into(),
                    terminal: "pts/0".into(),
                    from: Some("10.0.0.9".into()),
                    since: None,
                }]),
                containers: Some(vec![container]),
                updates: Some(["a", "b", "c", "d", "e", "f\u{1b}[31m", "g"].map(update).into()),
                reboot: Some(vec!["linux-image".into()]),
                forecasts: None,
            },
            ..Observation::empty(UnixMillis(0))
        }
    }

    #[test]
    fn each_family_has_its_line_and_nothing_else_is_shown() {
        let observation = observation();
        let lines = Reading::from(&observation).lines(Style::plain());
        assert_eq!(
            lines,
            [
                "Pressure      io 25 % (12 % full)",
                "TCP           3 established",
                "Temperatures  coretemp 61 °C, nvme 38 °C",
                "GPUs          0 NVIDIA L4 50 % 40 °C",
                "Batteries     BAT0 75 %, discharging",
                "Users         1: ann on pts/0 from 10.0.0.9",
                "Failed units  0",
                "Updates       7 pending, 2 of them for security: a, b, c, d, e and 2 more",
                "Reboot        required: linux-image",
                "",
                "CONTAINER  STATE     CPU  IMAGE        STATUS     ENGINE",
                "db         running  25 %  postgres:17  Up 3 days  docker",
            ]
        );
    }

    #[test]
    fn a_disk_that_fills_up_says_when_it_will_be_full() {
        let mut observation = Observation::empty(UnixMillis(0));
        for (mount, device, share) in [("/", "/dev/sda1", 0.41), ("/var", "/dev/sdb1", 0.75)] {
            let place = [(attribute::MOUNTPOINT, mount), (attribute::DEVICE, device)];
            let free = [place.as_slice(), &[(attribute::FILESYSTEM_STATE, "free")]].concat();
            observation.points.push(point(Metric::FilesystemUsage, &free, 1e11 * (1.0 - share)));
            observation.points.push(point(Metric::FilesystemLimit, &place, 1e11));
            observation.points.push(point(Metric::FilesystemUtilization, &place, share));
        }
        let page = |observation: &Observation| {
            let lines = Reading::from(observation).lines(Style::plain());
            lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(
            page(&observation),
            [
                "MOUNT  USED    SIZE    FREE  DEVICE",
                "/      41 %  93 GiB  55 GiB  /dev/sda1",
                "/var   75 %  93 GiB  23 GiB  /dev/sdb1",
            ]
        );
        let days = |days: f64| days * 86_400.0;
        let forecast = FilesystemForecast {
            mountpoint: "/var".into(),
            device: "/dev/sdb1".into(),
            forecast: Forecast { full_in: days(12.2), earliest: days(9.1), latest: days(18.4) },
        };
        forecast::add(&mut observation, vec![forecast]);
        assert_eq!(
            page(&observation),
            [
                "MOUNT  USED    SIZE    FREE  FULL IN                  DEVICE",
                "/      41 %  93 GiB  55 GiB                           /dev/sda1",
                "/var   75 %  93 GiB  23 GiB  about 12 days (9 to 18)  /dev/sdb1",
            ]
        );
    }

    #[test]
    fn what_failed_is_named() {
        let mut observation = observation();
        observation.points = vec![point(Metric::UnitsFailed, &[], 1.0), point(Metric::RebootRequired, &[], 0.0)];
        let unit = FailedUnit { name: "nginx.service".into(), description: "A web server".into() };
        observation.tables = Tables { units: Some(vec![unit]), ..Tables::default() };
        let lines = Reading::from(&observation).lines(Style::plain());
        assert_eq!(lines, ["Failed units  1: nginx.service", "Reboot        not required"]);
    }
}
