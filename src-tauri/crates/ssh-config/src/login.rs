//! How a host is logged in to: keys, the agent, a password, prompts, in the order in which `ssh` would try them as far as
//! Hostrounds can.

use std::path::Path;

use hostrounds_core::server::{Login, MAX_LOGINS};
use hostrounds_core::text::neutralised;

use crate::expand::Tokens;
use crate::host::Values;

/// The keys that `ssh` tries where none is named, in its order. Those on tokens (`_sk`) need an agent.
const DEFAULT_KEYS: [&str; 3] = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];

/// The ways to log in; none where all are switched off. What a person should know goes to `notes`.
pub(crate) fn logins(values: &Values<'_>, tokens: Tokens<'_>, notes: &mut Vec<String>) -> Vec<Login> {
    let preferred = values.first_word("preferredauthentications");
    let mut methods: Vec<&str> = match preferred {
        Some(list) => list.split(',').map(str::trim).collect(),
        None if values.is("pubkeyauthentication", false) => vec!["keyboard-interactive", "password"],
        None => vec!["publickey"],
    };
    methods.retain(|method| match *method {
        "publickey" => !values.is("pubkeyauthentication", false),
        "password" => !values.is("passwordauthentication", false),
        "keyboard-interactive" => {
            !values.is("kbdinteractiveauthentication", false) && !values.is("challengeresponseauthentication", false)
        }
        _ => false,
    });
    let mut logins: Vec<Login> = Vec::new();
    for method in methods {
        let further = match method {
            "publickey" => keys(values, tokens, notes),
            "password" => {
                notes.push("It logs in with a password, which has to be put into the keyring.".into());
                vec![Login::Password]
            }
            _ => {
                notes.push("A person answers what it asks at each login, once per session.".into());
                vec![Login::Prompts]
            }
        };
        for login in further {
            if !logins.contains(&login) {
                logins.push(login);
            }
        }
    }
    if logins.len() > MAX_LOGINS {
        notes.push(format!("Only the first {MAX_LOGINS} of its {} ways to log in are taken over.", logins.len()));
        logins.truncate(MAX_LOGINS);
    }
    logins
}

/// Where the agent listens.
enum AgentSocket {
    /// It is not to be used.
    None,
    /// Where that of the session listens.
    Session,
    /// Elsewhere.
    At(String),
}

impl AgentSocket {
    fn of(values: &Values<'_>, tokens: Tokens<'_>, notes: &mut Vec<String>) -> Self {
        match values.first_word("identityagent") {
            None | Some("SSH_AUTH_SOCK") => Self::Session,
            Some(word) if word.eq_ignore_ascii_case("none") => Self::None,
            Some(word) => {
                let variable = word.strip_prefix('$').filter(|name| !name.starts_with('{'));
                let path = match variable {
                    Some(name) => tokens.surroundings.variables.get(name).cloned().ok_or_else(|| word.to_owned()),
                    None => tokens.expand(word),
                };
                match path {
                    Ok(path) if is_plain(&path) => Self::At(path),
                    Ok(path) => {
                        notes.push(format!(
                            "IdentityAgent {path} is not used: it holds control or direction characters."
                        ));
                        Self::None
                    }
                    Err(unknown) => {
                        notes.push(format!("IdentityAgent {word}: {unknown} has no value here, so no agent is used."));
                        Self::None
                    }
                }
            }
        }
    }

    /// The agent as a way to log in, with one key or with all of them.
    fn login(&self, key: Option<String>) -> Option<Login> {
        match self {
            Self::None => None,
            Self::Session => Some(Login::Agent { key, socket: None }),
            Self::At(socket) => Some(Login::Agent { key, socket: Some(socket.clone()) }),
        }
    }
}

/// Key files and keys of the agent. `ssh` offers what the agent holds as well, unless `IdentitiesOnly` is set.
fn keys(values: &Values<'_>, tokens: Tokens<'_>, notes: &mut Vec<String>) -> Vec<Login> {
    let here = tokens.surroundings;
    let agent = AgentSocket::of(values, tokens, notes);
    let only = values.is("identitiesonly", true);
    let named = values.words("identityfile");
    let files = paths("IdentityFile", &named, tokens, notes);
    if named.is_empty() {
        let mut logins: Vec<Login> = if only { Vec::new() } else { agent.login(None).into_iter().collect() };
        logins.extend(DEFAULT_KEYS.into_iter().filter(|path| here.has_file(path)).map(Login::key));
        return if logins.is_empty() { agent.login(None).into_iter().collect() } else { logins };
    }
    let certificates = paths("CertificateFile", &values.words("certificatefile"), tokens, notes);
    let mut logins = Vec::new();
    let mut missing = Vec::new();
    let mut beside = Vec::new();
    for path in &files {
        let public = format!("{path}.pub");
        if path.ends_with(".pub") {
            logins.extend(agent.login(Some(path.clone())));
        } else if here.has_file(path) {
            logins
                .push(Login::Key { path: path.clone(), certificate: certificate(path, &files, &certificates, notes) });
            if only && here.has_file(&public) {
                beside.extend(agent.login(Some(public)));
            }
        } else if let (true, Some(login)) = (here.has_file(&public), agent.login(Some(public.clone()))) {
            notes.push(format!("The private key {path} is not on this computer: its key in the agent is used."));
            logins.push(login);
        } else {
            notes.push(format!("The key file {path} is missing."));
            missing.push(Login::Key { path: path.clone(), certificate: None });
        }
    }
    logins.extend(beside);
    if !only {
        logins.extend(agent.login(None));
    }
    // A host whose only keys are missing is still worth having: they may come back.
    if logins.is_empty() { missing } else { logins }
}

/// The files that options name, with `none` and what cannot be used left out.
fn paths(option: &str, words: &[&str], tokens: Tokens<'_>, notes: &mut Vec<String>) -> Vec<String> {
    let mut paths = Vec::new();
    for word in words.iter().filter(|word| !word.eq_ignore_ascii_case("none")) {
        match tokens.expand(word) {
            Err(unknown) => notes.push(format!("{option} {word} is left out: {unknown} has no value here.")),
            Ok(path) if !is_plain(&path) => {
                notes.push(format!("{option} {path} is left out: it holds control or direction characters."));
            }
            Ok(path) if path.starts_with("~/") || Path::new(&path).is_absolute() => {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            Ok(path) => notes.push(format!(
                "{option} {path} is left out: it depends on where ssh is started. Write the whole path."
            )),
        }
    }
    paths
}

/// Whether a path can be shown as it is.
fn is_plain(path: &str) -> bool {
    neutralised(path, path.len()) == path
}

/// The certificate that belongs to a key file. OpenSSH compares what is in them; here the names decide.
fn certificate(path: &str, files: &[String], certificates: &[String], notes: &mut Vec<String>) -> Option<String> {
    let by_name = format!("{path}-cert.pub");
    if certificates.contains(&by_name) {
        return Some(by_name);
    }
    match certificates {
        [] => None,
        [only] if files.len() == 1 => Some(only.clone()),
        _ => {
            notes.push(format!("Which CertificateFile belongs to {path} cannot be told: choose it by hand."));
            None
        }
    }
}
