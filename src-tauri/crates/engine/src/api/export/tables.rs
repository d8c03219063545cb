//! What the engine knows, as tables.

use std::collections::BTreeMap;

use hostrounds_core::activity::Activity;
use hostrounds_core::collection::{Collection, Failure};
use hostrounds_core::metric::{Unit, attribute};
use hostrounds_core::observation::real;
use hostrounds_core::server::{Server, ServerId, Target};
use hostrounds_core::time::UnixMillis;
use hostrounds_export::{Cell, Column, Holds, Table};
use serde::Serialize;

use super::{ExportTable, read};
use crate::api::Hostrounds;
use crate::api::view::{ApiError, ConnectionTest, Latest, StepOutcome};

/// How much of the activity log is read at once.
const PAGE: u32 = 10_000;
/// How many days of footprints are kept, and how many tests of a server.
const DAYS: u32 = 400;
const TESTS: u32 = 50;

pub(super) type Row = Vec<Cell<'static>>;
/// A column: its name and what it holds.
pub(super) type Heading = (&'static str, Holds);
type Content = (Vec<Heading>, Vec<Row>);

/// A word of the contract, such as the state of an alert.
fn word(value: impl Serialize) -> Cell<'static> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.into(),
        _ => Cell::Empty,
    }
}

fn cause(failure: Option<&Failure>) -> [Cell<'static>; 3] {
    [
        failure.map(|failure| failure.code.clone()).into(),
        failure.map(|failure| failure.stage).map_or(Cell::Empty, word),
        failure.map(|failure| failure.message.clone()).into(),
    ]
}

pub(super) const fn words(name: &'static str) -> Heading {
    (name, Holds::Words)
}

const fn moment(name: &'static str) -> Heading {
    (name, Holds::Moments)
}

pub(super) const fn of(unit: Unit, name: &'static str) -> Heading {
    (name, Holds::Quantities(unit))
}

/// The names of the servers that there are.
struct Names(BTreeMap<ServerId, String>);

impl Names {
    /// The name of a server; empty for one that has been removed.
    fn of(&self, id: ServerId) -> Cell<'static> {
        self.0.get(&id).cloned().into()
    }
}

impl Hostrounds {
    /// A table of these servers; of all where none is named.
    pub(super) async fn table(&self, table: ExportTable, servers: &[ServerId]) -> Result<Table, ApiError> {
        let all = servers.is_empty();
        let chosen = self.chosen(servers)?;
        let names = Names(self.engine.board.servers().into_iter().map(|server| (server.id, server.name)).collect());
        let is_wanted = |id: Option<ServerId>| all || id.is_some_and(|id| servers.contains(&id));
        let (columns, rows) = match table {
            ExportTable::Servers => self.server_rows(&chosen),
            ExportTable::Processes => self.read_rows(&chosen, &read::PROCESSES, read::processes),
            ExportTable::Filesystems => self.read_rows(&chosen, &read::FILESYSTEMS, read::filesystems),
            ExportTable::Containers => self.read_rows(&chosen, &read::CONTAINERS, read::containers),
            ExportTable::Units => self.read_rows(&chosen, &read::UNITS, read::units),
            ExportTable::Users => self.read_rows(&chosen, &read::USERS, read::users),
            ExportTable::Updates => self.read_rows(&chosen, &read::UPDATES, read::updates),
            ExportTable::Alerts => self.alert_rows(&names, is_wanted).await?,
            ExportTable::Activity => self.activity_rows(&names, is_wanted).await?,
            ExportTable::Collections => self.collection_rows(&names, is_wanted).await?,
            ExportTable::Visits => self.visit_rows(&names, is_wanted).await?,
            ExportTable::Tests => self.test_rows(&chosen).await?,
            ExportTable::Footprint => self.footprint_rows(&chosen).await?,
        };
        let columns = columns.into_iter().map(|(name, holds)| Column { name: name.into(), holds }).collect();
        Ok(Table { name: table.name().to_owned(), columns, rows })
    }

