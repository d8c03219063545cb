//! The readings of this computer.
