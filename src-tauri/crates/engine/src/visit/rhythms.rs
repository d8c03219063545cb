//! Which slow families are due.

use std::time::Duration;

use hostrounds_core::probe::{Family, Lane, Rhythm};
use tokio::time::Instant;

/// Which slow families were read when.
#[derive(Debug, Default)]
pub(crate) struct Rhythms {
    read: Vec<(Family, Instant)>,
}

impl Rhythms {
    /// The slow families of a lane that are due and not switched off, the most frequent ones first; each counts as read now. A
    /// little early is due too, so that a family with a rhythm of 30 s is read at every second visit of a server with an
    /// interval of 15 s, not at every third.
    pub(crate) fn due(&mut self, lane: Lane, off: &[Family]) -> Vec<Family> {
        let now = Instant::now();
        let mut due: Vec<_> = Family::ALL
            .iter()
            .copied()
            .filter(|family| family.lane() == lane && !off.contains(family))
            .filter_map(|family| match family.rhythm() {
                Rhythm::Routine => None,
                Rhythm::Slow { every } => {
                    let last = self.read.iter().find(|(read, _)| *read == family);
                    last.is_none_or(|(_, at)| now.duration_since(*at) + every / 10 >= every).then_some((every, family))
                }
            })
            .collect();
        due.sort_by_key(|(every, _)| *every);
        let due: Vec<Family> = due.into_iter().map(|(_, family)| family).collect();
        self.read.retain(|(family, _)| !due.contains(family));
        self.read.extend(due.iter().map(|family| (*family, now)));
        due
    }

    /// Takes note that `family` was read some time ago; no change where it was read here.
    pub(crate) fn was_read(&mut self, family: Family, ago: Duration) {
        if let Some(at) = Instant::now().checked_sub(ago)
            && self.read.iter().all(|(read, _)| *read != family)
        {
            self.read.push((family, at));
        }
    }

    /// Forgets that `family` was read, so that the next visit tries again.
    pub(crate) fn forget(&mut self, family: Family) {
        self.read.retain(|(read, _)| *read != family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slow_families_keep_their_rhythm() {
        let mut rhythms = Rhythms::default();
        let off = [Family::Temperatures, Family::Batteries];
        assert_eq!(rhythms.due(Lane::Steady, &off), [Family::Processes, Family::Tcp]);
        assert_eq!(rhythms.due(Lane::Mounts, &off), [Family::Filesystems]);
        assert!(rhythms.due(Lane::Steady, &off).is_empty());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(rhythms.due(Lane::Steady, &off), [Family::Processes, Family::Tcp]);
        assert!(rhythms.due(Lane::Mounts, &off).is_empty());
        tokio::time::advance(Duration::from_secs(17)).await;
        assert_eq!(rhythms.due(Lane::Mounts, &off), [Family::Filesystems], "a little early is due too");
        rhythms.forget(Family::Filesystems);
        assert_eq!(rhythms.due(Lane::Mounts, &off), [Family::Filesystems]);
        assert_eq!(rhythms.due(Lane::Mounts, &[Family::Filesystems]), []);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_read_rarely_and_takes_long_comes_last() {
        let due = Rhythms::default().due(Lane::Programs, &[]);
        assert_eq!(due.last(), Some(&Family::Updates));
        assert!(Rhythms::default().due(Lane::Routine, &[]).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_process_has_read_is_not_read_before_it_is_due() {
        let mut rhythms = Rhythms::default();
        tokio::time::advance(Duration::from_secs(7200)).await;
        rhythms.was_read(Family::Updates, Duration::from_secs(3000));
        rhythms.was_read(Family::Reboot, Duration::from_secs(3000));
        let due = rhythms.due(Lane::Programs, &[]);
        assert!(due.contains(&Family::Reboot) && !due.contains(&Family::Updates), "{due:?}");
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(rhythms.due(Lane::Programs, &[]).contains(&Family::Updates));
        rhythms.was_read(Family::Updates, Duration::from_secs(9999));
        assert!(!rhythms.due(Lane::Programs, &[]).contains(&Family::Updates), "it was read here since");
    }
}
