//! What a person can do about a connection that failed: a sentence, and where there is one, a command or a setting to copy.

use std::path::Path;

use super::ConnectError;
use crate::quote::{quoted, quoted_path};
use crate::step::Step;

impl ConnectError {
    /// One sentence that says what a person can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NameNotFound { host, .. } => {
                format!("Check the spelling of {host}, or give the server's IP address.")
            }
            Self::NameLookupFailed { .. } | Self::ResolveTimeout { .. } => {
                "Check this computer's network and name server, or give the server's IP address.".into()
            }
            Self::ConnectionRefused { .. } => "Check the port, and that sshd runs on the server.".into(),
            Self::HostUnreachable { .. } | Self::NetworkUnreachable { .. } | Self::ConnectFailed { .. } => {
                "Check this computer's network or VPN, and the server's address.".into()
            }
            Self::ConnectTimeout { .. } => {
                "Check that the server is up, and that no firewall drops the port; a VPN may be needed.".into()
            }
            Self::TooManyJumps { .. } => "Leave jump hosts out: choose one that reaches the server itself.".into(),
            Self::ForwardingRefused { .. } => {
                "Allow it in the jump host's sshd_config (`AllowTcpForwarding`, `PermitOpen`, `DisableForwarding`) and in the options of the key in authorized_keys, or choose another jump host.".into()
            }
            Self::JumpCannotReach { from, .. } => {
                format!("Log in to {from} and check from there that the next host is up and its name and port are right.")
            }
            Self::NotSsh { .. } => "Check the port: another service answers there.".into(),
            Self::KeyExchangeTimeout { .. } => {
                "Something accepts connections there but does not go on; check the load of the server, or restart its sshd.".into()
            }
            Self::NoCommonAlgorithm { .. } => {
                "Update the server's sshd, or allow a current algorithm in its sshd_config.".into()
            }
            Self::KeyExchangeFailed { .. } => {
                "Try again; if it stays, something between here and the server alters the connection.".into()
            }
            Self::KnownHosts(error) => error.hint(),
            Self::HostKeyUnknown { .. } => {
                "Compare the fingerprint with the one that the server itself shows for the file of that type, then accept it.".into()
            }
            Self::HostKeyChanged { .. } => {
                "Do not go on unless you know why the key changed; if the server was set up anew, compare the new fingerprint with the one that the server itself shows, then replace the old key.".into()
            }
            Self::HostKeyRevoked { .. } => {
                "Do not connect; the server's key was withdrawn and must be replaced on the server.".into()
            }
            Self::LoginRefused { user, methods, .. } => {
                if methods.is_empty() || methods.iter().any(|method| method == "publickey") {
                    format!("Check the user name {user}, and that the public key is in ~{user}/.ssh/authorized_keys on the server.")
                } else {
                    format!("Choose a way to log in that the server accepts: {}.", methods.join(", "))
                }
            }
            Self::LoginIncomplete { methods, .. } => {
                if methods.iter().any(|method| method == "keyboard-interactive") {
                    "Add \"a person answers\" to the ways to log in on this server, after the others.".into()
                } else {
                    format!("Add what the server wants on top to the ways to log in: {}.", methods.join(" or "))
                }
            }
            Self::MethodNotOffered { methods, .. } => {
                format!("Choose a way to log in that the server accepts ({}), or allow this one in its sshd_config.", methods.join(", "))
            }
            Self::NoCredential { .. } => "Choose a key, an SSH agent or a password in the settings of this server.".into(),
            Self::LoginPrompts { .. } => {
                "Add \"a person answers\" to the ways to log in on this server, or use a key that it accepts alone.".into()
            }
            Self::PromptsUnanswered { .. } => {
                "Collect this server by hand and answer what it asks; the session is kept for the schedule.".into()
            }
            Self::PromptsDeclined { .. } | Self::PromptsTimeout { .. } => {
                "Collect this server again and answer what it asks.".into()
            }
            Self::LoginGraceOver { .. } => {
                "Answer sooner, or raise `LoginGraceTime` in the server's sshd_config.".into()
            }
            Self::LoginTimeout => {
                "Try again; a server that decides slowly may wait for its name server (`UseDNS no`) or directory.".into()
            }
            Self::LoginUndecided { .. } => {
                "Look at the server's log before the next try: it may ban this computer or lock the account (fail2ban, `MaxAuthTries`, faillock), or ask a directory that is slow.".into()
            }
            Self::PasswordWrong { user } => format!("Check the user name {user} and the password."),
            Self::KeyFileMissing { .. } => {
                "Choose another file (the private key is the one without `.pub`), or make a new key.".into()
            }
            Self::KeyFileUnreadable { .. } => "Make the file readable for you, and only for you, as its owner.".into(),
            Self::KeyFileNotAKey { .. } => {
                "Choose the private key (ed25519, ECDSA or RSA), the one without `.pub`.".into()
            }
            Self::KeyFileOldEncryption { .. } => {
                "Rewrite the key in the current form; ssh-keygen asks for the old passphrase and for a new one, which may be the same.".into()
            }
            Self::KeyPassphraseMissing { .. } => "Enter the passphrase of the key in the settings of this server.".into(),
            Self::KeyPassphraseWrong { .. } => "Check the passphrase with ssh-keygen, and enter it again.".into(),
            Self::CertificateUnusable { .. } => {
                "Choose the OpenSSH certificate for users that belongs to the key, `...-cert.pub`.".into()
            }
            Self::CertificateOtherKey { .. } => {
                "Choose the certificate of this key, or the key of this certificate; both show the same fingerprint.".into()
            }
            Self::CertificateExpired { .. } => "Get a new certificate for the key from whoever signs them.".into(),
            Self::CertificateNotYetValid { .. } => {
                "Check this computer's clock, or wait until the certificate is valid.".into()
            }
            Self::CertificateWrongPrincipal { user, .. } => {
                format!("Get a certificate that names {user}, log in as another user, or let the server map its names (`AuthorizedPrincipalsFile`).")
            }
            Self::AgentUnavailable { .. } => {
                "Start an agent in the session this program runs in, or use a key file.".into()
            }
            Self::AgentEmpty => "Load a key into the agent.".into(),
            Self::AgentKeyMissing { .. } => "Load the key into the agent, or choose another one.".into(),
            Self::AgentKeyUnreadable { .. } => {
                "Give a fingerprint as `ssh-add -l` shows it (`SHA256:...`), or the path of the `.pub` file.".into()
            }
            Self::Disconnected { step: Step::Login, .. } => {
                "Look at the server's log: it ended the connection during the login.".into()
            }
            Self::Disconnected { .. } => {
                "Look at the server's log; it may limit connections (MaxStartups, fail2ban).".into()
            }
        }
    }

    /// A command to run or a line for a configuration file, as it can be copied, if there is one that fits.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NameNotFound { host, .. } | Self::NameLookupFailed { host, .. } | Self::ResolveTimeout { host } => {
                format!("getent hosts -- {}", quoted(host))
            }
            Self::ConnectionRefused { .. } => "systemctl status ssh".into(),
            Self::NetworkUnreachable { .. } => "ip route".into(),
            Self::ForwardingRefused { .. } => "AllowTcpForwarding yes".into(),
            Self::JumpCannotReach { from, .. } => {
                format!("ssh -p {} -- {}", from.port, quoted(&format!("{}@{}", from.user, from.host)))
            }
            Self::KeyExchangeTimeout { .. } => "systemctl restart ssh".into(),
            Self::HostKeyUnknown { offer } | Self::HostKeyChanged { offer } => {
                format!("ssh-keygen -lf {}", host_key_file(&offer.algorithm))
            }
            Self::LoginRefused { public_key, .. } => return public_key.clone(),
            Self::LoginIncomplete { .. } | Self::NoCredential { .. } => return None,
            Self::MethodNotOffered { have, .. } => {
                if have.iter().any(|method| method == "password") {
                    "PasswordAuthentication yes".into()
                } else if have.iter().any(|method| method == "keyboard-interactive") {
                    "KbdInteractiveAuthentication yes".into()
                } else {
                    "PubkeyAuthentication yes".into()
                }
            }
            Self::LoginGraceOver { .. } => "LoginGraceTime 120".into(),
            Self::LoginTimeout => "UseDNS no".into(),
            Self::KeyFileMissing { path } => format!("ssh-keygen -t ed25519 -f {}", quoted_path(path)),
            Self::KeyFileUnreadable { path, .. } => format!("chmod 600 {}", quoted_path(path)),
            Self::KeyFileOldEncryption { path, .. } => format!("ssh-keygen -p -f {}", quoted_path(path)),
            Self::KeyFileNotAKey { path, .. } => format!("ssh-keygen -lf {}", quoted_path(path)),
            Self::KeyPassphraseMissing { path } | Self::KeyPassphraseWrong { path } => {
                format!("ssh-keygen -yf {}", quoted_path(path))
            }
            Self::CertificateUnusable { path, .. } | Self::CertificateOtherKey { path, .. } => {
                format!("ssh-keygen -Lf {}", quoted_path(path))
            }
            Self::CertificateExpired { certificate, .. }
            | Self::CertificateNotYetValid { certificate, .. }
            | Self::CertificateWrongPrincipal { certificate, .. } => {
                format!("ssh-keygen -Lf {}", quoted_path(Path::new(certificate)))
            }
            Self::AgentUnavailable { .. } => "eval \"$(ssh-agent)\"".into(),
            Self::AgentEmpty => "ssh-add".into(),
            Self::AgentKeyMissing { key } => match key.strip_suffix(".pub").unwrap_or(key) {
                fingerprint if fingerprint.starts_with("SHA256:") => "ssh-add -l".into(),
                file => format!("ssh-add {}", quoted_path(Path::new(file))),
            },
            Self::AgentKeyUnreadable { .. } => "ssh-add -l".into(),
            Self::LoginUndecided { .. } | Self::Disconnected { .. } => "journalctl -u ssh".into(),
            Self::HostUnreachable { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimeout { .. }
            | Self::TooManyJumps { .. }
            | Self::NotSsh { .. }
            | Self::NoCommonAlgorithm { .. }
            | Self::KeyExchangeFailed { .. }
            | Self::KnownHosts(_)
            | Self::HostKeyRevoked { .. }
            | Self::LoginPrompts { .. }
            | Self::PromptsUnanswered { .. }
            | Self::PromptsDeclined { .. }
            | Self::PromptsTimeout { .. }
            | Self::PasswordWrong { .. } => return None,
        })
    }
}

