//! When a server could not be reached although somebody tried.

use hostrounds_core::alert::{Alert, RuleKind};
use hostrounds_core::server::{Server, ServerId};
use hostrounds_report::data::Span;
use hostrounds_store::{Result, Store};

/// The spans in `past` in which `server` could not be reached; in order of time, without overlaps.
///
/// The alert says from when to when. It also stays while nobody looks: where Hostrounds does not run or this computer sleeps,
/// nothing is read of this computer either, and then nothing is known of the server. Where nothing at all is kept of this computer
/// from that time, because it is not watched, only the alert counts.
pub(super) async fn unreachable(store: &Store, server: &Server, alerts: &[Alert], past: Span) -> Result<Vec<Span>> {
    let mut spans = Vec::new();
    for span in merged(alerts, past) {
        if server.id == ServerId::LOCAL {
            spans.push(span);
            continue;
        }
        let awake = store.coverage(ServerId::LOCAL, span.from, span.to).await?;
        if awake.collections == 0 {
            spans.push(span);
            continue;
        }
        let mut from = span.from;
        for gap in awake.gaps {
            spans.push(Span { from, to: gap.from });
            from = gap.to;
        }
        spans.push(Span { from, to: span.to });
    }
    spans.retain(|span| span.from < span.to);
    Ok(spans)
}

/// What the alerts say, within `past`. At most one of them fires at a time, but the clock may have been set back.
fn merged(alerts: &[Alert], past: Span) -> Vec<Span> {
    let mut spans: Vec<Span> = alerts
        .iter()
        .filter(|alert| alert.rule == RuleKind::Unreachable)
        .map(|alert| Span { from: alert.fired_at, to: alert.resolved_at.unwrap_or(past.to) }.within(past))
        .filter(|span| span.from < span.to)
        .collect();
    spans.sort_by_key(|span| span.from);
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => merged.push(span),
        }
    }
    merged
}
