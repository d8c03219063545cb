//! Counters to rates.
