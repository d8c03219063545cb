//! Putting questions to shells, and taking in what they answer.

use hostrounds_core::observation::{Observation, Unavailable};
use hostrounds_core::probe::{Family, Lane, remote};
use hostrounds_ssh::{Shell, ShellError};

use super::lane::{Answer, LaneShell, What, limits, nonce};
use super::rhythms::Rhythms;
use crate::clock;
use crate::failure::capitalised;

/// The families of an answer that the server opened no channel for; where they were only asked for to have counters, the next
/// answer is as good.
pub(crate) fn refused_families(answer: &Answer) -> Option<Vec<Family>> {
    match (&answer.outcome, answer.what) {
        (Err(ShellError::ChannelRefused { .. }), What::Families) => Some(answer.families.clone()),
        _ => None,
    }
}

/// Adds what a lane has answered to `observation`.
pub(crate) fn take_in(
    readings: &mut remote::Remote,
    rhythms: &mut Rhythms,
    lane: &mut LaneShell,
    answer: Answer,
    observation: &mut Observation,
) {
    let Answer { what, families, outcome, .. } = answer;
    match (what, outcome) {
        (What::Families, Ok((output, nonce))) => {
            readings.slow(&output, &families, &nonce, observation);
            if families.contains(&Family::Processes) {
                lane.ask_detail(readings);
            }
        }
        // Asked for in another way, see there.
        (What::Families, Err(ShellError::ChannelRefused { .. })) => {}
        (What::Families, Err(error)) => {
            for family in families {
                rhythms.forget(family);
                observation.unavailable.push(Unavailable::all(family, unread_reason(lane.lane(), &error)));
            }
        }
        (What::Rehearsal, Ok((output, nonce))) => {
            let mut thrown_away = Observation::empty(observation.at);
            readings.slow(&output, &families, &nonce, &mut thrown_away);
            observation.spent = thrown_away.spent;
        }
        (What::ProcessDetail, Ok((output, nonce))) => readings.process_detail(&output, &nonce, observation),
        (What::Rehearsal | What::ProcessDetail, Err(_)) => {}
    }
}

/// Why a family of a lane could not be read, for people.
pub(crate) fn unread_reason(lane: Lane, error: &ShellError) -> String {
    let seconds = limits(lane).deadline.as_secs();
    match (error, lane) {
        (ShellError::StillBusy | ShellError::Timeout { .. }, Lane::Mounts) => {
            format!("`df` has not answered for {seconds} s or more: a mount may hang.")
        }
        (ShellError::StillBusy | ShellError::Timeout { .. }, _) => {
            format!("A program that is asked for it has not answered for {seconds} s or more.")
        }
        (other, _) => capitalised(&other.to_string()),
    }
}

/// Asks for the routine families and reads the answer.
pub(crate) async fn ask_routine(
    shell: &mut Shell,
    readings: &mut remote::Remote,
    families: &[Family],
    observation: &mut Observation,
) -> Result<(), ShellError> {
    let answer = shell.ask(remote::routine_command(), limits(Lane::Routine)).await?;
    observation.at = clock::now();
    readings.routine(&answer, families, observation);
    Ok(())
}

/// Asks for what rarely changes and reads the answer.
pub(crate) async fn ask_facts(
    shell: &mut Shell,
    readings: &mut remote::Remote,
    observation: &mut Observation,
) -> Result<(), ShellError> {
    let nonce = nonce();
    let answer = shell.ask(&remote::slow_command(&[], true, &nonce), limits(Lane::Routine)).await?;
    readings.slow(&answer, &[], &nonce, observation);
    Ok(())
}
