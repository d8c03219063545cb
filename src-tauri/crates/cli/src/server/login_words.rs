//! The options about logins and jump hosts as they stand on the command line, in their order: clap tells positions only to
//! whoever asks for them, so these are read by hand.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

/// What one option says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Key,
    Certificate,
    Agent,
    AgentKey,
    AgentSocket,
    Password,
    Passphrase,
    Prompts,
}

/// An option: for the server itself, and for the jump host before it.
struct Described {
    method: Method,
    own: &'static str,
    at_jump: &'static str,
    /// The name of its value; none where it is a flag.
    value: Option<&'static str>,
    help: &'static str,
}

impl Described {
    const fn new(
        method: Method,
        [own, at_jump]: [&'static str; 2],
        value: Option<&'static str>,
        help: &'static str,
    ) -> Self {
        Self { method, own, at_jump, value, help }
    }
}

const DESCRIBED: [Described; 8] = [
    Described::new(Method::Key, ["key", "jump-key"], Some("FILE"), "Log in with this private key file"),
    Described::new(
        Method::Certificate,
        ["certificate", "jump-certificate"],
        Some("FILE"),
        "The OpenSSH certificate of the key before it",
    ),
    Described::new(Method::Agent, ["agent", "jump-agent"], None, "Log in with the keys of the SSH agent"),
    Described::new(
        Method::AgentKey,
        ["agent-key", "jump-agent-key"],
        Some("KEY"),
        "Log in with this key of the agent only: a fingerprint or a .pub file",
    ),
    Described::new(
        Method::AgentSocket,
        ["agent-socket", "jump-agent-socket"],
        Some("PATH"),
        "Where the agent listens, instead of SSH_AUTH_SOCK",
    ),
    Described::new(
        Method::Password,
        ["password-stdin", "jump-password-stdin"],
        None,
        "Log in with a password: one line of stdin (asked for on a terminal), kept in the keyring",
    ),
    Described::new(
        Method::Passphrase,
        ["passphrase-stdin", "jump-passphrase-stdin"],
        None,
        "The key before it has a passphrase: one line of stdin (asked for on a terminal), kept in the keyring",
    ),
    Described::new(
        Method::Prompts,
        ["prompts", "jump-prompts"],
        None,
        "Log in by answering what the server asks, such as a second factor",
    ),
];

impl Method {
    /// The option, where options of that host begin with `prefix`.
    pub(super) fn option(self, prefix: &str) -> String {
        let described = DESCRIBED.iter().find(|described| described.method == self);
        format!("--{prefix}{}", described.map_or("", |described| described.own))
    }

    /// Whether it is a flag, without a value.
    pub(super) fn is_flag(self) -> bool {
        DESCRIBED.iter().any(|described| described.method == self && described.value.is_none())
    }

    /// Whether it is a way to log in, and not only something about one.
    pub(super) fn is_login(self) -> bool {
        !matches!(self, Self::Certificate | Self::Passphrase)
    }
}

/// An option that was given, with its value; a flag has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    pub(super) method: Method,
    pub(super) value: OsString,
}

/// What was typed about the way to a server.
#[derive(Clone, Default, Debug)]
pub(super) struct LoginArguments {
    pub(super) own: Vec<Word>,
    /// About the jump host that is there already: before any `--jump`.
    pub(super) loose: Vec<Word>,
    /// The jump hosts, each with what was typed behind it.
    pub(super) jumps: Vec<(String, Vec<Word>)>,
}

impl clap::FromArgMatches for LoginArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        /// What stands at one position.
        enum Typed {
            Own(Word),
            Jump(String),
            AtJump(Word),
        }
        let mut typed: Vec<(usize, Typed)> = Vec::new();
        for Described { method, own, at_jump, value, .. } in DESCRIBED {
            for (id, wrap) in [(own, Typed::Own as fn(Word) -> Typed), (at_jump, Typed::AtJump)] {
                let values: Vec<OsString> = match value {
                    Some(_) => matches.get_many::<OsString>(id).into_iter().flatten().cloned().collect(),
                    None => matches.get_many::<bool>(id).into_iter().flatten().map(|_| OsString::new()).collect(),
                };
                let words = values.into_iter().map(|value| wrap(Word { method, value }));
                typed.extend(matches.indices_of(id).into_iter().flatten().zip(words));
            }
        }
        let jumps = matches.get_many::<String>("jump").into_iter().flatten().cloned().map(Typed::Jump);
        typed.extend(matches.indices_of("jump").into_iter().flatten().zip(jumps));
        typed.sort_by_key(|(position, _)| *position);

        let mut read = Self::default();
        for (_, typed) in typed {
            match typed {
                Typed::Own(word) => read.own.push(word),
                Typed::Jump(host) => read.jumps.push((host, Vec::new())),
                Typed::AtJump(word) => read.jumps.last_mut().map_or(&mut read.loose, |(_, words)| words).push(word),
            }
        }
        Ok(read)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for LoginArguments {
    fn augment_args(mut command: Command) -> Command {
        let option = |id: &'static str, value: Option<&'static str>| {
            let arg = Arg::new(id).long(id).action(ArgAction::Append);
            match value {
                Some(name) => arg.value_name(name).value_parser(value_parser!(OsString)),
                // A flag that knows where it stood each time.
                None => arg.num_args(0).value_parser(value_parser!(bool)).default_missing_value("true"),
            }
        };
        for Described { own, value, help, .. } in DESCRIBED {
            command = command.arg(option(own, value).help(help).help_heading(LOGIN));
        }
        let jump = Arg::new("jump").long("jump").action(ArgAction::Append).value_name("USER@HOST[:PORT]");
        command = command.arg(jump.help_heading(JUMPS).help(
            "Pass this host on the way; several are passed in order. It is logged in to with the keys and the agent of the server, \
             unless options for it follow",
        ));
        for Described { own, at_jump, value, .. } in DESCRIBED {
            let help = format!("As --{own}, for the jump host before it");
            command = command.arg(option(at_jump, value).help(help).help_heading(JUMPS));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

const LOGIN: &str = "Logging in (several ways are tried in the order in which they are given)";
const JUMPS: &str = "Jump hosts";
