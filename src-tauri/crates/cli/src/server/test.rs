//! `server test` and `server tests`: every step of a connection, as it ends or as it went earlier.

use std::time::Duration;

use clap::Args;
use hostrounds_core::collection::Stage;
use hostrounds_core::format;
use hostrounds_core::probe::Family;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{ConnectionTest, Event, StepOutcome, TestReport, TestStep};

use crate::output::command::quoted;
use crate::output::failure::{hints, stage};
use crate::output::table::{Cell, Side, Table, Tone};
use crate::output::{Output, safe, time};
use crate::problem::Problem;

/// What the engine calls this test.
const TEST: &str = "cli";

/// Which tests to list.
#[derive(Args)]
pub(crate) struct TestsArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    name: String,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub(super) async fn carry_out(name: &str, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(name)?.server;
    let mut events = engine.events();
    let mut steps = Steps { output, hop: None, shown: Vec::new() };
    let report = {
        let mut test = std::pin::pin!(engine.test_saved_server(TEST.to_owned(), server.id));
        loop {
            tokio::select! {
                biased;
                Some(event) = events.next() => {
                    if let Event::TestStep { test, step } = event && test == TEST && has_ended(&step) {
                        steps.show(&step)?;
                    }
                }
                report = &mut test => break report?,
            }
        }
    };
    if output.json {
        output.document(&report)?;
    } else {
        report.steps.iter().try_for_each(|step| steps.show(step))?;
        conclude(&server.name, &report, output)?;
    }
    Problem::of_failures(&report.failure).map_or(Ok(()), Err)
}

/// The tests that were made, newest first.
pub(super) async fn history(wanted: TestsArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = super::remote(&wanted.name, engine)?;
    let tests = engine.connection_tests(server.id, wanted.limit).await?;
    if output.json {
        return output.document(&tests);
    }
    if tests.is_empty() {
        let next = output.command(&format!("server test {}", quoted(&server.name)));
        output.note(format!("{} has not been tested yet: {next}", safe(&server.name)));
        return Ok(());
    }
    output.table(&test_table(&tests))
}

fn test_table(tests: &[ConnectionTest]) -> Table {
    let mut table =
        Table::new(&[("TESTED", Side::Left), ("RESULT", Side::Left), ("TOOK", Side::Right), ("CAUSE", Side::Left)]);
    for ConnectionTest { at, report, .. } in tests {
        let millis: f64 = report.steps.iter().filter_map(|step| step.millis).sum();
        let (result, cause) = match &report.failure {
            None => (Cell::toned("passed", Tone::Good), String::new()),
            Some(failure) => {
                (Cell::toned("failed", Tone::Bad), format!("{}: {}", stage(failure.stage), failure.message))
            }
        };
        table.row([time::local(*at).into(), result, took(millis).into(), cause.into()]);
    }
    table
}

/// Whether a step is shown as soon as it is told; what failed and what was not reached come with the report.
fn has_ended(step: &TestStep) -> bool {
    matches!(step.outcome, StepOutcome::Passed | StepOutcome::NotAvailable)
}

/// Tells a step from the others: families end in any order.
type StepName = (Stage, Option<String>, Option<Family>);

/// The steps, host by host, each once.
struct Steps<'a> {
    output: &'a Output,
    /// The jump host whose steps are being shown.
    hop: Option<String>,
    shown: Vec<StepName>,
}

impl Steps<'_> {
    fn show(&mut self, step: &TestStep) -> Result<(), Problem> {
        // Of the families that were not reached, one line tells enough.
        let is_reached = step.outcome != StepOutcome::NotReached;
        let name = (step.stage, step.hop.clone(), step.family.filter(|_| is_reached));
        if self.output.json || self.shown.contains(&name) {
            return Ok(());
        }
        let style = self.output.style;
        if step.hop != self.hop {
            let to = step.hop.as_ref().map_or_else(|| "the server".to_owned(), |hop| format!("jump host {hop}"));
            self.output.line(style.strong(&safe(&format!("At {to}:"))))?;
            self.hop.clone_from(&step.hop);
        }
        let time = step.millis.map(took).unwrap_or_default();
        let (word, time) = match step.outcome {
            StepOutcome::Passed => (style.good("ok     "), time),
            StepOutcome::Failed => (style.bad("FAILED "), String::new()),
            StepOutcome::NotAvailable => (style.doubtful("absent "), time),
            StepOutcome::NotReached => (style.faint("-      "), String::new()),
        };
        let words = match name.2 {
            Some(family) => family.label().to_lowercase(),
            None => stage(step.stage).to_owned(),
        };
        self.shown.push(name);
        let detail = safe(step.detail.as_deref().unwrap_or_default());
        self.output.line(format!("{word}{words:<20}{time:>9}  {detail}").trim_end())
    }
}

fn took(millis: f64) -> String {
    let whole = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
    if whole < Duration::from_millis(1) { "< 1 ms".to_owned() } else { format::duration(whole) }
}

fn conclude(name: &str, report: &TestReport, output: &Output) -> Result<(), Problem> {
    let told = |family| report.steps.iter().any(|step| step.family == Some(family));
    for unavailable in report.unavailable.iter().filter(|unavailable| !told(unavailable.family)) {
        let line = format!("{} not available: {}", unavailable.family.label(), unavailable.reason);
        output.line(output.style.doubtful(&safe(&line)))?;
    }
    let Some(failure) = &report.failure else {
        return output.line(format!("{} can be collected.", safe(name)));
    };
    output.error(&failure.message, &output.with_commands(&failure.hint));
    if let Some(offer) = &report.host_key {
        output.note(format!("       It showed the {} key {}.", safe(&offer.algorithm), safe(&offer.fingerprint)));
    }
    hints(output, name, failure);
    Ok(())
}
