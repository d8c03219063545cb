//! The history and the settings, in one SQLite file.
