//! `server trust`: a person compares the key of a server and accepts it. Nothing unattended ever does.

use std::io::{self, IsTerminal};

use clap::Args;
use hostrounds_core::server::{Server, Target};
use hostrounds_engine::api::Hostrounds;
use hostrounds_engine::api::view::{HostKeyCheck, HostKeyOffer};
use serde::Serialize;

use crate::confirm::asked;
use crate::output::command::quoted;
use crate::output::failure::tell;
use crate::output::{Output, safe};
use crate::problem::{Blame, Problem};

/// Whose key, and which one is expected.
#[derive(Args)]
pub(crate) struct TrustArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    name: String,
    /// Accept the key without being asked if, and only if, it has this fingerprint
    #[arg(long, value_name = "SHA256:...")]
    fingerprint: Option<String>,
    /// The key has changed: put the new one in the place of those that are known
    #[arg(long)]
    replace: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrustDocument<'a> {
    #[serde(flatten)]
    check: &'a HostKeyCheck,
    newly_accepted: bool,
}

pub(super) async fn carry_out(wanted: TrustArguments, engine: &Hostrounds, output: &Output) -> Result<(), Problem> {
    let server = engine.server_named(&wanted.name)?.server;
    let expected = wanted.fingerprint.as_deref().map(whole_fingerprint).transpose()?;
    let check = engine.host_key(server.id).await?;

    if let Some(accepted) = &check.accepted {
        if let Some(expected) = expected.as_deref().filter(|expected| !accepted.contains(expected)) {
            return Err(Problem::host_key(
                format!("The accepted key is another one: expected {expected}, accepted {accepted}."),
                "Find out on the server which of the two is its own before you go on.",
            ));
        }
        if output.json {
            return output.document(&TrustDocument { check: &check, newly_accepted: false });
        }
        return output.line(format!("The host key of {} is accepted already: {}", safe(&server.name), safe(accepted)));
    }
    let may_be_accepted = ["host_key_unknown", "host_key_changed"];
    let refused = check.failure.as_ref().filter(|failure| !may_be_accepted.contains(&failure.code.as_str()));
    let Some(offer) = check.offer.as_ref().filter(|_| refused.is_none()) else {
        if output.json {
            output.document(&TrustDocument { check: &check, newly_accepted: false })?;
        } else if let Some(failure) = &check.failure {
            tell(output, &server.name, failure);
        }
        return Err(Problem::of_failures(&check.failure).unwrap_or(Problem::Failed(Blame::Server)));
    };

    let changed = !offer.replaces.is_empty();
    if changed {
        compare(offer, output);
        if !wanted.replace && output.json {
            output.document(&TrustDocument { check: &check, newly_accepted: false })?;
            return Err(Problem::Failed(Blame::Server));
        }
        if !wanted.replace {
            return Err(Problem::host_key(
                format!("The host key of {} has changed, and was not accepted.", safe(&server.name)),
                format!(
                    "If that is right (it was set up anew): {}",
                    output.command(&format!("server trust {} --replace", quoted(&server.name)))
                ),
            ));
        }
    }
    decide(&server.name, offer, expected.as_deref(), output)?;
    if changed {
        engine.replace_host_key(offer.id.clone()).await?;
    } else {
        engine.accept_host_key(offer.id.clone()).await?;
    }
    if output.json {
        return output.document(&TrustDocument { check: &check, newly_accepted: true });
    }
    let done = if changed { "replaced" } else { "accepted" };
    if !has_jumps(&server) {
        return output.line(format!("The host key of {} is {done}.", safe(&server.name)));
    }
    output.line(format!("The host key of {} on the way to {} is {done}.", safe(&offer.host), safe(&server.name)))?;
    let next = output.command(&format!("server trust {}", quoted(&server.name)));
    output.note(format!("The next one on the way: {next}"));
    Ok(())
}

fn has_jumps(server: &Server) -> bool {
    matches!(&server.target, Target::Ssh(ssh) if !ssh.jumps.is_empty())
}

