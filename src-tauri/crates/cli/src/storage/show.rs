//! `storage`: what the history takes, how fast it grows, and what is kept of it.

use hostrounds_core::format;
use hostrounds_core::observation::real;
use hostrounds_core::retention::{Retention, ServerStorage, days_words};
use hostrounds_core::server::ServerId;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::StorageReport;

use crate::output::style::Style;
use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, time};
use crate::problem::Problem;

const DAYS_A_YEAR: f64 = 365.0;

pub(super) async fn carry_out(engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let report = engine.storage().await?;
    if output.json {
        return output.document(&report);
    }
    output.lines(&facts(&report, output.style))?;
    output.line("")?;
    let views = engine.servers();
    let name = |id: ServerId| {
        let known = views.iter().find(|view| view.server.id == id);
        known.map_or("(removed)", |view| view.server.name.as_str())
    };
    output.table(&server_table(&report.taken.servers, &report.retention, name))
}

fn facts(StorageReport { taken, retention }: &StorageReport, style: Style) -> Vec<String> {
    let bytes = |bytes: u64| format::bytes(real(bytes));
    let growth = taken.growth.map_or_else(
        || "not known yet: that takes a day of history".to_owned(),
        |day| {
            let year = format::bytes(day * DAYS_A_YEAR);
            format!("about {} a day at present, about {year} a year", format::bytes(day))
        },
    );
    let warning = retention.warn_bytes.map_or_else(|| "never".to_owned(), |from| format!("from {} on", bytes(from)));
    let large = retention.warn_bytes.is_some_and(|from| taken.file > from);
    let rows = [
        ("File", format!("{}, of which {} are free for what comes next", bytes(taken.file), bytes(taken.free))),
        ("Log", format!("{} beside the file", bytes(taken.log))),
        ("Growth", growth),
        ("Kept", retention.words()),
        ("Pointed out", if large { style.doubtful(&format!("{warning}, which it has reached")) } else { warning }),
    ];
    rows.iter().map(|(label, words)| format!("{}{words}", style.strong(&format!("{label:<14}")))).collect()
}

fn server_table<'a>(servers: &[ServerStorage], retention: &Retention, name: impl Fn(ServerId) -> &'a str) -> Table {
    let mut table = Table::new(&[
        ("SERVER", Side::Left),
        ("TAKES", Side::Right),
        ("COLLECTIONS", Side::Right),
        ("SINCE", Side::Left),
        ("KEPT", Side::Left),
    ]);
    for of in servers {
        let kept = match (of.days, retention.days) {
            (Some(own), _) => Cell::toned(&format!("{}, its own", days_words(own)), Tone::Doubtful),
            (None, Some(days)) => days_words(days).into(),
            (None, None) => "forever".into(),
        };
        table.row([
            name(of.server).into(),
            format::bytes(real(of.bytes)).into(),
            of.collections.to_string().into(),
            of.first.map(time::local).unwrap_or_default().into(),
            kept,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use hostrounds_core::retention::StorageUse;

    use super::*;

    fn report() -> StorageReport {
        StorageReport {
            taken: StorageUse {
                file: 48 << 20,
                log: 4 << 20,
                free: 1 << 20,
                growth: Some(1_258_291.2),
                servers: vec![
                    ServerStorage {
                        server: ServerId(0),
                        bytes: 30 << 20,
                        collections: 43_200,
                        first: None,
                        days: None,
                    },
                    ServerStorage { server: ServerId(3), bytes: 2048, collections: 12, first: None, days: Some(1) },
                ],
            },
            retention: Retention::default(),
        }
    }

    #[test]
    fn growth_is_told_by_the_day_and_the_year() {
        assert_eq!(
            facts(&report(), Style::plain()),
            [
                "File          48 MiB, of which 1 MiB are free for what comes next",
                "Log           4 MiB beside the file",
                "Growth        about 1.2 MiB a day at present, about 438 MiB a year",
                "Kept          for 730 days",
                "Pointed out   from 2 GiB on",
            ]
        );
    }

    #[test]
    fn what_is_not_known_and_what_is_too_large_is_said() {
        let mut report = report();
        report.taken.growth = None;
        report.retention = Retention { days: None, bytes: None, warn_bytes: Some(40 << 20) };
        let lines = facts(&report, Style::plain());
        assert_eq!(lines[2], "Growth        not known yet: that takes a day of history");
        assert_eq!(lines[3], "Kept          without limit");
        assert_eq!(lines[4], "Pointed out   from 40 MiB on, which it has reached");
        report.retention.warn_bytes = None;
        assert_eq!(facts(&report, Style::plain())[4], "Pointed out   never");
    }

    #[test]
    fn an_exception_is_told_from_the_rule() {
        let report = report();
        let table =
            server_table(&report.taken.servers, &report.retention, |id| if id.0 == 0 { "local" } else { "web" });
        assert_eq!(
            table.lines(Style::plain()),
            [
                "SERVER   TAKES  COLLECTIONS  SINCE  KEPT",
                "local   30 MiB        43200         730 days",
                "web      2 KiB           12         1 day, its own",
            ]
        );
    }
}
