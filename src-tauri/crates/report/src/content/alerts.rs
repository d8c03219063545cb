//! Alerts with their beginning, their end and what they were about.

use hostrounds_core::alert::{Alert, RuleKind};
use hostrounds_core::format;
use hostrounds_core::metric::{Unit, attribute};
use hostrounds_core::text::name;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::data::Span;
use crate::words::{NONE, length, moment, sentence};

/// An alert that fired at some moment of the range.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AlertRow {
    /// What it was about, such as `Disk /var`.
    pub what: String,
    /// When it began, perhaps before the range.
    pub began: String,
    /// When it ended; nothing where it had not when the report was made.
    pub ended: Option<String>,
    /// How long it fired, up to the moment of the report.
    pub duration: String,
    /// The value with which it began, beside its threshold.
    pub value: String,
    /// What was wrong, in a sentence, where the value does not say it.
    pub message: Option<String>,
    /// How it ended, in a sentence.
    pub resolution: Option<String>,
}

pub(super) fn row(alert: &Alert, past: Span, zone: &TimeZone) -> AlertRow {
    let noun = match alert.rule {
        RuleKind::Cpu => "CPU",
        RuleKind::Memory => "Memory",
        RuleKind::Disk => "Disk",
        RuleKind::DiskFullIn => "Disk fills up",
        RuleKind::Unreachable => "Unreachable",
    };
    let place = alert.attributes.get(attribute::MOUNTPOINT).map(|mount| format!(" {}", name(mount)));
    let value = match (alert.value, alert.threshold) {
        (Some(value), Some(threshold)) if alert.rule == RuleKind::DiskFullIn => {
            format!("full in {} (limit {})", format::value(Unit::Seconds, value), format::days(threshold))
        }
        (Some(value), Some(threshold)) => {
            format!("{} (limit {})", format::percent_beside(value, threshold), format::threshold_text(threshold))
        }
        _ => NONE.to_owned(),
    };
    AlertRow {
        what: format!("{noun}{}", place.unwrap_or_default()),
        began: moment(alert.fired_at, zone),
        ended: alert.resolved_at.map(|at| moment(at, zone)),
        duration: length(alert.resolved_at.unwrap_or(past.to).since(alert.fired_at)),
        message: alert.value.is_none().then(|| sentence(&alert.message)),
        resolution: alert.resolution.as_deref().map(sentence),
        value,
    }
}
