//! A question before something that cannot be undone by itself.

use std::io::{self, BufRead, IsTerminal};

use crate::problem::Problem;

/// Asks a person on the terminal. Whether the answer was `yes`.
pub(crate) fn asked(question: &str, without_terminal: &str) -> Result<bool, Problem> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(Problem::usage("There is no terminal to ask on.", without_terminal));
    }
    let mut answer = String::new();
    let read =
        io::Write::write_all(&mut io::stderr(), question.as_bytes()).and_then(|()| stdin.lock().read_line(&mut answer));
    read.map_err(|error| Problem::Machine { what: "The answer cannot be read".into(), error })?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
