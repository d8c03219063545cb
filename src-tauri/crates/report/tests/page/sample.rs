//! A report with everything in it, the same every time.

use std::time::Duration;

use hostrounds_core::alert::{Alert, AlertId, AlertState, RuleKind};
use hostrounds_core::history::Bucket;
use hostrounds_core::metric::{Metric, attribute as a};
use hostrounds_core::observation::{Attributes, Facts};
use hostrounds_core::server::{ServerId, Thresholds};
use hostrounds_core::time::UnixMillis;
use hostrounds_report::Report;
use hostrounds_report::data::{Coverage, MetricReport, SeriesReport, ServerReport, Span};

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2026-10-20T12:00:00Z; clocks in Europe are set back five days later.
pub(crate) const FROM: i64 = 1_792_497_600_000;

pub(crate) fn span(from: i64, to: i64) -> Span {
    Span { from: UnixMillis(FROM + from), to: UnixMillis(FROM + to) }
}

pub(crate) const RANGE: (i64, i64) = (0, 7 * DAY);

/// A curve of a week in `points` buckets without those in `gaps`; `level` and `swing` in the unit of the metric.
pub(crate) fn curve(points: i64, level: f64, swing: f64, seed: f64, gaps: &[Span]) -> Vec<Bucket> {
    let width = 7 * DAY / points;
    (0..points)
        .map(|place| UnixMillis(FROM + place * width))
        .filter(|start| !gaps.iter().any(|gap| (gap.from..gap.to).contains(start)))
        .map(|start| {
            let days = (start.0 - FROM) as f64 / DAY as f64;
            let noise = ((days * 137.0 + seed).sin() * 43_758.545).fract().abs();
            let daily = (1.0 - ((days + seed / 9.0) * std::f64::consts::TAU).cos()) / 2.0;
            let avg = level + swing * (0.7 * daily + 0.2 * noise);
            let spike = if noise > 0.97 { 1.2 } else { 0.3 };
            Bucket {
                start,
                min: (avg - swing * 0.15 * noise).max(0.0),
                avg,
                max: avg + swing * spike * noise,
                count: 25,
            }
        })
        .collect()
}

pub(crate) fn series(attributes: Attributes, buckets: Vec<Bucket>) -> SeriesReport {
    let count = buckets.len().max(1) as f64;
    let mut tops: Vec<f64> = buckets.iter().map(|bucket| bucket.max).collect();
    tops.sort_by(f64::total_cmp);
    SeriesReport {
        attributes,
        avg: buckets.iter().map(|bucket| bucket.avg).sum::<f64>() / count,
        p95: tops.get(tops.len() * 95 / 100).copied(),
        max: tops.last().copied().unwrap_or_default(),
        last: buckets.last().map_or(0.0, |bucket| bucket.avg),
        buckets,
    }
}

pub(crate) fn metric(metric: Metric, series: Vec<SeriesReport>) -> MetricReport {
    MetricReport { metric, every: Duration::from_secs(60), series }
}

pub(crate) fn empty(name: &str) -> ServerReport {
    ServerReport {
        name: name.into(),
        environment: None,
        tags: vec![],
        facts: Facts::default(),
        thresholds: Thresholds::default(),
        added_at: UnixMillis(FROM - 90 * DAY),
        coverage: Coverage { observed: Duration::ZERO, collections: 0, gaps: vec![span(RANGE.0, RANGE.1)] },
        unreachable: vec![],
        alerts: vec![],
        more_alerts: 0,
        metrics: vec![],
    }
}

pub(crate) fn alert(rule: RuleKind, mount: Option<&str>, value: Option<f64>, from: i64, to: Option<i64>) -> Alert {
    Alert {
        id: AlertId(1),
        server: ServerId(1),
        rule,
        attributes: mount.map_or_else(Attributes::none, |mount| Attributes::none().with(a::MOUNTPOINT, mount)),
        state: if to.is_some() { AlertState::Resolved } else { AlertState::Firing },
        threshold: value.map(|_| 0.9),
        value,
        message: "web-1 cannot be reached: the connection was refused".into(),
        resolution: to.map(|_| "web-1 can be reached again".into()),
        fired_at: UnixMillis(FROM + from),
        resolved_at: to.map(|to| UnixMillis(FROM + to)),
    }
}

