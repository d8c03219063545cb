//! `history`: kept values of one metric.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::format;
use hostrounds_core::history::{Bucket, HistoryQuery, SeriesHistory};
use hostrounds_core::metric::{Metric, MetricInfo};
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::Hostrounds;
use jiff::Zoned;
use serde::Serialize;

use crate::moment;
use crate::output::table::{Side, Table};
use crate::output::{Output, safe, time};
use crate::problem::Problem;
use crate::session::{Notifications, Session};

/// How like a name must be to be offered instead of a wrong one.
const ALIKE: f64 = 0.85;

/// What to ask the history.
#[derive(Args)]
pub(crate) struct HistoryArguments {
    /// The name of the server; `local` is this computer
    #[arg(value_name = "NAME")]
    name: String,
    /// The metric; `hostrounds metrics` lists them
    #[arg(long, value_name = "M")]
    metric: String,
    /// Only series with this attribute, such as `system.filesystem.mountpoint=/`; may be given several times
    #[arg(long = "attribute", value_name = "K=V")]
    attributes: Vec<String>,
    /// From when on: RFC 3339, a local date with or without a time, or an age such as `-24h` or `-7d`
    #[arg(long, value_name = "T", default_value = "-24h", allow_hyphen_values = true)]
    from: String,
    /// Until when, in the same forms
    #[arg(long, value_name = "T", default_value = "now", allow_hyphen_values = true)]
    to: String,
    /// The most rows per series; where more values were kept, each row is the minimum, average and maximum of a span
    #[arg(long, value_name = "N", default_value_t = 500)]
    max_points: u32,
    /// Print CSV with exact numbers in base units
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryDocument<'a> {
    server: ServerId,
    name: &'a str,
    metric: &'static MetricInfo,
    from: UnixMillis,
    to: UnixMillis,
    series: &'a [SeriesHistory],
}

pub(crate) async fn carry_out(
    wanted: HistoryArguments,
    place: Option<PathBuf>,
    output: &Output,
) -> Result<(), Problem> {
    let session = Session::open(place, Notifications::Silent).await?;
    let outcome = history(&wanted, &session.engine, output).await;
    session.close_with(outcome).await
}

async fn history(wanted: &HistoryArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(&wanted.name)?.server;
    let metric = metric_named(&wanted.metric)?;
    let now = Zoned::now();
    let moment = |option: &str, text: &str| {
        moment::parsed(text, &now).map_err(|message| Problem::usage(format!("{option}: {message}"), ""))
    };
    let query = HistoryQuery {
        server: server.id,
        metric,
        attributes: attributes(&wanted.attributes)?,
        from: moment("--from", &wanted.from)?,
        to: moment("--to", &wanted.to)?,
        max_points: wanted.max_points,
    };
    let series = engine.history(query.clone()).await?;
    let info = metric.info();
    if output.json {
        return output.document(&HistoryDocument {
            server: server.id,
            name: &server.name,
            metric: info,
            from: query.from,
            to: query.to,
            series: &series,
        });
    }
    if wanted.csv {
        return output.raw(&csv(info, &series).map_err(Problem::Output)?);
    }
    if series.iter().all(|series| series.buckets.is_empty()) {
        output.note(format!(
            "Nothing was kept of {} of {} from {} to {}.",
            info.name,
            safe(&server.name),
            time::local(query.from),
            time::local(query.to)
        ));
        return Ok(());
    }
    output.lines(&tables(info, &series, output))
}

fn metric_named(name: &str) -> Result<Metric, Problem> {
    Metric::named(name).ok_or_else(|| {
        let near = near(name);
        let hint = if near.is_empty() {
            "`hostrounds metrics` lists all of them.".to_owned()
        } else {
            format!("Did you mean {}? `hostrounds metrics` lists all of them.", near.join(", "))
        };
        Problem::usage(format!("--metric: There is no metric `{}`.", safe(name)), hint)
    })
}

