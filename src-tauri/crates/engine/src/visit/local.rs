//! This computer.

use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Failure, Stage, StageTime};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use hostrounds_local::ThisComputer;
use tokio::time::Instant;

use super::lane::SIDE_LANES;
use super::rhythms::Rhythms;
use super::{Call, FIRST_READINGS_APART, Pace, Site, stage_time};
use crate::clock;
use crate::failure::{self, VisitError};

/// How long reading this computer may take: a hung mount can block it.
const DEADLINE: Duration = Duration::from_secs(10);

/// This computer as a site.
pub(crate) struct LocalSite {
    /// Away while a reading runs. A reading that hangs keeps it, and no second one is started meanwhile.
    computer: Option<ThisComputer>,
    hung: Option<tokio::task::JoinHandle<(ThisComputer, Observation)>>,
    rhythms: Rhythms,
    pace: Pace,
}

impl LocalSite {
    pub(crate) fn new() -> Self {
        Self { computer: Some(ThisComputer::new()), hung: None, rhythms: Rhythms::default(), pace: Pace::default() }
    }

    async fn read(&mut self, slow: Vec<Family>) -> Result<Observation, Failure> {
        let mut reading = match (self.hung.take(), self.computer.take()) {
            (Some(hung), _) => hung,
            (None, computer) => {
                let mut computer = computer.unwrap_or_else(ThisComputer::new);
                tokio::task::spawn_blocking(move || {
                    let observation = computer.read(clock::now(), &slow, &[]);
                    (computer, observation)
                })
            }
        };
        match tokio::time::timeout(DEADLINE, &mut reading).await {
            Ok(Ok((computer, observation))) => {
                self.computer = Some(computer);
                Ok(observation)
            }
            Ok(Err(join)) => Err(failure::crashed(&join.to_string())),
            Err(_) => {
                self.hung = Some(reading);
                Err(failure::deadline(Stage::Probe, DEADLINE))
            }
        }
    }
}

#[async_trait]
impl Site for LocalSite {
    async fn visit(&mut self, call: Call<'_>, stages: &mut Vec<StageTime>) -> Result<Observation, VisitError> {
        let began = Instant::now();
        let mut slow = Vec::new();
        for lane in SIDE_LANES {
            slow.extend(self.rhythms.due(lane, call.off));
        }
        if self.computer.as_ref().is_none_or(ThisComputer::needs_second_reading) {
            self.read(slow.clone()).await?;
            tokio::time::sleep(FIRST_READINGS_APART).await;
        }
        self.pace.keep().await;
        let observation = self.read(slow).await;
        stages.push(stage_time(Stage::Probe, None, began.elapsed()));
        let mut observation = observation?;
        call.leave_out(&mut observation);
        Ok(observation)
    }

    async fn leave(&mut self) {}
}
