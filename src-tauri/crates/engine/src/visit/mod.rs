//! One visit: how a server, or this computer, is read.

mod local;
mod remote;

use std::time::Duration;

use async_trait::async_trait;
use hostrounds_core::collection::{Failure, Stage, StageTime};
use hostrounds_core::observation::Observation;
use hostrounds_core::probe::Family;
use tokio::time::Instant;

pub(crate) use local::LocalSite;
pub(crate) use remote::{RemoteSite, ask_routine, ask_slow, kept_secret, login_credential};

/// How far apart the two readings of a first collection are. CPU time is counted in ticks of 10 ms, so much less than this
/// says little.
pub(crate) const FIRST_READINGS_APART: Duration = Duration::from_secs(1);

/// How far apart two readings are at least. Rates over less time than a few ticks of 10 ms say nothing.
const READINGS_APART: Duration = Duration::from_millis(250);

/// What is visited. It keeps between visits what the next one needs: the session, the last counters.
#[async_trait]
pub(crate) trait Site: Send {
    /// Reads everything that is due. The time of each stage is added to `stages` as it ends.
    async fn visit(&mut self, stages: &mut Vec<StageTime>) -> Result<Observation, Failure>;

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

/// Which slow families were read when.
#[derive(Debug, Default)]
pub(crate) struct Rhythms {
    read: Vec<(Family, Instant)>,
}

impl Rhythms {
    /// The slow families that are due; each counts as read now. A little early is due too, so that a family with a rhythm of
    /// 30 s is read at every second visit of a server with an interval of 15 s, not at every third.
    pub(crate) fn due(&mut self) -> Vec<Family> {
        let now = Instant::now();
        let due: Vec<Family> = Family::ALL
            .iter()
            .copied()
            .filter(|family| match family.rhythm() {
                hostrounds_core::probe::Rhythm::Routine => false,
                hostrounds_core::probe::Rhythm::Slow { every } => self
                    .read
                    .iter()
                    .find(|(read, _)| read == family)
                    .is_none_or(|(_, at)| now.duration_since(*at) + every / 10 >= every),
            })
            .collect();
        self.read.retain(|(family, _)| !due.contains(family));
        self.read.extend(due.iter().map(|family| (*family, now)));
        due
    }

    /// Forgets that `family` was read, so that the next visit tries again.
    pub(crate) fn forget(&mut self, family: Family) {
        self.read.retain(|(read, _)| *read != family);
    }
}

pub(crate) fn stage_time(stage: Stage, family: Option<Family>, took: Duration) -> StageTime {
    StageTime { stage, family, millis: took.as_secs_f64() * 1000.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slow_families_keep_their_rhythm() {
        let mut rhythms = Rhythms::default();
        assert_eq!(rhythms.due(), [Family::Filesystems, Family::Processes]);
        assert!(rhythms.due().is_empty());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(rhythms.due(), [Family::Processes]);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(rhythms.due(), [Family::Filesystems, Family::Processes]);
        rhythms.forget(Family::Filesystems);
        assert_eq!(rhythms.due(), [Family::Filesystems]);
    }
}
