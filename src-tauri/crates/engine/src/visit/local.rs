//! This computer.

use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Failure, Stage, StageTime};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::{Family, Lane};
use hostrounds_local::{ShellFamilies, ThisComputer};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::lane::SIDE_LANES;
use super::rhythms::Rhythms;
use super::{ALL_LANES, Call, FIRST_READINGS_APART, Pace, Site, stage_time};
use crate::clock;
use crate::failure::{self, VisitError};

/// How long reading this computer may take: a hung mount can block it.
const DEADLINE: Duration = Duration::from_secs(10);

/// This computer as a site.
pub(crate) struct LocalSite {
    /// Away while a reading runs. A reading that hangs keeps it, and no second one is started meanwhile.
    computer: Option<ThisComputer>,
    hung: Option<tokio::task::JoinHandle<(ThisComputer, Observation)>>,
    sides: Vec<Side>,
    rhythms: Rhythms,
    pace: Pace,
}

impl LocalSite {
    pub(crate) fn new() -> Self {
        Self {
            computer: Some(ThisComputer::new()),
            hung: None,
            sides: [Lane::Steady, Lane::Programs].map(Side::new).into(),
            rhythms: Rhythms::default(),
            pace: Pace::default(),
        }
    }

    async fn read(&mut self, slow: Vec<Family>, off: Vec<Family>) -> Result<Observation, Failure> {
        let mut reading = match (self.hung.take(), self.computer.take()) {
            (Some(hung), _) => hung,
            (None, computer) => {
                let mut computer = computer.unwrap_or_else(ThisComputer::new);
                tokio::task::spawn_blocking(move || {
                    let observation = computer.read(clock::now(), &slow, &off);
                    (computer, observation)
                })
            }
        };
        match timeout(DEADLINE, &mut reading).await {
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
            let side = self.sides.iter_mut().find(|side| side.lane == lane);
            if side.as_ref().is_some_and(|side| side.under_way.is_some()) {
                continue;
            }
            let (by_shell, by_itself): (Vec<_>, Vec<_>) =
                self.rhythms.due(lane, call.off).into_iter().partition(|family| ShellFamilies::include(*family));
            slow.extend(by_itself);
            if let Some(side) = side.filter(|_| !by_shell.is_empty()) {
                side.begin(by_shell);
            }
        }
        let off = call.off.to_vec();
        if self.computer.as_ref().is_none_or(ThisComputer::needs_second_reading) {
            self.read(slow.clone(), off.clone()).await?;
            tokio::time::sleep(FIRST_READINGS_APART).await;
        }
        self.pace.keep().await;
        let observation = self.read(slow, off).await;
        stages.push(stage_time(Stage::Probe, None, began.elapsed()));
        let mut observation = observation?;
        let until = if call.whole { began + ALL_LANES } else { Instant::now() };
        for side in &mut self.sides {
            if let Some(read) = side.end(until).await {
                observation.points.extend(read.points);
                observation.tables = read.tables.or(observation.tables);
                observation.unavailable.extend(read.unavailable);
            }
        }
        call.leave_out(&mut observation);
        Ok(observation)
    }

    async fn leave(&mut self) {}
}

/// Families that are read beside the rest, because they take their time or may hang.
struct Side {
    lane: Lane,
    /// Away while a reading is under way.
    families: Option<ShellFamilies>,
    under_way: Option<oneshot::Receiver<(ShellFamilies, Observation)>>,
}

impl Side {
    fn new(lane: Lane) -> Self {
        Self { lane, families: Some(ShellFamilies::new()), under_way: None }
    }

    /// Begins a reading, on a thread of its own: the end of the application waits for those of the runtime.
    fn begin(&mut self, due: Vec<Family>) {
        let mut families = self.families.take().unwrap_or_default();
        let (done, under_way) = oneshot::channel();
        let reading = move || {
            let observation = families.read(clock::now(), &due);
            // Nobody waits for it any more when the application ends.
            let _ = done.send((families, observation));
        };
        match std::thread::Builder::new().name("local-families".to_owned()).spawn(reading) {
            Ok(_) => self.under_way = Some(under_way),
            Err(error) => tracing::warn!(%error, "no thread for the slow families of this computer"),
        }
    }

    /// What was read, once it is over; nothing where that is not until then.
    async fn end(&mut self, until: Instant) -> Option<Observation> {
        let read = timeout_at(until, self.under_way.as_mut()?).await.ok()?;
        self.under_way = None;
        let (families, observation) = read.ok()?;
        self.families = Some(families);
        Some(observation)
    }
}
