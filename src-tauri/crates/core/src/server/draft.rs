//! A server as a person describes it, and everything that can be wrong with that.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Hop, LOCAL_INTERVAL, LOCAL_NAME, Login, MAX_INTERVAL, MAX_JUMPS, MAX_LOGINS, MIN_INTERVAL, Server, Target,
    Thresholds,
};
use crate::address;
use crate::probe::Family;

/// A server as a person describes it, before it is checked. Also the whole new description when one is edited.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDraft {
    /// See [`Server::name`].
    pub name: String,
    /// See [`Server::target`].
    pub target: Target,
    /// See [`Server::enabled`].
    pub enabled: bool,
    /// See [`Server::interval`].
    pub interval: u32,
    /// See [`Server::thresholds`].
    pub thresholds: Thresholds,
    /// See [`Server::families_off`].
    #[serde(default)]
    pub families_off: Vec<Family>,
    /// See [`Server::environment`].
    pub environment: Option<String>,
    /// See [`Server::tags`].
    pub tags: Vec<String>,
}

/// A field of a draft that cannot stay as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// The field: `name`, `host`, `port`, `user`, `logins`, `logins.0.path`, `logins.0.certificate`, `logins.0.key`,
    /// `logins.0.socket`, the same of a jump host behind `jumps.0.`, `jumps`, `interval`, `thresholds.cpu`,
    /// `thresholds.memory`, `thresholds.disk`, `thresholds.diskFullIn`, `familiesOff`, `environment`, `tags`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl From<&Server> for ServerDraft {
    fn from(server: &Server) -> Self {
        Self {
            name: server.name.clone(),
            target: server.target.clone(),
            enabled: server.enabled,
            interval: server.interval,
            thresholds: server.thresholds,
            families_off: server.families_off.clone(),
            environment: server.environment.clone(),
            tags: server.tags.clone(),
        }
    }
}

impl ServerDraft {
    /// The draft with spaces trimmed, tags sorted and empty words gone; or everything that is wrong with it.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });

        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            wrong("name", "Give the server a name.".into());
        } else if let Some(message) = unfit_word(&self.name, 64) {
            wrong("name", message);
        }
        if self.name.starts_with('-') {
            wrong("name", "A name does not begin with a dash: commands would take it for an option.".into());
        }
        let is_local = matches!(self.target, Target::Local);
        if !is_local && self.name.eq_ignore_ascii_case(LOCAL_NAME) {
            wrong("name", format!("`{LOCAL_NAME}` is the name of this computer. Choose another one."));
        }

        if let Target::Ssh(ssh) = &mut self.target {
            check_hop(&mut ssh.hop, "", &mut wrong);
            for (index, jump) in ssh.jumps.iter_mut().enumerate() {
                check_hop(jump, &format!("jumps.{index}."), &mut wrong);
            }
            if ssh.jumps.len() > MAX_JUMPS {
                wrong("jumps", format!("At most {MAX_JUMPS} jump hosts."));
            }
        }

        self.families_off.sort();
        self.families_off.dedup();
        if self.families_off.len() == Family::ALL.len() {
            wrong("familiesOff", "Leave at least one family of metrics on, or disable the server.".into());
        }

        let smallest = if is_local { LOCAL_INTERVAL } else { MIN_INTERVAL };
        if !(smallest..=MAX_INTERVAL).contains(&self.interval) {
            wrong(
                "interval",
                format!(
                    "The interval is {smallest} seconds to {MAX_INTERVAL} seconds (a week); 60 or more is recommended."
                ),
            );
        }
        for (field, value) in [
            ("thresholds.cpu", self.thresholds.cpu),
            ("thresholds.memory", self.thresholds.memory),
            ("thresholds.disk", self.thresholds.disk),
        ] {
            if value.is_some_and(|percent| !(1.0..=100.0).contains(&percent)) {
                wrong(field, "A threshold is a percentage from 1 to 100; without one the alert is off.".into());
            }
        }
        if self.thresholds.disk_full_in.is_some_and(|days| !(0.5..=100.0).contains(&days)) {
            wrong("thresholds.diskFullIn", "Give 0.5 to 100 days; without a number the alert is off.".into());
        }

        self.environment = self.environment.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
        if let Some(message) = self.environment.as_deref().and_then(|word| unfit_word(word, 64)) {
            wrong("environment", message);
        }
        self.tags = self.tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
        self.tags.sort();
        self.tags.dedup();
        if self.tags.len() > 32 {
            wrong("tags", "A server has at most 32 tags.".into());
        }
        if let Some(message) = self.tags.iter().find_map(|tag| unfit_word(tag, 64)) {
            wrong("tags", message);
        }

        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// Tidies one host on the way and tells what is wrong with it, under names of fields that begin with `prefix`.
