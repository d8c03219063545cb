//! `server footprint`: what watching a server costs it.

use std::time::Duration;

use clap::Args;
use hostrounds_core::footprint::{Budget, FootprintDay};
use hostrounds_core::format;
use hostrounds_core::observation::real;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::FootprintReport;

use crate::output::table::{Side, Table};
use crate::output::{Output, safe, time};
use crate::problem::Problem;

/// Of which server, and how far back.
#[derive(Args)]
pub(crate) struct FootprintArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    name: String,
    /// How many days, today included
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
}

pub(super) async fn carry_out(wanted: FootprintArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = super::remote(&wanted.name, engine)?;
    let report = engine.footprint(server.id, wanted.days).await?;
    if output.json {
        return output.document(&report);
    }
    if report.days.is_empty() {
        output.note(format!("{} was not visited in that time.", safe(&server.name)));
    } else {
        output.table(&day_table(&report.days))?;
    }
    show_limits(&report, output)
}

fn day_table(days: &[FootprintDay]) -> Table {
    let mut table = Table::new(&[
        ("DAY (UTC)", Side::Left),
        ("LOGINS", Side::Right),
        ("CHANNELS", Side::Right),
        ("RECEIVED", Side::Right),
        ("SENT", Side::Right),
        ("CPU", Side::Right),
        ("START-UP", Side::Right),
        ("COLLECTIONS", Side::Right),
    ]);
    for FootprintDay { day, footprint } in days {
        table.row([
            time::utc_day(*day).into(),
            footprint.logins.to_string().into(),
            footprint.channels.to_string().into(),
            format::bytes(real(footprint.received)).into(),
            format::bytes(real(footprint.sent)).into(),
            seconds(footprint.cpu).into(),
            seconds(footprint.start_up).into(),
            footprint.collections.to_string().into(),
        ]);
    }
    table
}

fn show_limits(report: &FootprintReport, output: &Output) -> Result<(), Problem> {
    let Budget { logins, bytes, cpu } = report.budget;
    let limits = [
        logins.map(|logins| format!("{logins} logins")),
        bytes.map(|bytes| format!("{} transferred", format::bytes(real(bytes)))),
        cpu.map(|cpu| format!("{} of CPU", seconds(cpu))),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let limits = if limits.is_empty() { "none".to_owned() } else { limits.join(", ") };
    output.line(format!("Budget per day: {limits}."))?;
    for over in &report.over_budget {
        output.line(output.style.doubtful(&safe(&format!("Over the budget today: {over}."))))?;
    }
    if let Some(millis) = report.slow_start_up {
        let line = format!(
            "Start-up files take {millis:.0} ms of CPU per login shell. Look at ~/.bashrc, ~/.zshrc, config.fish or ~/.tcshrc there."
        );
        output.line(output.style.doubtful(&line))?;
    }
    Ok(())
}

/// Seconds of CPU: `0.35 s`, `1 h 2 min`.
fn seconds(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.2} s");
    }
    format::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}