    /// What was last read of each server: its name and the time of the reading stand in front.
    fn read_rows(
        &self,
        servers: &[Server],
        columns: &[Heading],
        rows_of: impl Fn(&Latest) -> (Option<UnixMillis>, Vec<Row>),
    ) -> Content {
        let columns = [words("server"), moment("read_at")].into_iter().chain(columns.iter().copied()).collect();
        let mut all = Vec::new();
        for server in servers {
            let Some(latest) = self.engine.board.latest(server.id) else { continue };
            let (at, rows) = rows_of(&latest);
            all.extend(
                rows.into_iter()
                    .map(|row| [server.name.clone().into(), at.into()].into_iter().chain(row).collect::<Row>()),
            );
        }
        (columns, all)
    }

    fn server_rows(&self, servers: &[Server]) -> Content {
        let columns = vec![
            words("server"),
            words("state"),
            words("host"),
            words("port"),
            words("user"),
            words("enabled"),
            of(Unit::Seconds, "interval"),
            words("environment"),
            words("tags"),
            moment("last_seen"),
            of(Unit::Ratio, "cpu"),
            of(Unit::Ratio, "memory"),
            of(Unit::Ratio, "disk"),
            words("disk_mountpoint"),
            of(Unit::Count, "load_1m"),
            of(Unit::BytesPerSecond, "network_receive"),
            of(Unit::BytesPerSecond, "network_transmit"),
            of(Unit::Seconds, "uptime"),
            of(Unit::Count, "alerts_firing"),
            words("failure"),
            words("failure_stage"),
            words("failure_message"),
        ];
        let views = servers.iter().filter_map(|server| self.engine.pipeline.view(server.id));
        let rows = views.map(|view| {
            let server = view.server;
            let hop = match server.target {
                Target::Ssh(ssh) => Some(ssh.hop),
                Target::Local => None,
            };
            let summary = view.summary.unwrap_or_default();
            let mut row: Row = vec![
                server.name.into(),
                word(view.state),
                hop.as_ref().map(|hop| hop.host.clone()).into(),
                hop.as_ref().map(|hop| u32::from(hop.port)).into(),
                hop.map(|hop| hop.user).into(),
                server.enabled.into(),
                server.interval.into(),
                server.environment.into(),
                Some(server.tags.join(" ")).filter(|tags| !tags.is_empty()).into(),
                view.last_seen.into(),
                summary.cpu.into(),
                summary.memory.into(),
                summary.disk.into(),
                summary.disk_mountpoint.into(),
                summary.load.into(),
                summary.network_receive.into(),
                summary.network_transmit.into(),
                summary.uptime.into(),
                view.firing.into(),
            ];
            row.extend(cause(view.failure.as_ref()));
            row
        });
        (columns, rows.collect())
    }

    async fn alert_rows(
        &self,
        names: &Names,
        is_wanted: impl Fn(Option<ServerId>) -> bool,
    ) -> Result<Content, ApiError> {
        let columns = vec![
            moment("fired_at"),
            moment("resolved_at"),
            words("server"),
            words("state"),
            words("rule"),
            words("mountpoint"),
            words("value"),
            words("threshold"),
            words("unit"),
            words("message"),
            words("resolution"),
        ];
        let alerts = self.engine.store.alerts(None, u32::MAX).await?.into_iter();
        let rows = alerts.filter(|alert| is_wanted(Some(alert.server))).map(|alert| {
            vec![
                alert.fired_at.into(),
                alert.resolved_at.into(),
                names.of(alert.server),
                word(alert.state),
                word(alert.rule),
                alert.attributes.get(attribute::MOUNTPOINT).map(str::to_owned).into(),
                alert.value.into(),
                alert.threshold.into(),
                alert.rule.unit().map(|unit| unit.ucum().to_owned()).into(),
                alert.message.into(),
                alert.resolution.into(),
            ]
        });
        Ok((columns, rows.collect()))
    }

    async fn activity_rows(
        &self,
        names: &Names,
        is_wanted: impl Fn(Option<ServerId>) -> bool,
    ) -> Result<Content, ApiError> {
        let columns = vec![moment("time"), words("kind"), words("server"), words("message")];
        let mut rows = Vec::new();
        let mut before = None;
        loop {
            let page = self.engine.store.activity(None, before, PAGE).await?;
            let Some(last) = page.last() else { return Ok((columns, rows)) };
            before = Some(last.id);
            // What concerns no server stands there only without a choice.
            let wanted = page.into_iter().filter(|entry| is_wanted(entry.server));
            rows.extend(wanted.map(|Activity { at, kind, server, message, .. }| {
                vec![at.into(), word(kind), server.map_or(Cell::Empty, |id| names.of(id)), message.into()]
            }));
        }
    }

