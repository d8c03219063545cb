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
    let read = if stdin.is_terminal() {
        rpassword::prompt_password(format!("{prompt}: ")).map(SecretString::from)
    } else {
        first_line(stdin.lock())
    };
    read.map_err(|error| {
        Problem::usage(
            format!("The secret cannot be read from stdin: {error}."),
            "Give it as one line of text, for example: --password-stdin < FILE.",
        )
    })
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
