//! Systemd units that have failed.

use crate::observation::Observation;
use crate::probe::facts::System;
use crate::probe::parts::Parts;

pub(super) const SCRIPT: &str = r"hr_units() {
  :
}
";

/// Not read yet.
pub(super) fn read(_: &Parts<'_>, _: &System, _: &mut Observation) -> Result<(), String> {
    Err("Not read yet.".to_owned())
}
