//! P1: a collection over a session that stands, against OpenSSH's shared connection.

use crate::table::{Goal, Row, Table, median, millis};
use crate::warm::Warm;

const WALL: Goal = Goal::Ratio(0.10);
const CPU: Goal = Goal::Ratio(0.03);

pub(crate) fn report(warm: &Warm, table: &mut Table) {
    let Warm { ours, openssh } = warm;
    table.add(Row {
        number: "P1",
        what: "warm collection, time",
        ours: median(&ours.times),
        other: Some(("ssh ControlMaster, cat", median(&openssh.times))),
        unit: "ms",
        goal: Some(WALL),
    });
    table.add(Row {
        number: "P1",
        what: "warm collection, CPU of our side",
        ours: millis(ours.client_cpu),
        other: Some(("ssh ControlMaster, cat", millis(openssh.client_cpu))),
        unit: "ms",
        goal: Some(CPU),
    });
}
