//! `hostrounds-testbed`: runs the test servers, so that the application can be tried against each.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use hostrounds_testbed::{CATALOGUE, TestServer, TestbedError, Variant};
use tokio::signal::unix::{SignalKind, signal};

/// Servers that misbehave, on 127.0.0.1, to try Hostrounds against. Nothing outside a temporary folder is touched.
#[derive(Parser)]
#[command(name = "hostrounds-testbed", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says which servers there are and what each does
    List,
    /// Runs servers until SIGINT or SIGTERM, and says how to add them to Hostrounds
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Which server
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,
    /// The port it listens on; a free one by default
    #[arg(long, value_name = "N", conflicts_with = "all")]
    port: Option<u16>,
    /// Every server of the list, each on a free port
    #[arg(long)]
    all: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::List => list(),
        Command::Serve(wanted) => tokio::runtime::Runtime::new()
            .map_err(TestbedError::from)
            .and_then(|runtime| runtime.block_on(serve(wanted))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is there to be told where standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<(), TestbedError> {
    let width = CATALOGUE.iter().map(|variant| variant.name.len()).max().unwrap_or_default();
    let mut out = io::stdout().lock();
    for variant in CATALOGUE {
        writeln!(out, "{:width$}  {}", variant.name, variant.description)?;
    }
    Ok(())
}

async fn serve(wanted: Serve) -> Result<(), TestbedError> {
    // Listened for before anything runs, so that no wish to end is missed.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let servers = tokio::select! {
        servers = start(wanted) => servers?,
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    drop(servers);
    Ok(())
}

/// Starts what is wanted, and introduces each as soon as it runs.
async fn start(wanted: Serve) -> Result<Vec<TestServer>, TestbedError> {
    let Some(name) = wanted.name else { return start_all().await };
    let variant = Variant::named(&name).ok_or(TestbedError::NoSuchServer { name })?;
    let server = variant.start(wanted.port).await?;
    introduce(&server)?;
    Ok(vec![server])
}

async fn start_all() -> Result<Vec<TestServer>, TestbedError> {
    let mut servers = Vec::new();
    for variant in CATALOGUE {
        match variant.start(None).await {
            Ok(server) => {
                introduce(&server)?;
                servers.push(server);
            }
            // The others are of use without it.
            Err(error) => writeln!(io::stderr(), "{} is left out: {error}", variant.name)?,
        }
    }
    Ok(servers)
}

fn introduce(server: &TestServer) -> io::Result<()> {
    let (name, port, user) = (server.variant().name, server.port(), server.user());
    let key = server.key().display();
    let mut out = io::stdout().lock();
    writeln!(out, "{name}: {}", server.variant().description)?;
    writeln!(out, "  host 127.0.0.1  port {port}  user {user}  key {key}")?;
    writeln!(out, "  hostrounds server add {name} --host 127.0.0.1 --port {port} --user {user} --key '{key}'")?;
    out.flush()
}
