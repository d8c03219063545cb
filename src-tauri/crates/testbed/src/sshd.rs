//! A real OpenSSH server of our own, for the account that runs the tests.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::process::Command;

use crate::error::TestbedError;
use crate::keys::{self, ClientKey, KeyType};
use crate::namespace::{View, is_root};
use crate::process::{Program, run};

/// sshd starts itself anew for every connection and wants to be called by its full path.
const SSHD: &str = "/usr/sbin/sshd";
/// Another program may take a free port before sshd does.
const TRIES: usize = 5;

/// What is special about an [`Sshd`]; the default is a plain one with an ed25519 host key.
#[derive(Debug, Clone)]
pub struct SshdConfig {
    /// Types of its host keys.
    pub host_keys: Vec<KeyType>,
    /// Further lines of its `sshd_config`, such as `ForceCommand fish -c "$SSH_ORIGINAL_COMMAND"`. They come first,
    /// and in that file the first word counts.
    pub lines: Vec<String>,
    /// A password for the account, in this server's eyes only. Needs root.
    pub password: Option<String>,
    /// The port it listens on; a free one where none is given.
    pub port: Option<u16>,
    /// Whether PAM asks for that password (`keyboard-interactive`), too. Needs root.
    pub pam: bool,
    /// Another login shell for the account, in this server's eyes only. Needs root.
    pub login_shell: Option<PathBuf>,
    /// Another home folder with these files (name, text), in this server's eyes only. Needs root.
    pub home: Option<Vec<(String, String)>>,
    /// Whether the account's home folder does not exist, in this server's eyes only. Needs root.
    pub homeless: bool,
}

impl Default for SshdConfig {
    fn default() -> Self {
        Self {
            host_keys: vec![KeyType::Ed25519],
            lines: Vec::new(),
            password: None,
            pam: false,
            port: None,
            login_shell: None,
            home: None,
            homeless: false,
        }
    }
}

/// A running sshd on 127.0.0.1. It ends, and every session on it, when it is dropped.
#[derive(Debug)]
pub struct Sshd {
    folder: TempDir,
    config: SshdConfig,
    port: u16,
    user: String,
    host_keys: Vec<PathBuf>,
    fingerprints: Vec<String>,
    known_hosts_lines: Vec<String>,
    key: PathBuf,
    made: usize,
    program: Option<Program>,
}