/// Both sides of a changed key, and where the old one stands.
fn compare(offer: &HostKeyOffer, output: &Output) {
    output.note(format!("{} shows another key than the one that is known.", safe(&offer.host)));
    for known in &offer.replaces {
        let place = format!("{}:{}", known.file, known.line);
        output.note(format!("Known        {} {}  {}", safe(&known.algorithm), safe(&known.fingerprint), safe(&place)));
    }
    output.note(format!("Shown now    {} {}", safe(&offer.algorithm), safe(&offer.fingerprint)));
    output.note("Somebody may answer in its place. Find out why it changed before you replace it.");
}

/// Whether the key may be accepted: because it is the expected one, or because a person says so.
fn decide(name: &str, offer: &HostKeyOffer, expected: Option<&str>, output: &Output) -> Result<(), Problem> {
    let shown = safe(&offer.fingerprint);
    if let Some(expected) = expected {
        if expected == offer.fingerprint {
            return Ok(());
        }
        return Err(Problem::host_key(
            format!("The key was not accepted: expected {expected}, but the server shows {shown}."),
            "Another machine may answer in its place. Compare on the server itself before you go on.",
        ));
    }
    let replaces = !offer.replaces.is_empty();
    if !replaces {
        output.note(format!("Host         {}", safe(&offer.host)));
        output.note(format!("Key          {}", safe(&offer.algorithm)));
        output.note(format!("Fingerprint  {shown}"));
    }
    output.note("Compare it with what the server itself says, logged in by another way:");
    output.note(format!("  ssh-keygen -lf {}", key_file(&offer.algorithm)));
    let replace = if replaces { " --replace" } else { "" };
    let accepting = output.command(&format!("server trust {}{replace} --fingerprint {shown}", quoted(name)));
    let unattended = format!("When it is the same: {accepting}");
    if output.json || !io::stdin().is_terminal() {
        return Err(Problem::usage("There is no terminal to ask on.", unattended));
    }
    if asked("Is it the same? Type `yes` to accept it: ", &unattended)? {
        Ok(())
    } else {
        Err(Problem::host_key("The key was not accepted.", "Only `yes` accepts it."))
    }
}

/// A fingerprint as `ssh-keygen -l` prints it; the prefix may be left out.
fn whole_fingerprint(typed: &str) -> Result<String, Problem> {
    let typed = typed.trim().trim_end_matches('=');
    let digest = typed.strip_prefix("SHA256:").unwrap_or(typed);
    let is_base64 = digest.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/');
    if digest.len() == 43 && is_base64 {
        return Ok(format!("SHA256:{digest}"));
    }
    Err(Problem::usage(
        format!("--fingerprint: `{}` is no SHA256 fingerprint.", safe(typed)),
        "Write it as `ssh-keygen -lf FILE` prints it: SHA256: and 43 characters.",
    ))
}

/// Where sshd keeps the public half of a key of that algorithm.
fn key_file(algorithm: &str) -> &'static str {
    match algorithm {
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => "/etc/ssh/ssh_host_rsa_key.pub",
        algorithm if algorithm.starts_with("ecdsa") => "/etc/ssh/ssh_host_ecdsa_key.pub",
        _ => "/etc/ssh/ssh_host_ed25519_key.pub",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "uNiVztksCsDhcc0u9e8BgrJXVGRkWXwCRxRzvBBcGwI";

    #[test]
    fn a_fingerprint_is_taken_with_and_without_its_prefix() {
        for typed in [DIGEST.to_owned(), format!("SHA256:{DIGEST}"), format!(" SHA256:{DIGEST}= ")] {
            assert_eq!(whole_fingerprint(&typed).unwrap(), format!("SHA256:{DIGEST}"));
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        for typed in ["", "SHA256:", "MD5:aa:bb", "SHA256:short", &format!("SHA256:{DIGEST}x")] {
            assert!(whole_fingerprint(typed).is_err(), "{typed}");
        }
    }
}
