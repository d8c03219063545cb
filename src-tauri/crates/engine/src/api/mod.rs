//! What the window and the command line see of the engine.

pub mod view;
