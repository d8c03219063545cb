//! The window of Hostrounds: the only code that knows Tauri. It opens the engine, hands each command of the window to it and each of
//! its events back, and decides nothing about servers.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod arguments;
mod commands;
mod engine;
mod events;
mod export;
mod graphics;
mod logging;
mod quit;
mod tray;
mod window;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    let arguments = arguments::Arguments::parse();
    logging::start();
    graphics::restart_without_dmabuf_where_it_fails();
    app::run(arguments)
}