/// Where OpenSSH keeps the public half of a host key of that type.
fn host_key_file(algorithm: &str) -> &'static str {
    if algorithm.starts_with("ecdsa-") {
        "/etc/ssh/ssh_host_ecdsa_key.pub"
    } else if algorithm.contains("rsa") {
        "/etc/ssh/ssh_host_rsa_key.pub"
    } else {
        "/etc/ssh/ssh_host_ed25519_key.pub"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::shell_error::ShellError;

    #[test]
    fn what_can_be_copied_is_one_command_whatever_the_name() {
        let hostile = "/tmp/$(touch hurt)'; touch hurt; '.pub";
        let (key, path) = (hostile.to_owned(), Path::new(hostile).to_owned());
        for error in [
            ConnectError::KeyFileMissing { path: path.clone() },
            ConnectError::KeyFileUnreadable { path: path.clone(), reason: String::new() },
            ConnectError::KeyFileOldEncryption { path: path.clone(), cipher: String::new() },
            ConnectError::KeyPassphraseWrong { path: path.clone() },
            ConnectError::CertificateUnusable { path, reason: String::new() },
            ConnectError::CertificateExpired { certificate: key.clone(), until: String::new() },
            ConnectError::AgentKeyMissing { key: key.clone() },
            ConnectError::NameNotFound { host: key, reason: String::new() },
        ] {
            // As a shell reads it: the words of one command, the last of them as it is.
            let remedy = error.remedy().unwrap();
            let words = format!("set -- {remedy}; eval \"printf %s \\\"\\${{$#}}\\\"\"");
            let output = std::process::Command::new("sh").args(["-c", &words]).output().unwrap();
            let last = String::from_utf8(output.stdout).unwrap();
            assert!(hostile.starts_with(&last) && last.len() >= hostile.len() - ".pub".len(), "{remedy}: {last}");
        }
    }

    #[test]
    fn what_can_be_copied_takes_no_name_for_an_option() {
        let path = Path::new("-rf").to_owned();
        let word = || "-rf".to_owned();
        let jump = Endpoint { host: "web".into(), port: 22, user: word() };
        for (error, remedy) in [
            (ConnectError::KeyFileMissing { path: path.clone() }, "ssh-keygen -t ed25519 -f ./-rf"),
            (ConnectError::KeyFileUnreadable { path: path.clone(), reason: word() }, "chmod 600 ./-rf"),
            (ConnectError::KeyFileOldEncryption { path: path.clone(), cipher: word() }, "ssh-keygen -p -f ./-rf"),
            (ConnectError::KeyPassphraseWrong { path: path.clone() }, "ssh-keygen -yf ./-rf"),
            (ConnectError::CertificateUnusable { path, reason: word() }, "ssh-keygen -Lf ./-rf"),
            (ConnectError::CertificateExpired { certificate: word(), until: word() }, "ssh-keygen -Lf ./-rf"),
            (ConnectError::AgentKeyMissing { key: word() }, "ssh-add ./-rf"),
            (ConnectError::NameNotFound { host: word(), reason: word() }, "getent hosts -- '-rf'"),
            (ConnectError::JumpCannotReach { from: jump, target: word(), reason: word() }, "ssh -p 22 -- '-rf@web'"),
        ] {
            assert_eq!(error.remedy().as_deref(), Some(remedy));
        }
        let shell = ShellError::Unavailable { user: word(), printed: word() };
        assert_eq!(shell.remedy().as_deref(), Some("chsh -s /bin/sh -- '-rf'"));
    }

    #[test]
    fn every_failure_says_what_to_do() {
        let reason = String::new;
        for (error, remedy) in [
            (ConnectError::LoginTimeout, Some("UseDNS no")),
            (ConnectError::LoginUndecided { user: "ops".into(), tried: Vec::new() }, Some("journalctl -u ssh")),
            (ConnectError::AgentEmpty, Some("ssh-add")),
            (ConnectError::ForwardingRefused { target: reason(), reason: reason() }, Some("AllowTcpForwarding yes")),
            (ConnectError::Disconnected { step: Step::Login, reason: reason() }, Some("journalctl -u ssh")),
            (ConnectError::PasswordWrong { user: "ops".into() }, None),
        ] {
            assert_eq!(error.remedy().as_deref(), remedy);
            assert!(error.hint().ends_with('.'), "{}", error.hint());
        }
    }
}