    async fn collection_rows(
        &self,
        names: &Names,
        is_wanted: impl Fn(Option<ServerId>) -> bool,
    ) -> Result<Content, ApiError> {
        let columns = vec![
            moment("queued_at"),
            moment("started_at"),
            moment("ended_at"),
            words("server"),
            words("state"),
            words("trigger"),
            words("attempts"),
            words("max_attempts"),
            of(Unit::Count, "values"),
            of(Unit::Seconds, "took"),
            words("failure"),
            words("failure_stage"),
            words("failure_message"),
        ];
        // Those that run stand in the queue, those that have ended in the store, and some in both.
        let mut all: BTreeMap<_, Collection> = BTreeMap::new();
        let kept = self.engine.store.collections(None, u32::MAX).await?;
        for collection in kept.into_iter().chain(self.engine.queue_view().await?.collections) {
            all.insert(collection.id, collection);
        }
        let rows = all.into_values().rev().filter(|collection| is_wanted(Some(collection.server))).map(|collection| {
            let took = collection.started_at.zip(collection.ended_at).map(|(from, to)| to.since(from).as_secs_f64());
            let mut row: Row = vec![
                collection.queued_at.into(),
                collection.started_at.into(),
                collection.ended_at.into(),
                names.of(collection.server),
                word(collection.state),
                word(collection.trigger),
                collection.attempts.into(),
                collection.max_attempts.into(),
                collection.points.into(),
                took.into(),
            ];
            row.extend(cause(collection.failure.as_ref()));
            row
        });
        Ok((columns, rows.collect()))
    }

    async fn visit_rows(
        &self,
        names: &Names,
        is_wanted: impl Fn(Option<ServerId>) -> bool,
    ) -> Result<Content, ApiError> {
        let visits =
            self.engine.queue_view().await?.scheduled.into_iter().filter(|visit| is_wanted(Some(visit.server)));
        let rows = visits.map(|visit| vec![names.of(visit.server), visit.at.into()]).collect();
        Ok((vec![words("server"), moment("at")], rows))
    }

    async fn test_rows(&self, servers: &[Server]) -> Result<Content, ApiError> {
        let columns = vec![
            moment("ended_at"),
            words("server"),
            words("passed"),
            of(Unit::Count, "steps_passed"),
            of(Unit::Seconds, "took"),
            words("failure"),
            words("failure_stage"),
            words("failure_message"),
        ];
        let mut rows = Vec::new();
        for server in servers {
            for ConnectionTest { at, report, .. } in self.connection_tests(server.id, TESTS).await? {
                let passed = report.steps.iter().filter(|step| step.outcome == StepOutcome::Passed).count();
                let millis: f64 = report.steps.iter().filter_map(|step| step.millis).sum();
                let mut row: Row = vec![
                    at.into(),
                    server.name.clone().into(),
                    report.failure.is_none().into(),
                    u32::try_from(passed).unwrap_or(u32::MAX).into(),
                    (millis / 1000.0).into(),
                ];
                row.extend(cause(report.failure.as_ref()));
                rows.push(row);
            }
        }
        Ok((columns, rows))
    }

    async fn footprint_rows(&self, servers: &[Server]) -> Result<Content, ApiError> {
        let columns = vec![
            moment("day"),
            words("server"),
            of(Unit::Count, "logins"),
            of(Unit::Count, "channels"),
            of(Unit::Bytes, "received"),
            of(Unit::Bytes, "sent"),
            of(Unit::Seconds, "cpu"),
            of(Unit::Count, "collections"),
            of(Unit::Seconds, "start_up"),
        ];
        let mut rows = Vec::new();
        for server in servers {
            for day in self.footprint(server.id, DAYS).await?.days {
                let spent = day.footprint;
                rows.push(vec![
                    day.day.into(),
                    server.name.clone().into(),
                    spent.logins.into(),
                    spent.channels.into(),
                    real(spent.received).into(),
                    real(spent.sent).into(),
                    spent.cpu.into(),
                    spent.collections.into(),
                    spent.start_up.into(),
                ]);
            }
        }
        Ok((columns, rows))
    }
}
