//! Collections over sessions that stand: the turns that P1 and P3 both look at.

use std::time::{Duration, Instant};

use anyhow::Result;
use hostrounds_core::probe::remote::Remote;

use crate::cpu;
use crate::openssh::Master;
use crate::ours::LoggedIn;

/// How often the sides change.
const TURNS: usize = 40;
/// Collections in one turn. Each has readings of its own to take rates from, as if it were a server of its own: a turn of
/// both sides takes longer than the tenth of a second that rates need.
const COLLECTIONS: usize = 25;

/// What one side took.
#[derive(Default)]
pub(crate) struct Side {
    /// Of every collection, from the question to the whole answer.
    pub(crate) times: Vec<Duration>,
    /// Of one collection, on this side of the connection.
    pub(crate) client_cpu: Duration,
    /// Of one collection, on the server.
    pub(crate) server_cpu: Duration,
}

/// Both sides, measured in turns.
pub(crate) struct Warm {
    pub(crate) ours: Side,
    pub(crate) openssh: Side,
}

pub(crate) fn measure(session: &mut LoggedIn<'_>, master: &Master<'_>) -> Result<Warm> {
    let mut readings: Vec<Remote> = std::iter::repeat_with(Remote::new).take(COLLECTIONS).collect();
    let mut turns = Warm { ours: Side::default(), openssh: Side::default() };
    session.settle()?;
    // What is done once, in either program or in the kernel, is no part of any collection.
    take_turns(1, session, &mut readings, master, &mut turns)?;

    let mut warm = Warm { ours: Side::default(), openssh: Side::default() };
    let clients = cpu::ended_children()? + master.cpu()?;
    let servers = (session.server.cpu()?, master.server.cpu()?);
    take_turns(TURNS, session, &mut readings, master, &mut warm)?;

    let collections = u32::try_from(TURNS * COLLECTIONS)?;
    warm.ours.client_cpu /= collections;
    warm.openssh.client_cpu = (cpu::ended_children()? + master.cpu()? - clients) / collections;
    warm.ours.server_cpu = (session.server.cpu()? - servers.0) / collections;
    warm.openssh.server_cpu = (master.server.cpu()? - servers.1) / collections;
    Ok(warm)
}

/// Adds up our own CPU, which has to be told from what it takes this process to start the others.
fn take_turns(
    turns: usize,
    session: &mut LoggedIn<'_>,
    readings: &mut [Remote],
    master: &Master<'_>,
    warm: &mut Warm,
) -> Result<()> {
    for _ in 0..turns {
        let used = cpu::own()?;
        for readings in readings.iter_mut() {
            let began = Instant::now();
            session.collect(readings)?;
            warm.ours.times.push(began.elapsed());
        }
        warm.ours.client_cpu += cpu::own()? - used;

        for _ in readings.iter() {
            let began = Instant::now();
            master.cat()?;
            warm.openssh.times.push(began.elapsed());
        }
    }
    Ok(())
}
