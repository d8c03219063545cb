//! Down-sampling that keeps minimum, maximum and gaps.
