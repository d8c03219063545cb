//! How a server is reached and logged in to: the options that `add` and `edit` share.

use std::path::{Path, PathBuf};

use clap::Args;
use hostrounds_core::server::Login;
use hostrounds_engine::api::view::SecretChange;

use crate::problem::Problem;
use crate::secret;

/// How the user is authenticated. At most one.
#[derive(Args)]
#[group(id = "login", multiple = false)]
pub(super) struct LoginArguments {
    /// Log in with this private key file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Log in with a password: one line of stdin (asked for on a terminal), kept in the keyring
    #[arg(long)]
    password_stdin: bool,
    /// Log in with the keys of the SSH agent
    #[arg(long)]
    agent: bool,
}

impl LoginArguments {
    pub(super) fn is_empty(&self) -> bool {
        self.key.is_none() && !self.password_stdin && !self.agent
    }

    /// The method that was chosen, if any.
    pub(super) fn login(&self) -> Result<Option<Login>, Problem> {
        Ok(if let Some(key) = &self.key {
            Some(Login::Key { path: lasting(key)? })
        } else if self.password_stdin {
            Some(Login::Password)
        } else {
            self.agent.then_some(Login::Agent)
        })
    }

    /// Reads the secret that was announced on stdin, if any.
    pub(super) fn secret(&self, passphrase: bool, who: &str) -> Result<Option<SecretChange>, Problem> {
        let what = match (self.password_stdin, passphrase) {
            (true, _) => format!("Password of {who}"),
            (false, true) => format!("Passphrase of the key for {who}"),
            (false, false) => return Ok(None),
        };
        let secret = secret::from_stdin(&crate::output::safe(&what))?;
        Ok(Some(SecretChange::Set { value: secret }))
    }
}

/// The path as it must be kept: it also has to fit where the program is started from another directory.
fn lasting(path: &Path) -> Result<String, Problem> {
    let at_home = path.starts_with("~") || path.as_os_str().is_empty();
    let whole = if at_home { path.to_owned() } else { std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) };
    whole.into_os_string().into_string().map_err(|_| {
        Problem::usage(
            "--key: The path of the key file is not valid UTF-8.",
            "Rename the file, or make a link to it with a plain name.",
        )
    })
}
