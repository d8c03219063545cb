//! From the configuration to text: the same for the same configuration, one line for one thing, so that two files can be
//! compared line by line.

use std::collections::BTreeMap;
use std::fmt::Write;

use hostrounds_core::footprint::Budget;
use hostrounds_core::retention::Retention;
use hostrounds_core::server::{Hop, Login, ServerDraft, SshTarget, Target, Thresholds};
use serde::Serialize;
use toml::Value;

use super::VERSION;
use super::entry::{BudgetEntry, Limit, LoginEntry, Method, RetentionEntry, ThresholdsEntry};
use crate::api::view::Settings;

const TITLE: &str = "\
# The configuration of Hostrounds: settings, servers and accepted host keys. It holds no secrets.
# `hostrounds config import FILE` takes it over; docs/configuration.md describes it.
";

/// The text of a configuration. Drafts in whatever order; this computer among them or not.
pub(crate) fn write(settings: &Settings, drafts: &[ServerDraft], host_keys: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = format!("{TITLE}version = {VERSION}\n");
    let Settings { concurrency, notifications, budget, retention } = settings;
    text.push_str("\n[settings]\n");
    line(&mut text, "concurrency", concurrency);
    line(&mut text, "notifications", notifications);
    line(&mut text, "budget", &budget_entry(*budget));
    line(&mut text, "retention", &retention_entry(*retention));

    let mut drafts: Vec<&ServerDraft> = drafts.iter().collect();
    drafts.sort_by_key(|draft| (draft.name.to_lowercase(), draft.name.clone()));
    if let Some(local) = drafts.iter().find(|draft| draft.target == Target::Local) {
        text.push_str("\n[local]\n");
        common(&mut text, local);
    }
    for draft in drafts {
        let Target::Ssh(SshTarget { hop: Hop { host, port, user, logins }, jumps }) = &draft.target else { continue };
        text.push_str("\n[[server]]\n");
        line(&mut text, "name", &draft.name);
        line(&mut text, "host", host);
        line(&mut text, "port", port);
        line(&mut text, "user", user);
        lines(&mut text, "logins", logins.iter().map(|login| value(&login_entry(login))));
        // Written where there are none too: what a file leaves out stays as it is.
        lines(&mut text, "jumps", jumps.iter().map(jump));
        common(&mut text, draft);
    }
    if !host_keys.is_empty() {
        text.push_str("\n[host_keys]\n");
        for (host, keys) in host_keys {
            line(&mut text, &value(host), keys);
        }
    }
    text
}

/// What this computer has too.
fn common(text: &mut String, draft: &ServerDraft) {
    let ServerDraft { name: _, target: _, enabled, interval, thresholds, families_off, environment, tags } = draft;
    line(text, "enabled", enabled);
    line(text, "interval", interval);
    line(text, "thresholds", &thresholds_entry(*thresholds));
    line(text, "without", families_off);
    line(text, "environment", environment.as_deref().unwrap_or_default());
    line(text, "tags", tags);
}

fn budget_entry(Budget { logins, bytes, cpu }: Budget) -> BudgetEntry {
    BudgetEntry { logins: Some(Limit(logins)), bytes: Some(Limit(bytes)), cpu: Some(Limit(cpu)) }
}

fn retention_entry(Retention { days, bytes, warn_bytes }: Retention) -> RetentionEntry {
    RetentionEntry { days: Some(Limit(days)), bytes: Some(Limit(bytes)), warn_bytes: Some(Limit(warn_bytes)) }
}

fn thresholds_entry(Thresholds { cpu, memory, disk, disk_full_in }: Thresholds) -> ThresholdsEntry {
    ThresholdsEntry {
        cpu: Some(Limit(cpu)),
        memory: Some(Limit(memory)),
        disk: Some(Limit(disk)),
        disk_full_in: Some(Limit(disk_full_in)),
    }
}

fn login_entry(login: &Login) -> LoginEntry {
    let plain = |method| LoginEntry { method, path: None, certificate: None, key: None, socket: None };
    match login.clone() {
        Login::Password => plain(Method::Password),
        Login::Key { path, certificate } => LoginEntry { path: Some(path), certificate, ..plain(Method::Key) },
        Login::Agent { key, socket } => LoginEntry { key, socket, ..plain(Method::Agent) },
        Login::Prompts => plain(Method::Prompts),
    }
}

/// A jump host in one line, in the order of the fields.
fn jump(Hop { host, port, user, logins }: &Hop) -> String {
    let logins: Vec<String> = logins.iter().map(|login| value(&login_entry(login))).collect();
    format!("{{ host = {}, port = {port}, user = {}, logins = [{}] }}", value(host), value(user), logins.join(", "))
}

fn line(text: &mut String, key: &str, field: &(impl Serialize + ?Sized)) {
    let _ = writeln!(text, "{key} = {}", value(field));
}

fn lines(text: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        let _ = writeln!(text, "{key} = []");
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for item in items {
        let _ = writeln!(text, "  {item},");
    }
    text.push_str("]\n");
}

/// A value as TOML writes it within a line. What cannot be written is left empty, and then not read back: nothing here is such.
fn value(field: &(impl Serialize + ?Sized)) -> String {
    Value::try_from(field).map(|value| inline(&value)).unwrap_or_default()
}

fn inline(value: &Value) -> String {
    match value {
        // `90`, as people write it, not `90.0`.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
