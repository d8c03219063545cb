//! Where everything that is printed passes: JSON for programs, words and tables for people.

pub(crate) mod command;
pub(crate) mod failure;
pub(crate) mod progress;
pub(crate) mod reading;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod time;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use hostrounds_core::text::neutralised;
use serde::Serialize;

use self::style::Style;
use self::table::Table;
use crate::problem::Problem;

/// The longest text that one line shows of anything.
const LINE_MAX: usize = 2_000;

/// The options that fields of the engine are set with; the numbers in a field are left out.
const OPTIONS: [(&str, &str); 34] = [
    ("name", "NAME"),
    ("host", "--host"),
    ("port", "--port"),
    ("user", "--user"),
    ("logins", "--key, --agent, --password-stdin, --prompts"),
    ("logins.path", "--key"),
    ("logins.certificate", "--certificate"),
    ("logins.key", "--agent-key"),
    ("logins.socket", "--agent-socket"),
    ("logins.passphrase", "--passphrase-stdin"),
    ("password", "--password-stdin"),
    ("secrets", "--password-stdin, --passphrase-stdin"),
    ("jumps", "--jump"),
    ("jumps.host", "--jump"),
    ("jumps.port", "--jump"),
    ("jumps.user", "--jump"),
    ("jumps.logins", "--jump-key, --jump-agent, --jump-password-stdin, --jump-prompts"),
    ("jumps.logins.path", "--jump-key"),
    ("jumps.logins.passphrase", "--jump-passphrase-stdin"),
    ("jumps.password", "--jump-password-stdin"),
    ("familiesOff", "--without"),
    ("interval", "--interval"),
    ("thresholds.cpu", "--cpu"),
    ("thresholds.memory", "--memory"),
    ("thresholds.disk", "--disk"),
    ("thresholds.diskFullIn", "--disk-full-in"),
    ("maxPoints", "--max-points"),
    ("attributes", "--attribute"),
    ("aliases", "--only"),
    ("metrics", "--metric"),
    ("output", "--output"),
    ("retention.days", "--days"),
    ("retention.bytes", "--size"),
    ("retention.warnBytes", "--warn"),
];

/// The option that a field of the engine is set with.
fn option(field: &str) -> String {
    let parts: Vec<&str> = field.split('.').filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit())).collect();
    let plain = parts.join(".");
    let known = OPTIONS.iter().find(|(name, _)| *name == plain);
    known.map_or_else(|| format!("--{}", parts.last().unwrap_or(&field)), |(_, option)| (*option).to_owned())
}

/// Both streams of the process.
pub(crate) struct Output {
    /// Whether JSON is printed.
    pub(crate) json: bool,
    /// Whether a person looks at stdout.
    pub(crate) terminal: bool,
    /// How words are set off on stdout.
    pub(crate) style: Style,
    errors: Style,
    /// How this program is called, up to what it is to do.
    program: String,
}

impl Output {
    /// `data_dir` is the one that was named in the arguments.
    pub(crate) fn new(json: bool, data_dir: Option<&Path>) -> Self {
        let stdout = io::stdout();
        Self {
            json,
            terminal: stdout.is_terminal(),
            style: Style::of(&stdout),
            errors: Style::of(&io::stderr()),
            program: command::program(data_dir),
        }
    }

    /// A command of this program that can be typed next, on the same data directory.
    pub(crate) fn command(&self, arguments: &str) -> String {
        format!("{} {arguments}", self.program)
    }

    /// A text of the engine, which does not know how this program is called, with its commands as they can be typed.
    pub(crate) fn with_commands(&self, text: &str) -> String {
        command::completed(text, &self.program)
    }

    /// One line on stdout.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Problem> {
        self.lines(&[text.as_ref()])
    }

    /// Lines on stdout.
    pub(crate) fn lines(&self, lines: &[impl AsRef<str>]) -> Result<(), Problem> {
        let mut stdout = io::stdout().lock();
        let written = lines.iter().try_for_each(|line| writeln!(stdout, "{}", line.as_ref()));
        written.and_then(|()| stdout.flush()).map_err(Problem::Output)
    }

    /// Text as it stands, without a line break after it.
    pub(crate) fn raw(&self, text: &[u8]) -> Result<(), Problem> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text).and_then(|()| stdout.flush()).map_err(Problem::Output)
    }

    /// A table on stdout.
    pub(crate) fn table(&self, table: &Table) -> Result<(), Problem> {
        self.lines(&table.lines(self.style))
    }

    /// The JSON document of a command.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), Problem> {
        self.line(serde_json::to_string_pretty(value).map_err(unwritable)?)
    }

    /// One line of a JSON stream.
    pub(crate) fn event(&self, value: &impl Serialize) -> Result<(), Problem> {
        self.line(serde_json::to_string(value).map_err(unwritable)?)
    }

    /// A word to the person, beside the result; never with `--json`.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.json {
            to_stderr(text.as_ref());
        }
    }

    /// Something that works and may yet not be as it should; never with `--json`.
    pub(crate) fn warn(&self, text: &str) {
        self.note(format!("{} {}", self.errors.doubtful("warning:"), safe(text)));
    }

    /// Something that went wrong, in words.
    pub(crate) fn error(&self, message: &str, hint: &str) {
        to_stderr(&format!("{} {}", self.errors.bad("error:"), safe(message)));
        if !hint.is_empty() {
            to_stderr(&format!("       {}", safe(hint)));
        }
    }

    /// One JSON line on stderr.
    pub(crate) fn error_event(&self, value: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(value) {
            to_stderr(&line);
        }
    }

    /// Why the command ends badly.
    pub(crate) fn problem(&self, problem: &Problem) {
        let Some(words) = problem.words() else { return };
        if self.json {
            self.error_event(&serde_json::json!({ "error": words }));
            return;
        }
        // What says enough in one sentence names no field.
        if words.fields.is_empty() || words.code != "invalid" {
            self.error(&words.message, &words.hint);
            return;
        }
        to_stderr(&format!("{} Some values cannot be accepted.", self.errors.bad("error:")));
        for field in words.fields {
            let option = option(&field.field);
            to_stderr(&format!("       {}: {}", self.errors.strong(&safe(&option)), safe(&field.message)));
        }
        to_stderr(&format!("       {}", safe(&words.hint)));
    }
}

/// Text that can forge neither a line nor a colour, whoever wrote it.
pub(crate) fn safe(text: &str) -> String {
    neutralised(text, LINE_MAX)
}

/// A stderr that is gone is nobody's loss.
fn to_stderr(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn unwritable(error: serde_json::Error) -> Problem {
    Problem::Output(io::Error::other(error))
}
