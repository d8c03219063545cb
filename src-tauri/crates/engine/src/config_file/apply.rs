//! What a file says, on top of what is there. What it leaves out stays; what is new begins with the usual values.

use hostrounds_core::footprint::Budget;
use hostrounds_core::retention::Retention;
use hostrounds_core::server::{DEFAULT_INTERVAL, Hop, Login, ServerDraft, SshTarget, Target, Thresholds};

use super::entry::{
    BudgetEntry, HopEntry, Limit, LocalEntry, LoginEntry, Method, ServerEntry, SettingsEntry, ThresholdsEntry, ssh_port,
};
use crate::api::view::Settings;

/// The settings with what the file says of them.
pub(crate) fn settings(entry: SettingsEntry, present: &Settings) -> Settings {
    let SettingsEntry { concurrency, notifications, budget: BudgetEntry { logins, bytes, cpu }, retention } = entry;
    Settings {
        concurrency: concurrency.unwrap_or(present.concurrency),
        notifications: notifications.unwrap_or(present.notifications),
        budget: Budget {
            logins: limit(logins, present.budget.logins),
            bytes: limit(bytes, present.budget.bytes),
            cpu: limit(cpu, present.budget.cpu),
        },
        retention: Retention {
            days: limit(retention.days, present.retention.days),
            bytes: limit(retention.bytes, present.retention.bytes),
            warn_bytes: limit(retention.warn_bytes, present.retention.warn_bytes),
        },
    }
}

/// This computer with what the file says of it.
pub(crate) fn local_draft(entry: LocalEntry, present: &ServerDraft) -> ServerDraft {
    let LocalEntry { enabled, interval, thresholds: limits, without, environment, tags } = entry;
    ServerDraft {
        name: present.name.clone(),
        target: present.target.clone(),
        enabled: enabled.unwrap_or(present.enabled),
        interval: interval.unwrap_or(present.interval),
        thresholds: thresholds(limits, present.thresholds),
        families_off: without.unwrap_or_else(|| present.families_off.clone()),
        environment: environment.or_else(|| present.environment.clone()),
        tags: tags.unwrap_or_else(|| present.tags.clone()),
    }
}

/// A server with what the file says of it; `present` is the one of that name.
///
/// # Errors
/// In a sentence, where a login has what does not belong to its method.
pub(crate) fn server_draft(entry: ServerEntry, present: Option<&ServerDraft>) -> Result<ServerDraft, String> {
    let ServerEntry {
        name,
        host,
        port,
        user,
        logins: ways,
        jumps,
        enabled,
        interval,
        thresholds: limits,
        without,
        environment,
        tags,
    } = entry;
    let target = match present.map(|present| &present.target) {
        Some(Target::Ssh(target)) => target.clone(),
        _ => SshTarget::direct(Hop { host: String::new(), port: ssh_port(), user: String::new(), logins: Vec::new() }),
    };
    let hop = Hop {
        host: host.unwrap_or(target.hop.host),
        port: port.unwrap_or(target.hop.port),
        user: user.unwrap_or(target.hop.user),
        logins: ways.map_or(Ok(target.hop.logins), logins)?,
    };
    let hop_of = |HopEntry { host, port, user, logins: ways }| Ok(Hop { host, port, user, logins: logins(ways)? });
    let jumps = match jumps {
        Some(jumps) => jumps.into_iter().map(hop_of).collect::<Result<_, String>>()?,
        None => target.jumps,
    };
    Ok(ServerDraft {
        name,
        target: Target::Ssh(SshTarget { hop, jumps }),
        // As after an import of an SSH configuration: nobody logs in where nobody has tried it.
        enabled: enabled.or(present.map(|it| it.enabled)).unwrap_or(false),
        interval: interval.or(present.map(|it| it.interval)).unwrap_or(DEFAULT_INTERVAL),
        thresholds: thresholds(limits, present.map(|it| it.thresholds).unwrap_or_default()),
        families_off: without.or_else(|| present.map(|it| it.families_off.clone())).unwrap_or_default(),
        environment: environment.or_else(|| present.and_then(|it| it.environment.clone())),
        tags: tags.or_else(|| present.map(|it| it.tags.clone())).unwrap_or_default(),
    })
}

fn logins(entries: Vec<LoginEntry>) -> Result<Vec<Login>, String> {
    entries.into_iter().map(login).collect()
}

fn login(entry: LoginEntry) -> Result<Login, String> {
    match entry {
        LoginEntry { method: Method::Password, path: None, certificate: None, key: None, socket: None } => {
            Ok(Login::Password)
        }
        LoginEntry { method: Method::Prompts, path: None, certificate: None, key: None, socket: None } => {
            Ok(Login::Prompts)
        }
        LoginEntry { method: Method::Key, path: Some(path), certificate, key: None, socket: None } => {
            Ok(Login::Key { path, certificate })
        }
        LoginEntry { method: Method::Agent, path: None, certificate: None, key, socket } => {
            Ok(Login::Agent { key, socket })
        }
        _ => {
            Err("A login with the method `key` has a `path` and may have a `certificate`; one with `agent` may have a \
                  `key` and a `socket`; `password` and `prompts` have nothing else."
                .into())
        }
    }
}

fn thresholds(entry: ThresholdsEntry, present: Thresholds) -> Thresholds {
    Thresholds {
        cpu: limit(entry.cpu, present.cpu),
        memory: limit(entry.memory, present.memory),
        disk: limit(entry.disk, present.disk),
        disk_full_in: limit(entry.disk_full_in, present.disk_full_in),
    }
}

fn limit<T>(named: Option<Limit<T>>, present: Option<T>) -> Option<T> {
    named.map_or(present, |Limit(limit)| limit)
}
