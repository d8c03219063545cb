//! What a report says, in words and charts, whatever it is laid out in.
//!
//! Everything here is text for people or a chart as data. Text from servers is neutralised but not escaped: that is for whoever
//! lays out.

mod alerts;
mod figures;
mod overview;
mod server;
mod summary;

use hostrounds_core::text::name;
use jiff::tz::TimeZone;
use serde::Serialize;

pub use self::alerts::AlertRow;
pub use self::figures::{Figure, Legend};
pub use self::overview::{OverviewRow, Spread};
pub use self::server::{Gap, ServerSection, Tile, Tone};
pub use self::summary::SummaryRow;
use crate::data::{Report, ServerReport};
use crate::words::{count, length, moment, zoned};

/// The part of a report that is about all servers together.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Content {
    /// What it is called.
    pub title: String,
    /// The range in words.
    pub range: String,
    /// How many servers it covers, when it was made, and such.
    pub facts: Vec<String>,
    /// One row for each server.
    pub overview: Vec<OverviewRow>,
    /// What the numbers mean.
    pub notes: Vec<String>,
}

/// The part of a report that is about all servers together.
#[must_use]
pub fn content(report: &Report, zone: &TimeZone) -> Content {
    let servers = u64::try_from(report.servers.len()).unwrap_or(u64::MAX);
    let alerts = report.servers.iter().map(ServerReport::alert_count).fold(0, u64::saturating_add);
    let mut facts = vec![
        length(report.range.length()),
        count(servers, "server", "servers"),
        count(alerts, "alert", "alerts"),
        format!("made {}", moment(report.generated_at, zone)),
    ];
    if report.past().to < report.range.to {
        facts.push("the range had not ended yet".to_owned());
    }
    Content {
        title: name(&report.title),
        range: format!("{} to {}", moment(report.range.from, zone), moment(report.range.to, zone)),
        facts,
        overview: report
            .servers
            .iter()
            .enumerate()
            .map(|(place, server)| overview::row(place, server, report))
            .collect(),
        notes: notes(report, zone),
    }
}

/// The part of a report that is about the server at `place`; nothing where there is none.
#[must_use]
pub fn server<'a>(report: &'a Report, place: usize, zone: &TimeZone) -> Option<ServerSection<'a>> {
    Some(server::section(place, report.servers.get(place)?, report, zone))
}

/// How the zone is called, such as `Europe/Berlin`; otherwise its offset at the end of the range.
fn zone_name(report: &Report, zone: &TimeZone) -> String {
    let offset = || zoned(report.range.to, zone).map(|end| format!("UTC{}", end.strftime("%:z")));
    zone.iana_name().map(name).or_else(offset).unwrap_or_else(|| "UTC".to_owned())
}

fn notes(report: &Report, zone: &TimeZone) -> Vec<String> {
    vec![
        "Uptime is observed time ÷ (observed time + unreachable time) within the range. A server is unreachable while an alert \
         says that no try of a collection succeeded. What nobody observed, because Hostrounds was not running, this computer \
         slept or was offline, or the server was not watched, counts neither as up nor as down."
            .to_owned(),
        "Coverage is the share of the range that collections cover: each the time until the next one, at most 1.5 intervals."
            .to_owned(),
        "Average, 95th percentile (p95) and maximum are those of all values that were kept, however many a chart shows. Charts \
         show the average as a line, and the smallest to the largest value as a band around it."
            .to_owned(),
        "Disks are counted as df counts them. Growth is the difference of used space between the first and the last reading of \
         the range."
            .to_owned(),
        format!("Times are those of {}. Made by Hostrounds {}.", zone_name(report, zone), name(&report.version)),
    ]
}
