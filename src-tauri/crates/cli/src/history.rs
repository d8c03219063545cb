//! `history`: kept values of one metric.

use std::path::PathBuf;

use clap::Args;
use hostrounds_core::format;
use hostrounds_core::history::{Bucket, HistoryQuery, SeriesHistory};
use hostrounds_core::metric::MetricInfo;
use hostrounds_core::observation::Attributes;
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::export::{Cell, Column, Destination, Format, Table as Sheet, Writer};
use jiff::Zoned;
use serde::Serialize;

use crate::moment;
use crate::output::table::{Side, Table};
use crate::output::{Output, safe, time};
use crate::problem::Problem;
use crate::series;
use crate::session::{Notifications, Session};

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
    let metric = series::metric_named(&wanted.metric)?;
    let now = Zoned::now();
    let query = HistoryQuery {
        server: server.id,
        metric,
        attributes: series::attributes(&wanted.attributes)?,
        from: moment::of_option("--from", &wanted.from, &now)?,
        to: moment::of_option("--to", &wanted.to, &now)?,
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
        return print_csv(&sheet(info, &series));
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

fn sheet(info: &MetricInfo, series: &[SeriesHistory]) -> Sheet {
    let attributes = info.attributes.iter().map(|name| Column::words(*name));
    let numbers = ["min", "avg", "max"].map(|name| Column::of(info.unit, name));
    let columns = [Column::moments("time")].into_iter().chain(attributes).chain(numbers);
    let row = |attributes: &Attributes, bucket: &Bucket| {
        let of = |name: &&str| Cell::from(attributes.get(name).map(str::to_owned));
        let numbers = [bucket.min, bucket.avg, bucket.max].map(Cell::from);
        let row = [Cell::from(bucket.start)].into_iter().chain(info.attributes.iter().map(of)).chain(numbers);
        row.chain([bucket.count.into()]).collect()
    };
    let rows = series.iter().flat_map(|one| one.buckets.iter().map(|bucket| row(&one.attributes, bucket)));
    Sheet {
        name: info.name.to_owned(),
        columns: columns.chain([Column::words("count")]).collect(),
        rows: rows.collect(),
    }
}

fn print_csv(sheet: &Sheet) -> Result<(), Problem> {
    let mut writer = Writer::open(Format::Csv, Destination::Stream(Box::new(std::io::stdout())))?;
    writer.whole(sheet)?;
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostrounds_core::metric::Metric;

    use super::*;

    #[test]
    fn a_row_names_its_series_and_holds_numbers() {
        let bucket = Bucket { start: UnixMillis(0), min: 0.25, avg: 1e-7, max: 3.0, count: 2 };
        let attributes = Attributes::none().with("network.interface.name", "eth0");
        let series = [SeriesHistory { attributes, buckets: vec![bucket] }];
        let sheet = sheet(Metric::NetworkIo.info(), &series);
        let headings: Vec<String> = sheet.columns.iter().map(Column::heading).collect();
        let expected = ["time", "network.interface.name", "network.io.direction"];
        assert_eq!(headings, [&expected[..], &["min [By/s]", "avg [By/s]", "max [By/s]", "count"]].concat());
        let numbers = [0.25, 1e-7, 3.0, 2.0].map(Cell::Number);
        let begin = [UnixMillis(0).into(), Cell::from("eth0"), Cell::Empty];
        assert_eq!(sheet.rows, [[&begin[..], &numbers[..]].concat()]);
    }
}