/// The metrics that may have been meant, most alike first.
fn near(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase();
    let mut alike: Vec<(f64, &'static str)> = Metric::ALL
        .iter()
        .map(|metric| metric.info())
        .filter_map(|info| {
            let part = name.len() >= 3 && (info.name.contains(&name) || info.label.to_lowercase().contains(&name));
            let score = if part { 1.0 } else { strsim::jaro_winkler(&name, info.name) };
            (score >= ALIKE).then_some((score, info.name))
        })
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.into_iter().take(3).map(|(_, name)| name).collect()
}

fn attributes(pairs: &[String]) -> Result<Attributes, Problem> {
    let mut attributes = Attributes::none();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Problem::usage(
                format!("--attribute: `{}` has no value.", safe(pair)),
                "Write NAME=VALUE, for example network.interface.name=eth0.",
            ));
        };
        if attributes.get(name).is_some() {
            return Err(Problem::usage(
                format!("--attribute: `{}` is given twice.", safe(name)),
                "A series has one value for each attribute.",
            ));
        }
        attributes = attributes.with(name, value);
    }
    Ok(attributes)
}

fn tables(info: &MetricInfo, series: &[SeriesHistory], output: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for SeriesHistory { attributes, buckets } in series {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let names: Vec<String> = attributes.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(output.style.strong(&safe([info.name, &names.join(" ")].join(" ").trim_end())));
        let mut table = Table::new(&[
            ("FROM", Side::Left),
            ("MIN", Side::Right),
            ("AVG", Side::Right),
            ("MAX", Side::Right),
            ("VALUES", Side::Right),
        ]);
        for Bucket { start, min, avg, max, count } in buckets {
            let shown = |value: f64| format::value_of_series(info.unit, value).into();
            table.row([time::local(*start).into(), shown(*min), shown(*avg), shown(*max), count.to_string().into()]);
        }
        lines.extend(table.lines(output.style));
    }
    lines
}

fn csv(info: &MetricInfo, series: &[SeriesHistory]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = ["time"].into_iter().chain(info.attributes.iter().copied());
    writer.write_record(headings.chain(["min", "avg", "max", "count"]))?;
    for SeriesHistory { attributes, buckets } in series {
        for bucket in buckets {
            let mut row = vec![time::rfc3339(bucket.start)];
            row.extend(info.attributes.iter().map(|name| harmless(attributes.get(name).unwrap_or_default())));
            row.extend([bucket.min, bucket.avg, bucket.max].map(|value| value.to_string()));
            row.push(bucket.count.to_string());
            writer.write_record(row)?;
        }
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

/// Text that a spreadsheet takes for text: a name must not be run as a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_metric_is_guessed() {
        assert!(near("system.cpu.utilisation").contains(&"system.cpu.utilization"));
        assert!(near("load").contains(&"system.cpu.load_average.1m"));
        assert!(near("xyzzy").is_empty());
    }

    #[test]
    fn attributes_are_names_and_values() {
        let pairs = ["a=b=c".to_owned(), "d=".to_owned()];
        assert_eq!(attributes(&pairs).unwrap(), Attributes::none().with("a", "b=c").with("d", ""));
        for wrong in [vec!["a".to_owned()], vec!["=b".to_owned()], vec!["a=1".to_owned(), "a=2".to_owned()]] {
            assert!(attributes(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_in_csv_is_no_formula_and_numbers_stay_numbers() {
        let bucket = Bucket { start: UnixMillis(0), min: 0.25, avg: 1e-7, max: 3.0, count: 2 };
        let series = [SeriesHistory {
            attributes: Attributes::none().with("network.interface.name", "=1+1").with("network.io.direction", "a,\"b"),
            buckets: vec![bucket],
        }];
        let text = String::from_utf8(csv(Metric::NetworkIo.info(), &series).unwrap()).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("time,network.interface.name,network.io.direction,min,avg,max,count"));
        let row = lines.next().unwrap();
        assert!(row.ends_with(",'=1+1,\"a,\"\"b\",0.25,0.0000001,3,2"), "{row}");
    }
}
