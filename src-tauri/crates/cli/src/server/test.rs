//! `server test`: every step of a connection as it ends.

use std::time::Duration;

use hostrounds_core::format;
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{Event, StepOutcome, TestReport, TestStep};

use crate::output::failure::{quoted, stage};
use crate::output::{Output, safe};
use crate::problem::Problem;

/// What the engine calls this test.
const TEST: &str = "cli";

pub(super) async fn carry_out(name: &str, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(name)?.server;
    let mut events = engine.events();
    let mut shown = 0;
    let report = {
        let mut test = std::pin::pin!(engine.test_saved_server(TEST.to_owned(), server.id));
        loop {
            tokio::select! {
                biased;
                Some(event) = events.next() => {
                    if let Event::TestStep { test, step } = event && test == TEST && step.outcome == StepOutcome::Passed {
                        show(&step, output)?;
                        shown += 1;
                    }
                }
                report = &mut test => break report?,
            }
        }
    };
    if output.json {
        output.document(&report)?;
    } else {
        report.steps.iter().skip(shown).try_for_each(|step| show(step, output))?;
        conclude(&server.name, &report, output)?;
    }
    Problem::of_failures(&report.failure).map_or(Ok(()), Err)
}

fn show(step: &TestStep, output: &Output) -> Result<(), Problem> {
    if output.json {
        return Ok(());
    }
    let (word, time) = match step.outcome {
        StepOutcome::Passed => (output.style.good("ok     "), step.millis.map(took).unwrap_or_default()),
        StepOutcome::Failed => (output.style.bad("FAILED "), String::new()),
        StepOutcome::NotReached => (output.style.faint("-      "), String::new()),
    };
    let detail = safe(step.detail.as_deref().unwrap_or_default());
    output.line(format!("{word}{:<13}{time:>9}  {detail}", stage(step.stage)).trim_end())
}

fn took(millis: f64) -> String {
    let whole = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
    if whole < Duration::from_millis(1) { "< 1 ms".to_owned() } else { format::duration(whole) }
}

fn conclude(name: &str, report: &TestReport, output: &Output) -> Result<(), Problem> {
    for unavailable in &report.unavailable {
        let line = format!("{} not available: {}", unavailable.family.label(), unavailable.reason);
        output.line(output.style.doubtful(&safe(&line)))?;
    }
    let Some(failure) = &report.failure else {
        return output.line(format!("{} can be collected.", safe(name)));
    };
    output.error(&failure.message, &failure.hint);
    if let Some(offer) = &report.host_key {
        output.note(format!("       It showed the {} key {}.", safe(&offer.algorithm), safe(&offer.fingerprint)));
        output.note(format!("       To compare and accept it: hostrounds server trust {}", quoted(name)));
    } else if let Some(command) = crate::output::failure::remedy(name, failure) {
        output.note(format!("       Try: {command}"));
    }
    Ok(())
}
