//! What a report says of one server, as the store has it.

use std::collections::HashMap;
use std::time::Duration;

use hostrounds_core::history::HistoryQuery;
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Facts};
use hostrounds_core::probe::Rhythm;
use hostrounds_core::server::Server;
use hostrounds_report::data::{Coverage, MetricReport, SeriesReport, ServerReport, Span};
use hostrounds_store::{Result, Store};

use super::unreachable::unreachable;

/// What a report is about.
const METRICS: [Metric; 10] = [
    Metric::CpuUtilization,
    Metric::CpuCount,
    Metric::MemoryUtilization,
    Metric::MemoryLimit,
    Metric::PagingUtilization,
    Metric::Load1,
    Metric::FilesystemUtilization,
    Metric::FilesystemUsage,
    Metric::NetworkIo,
    Metric::DiskIo,
];
/// The share of values that the 95th percentile is not below.
const P95: f64 = 0.95;
/// The most alerts that are looked at, and the most that are listed.
const ALERTS_MOST: u32 = 10_000;
const ALERTS_LISTED: usize = 50;

/// Everything about `server` from the part of the range that has passed, each series in at most `points` buckets.
pub(super) async fn server(
    store: &Store,
    server: Server,
    facts: Facts,
    past: Span,
    points: usize,
) -> Result<ServerReport> {
    let queries: Vec<HistoryQuery> = METRICS.iter().map(|metric| query(&server, *metric, past, points)).collect();
    let mut metrics = Vec::new();
    for (query, histories) in queries.iter().zip(store.ranges(&queries).await?) {
        let mut summaries: HashMap<Attributes, _> = store
            .summaries(query, &[P95])
            .await?
            .into_iter()
            .map(|summary| (summary.attributes.clone(), summary))
            .collect();
        let series: Vec<SeriesReport> = histories
            .into_iter()
            .filter(|history| !is_loopback(&history.attributes))
            .filter_map(|history| {
                let summary = summaries.remove(&history.attributes)?;
                Some(SeriesReport {
                    attributes: history.attributes,
                    buckets: history.buckets,
                    avg: summary.avg,
                    p95: summary.quantiles.first().copied(),
                    max: summary.max,
                    last: summary.last,
                })
            })
            .collect();
        if !series.is_empty() {
            metrics.push(MetricReport { metric: query.metric, every: every(&server, query.metric), series });
        }
    }

    let alerts = store.alerts_between(server.id, past.from, past.to, ALERTS_MOST).await?;
    let unreachable = unreachable(store, &server, &alerts, past).await?;
    let observed = store.coverage(server.id, past.from, past.to).await?;
    let more_alerts = alerts.len().saturating_sub(ALERTS_LISTED);
    Ok(ServerReport {
        name: server.name,
        environment: server.environment,
        tags: server.tags,
        facts,
        thresholds: server.thresholds,
        added_at: server.created_at,
        coverage: Coverage {
            observed: Duration::from_millis(observed.observed),
            collections: observed.collections,
            gaps: observed.gaps.iter().map(|gap| Span { from: gap.from, to: gap.to }).collect(),
        },
        unreachable,
        alerts: alerts.into_iter().take(ALERTS_LISTED).collect(),
        more_alerts: u64::try_from(more_alerts).unwrap_or(u64::MAX),
        metrics,
    })
}

fn query(server: &Server, metric: Metric, past: Span, points: usize) -> HistoryQuery {
    let attributes = match metric {
        Metric::FilesystemUsage => Attributes::none().with(attribute::FILESYSTEM_STATE, "used"),
        _ => Attributes::none(),
    };
    let max_points = u32::try_from(points).unwrap_or(u32::MAX);
    HistoryQuery { server: server.id, metric, attributes, from: past.from, to: past.to, max_points }
}

/// What a computer says to itself is no traffic.
fn is_loopback(attributes: &Attributes) -> bool {
    attributes.get(attribute::INTERFACE) == Some("lo")
}

/// The longest usual time from one reading of a metric to the next.
fn every(server: &Server, metric: Metric) -> Duration {
    let interval = Duration::from_secs(u64::from(server.interval));
    match metric.info().family.rhythm() {
        Rhythm::Routine => interval,
        Rhythm::Slow { every } => every.max(interval),
    }
}