fn check_hop(hop: &mut Hop, prefix: &str, wrong: &mut impl FnMut(&str, String)) {
    let mut wrong = |field: &str, message: String| wrong(&format!("{prefix}{field}"), message);
    hop.host = hop.host.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
    hop.user = hop.user.trim().to_owned();
    if hop.host.is_empty() {
        wrong("host", "Enter the name or the address of the server.".into());
    } else if hop.host.contains("://") || hop.host.contains(['/', '@', ' ']) {
        wrong("host", "Enter only a host name or an address: no scheme, user, path or spaces.".into());
    } else if let Some(message) = unfit_word(&hop.host, 253).or_else(|| address::host_fault(&hop.host).map(Into::into))
    {
        wrong("host", message);
    }
    if hop.port == 0 {
        wrong("port", "The port is a number from 1 to 65535; SSH usually listens on 22.".into());
    }
    if hop.user.is_empty() {
        wrong("user", "Enter the user that logs in on the server.".into());
    } else if let Some(message) = unfit_word(&hop.user, 64).or_else(|| address::user_fault(&hop.user).map(Into::into)) {
        wrong("user", message);
    }
    if hop.logins.is_empty() {
        wrong("logins", "Choose at least one way to log in.".into());
    } else if hop.logins.len() > MAX_LOGINS {
        wrong("logins", format!("At most {MAX_LOGINS} ways to log in."));
    }
    for (index, login) in hop.logins.iter_mut().enumerate() {
        check_login(login, &mut |field, message| wrong(&format!("logins.{index}.{field}"), message));
    }
}

fn check_login(login: &mut Login, wrong: &mut impl FnMut(&str, String)) {
    let tidied = |text: &mut Option<String>| {
        *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    };
    match login {
        Login::Key { path, certificate } => {
            *path = path.trim().to_owned();
            tidied(certificate);
            if path.is_empty() {
                wrong("path", "Choose the private key file, for example ~/.ssh/id_ed25519.".into());
            } else if path.ends_with(".pub") {
                wrong("path", "That is a public key. Choose the private key beside it, without `.pub`.".into());
            }
        }
        Login::Agent { key, socket } => {
            tidied(key);
            tidied(socket);
            if key.as_ref().is_some_and(|key| key.starts_with("MD5:")) {
                wrong("key", "Give the SHA256 fingerprint, as `ssh-add -l` prints it.".into());
            }
        }
        Login::Password | Login::Prompts => {}
    }
}