impl Sshd {
    /// Starts a server and waits until it listens.
    ///
    /// # Errors
    /// When a program is missing or fails, or something is asked for that needs root.
    pub async fn start(config: SshdConfig) -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new().prefix("hostrounds-sshd-").tempdir()?;
        if is_root() {
            // sshd locks its unprivileged half up there.
            fs::create_dir_all("/run/sshd")?;
        }
        let user = run("id", Command::new("id").arg("-un")).await?.trim().to_owned();
        let key = keys::client_key(folder.path(), ClientKey::Ed25519, "client").await?;
        let mut sshd = Self {
            folder,
            config,
            port: 0,
            user,
            host_keys: Vec::new(),
            fingerprints: Vec::new(),
            known_hosts_lines: Vec::new(),
            key: key.clone(),
            made: 0,
            program: None,
        };
        sshd.authorize(&key).await?;
        sshd.make_host_keys().await?;
        let mut tries = 1;
        loop {
            sshd.port = sshd.config.port.map_or_else(free_port, Ok)?;
            match sshd.launch().await {
                Err(TestbedError::Failed { output, .. })
                    if output.contains("Address already in use") && sshd.config.port.is_none() && tries < TRIES =>
                {
                    tries += 1;
                }
                outcome => break outcome?,
            }
        }
        sshd.describe_host_keys().await?;
        Ok(sshd)
    }

    /// Always `127.0.0.1`.
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The port it listens on; stays the same over a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The account that can log in: the one that runs the tests.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// An ed25519 key, not encrypted, that is let in.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// The temporary folder; a place for files of a test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `SHA256:...` of the first host key.
    pub fn fingerprint(&self) -> &str {
        self.fingerprints.first().map_or("", String::as_str)
    }

    /// A line for a file of known hosts with the first host key.
    pub fn known_hosts_line(&self) -> &str {
        self.known_hosts_lines.first().map_or("", String::as_str)
    }

    /// Such a line for every host key, in the order of [`SshdConfig::host_keys`].
    pub fn known_hosts_lines(&self) -> &[String] {
        &self.known_hosts_lines
    }

    /// What it has logged, the last lines of it.
    pub fn log(&self) -> String {
        self.program.as_ref().map(Program::log).unwrap_or_default()
    }

    /// Makes a key that is let in, and returns the path of the private half.
    ///
    /// # Errors
    /// When ssh-keygen fails.
    pub async fn client_key(&mut self, key: ClientKey) -> Result<PathBuf, TestbedError> {
        let path = self.stranger(key).await?;
        self.authorize(&path).await?;
        Ok(path)
    }

    /// Makes a key that is not let in, and returns the path of the private half.
    ///
    /// # Errors
    /// When ssh-keygen fails.
    pub async fn stranger(&mut self, key: ClientKey) -> Result<PathBuf, TestbedError> {
        self.made += 1;
        keys::client_key(self.folder.path(), key, &format!("key{}", self.made)).await
    }

    /// Ends the server and every session on it. The port refuses connections then.
    pub async fn stop(&mut self) {
        if let Some(program) = self.program.take() {
            program.stop().await;
        }
    }

    /// Ends the server, if it runs, and starts it again on the same port with the same keys.
    ///
    /// # Errors
    /// When sshd does not come up.
    pub async fn restart(&mut self) -> Result<(), TestbedError> {
        self.stop().await;
        self.launch().await
    }

    /// The same with new host keys, as if the machine had been set up anew.
    ///
    /// # Errors
    /// When ssh-keygen fails or sshd does not come up.
    pub async fn restart_with_new_host_keys(&mut self) -> Result<(), TestbedError> {
        self.stop().await;
        self.make_host_keys().await?;
        self.describe_host_keys().await?;
        self.launch().await
    }

    /// Stops the server and its sessions in their tracks: connections are still accepted, by the kernel, and nothing
    /// answers.
    pub fn freeze(&self) {
        if let Some(program) = &self.program {
            program.signal(Signal::STOP);
        }
    }

    /// Stops the sessions that are at least so old in their tracks, and not the server.
    pub fn freeze_sessions(&self, older_than: Duration) {
        if let Some(program) = &self.program {
            program.signal_children(Signal::STOP, older_than);
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        if let Some(program) = &self.program {
            program.signal(Signal::CONT);
        }
    }

    async fn authorize(&self, key: &Path) -> Result<(), TestbedError> {
        let path = self.folder.path().join("authorized_keys");
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        text.push_str(&keys::public_line(key).await?);
        text.push('\n');
        fs::write(&path, text)?;
        Ok(())
    }

    async fn make_host_keys(&mut self) -> Result<(), TestbedError> {
        self.host_keys.clear();
        for key in &self.config.host_keys {
            self.host_keys.push(keys::host_key(self.folder.path(), *key).await?);
        }
        Ok(())
    }

    async fn describe_host_keys(&mut self) -> Result<(), TestbedError> {
        self.known_hosts_lines.clear();
        self.fingerprints.clear();
        for path in &self.host_keys {
            let line = keys::public_line(path).await?;
            self.known_hosts_lines.push(format!("[127.0.0.1]:{} {line}", self.port));
            self.fingerprints.push(keys::fingerprint(path).await?);
        }
        Ok(())
    }

    async fn launch(&mut self) -> Result<(), TestbedError> {
        let path = self.folder.path().join("sshd_config");
        fs::write(&path, self.config_text())?;
        let view = View {
            password: self.config.password.clone(),
            login_shell: self.config.login_shell.clone(),
            home: self.config.home.clone(),
            homeless: self.config.homeless,
            pam: self.config.pam,
        };
        let mut command = view.command(self.folder.path(), SSHD).await?;
        command.args(["-D", "-e", "-f"]).arg(&path);
        self.program = Some(Program::start("sshd", &mut command, "Server listening on").await?);
        Ok(())
    }

    fn config_text(&self) -> String {
        let folder = self.folder.path().display();
        let mut text: String = self.config.lines.iter().map(|line| format!("{line}\n")).collect();
        for key in &self.host_keys {
            text.push_str(&format!("HostKey {}\n", key.display()));
        }
        let word = |yes| if yes { "yes" } else { "no" };
        let (passwords, pam) = (word(self.config.password.is_some()), word(self.config.pam));
        text.push_str(&format!(
            "ListenAddress 127.0.0.1\n\
             Port {}\n\
             AuthorizedKeysFile {folder}/authorized_keys\n\
             PasswordAuthentication {passwords}\n\
             KbdInteractiveAuthentication {pam}\n\
             PermitRootLogin yes\n\
             PermitUserRC no\n\
             PidFile none\n\
             StrictModes no\n\
             UsePAM {pam}\n\
             UseDNS no\n\
             MaxSessions 100\n\
             MaxStartups 1000\n\
             LogLevel INFO\n",
            self.port
        ));
        text
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, TestbedError> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
