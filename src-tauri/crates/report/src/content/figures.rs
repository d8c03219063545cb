//! The charts of a server, each with its title and what its lines are.

use hostrounds_core::format;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::text::name;
use serde::Serialize;

use super::summary::way;
use crate::charts::{Chart, Line};
use crate::data::{MetricReport, Report, SeriesReport, ServerReport};

/// The most filesystems with a chart.
const FILESYSTEMS: usize = 6;
/// The most network interfaces, and the most block devices, with a chart.
const DEVICES: usize = 2;
/// The most parts without a chart that are named.
const NAMED: usize = 20;

/// A chart with its words.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figure<'a> {
    /// What it shows, such as `Disk /var`.
    pub title: String,
    /// Its numbers in words: what somebody reads who does not see the chart.
    pub caption: String,
    /// What its lines are; empty where there is one line alone.
    pub legend: Vec<Legend>,
    /// What the line of the limit is, where it has one.
    pub limit: Option<String>,
    /// The chart itself.
    #[serde(skip)]
    pub chart: Chart<'a>,
}

/// What a line is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Legend {
    /// 1 or 2.
    pub line: usize,
    /// Such as `in`.
    pub text: String,
}

/// A filesystem, a network interface or a block device, with its series of one metric.
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) series: Vec<&'a SeriesReport>,
}

/// The parts of a server that `metric` tells apart by the attribute `by`: first those whose last value is largest, for rates those
/// with the largest averages.
pub(super) fn parts<'a>(server: &'a ServerReport, metric: Metric, by: &str) -> Vec<Part<'a>> {
    let mut parts: Vec<(f64, Part<'a>)> = Vec::new();
    let weight = |series: &SeriesReport| if metric == Metric::FilesystemUtilization { series.last } else { series.avg };
    for series in server.metric(metric).into_iter().flat_map(|report| &report.series) {
        let name = name(series.attributes.get(by).unwrap_or_default());
        // The device behind a mount may have changed its name, so a filesystem can have several series.
        match parts.iter_mut().find(|(_, part)| part.name == name) {
            Some((sum, part)) => {
                *sum += weight(series);
                part.series.push(series);
            }
            None => parts.push((weight(series), Part { name, series: vec![series] })),
        }
    }
    parts.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    parts.into_iter().map(|(_, part)| part).collect()
}

/// The charts of a server, and a sentence for each kind of which not all parts have one.
pub(super) fn figures<'a>(server: &'a ServerReport, report: &'a Report) -> (Vec<Figure<'a>>, Vec<String>) {
    let mut figures = Vec::new();
    let mut not_drawn = Vec::new();
    let threshold = |percent: Option<f64>| percent.map(|percent| percent / 100.0);
    let alert_at = |limit: Option<f64>| limit.map(|limit| format!("alert from {}", format::threshold_text(limit)));
    let cores = server.single(Metric::CpuCount).map(|cores| cores.last);

    for (metric, limit, words) in [
        (Metric::CpuUtilization, threshold(server.thresholds.cpu), alert_at(threshold(server.thresholds.cpu))),
        (Metric::MemoryUtilization, threshold(server.thresholds.memory), alert_at(threshold(server.thresholds.memory))),
        (Metric::Load1, cores, cores.map(|cores| format!("{} CPUs", format::number(cores)))),
    ] {
        if let Some((of, series)) = server.metric(metric).and_then(|of| Some((of, of.series.first()?))) {
            figures.push(figure(metric.info().label.to_owned(), of, &[series], limit.zip(words), server, report));
        }
    }
    for (metric, by, most) in [
        (Metric::FilesystemUtilization, attribute::MOUNTPOINT, FILESYSTEMS),
        (Metric::NetworkIo, attribute::INTERFACE, DEVICES),
        (Metric::DiskIo, attribute::DEVICE, DEVICES),
    ] {
        let Some(of) = server.metric(metric) else { continue };
        let label = metric.info().label;
        let parts = parts(server, metric, by);
        let limit = threshold(server.thresholds.disk).filter(|_| metric == Metric::FilesystemUtilization);
        for part in parts.iter().take(most) {
            figures.push(figure(
                format!("{label} {}", part.name),
                of,
                &part.series,
                limit.zip(alert_at(limit)),
                server,
                report,
            ));
        }
        let rest: Vec<&str> = parts.iter().skip(most).map(|part| part.name.as_str()).collect();
        not_drawn.extend(without_chart(label, &rest));
    }
    (figures, not_drawn)
}

fn figure<'a>(
    title: String,
    of: &'a MetricReport,
    series: &[&'a SeriesReport],
    limit: Option<(f64, String)>,
    server: &'a ServerReport,
    report: &'a Report,
) -> Figure<'a> {
    let unit = of.metric.info().unit;
    let shown = |value: f64| format::value_of_series(unit, value);
    let direction = of.metric.info().attributes.iter().find(|name| name.ends_with("direction"));
    let words = |series: &SeriesReport| {
        let way = direction.and_then(|name| series.attributes.get(name)).map(way);
        let p95 = series.p95.map(|p95| format!(", p95 {}", shown(p95))).unwrap_or_default();
        let colon = way.map(|way| format!("{way}: ")).unwrap_or_default();
        format!("{colon}average {}{p95}, maximum {}", shown(series.avg), shown(series.max))
    };
    let drawn = || series.iter().take(2);
    let legend = drawn().enumerate().filter_map(|(place, series)| {
        let way = series.attributes.get(direction?).map(way)?;
        Some(Legend { line: place + 1, text: way })
    });
    Figure {
        title,
        caption: drawn().map(|series| words(series)).collect::<Vec<_>>().join("; "),
        legend: legend.collect(),
        limit: limit.as_ref().map(|(_, words)| words.clone()),
        chart: Chart {
            unit,
            range: report.range,
            lines: drawn().map(|series| Line { buckets: &series.buckets, every: of.every }).collect(),
            limit: limit.map(|(limit, _)| limit),
            unobserved: &server.coverage.gaps,
            unreachable: &server.unreachable,
        },
    }
}

/// `Disk without a chart: /boot, /srv and 3 more.`
fn without_chart(label: &str, names: &[&str]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().checked_sub(NAMED).filter(|more| *more > 0);
    Some(format!(
        "{label} without a chart: {named}{}.",
        more.map(|more| format!(" and {more} more")).unwrap_or_default()
    ))
}
