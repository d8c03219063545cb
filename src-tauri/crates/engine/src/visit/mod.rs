//! One visit: how a server, or this computer, is read.

mod ask;
mod bill;
mod lane;
mod local;
mod remote;
mod rhythms;
mod way;

use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Stage, StageTime};
use hostrounds_core::footprint::Footprint;
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::{Family, Rhythm};
use tokio::time::Instant;

use crate::failure::VisitError;
pub(crate) use ask::{ask_facts, ask_routine, unread_reason};
pub(crate) use bill::{Bill, ShellCpu};
pub(crate) use lane::{SIDE_LANES, limits, nonce};
pub(crate) use local::LocalSite;
pub(crate) use remote::{RemoteSite, Shared};
pub(crate) use way::{Keys, Refusal, Way, expanded};

/// How far apart the two readings of a first collection are. CPU time is counted in ticks of 10 ms, so much less than this
/// says little.
pub(crate) const FIRST_READINGS_APART: Duration = Duration::from_secs(1);

/// For how long what is slow is waited for where somebody waits for all of a visit, counted from its begin.
const ALL_LANES: Duration = Duration::from_secs(14);

/// How far apart two readings are at least. Rates over less time than a few ticks of 10 ms say nothing.
const READINGS_APART: Duration = Duration::from_millis(250);

/// What a visit is to be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// Families that are switched off.
    pub(crate) off: &'a [Family],
    /// A person asked for it and is there to answer what the server asks.
    pub(crate) by_person: bool,
    /// Somebody waits for all of it, also for what takes long.
    pub(crate) whole: bool,
}

impl Call<'_> {
    /// The families that are read in every collection.
    fn routine(&self) -> Vec<Family> {
        let is_on = |family: &Family| family.rhythm() == Rhythm::Routine && !self.off.contains(family);
        Family::ALL.iter().copied().filter(is_on).collect()
    }

    /// Leaves out what is switched off: some of it is read all the same, or was asked for before it was switched off.
    fn leave_out(&self, observation: &mut Observation) {
        observation.points.retain(|point| !self.off.contains(&point.series.metric.info().family));
        observation.unavailable.retain(|unavailable| !self.off.contains(&unavailable.family));
    }
}

/// What a visit had to tell besides what it observed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct News {
    /// What the server was made to spend.
    pub(crate) spent: Footprint,
    /// Fingerprints of further host keys that the server has announced and proved to hold.
    pub(crate) learned_host_keys: Vec<String>,
}

/// What is visited. It keeps between visits what the next one needs: the session, the last counters.
#[async_trait]
pub(crate) trait Site: Send {
    /// Reads everything that is due. The time of each stage is added to `stages` as it ends.
    async fn visit(&mut self, call: Call<'_>, stages: &mut Vec<StageTime>) -> Result<Observation, VisitError>;

    /// Returns when everything has arrived that the latest visit did not wait for, so that another visit is worth while; never
    /// where nothing is under way. Dropping the future loses nothing.
    async fn late(&mut self) {
        std::future::pending::<()>().await;
    }

    /// What there is to tell since this was last asked.
    fn news(&mut self) -> News {
        News::default()
    }

    /// Ends what was kept open. The next visit opens it again.
    async fn leave(&mut self);
}

/// When the last reading was taken.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<Instant>,
}

impl Pace {
    /// Waits until enough time has passed since the last reading; the next one counts as taken now.
    pub(crate) async fn keep(&mut self) {
        if let Some(last) = self.last {
            tokio::time::sleep_until(last + READINGS_APART).await;
        }
        self.last = Some(Instant::now());
    }
}

pub(crate) fn stage_time(stage: Stage, family: Option<Family>, took: Duration) -> StageTime {
    StageTime { stage, family, hop: None, millis: took.as_secs_f64() * 1000.0 }
}
