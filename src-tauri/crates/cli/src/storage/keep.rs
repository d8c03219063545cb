//! `storage keep`: how long and how much of the history is kept. What that gives up is shown first.

use clap::Args;
use hostrounds_core::format;
use hostrounds_core::observation::real;
use hostrounds_core::retention::{DAYS_MOST, Expired, Retention, days_words};
use hostrounds_core::server::{Server, ServerId};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{RetentionPreview, Settings};
use serde::Serialize;

use super::amount::{self, Days, Size};
use crate::confirm::asked;
use crate::output::table::{Side, Table};
use crate::output::{Output, safe};
use crate::problem::Problem;

/// The limits that are named; the others stay.
#[derive(Args)]
pub(crate) struct KeepArguments {
    /// How many days the history is kept, or `forever`; with --server also `default`, as long as that of the others
    #[arg(long, allow_negative_numbers = true, value_name = "N|forever|default", value_parser = amount::days)]
    days: Option<Days>,
    /// How large the database may become, such as 5GiB or 500MB, or `unlimited`; then the oldest goes
    #[arg(long, allow_negative_numbers = true, value_name = "SIZE|unlimited", value_parser = amount::most)]
    size: Option<Size>,
    /// From which size on it is pointed out, or `never`
    #[arg(long, allow_negative_numbers = true, value_name = "SIZE|never", value_parser = amount::warning)]
    warn: Option<Size>,
    /// Keep only the history of this server for so many days
    #[arg(long, value_name = "NAME", requires = "days", conflicts_with_all = ["size", "warn"])]
    server: Option<String>,
    /// Only show what would go
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What is to be kept from now on.
enum Wanted {
    /// Of all servers.
    All(Retention),
    /// Of one server; without days, as that of the others.
    One { id: ServerId, name: String, days: Option<u32> },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeepDocument<'a> {
    retention: Retention,
    server: Option<ServerId>,
    days: Option<u32>,
    preview: &'a RetentionPreview,
    saved: bool,
}

pub(super) async fn carry_out(wanted: KeepArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let (dry_run, yes) = (wanted.dry_run, wanted.yes);
    let present = engine.settings();
    let wanted = wanted.over(present.retention, engine)?;
    let (retention, exception) = match &wanted {
        Wanted::All(retention) => (*retention, None),
        Wanted::One { id, days, .. } => (present.retention, Some((*id, *days))),
    };
    let mut preview = engine.preview_retention(retention, exception).await?;
    if let Some((id, _)) = exception {
        // What goes of the others goes anyway.
        preview.servers.retain(|of| of.server == id);
        preview.by_size = Expired::default();
    }
    let goes = total(&preview);
    if !output.json {
        show(&preview, engine, output)?;
    }
    if !dry_run {
        if goes != Expired::default() && !yes {
            let (question, hint) =
                ("Give that up for good? Type `yes`: ", "Say --yes to give it up without being asked.");
            if !asked(question, hint)? {
                return Err(Problem::usage("Nothing was changed.", "Only `yes` changes what is kept."));
            }
        }
        match &wanted {
            Wanted::All(retention) => {
                engine.set_settings(Settings { retention: *retention, ..engine.settings() }).await?;
            }
            Wanted::One { id, days, .. } => engine.set_keep_days(*id, *days).await?,
        }
    }
    if output.json {
        let (server, days) = exception.unzip();
        let days = days.flatten();
        return output.document(&KeepDocument { retention, server, days, preview: &preview, saved: !dry_run });
    }
    if dry_run {
        return output.line("Nothing was changed.");
    }
    output.line(match &wanted {
        Wanted::All(retention) => format!("The history is kept {}.", retention.words()),
        Wanted::One { name, days: Some(days), .. } => {
            format!("The history of {} is kept for {}.", safe(name), days_words(*days))
        }
        Wanted::One { name, days: None, .. } => {
            format!("The history of {} is kept as that of the others: {}.", safe(name), retention.words())
        }
    })?;
    if goes != Expired::default() {
        output.note("What is not kept goes while the window is open or `hostrounds run` runs.");
    }
    Ok(())
}

impl KeepArguments {
    fn over(self, present: Retention, engine: &Hostrounds) -> Result<Wanted, Problem> {
        if let Some(name) = self.server {
            let Server { id, name, .. } = engine.server_named(&name)?.server;
            let days = match self.days {
                Some(Days::Count(days)) => Some(days),
                Some(Days::Default) | None => None,
                Some(Days::Forever) => {
                    return Err(Problem::usage(
                        "--days forever is for all servers.",
                        format!("Of one server, up to {DAYS_MOST} days are kept: --days {DAYS_MOST}."),
                    ));
                }
            };
            return Ok(Wanted::One { id, name, days });
        }
        if self.days.is_none() && self.size.is_none() && self.warn.is_none() {
            return Err(Problem::usage(
                "Nothing to change was named.",
                "Say what is kept with --days, --size or --warn.",
            ));
        }
        let days = match self.days {
            None => present.days,
            Some(Days::Count(days)) => Some(days),
            Some(Days::Forever) => None,
            Some(Days::Default) => {
                return Err(Problem::usage("--days default is for one server.", "Name it with --server NAME."));
            }
        };
        Ok(Wanted::All(Retention {
            days,
            bytes: self.size.map_or(present.bytes, |Size(bytes)| bytes),
            warn_bytes: self.warn.map_or(present.warn_bytes, |Size(bytes)| bytes),
        }))
    }
}

/// Everything that goes.
fn total(preview: &RetentionPreview) -> Expired {
    preview.servers.iter().fold(preview.by_size, |all, of| all.and(of.expired))
}

fn show(preview: &RetentionPreview, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let goes = total(preview);
    if goes == Expired::default() {
        return output.line("Nothing that is there goes.");
    }
    let views = engine.servers();
    let mut table = Table::new(&[("GOES", Side::Left), ("COLLECTIONS", Side::Right), ("ABOUT", Side::Right)]);
    let rows = preview.servers.iter().map(|of| {
        let known = views.iter().find(|view| view.server.id == of.server);
        (known.map_or("(removed)", |view| view.server.name.as_str()), of.expired)
    });
    let by_size = Some(("the oldest of all", preview.by_size)).filter(|(_, expired)| *expired != Expired::default());
    for (what, Expired { collections, bytes }) in rows.chain(by_size) {
        table.row([what.into(), collections.to_string().into(), format::bytes(real(bytes)).into()]);
    }
    output.table(&table)?;
    output.line(format!("{} collections in all, about {}.", goes.collections, format::bytes(real(goes.bytes))))
}
