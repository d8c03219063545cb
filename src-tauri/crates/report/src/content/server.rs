//! Everything about one server.

use std::time::Duration;

use hostrounds_core::format;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::text::name;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::alerts::{self, AlertRow};
use super::figures::{Figure, figures};
use super::summary::{self, SummaryRow};
use crate::data::{Report, ServerReport, Span};
use crate::figures::{Availability, fullest, growth};
use crate::words::{change, count, length, moment, share};

/// The most gaps that are listed: the longest ones.
const GAPS: usize = 10;

/// What a report says of one server.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ServerSection<'a> {
    /// With what the overview leads here.
    pub anchor: String,
    /// Its name.
    pub name: String,
    /// Its environment and its tags.
    pub labels: Vec<String>,
    /// What rarely changes, such as its operating system.
    pub facts: Vec<String>,
    /// Whether anything was observed of it in the range.
    pub observed: bool,
    /// The numbers that matter most.
    pub tiles: Vec<Tile>,
    /// The charts.
    pub figures: Vec<Figure<'a>>,
    /// Which parts have no chart.
    pub not_drawn: Vec<String>,
    /// The table of averages, 95th percentiles and maxima.
    pub summary: Vec<SummaryRow>,
    /// What the table leaves out.
    pub not_summed: Vec<String>,
    /// The alerts, newest first.
    pub alerts: Vec<AlertRow>,
    /// How many more there were.
    pub more_alerts: u64,
    /// The longest spans without an observation, longest first.
    pub gaps: Vec<Gap>,
    /// How many more there are, and how long they are together; nothing where all are listed.
    pub more_gaps: Option<String>,
}

/// A number with its name and what explains it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tile {
    /// What it is.
    pub label: &'static str,
    /// The number.
    pub value: String,
    /// What explains it; may be empty.
    pub detail: String,
    /// Whether it asks for attention.
    pub tone: Tone,
}

/// Whether something asks for attention. What it is always stands beside it in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tone {
    /// It does not.
    Plain,
    /// It does.
    Bad,
}

/// A span without an observation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gap {
    /// Its first moment.
    pub from: String,
    /// Its end; nothing where it lasts until the end of what has passed of the range.
    pub to: Option<String>,
    /// How long it is.
    pub length: String,
    /// Whether the server could not be reached for all of it, for some of it, or whether nobody tried as far as is known.
    pub why: &'static str,
}

/// With what the overview leads to the server at `place`: no name, since those may hold anything.
pub(super) fn anchor(place: usize) -> String {
    format!("server-{}", place + 1)
}

pub(super) fn section<'a>(
    place: usize,
    server: &'a ServerReport,
    report: &'a Report,
    zone: &TimeZone,
) -> ServerSection<'a> {
    let past = report.past();
    let (figures, not_drawn) = figures(server, report);
    let (summary, not_summed) = summary::rows(server);
    let (gaps, more_gaps) = gaps(server, past, zone);
    ServerSection {
        anchor: anchor(place),
        name: name(&server.name),
        labels: server.environment.iter().chain(&server.tags).map(|label| name(label)).collect(),
        facts: facts(server),
        observed: server.coverage.collections > 0,
        tiles: tiles(server, past),
        figures,
        not_drawn,
        summary,
        not_summed,
        alerts: server.alerts.iter().map(|alert| alerts::row(alert, past, zone)).collect(),
        more_alerts: server.more_alerts,
        gaps,
        more_gaps,
    }
}

impl ServerReport {
    /// How many alerts fired at some moment of the range.
    pub(super) fn alert_count(&self) -> u64 {
        u64::try_from(self.alerts.len()).unwrap_or(u64::MAX).saturating_add(self.more_alerts)
    }
}

fn facts(server: &ServerReport) -> Vec<String> {
    let known = &server.facts;
    let cpus = server.single(Metric::CpuCount).map(|cpus| format!("{} CPUs", format::number(cpus.last)));
    let memory = server.single(Metric::MemoryLimit).map(|memory| format!("{} memory", format::bytes(memory.last)));
    let told = [&known.hostname, &known.os, &known.kernel, &known.architecture, &known.cpu_model];
    told.into_iter().flatten().map(|fact| name(fact)).chain(cpus).chain(memory).collect()
}

fn tiles(server: &ServerReport, past: Span) -> Vec<Tile> {
    let availability = Availability::of(server, past);
    let unreachable = availability.unreachable;
    let mut tiles = vec![
        Tile {
            label: "Uptime",
            value: availability.uptime().map_or_else(|| "not observed".to_owned(), share),
            detail: if unreachable.is_zero() { String::new() } else { format!("{} unreachable", length(unreachable)) },
            tone: if unreachable.is_zero() { Tone::Plain } else { Tone::Bad },
        },
        Tile {
            label: "Coverage",
            value: share(availability.coverage),
            detail: count(server.coverage.collections, "collection", "collections"),
            tone: Tone::Plain,
        },
    ];
    for (label, metric) in [("CPU", Metric::CpuUtilization), ("Memory", Metric::MemoryUtilization)] {
        tiles.extend(server.single(metric).map(|series| Tile {
            label,
            value: format::percent(series.avg),
            detail: format!("average; maximum {}", format::percent(series.max)),
            tone: Tone::Plain,
        }));
    }
    tiles.extend(fullest(server).map(|disk| {
        Tile {
            label: "Fullest disk",
            value: format::percent(disk.last),
            detail: [
                Some(name(disk.attributes.get(attribute::MOUNTPOINT).unwrap_or_default())),
                growth(server, &disk.attributes).map(change),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
            tone: Tone::Plain,
        }
    }));
    let firing = server.alerts.iter().filter(|alert| alert.resolved_at.is_none()).count();
    tiles.push(Tile {
        label: "Alerts",
        value: server.alert_count().to_string(),
        detail: if firing == 0 { String::new() } else { format!("{firing} still firing") },
        tone: if firing == 0 { Tone::Plain } else { Tone::Bad },
    });
    tiles
}

fn gaps(server: &ServerReport, past: Span, zone: &TimeZone) -> (Vec<Gap>, Option<String>) {
    let mut spans: Vec<Span> =
        server.coverage.gaps.iter().map(|gap| gap.within(past)).filter(|gap| gap.from < gap.to).collect();
    spans.sort_by_key(|gap| (std::cmp::Reverse(gap.length()), gap.from));
    let listed = spans.iter().take(GAPS).map(|gap| Gap {
        from: moment(gap.from, zone),
        to: (gap.to < past.to).then(|| moment(gap.to, zone)),
        length: length(gap.length()),
        why: why(server, *gap),
    });
    let rest = spans.get(GAPS..).filter(|rest| !rest.is_empty());
    let more = rest.map(|rest| {
        let together: Duration = rest.iter().map(|gap| gap.length()).sum();
        let number = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        format!("{}, {} together", count(number, "shorter gap", "shorter gaps"), length(together))
    });
    (listed.collect(), more)
}

/// What is known of a span without an observation.
fn why(server: &ServerReport, gap: Span) -> &'static str {
    let unreachable: Duration = server.unreachable.iter().map(|span| span.within(gap).length()).sum();
    if gap.from < server.added_at {
        "the server had not been added"
    } else if unreachable.is_zero() {
        "not observed"
    } else if unreachable.as_secs_f64() >= gap.length().as_secs_f64() * 0.9 {
        "unreachable"
    } else {
        "in part unreachable, in part not observed"
    }
}
