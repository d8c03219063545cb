//! A reader of the routine files that stays: a perl loop instead of a `head` for each answer.
//!
//! Starting a process is most of what a routine answer costs a server. Where there is perl (on nearly every distribution,
//! and in Debian's base system), `hr_reader` lets it take the shell's place after one more answer: it reads the questions of
//! `hostrounds-ssh` itself, reads the files afresh for each, and prints what `hr_routine` would. It starts nothing,
//! evaluates nothing that it reads, answers every other question with nothing, and ends when its input does.
//!
//! How it gets there, in a shell that is in the middle of answering a question:
//!
//! - The whole question has been read by then, so nothing is lost in the shell's own buffer. But inside of the question
//!   the standard input is empty; it is whole again only where the marker after the answer is printed. So that `echo` is
//!   what starts the reader, once: ksh cannot forget a function that it is in, hence the variable.
//! - Perl needs the token that the markers are made of. It gets it on a pipe: other processes could see arguments and
//!   environment, and here-documents are files in many shells, and nothing is written to servers.
//! - The shell waits below it. Where perl is broken, or killed, the shell goes on with the next question as if nothing had
//!   been.

/// The program.
const PROGRAM: &str = include_str!("reader.pl");

/// The shell that starts it.
const START: &str = r#"hr_reader() {
  command -v perl >/dev/null || { echo no; return; }
  echo perl
  hr_reads=soon
  echo() {
    command echo "$@"
    [ $hr_reads = soon ] || return 0
    hr_reads=now
    unset -f echo
    {
      command echo "$1" | (
        unset PERL5OPT PERL5LIB PERL_UNICODE PERLIO
        exec perl -e "$hr_program" $hr_files 3<&0 <&4 4<&- 2>/dev/null
      )
    } 4<&0
  }
}
"#;

/// Defines `hr_reader`.
pub(super) fn script() -> String {
    let lines = PROGRAM.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let program: Vec<&str> = lines.collect();
    format!("hr_program='{}'\n{START}", program.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_can_stand_in_single_quotes() {
        assert_eq!(script().matches('\'').count(), 2);
    }

    /// The question as `hostrounds-ssh` writes it, whose parts the program looks for.
    #[test]
    fn the_frame_is_that_of_the_ssh_floor() {
        let frame = include_str!("../../../ssh/src/frame.rs");
        assert!(frame.contains(r#"const VARIABLE: &str = "_hostrounds";"#));
        assert!(frame.contains(
            r#""echo \"${VARIABLE}-{number}-b\"; {{ {command}\n}} </dev/null; echo \"${VARIABLE}-{number}-e\"\n""#
        ));
    }
}
