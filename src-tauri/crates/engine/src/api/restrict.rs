//! The least-privilege kit: a key that can do nothing on a server but read metrics.

use std::path::PathBuf;

use hostrounds_core::probe::remote::{RESTRICTED_PATH, restricted_script};
use hostrounds_core::server::{Login, ServerId, Target};

use super::Hostrounds;
use super::view::{ApiError, RestrictKit};
use crate::quote::quoted;
use crate::visit::expanded;

/// Stands for the public key where it is not known.
const YOUR_KEY: &str = "<the public key, such as the line in ~/.ssh/id_ed25519.pub>";
/// Where the here-document ends in which the script stands.
const END: &str = "HOSTROUNDS_END";

impl Hostrounds {
    /// What is put on a server so that the key of its login can do nothing there but read metrics. Nothing is changed anywhere.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`]; [`super::ErrorCode::LocalServer`] for this computer.
    pub async fn restrict(&self, id: ServerId) -> Result<RestrictKit, ApiError> {
        let server = self.server(id)?;
        let Target::Ssh(target) = server.target else { return Err(ApiError::local("restricted")) };
        let user = quoted(&target.hop.user);
        let key = public_key(&target.hop.logins).await;
        let line = format!("restrict,command=\"{RESTRICTED_PATH}\" {}", key.as_deref().unwrap_or(YOUR_KEY));
        let script = restricted_script();
        let folder = RESTRICTED_PATH.rsplit_once('/').map_or("/", |(folder, _)| folder);
        let commands = vec![
            format!("install -d -m 755 {folder}"),
            format!("cat > {RESTRICTED_PATH} <<'{END}'\n{}\n{END}", script.trim_end()),
            format!("chmod 755 {RESTRICTED_PATH}"),
            // Not as root: the account may have put links in the way, to have root write somewhere else.
            format!("su -s /bin/sh -c {} -- {user}", quoted(&admission(&line))),
        ];
        Ok(RestrictKit {
            script,
            path: RESTRICTED_PATH.to_owned(),
            authorized_keys: line,
            commands,
            costs: costs(&target.hop.user),
        })
    }
}

/// Lets the key in that stands in `line` of `authorized_keys`, in a shell of the account itself. The file may end without a
/// newline; an empty line means nothing there.
fn admission(line: &str) -> String {
    let line = quoted(line);
    format!(r#"umask 077; mkdir -p "$HOME/.ssh" && printf '\n%s\n' {line} >> "$HOME/.ssh/authorized_keys""#)
}

/// What is given up with the kit.
fn costs(user: &str) -> Vec<String> {
    let mut costs = vec![
        "This key opens no shell, copies no files and forwards nothing any more; log in with another key for that.".into(),
        format!("If a line in authorized_keys of {user} lets this key in without the restriction, remove that line."),
        "Every collection starts one process, because the reader that stays is not used.".into(),
        "A new version of Hostrounds may ask for families that an old script does not answer: they are not available until the script is replaced.".into(),
    ];
    if user != "root" {
        costs.push(format!("What only root may read stays unreadable for {user}, as it is without the kit: disk I/O and open files of the processes of others, and docker without its group."));
    }
    costs
}

/// The public half of the first key that the logins name, as it stands in `authorized_keys`.
async fn public_key(logins: &[Login]) -> Option<String> {
    for login in logins {
        let file = match login {
            Login::Key { path, .. } => {
                let mut name = expanded(path).into_os_string();
                name.push(".pub");
                PathBuf::from(name)
            }
            // A fingerprint names no file, and is no path that exists.
            Login::Agent { key: Some(key), .. } => expanded(key),
            Login::Agent { key: None, .. } | Login::Password | Login::Prompts => continue,
        };
        if let Ok(text) = tokio::fs::read_to_string(file).await
            && let Some(line) = text.lines().map(str::trim).find(|line| is_public_key(line))
        {
            return Some(line.to_owned());
        }
    }
    None
}

/// `ssh-ed25519 AAAA... comment`: what has another form would mean something else in `authorized_keys`.
fn is_public_key(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(kind), Some(key)) = (words.next(), words.next()) else { return false };
    let is_kind = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|known| kind.starts_with(known));
    is_kind && key.starts_with("AAAA") && key.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c))
}
