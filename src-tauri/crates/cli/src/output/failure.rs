//! How a server failed, in words.

use std::io::{self, IsTerminal};

use hostrounds_core::collection::{Failure, Stage};

use super::Output;
use super::command::quoted;

/// A stage as people read it.
pub(crate) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Credential => "credential",
        Stage::Resolve => "resolve",
        Stage::Connect => "connect",
        Stage::KeyExchange => "key exchange",
        Stage::HostKey => "host key",
        Stage::Login => "login",
        Stage::Shell => "shell",
        Stage::Probe => "probe",
    }
}

/// The arguments with which this program sets it right, where it does.
fn remedy(name: &str, failure: &Failure) -> Option<String> {
    let name = quoted(name);
    // What is wrong at a jump host is set right with the options for jump hosts.
    let jump = if failure.hop.is_some() { "jump-" } else { "" };
    match failure.code.as_str() {
        "host_key_unknown" => Some(format!("server trust {name}")),
        "host_key_changed" => Some(format!("server trust {name} --replace")),
        "key_passphrase_missing" | "key_passphrase_wrong" => {
            Some(format!("server edit {name} --{jump}passphrase-stdin"))
        }
        "password_missing" | "password_wrong" => Some(format!("server edit {name} --{jump}password-stdin")),
        "key_file_missing" | "key_file_unreadable" | "key_file_not_a_key" => {
            Some(format!("server edit {name} --{jump}key FILE"))
        }
        _ => None,
    }
}

/// Tells on stderr that a server failed, where, why and what to do.
pub(crate) fn tell(output: &Output, name: &str, failure: &Failure) {
    let message = format!("{name} failed at the {} stage: {}", stage(failure.stage), failure.message);
    output.error(&message, &output.with_commands(&failure.hint));
    hints(output, name, failure);
}

/// What can be copied to set it right, on lines of their own: what the hint speaks of, and a command of this program.
pub(crate) fn hints(output: &Output, name: &str, failure: &Failure) {
    for line in failure.remedy.iter().flat_map(|remedy| remedy.lines()) {
        output.note(format!("         {}", super::safe(&output.with_commands(line))));
    }
    if let Some(arguments) = remedy(name, failure) {
        output.note(format!("       Try: {}", output.command(&arguments)));
    }
    let asks = ["person_needed", "prompts_declined"].contains(&failure.code.as_str());
    if asks && !io::stdin().is_terminal() {
        let next = output.command(&format!("collect {}", quoted(name)));
        output.note(format!("       There is no terminal to answer on. At one: {next}"));
    }
}
