//! Passwords and passphrases on their way from a person to the keyring: from stdin, never from the arguments.

use std::io::{self, BufRead, IsTerminal};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::problem::Problem;

/// The longest line that is read.
const MAX: u64 = 64 * 1024;

/// One line of stdin without its line break; typed without an echo where stdin is a terminal.
pub(crate) fn from_stdin(prompt: &str) -> Result<SecretString, Problem> {
    let stdin = io::stdin();
    let read = if stdin.is_terminal() { typed(&format!("{prompt}: ")) } else { first_line(stdin.lock()) };
    read.map_err(|error| {
        Problem::usage(
            format!("The secret cannot be read from stdin: {error}."),
            "Give it as one line of text, for example: --password-stdin < FILE.",
        )
    })
}

/// One line that a person types at the terminal. The echo is off before the question is there: who answers at once, or has
/// typed ahead, is not seen either.
pub(crate) fn typed(question: &str) -> io::Result<SecretString> {
    #[cfg(unix)]
    let _quiet = quiet::Quiet::begin();
    rpassword::prompt_password(question).map(SecretString::from)
}

#[cfg(unix)]
mod quiet {
    use std::fs::File;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed until this is dropped.
    pub(super) struct Quiet {
        terminal: File,
        before: Termios,
    }

    impl Quiet {
        /// Nothing where there is no terminal.
        pub(super) fn begin() -> Option<Self> {
            let terminal = File::open("/dev/tty").ok()?;
            let before = tcgetattr(&terminal).ok()?;
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&terminal, OptionalActions::Now, &quiet).ok()?;
            Some(Self { terminal, before })
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // The terminal may be gone.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}

fn first_line(input: impl BufRead) -> io::Result<SecretString> {
    let mut line = Zeroizing::new(String::with_capacity(4096));
    input.take(MAX).read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(SecretString::from(text.strip_suffix('\r').unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_one_line_as_it_stands() {
        for (typed, expected) in [
            ("correct horse\n", "correct horse"),
            ("  spaces stay  \r\nsecond line\n", "  spaces stay  "),
            ("no line break", "no line break"),
            ("", ""),
        ] {
            assert_eq!(first_line(typed.as_bytes()).unwrap().expose_secret(), expected);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(first_line(&b"\xff\xfe\n"[..]).is_err());
    }
}
