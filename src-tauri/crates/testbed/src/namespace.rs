//! A view of the file system in which the account has another password, login shell and home.
//!
//! A real server takes these from `/etc` and the home folder. Changing them for everybody would be an intrusion; a
//! mount namespace changes them for one process and its children, and leaves nothing behind. It needs root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::error::TestbedError;
use crate::process::run;

/// What differs from the real file system for root's account.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) password: Option<String>,
    pub(crate) login_shell: Option<PathBuf>,
    pub(crate) home: Option<Vec<(String, String)>>,
    /// Whether the home folder does not exist.
    pub(crate) homeless: bool,
    /// Whether PAM asks sshd's users for their password and for nothing else.
    pub(crate) pam: bool,
}

/// What PAM does for an sshd in a private view: only what a test is about, whatever this machine's own rules are.
const PAM: &str = "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n";

impl View {
    pub(crate) fn is_plain(&self) -> bool {
        self.password.is_none() && self.login_shell.is_none() && self.home.is_none() && !self.homeless && !self.pam
    }

    /// A command that runs `program` in this view. Files are written below `folder`.
    pub(crate) async fn command(&self, folder: &Path, program: &str) -> Result<Command, TestbedError> {
        if self.is_plain() {
            return Ok(Command::new(program));
        }
        if !is_root() {
            return Err(TestbedError::NeedsRoot { what: "a private view of the file system" });
        }
        let mut mounts = Vec::new();
        if let Some(password) = &self.password {
            let hash = run("openssl", Command::new("openssl").args(["passwd", "-6", password])).await?;
            let shadow = replace_field(&fs::read_to_string("/etc/shadow")?, 1, hash.trim());
            mounts.push((write(folder, "shadow", &shadow, 0o640)?, PathBuf::from("/etc/shadow")));
        }
        if self.pam {
            mounts.push((write(folder, "pam", PAM, 0o644)?, PathBuf::from("/etc/pam.d/sshd")));
        }
        if self.login_shell.is_some() || self.homeless {
            let mut passwd = fs::read_to_string("/etc/passwd")?;
            if let Some(shell) = &self.login_shell {
                passwd = replace_field(&passwd, 6, &shell.to_string_lossy());
            }
            if self.homeless {
                passwd = replace_field(&passwd, 5, "/nonexistent");
            }
            mounts.push((write(folder, "passwd", &passwd, 0o644)?, PathBuf::from("/etc/passwd")));
        }
        if let Some(files) = &self.home {
            let home = folder.join("home");
            fs::create_dir_all(&home)?;
            fs::set_permissions(&home, fs::Permissions::from_mode(0o700))?;
            for (name, text) in files {
                let path = home.join(name);
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(&path, text)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            }
            mounts.push((home, PathBuf::from("/root")));
        }
        let mut command = Command::new("unshare");
        // The words after the script are its arguments: pairs to mount, an empty one, then the program's own.
        let script = r#"while [ -n "$1" ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@""#;
        command.args(["--mount", "sh", "-c", script, "sh"]);
        for (from, to) in &mounts {
            command.arg(from).arg(to);
        }
        command.arg("").arg(program);
        Ok(command)
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> Result<PathBuf, TestbedError> {
    let path = folder.join(name);
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    Ok(path)
}

/// The text of a colon-separated file with one field of root's line replaced.
fn replace_field(text: &str, field: usize, value: &str) -> String {
    let lines = text.lines().map(|line| {
        if !line.starts_with("root:") {
            return line.to_owned();
        }
        let fields = line.split(':').enumerate();
        fields.map(|(index, old)| if index == field { value } else { old }).collect::<Vec<_>>().join(":")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