fn unfit_word(word: &str, max: usize) -> Option<String> {
    if word.chars().count() > max {
        return Some(format!("At most {max} characters."));
    }
    (crate::text::neutralised(word, max) != word)
        .then(|| "It holds control or direction characters. Remove them.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::SshTarget;

    fn hop(host: &str) -> Hop {
        Hop { host: host.into(), port: 22, user: "ops".into(), logins: vec![Login::agent()] }
    }

    fn draft() -> ServerDraft {
        ServerDraft {
            name: "web-1".into(),
            target: Target::Ssh(SshTarget::direct(hop("web1.example.org"))),
            enabled: true,
            interval: 60,
            thresholds: Thresholds::default(),
            families_off: vec![],
            environment: None,
            tags: vec![],
        }
    }

    fn fields(draft: ServerDraft) -> Vec<String> {
        draft.checked().err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    fn with_ssh(change: impl FnOnce(&mut SshTarget)) -> ServerDraft {
        let mut draft = draft();
        if let Target::Ssh(ssh) = &mut draft.target {
            change(ssh);
        }
        draft
    }

    #[test]
    fn a_good_draft_is_tidied() {
        let mut messy = draft();
        messy.name = "  web-1 ".into();
        messy.tags = vec!["b".into(), " a".into(), "b".into(), String::new()];
        messy.environment = Some("  ".into());
        let checked = messy.checked().unwrap();
        assert_eq!(checked.name, "web-1");
        assert_eq!(checked.tags, ["a", "b"]);
        assert_eq!(checked.environment, None);
    }

    #[test]
    fn an_ipv6_address_loses_its_brackets() {
        let Target::Ssh(ssh) = with_ssh(|ssh| ssh.hop.host = "[::1]".into()).checked().unwrap().target else {
            panic!()
        };
        assert_eq!(ssh.hop.host, "::1");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut wrong = with_ssh(|ssh| {
            ssh.hop.host = "ssh://web".into();
            ssh.hop.port = 0;
            ssh.hop.user = String::new();
            ssh.hop.logins = vec![Login::key("~/.ssh/id_ed25519.pub")];
            ssh.jumps = vec![Hop { logins: vec![], ..hop("bastion/") }];
        });
        wrong.name = " ".into();
        wrong.interval = 4;
        wrong.thresholds =
            Thresholds { cpu: Some(0.5), memory: Some(101.0), disk: Some(f64::NAN), disk_full_in: Some(0.0) };
        assert_eq!(
            fields(wrong),
            [
                "name",
                "host",
                "port",
                "user",
                "logins.0.path",
                "jumps.0.host",
                "jumps.0.logins",
                "interval",
                "thresholds.cpu",
                "thresholds.memory",
                "thresholds.disk",
                "thresholds.diskFullIn"
            ]
        );
    }

    #[test]
    fn options_and_shell_text_are_neither_hosts_nor_users() {
        for host in ["-oProxyCommand=x", "web;reboot", "$(reboot)", "web`x`", "*"] {
            assert_eq!(fields(with_ssh(|ssh| ssh.hop.host = host.into())), ["host"], "{host}");
            assert_eq!(fields(with_ssh(|ssh| ssh.jumps = vec![self::hop(host)])), ["jumps.0.host"], "{host}");
        }
        for user in ["-l", "ops;reboot", "$(reboot)", r"EXAMPLE\"] {
            assert_eq!(fields(with_ssh(|ssh| ssh.hop.user = user.into())), ["user"], "{user}");
        }
        assert_eq!(fields(with_ssh(|ssh| ssh.hop.user = r"EXAMPLE\ops".into())), [""; 0]);
    }

    #[test]
    fn thresholds_from_before_the_forecast_have_its_default() {
        let old: Thresholds = serde_json::from_str(r#"{"cpu":90.0,"memory":null,"disk":null}"#).unwrap();
        assert_eq!(old.disk_full_in, Some(3.0));
        let off = Thresholds { disk_full_in: None, ..old };
        assert_eq!(serde_json::from_value::<Thresholds>(serde_json::to_value(off).unwrap()).unwrap(), off);
    }

    #[test]
    fn a_name_is_no_option() {
        let mut draft = draft();
        draft.name = "--all".into();
        assert_eq!(fields(draft), ["name"]);
    }

    #[test]
    fn a_way_that_switches_everything_off_is_none() {
        let mut draft = draft();
        draft.families_off = Family::ALL.to_vec();
        assert_eq!(fields(draft), ["familiesOff"]);
    }

    #[test]
    fn the_name_of_this_computer_is_taken() {
        let mut draft = draft();
        draft.name = "LOCAL".into();
        assert_eq!(fields(draft), ["name"]);
    }

    #[test]
    fn this_computer_may_be_read_more_often() {
        let mut local = draft();
        local.target = Target::Local;
        local.name = LOCAL_NAME.into();
        local.interval = LOCAL_INTERVAL;
        assert!(local.checked().is_ok());
    }
}