/// A busy server with gaps, an outage and alerts.
pub(crate) fn busy(name: &str, points: i64, seed: f64) -> ServerReport {
    let night = span(DAY + 10 * HOUR, DAY + 19 * HOUR);
    let outage = span(4 * DAY, 4 * DAY + 2 * HOUR + HOUR / 3);
    let gaps = vec![night, outage];
    let one =
        |kind, level, swing| metric(kind, vec![series(Attributes::none(), curve(points, level, swing, seed, &gaps))]);
    let mounts = [
        ("/", 0.41),
        ("/var", 0.83),
        ("/home", 0.62),
        ("/srv", 0.3),
        ("/boot", 0.2),
        ("/data", 0.55),
        ("/opt", 0.1),
        ("/tmp", 0.02),
    ];
    let at = |mount: &str| Attributes::none().with(a::MOUNTPOINT, mount).with(a::DEVICE, "/dev/vda1");
    let growing = |level: f64| {
        let mut buckets = curve(points, level, 0.0, seed, &gaps);
        for bucket in &mut buckets {
            let grown = (bucket.start.0 - FROM) as f64 / (7 * DAY) as f64 * 0.06;
            (bucket.min, bucket.avg, bucket.max) = (bucket.min + grown, bucket.avg + grown, bucket.max + grown);
        }
        buckets
    };
    let directed = |by: &str, direction: &str, parts: &[(&str, f64)], ways: [&str; 2]| -> Vec<SeriesReport> {
        let one = |part: &str, way: &str, level: f64| {
            let attributes = Attributes::none().with(by, part).with(direction, way);
            series(attributes, curve(points, level, level * 4.0, seed + level, &gaps))
        };
        parts.iter().flat_map(|&(part, level)| [one(part, ways[0], level), one(part, ways[1], level / 3.0)]).collect()
    };
    ServerReport {
        environment: Some("production".into()),
        tags: vec!["eu".into(), "web".into()],
        facts: Facts {
            hostname: Some(format!("{name}.example.org")),
            os: Some("Debian GNU/Linux 12 (bookworm)".into()),
            kernel: Some("6.1.0-18-amd64".into()),
            architecture: Some("x86_64".into()),
            cpu_model: Some("AMD EPYC 7763".into()),
            clock_skew: None,
        },
        coverage: Coverage {
            observed: span(RANGE.0, RANGE.1).length() - night.length() - outage.length(),
            collections: 9_400,
            gaps: gaps.clone(),
        },
        unreachable: vec![outage],
        alerts: vec![
            alert(RuleKind::Disk, Some("/var"), Some(0.91), 6 * DAY, None),
            alert(RuleKind::Unreachable, None, None, 4 * DAY, Some(4 * DAY + 2 * HOUR + HOUR / 3)),
            alert(RuleKind::Cpu, None, Some(0.97), 2 * DAY, Some(2 * DAY + HOUR / 6)),
        ],
        metrics: vec![
            one(Metric::CpuUtilization, 0.08, 0.4),
            metric(Metric::CpuCount, vec![series(Attributes::none(), curve(2, 8.0, 0.0, seed, &[]))]),
            one(Metric::MemoryUtilization, 0.55, 0.1),
            metric(
                Metric::MemoryLimit,
                vec![series(Attributes::none(), curve(2, 32.0 * 1_073_741_824.0, 0.0, seed, &[]))],
            ),
            one(Metric::Load1, 0.6, 3.4),
            metric(
                Metric::FilesystemUtilization,
                mounts.map(|(mount, level)| series(at(mount), growing(level))).into(),
            ),
            metric(
                Metric::FilesystemUsage,
                mounts
                    .map(|(mount, level)| {
                        let mut buckets = growing(level);
                        buckets.iter_mut().for_each(|bucket| bucket.avg *= 200e9);
                        series(at(mount).with(a::FILESYSTEM_STATE, "used"), buckets)
                    })
                    .into(),
            ),
            metric(
                Metric::NetworkIo,
                directed(
                    a::INTERFACE,
                    a::NETWORK_DIRECTION,
                    &[("eth0", 400_000.0), ("eth1", 9_000.0), ("wg0", 100.0)],
                    ["receive", "transmit"],
                ),
            ),
            metric(Metric::DiskIo, directed(a::DEVICE, a::DISK_DIRECTION, &[("vda", 2_000_000.0)], ["read", "write"])),
        ],
        ..empty(name)
    }
}

pub(crate) fn report(servers: Vec<ServerReport>) -> Report {
    Report {
        title: "Weekly report".into(),
        range: span(RANGE.0, RANGE.1),
        generated_at: UnixMillis(FROM + RANGE.1 + HOUR),
        version: "0.1.0".into(),
        servers,
    }
}
