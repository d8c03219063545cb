//! The least-privilege kit: a script for servers whose administrator does not want to hand out a shell.
//!
//! It is the forced command of a key (`sshd(8)`, "AUTHORIZED_KEYS FILE FORMAT": `restrict,command="..."`), so that whoever holds
//! that key can ask what the families ask, and nothing else. It speaks the frame of `hostrounds-ssh` but evaluates nothing of
//! what it reads: a question is compared with those few that are allowed, and every other line is passed over, among them the
//! whole script that is sent to ordinary shells.

use crate::probe::script::{FACTS, FAMILIES, FUNCTIONS, PLACES};

/// Where the script belongs on the server.
pub(super) const PATH: &str = "/usr/local/lib/hostrounds/rounds";

/// What comes after the definitions. `PARTS` stands for the names that may be asked.
///
/// - The lines are those of `Token::opening` and `Token::question` there; a command of more than one line is none of ours.
/// - A command is looked at letter by letter first, so that taking it apart can neither expand nor match anything.
const LOOP: &str = r#"hr_ask() {
  case $1 in *[!A-Za-z0-9_\ ]*) return 0 ;; esac
  set -- $1
  case $1 in
    hr_routine) [ $# = 1 ] && hr_routine ;;
    hr_process_detail) shift; [ $# -gt 1 ] && hr_process_detail "$@" ;;
    hr_slow)
      shift
      [ $# -gt 0 ] || return 0
      hr_request=$*
      shift
      for hr_word in "$@"; do
        case ' PARTS ' in *" $hr_word "*) ;; *) return 0 ;; esac
      done
      hr_slow $hr_request
      ;;
  esac
}
hr_begin='echo "$_hostrounds-'
hr_open='-b"; { '
hr_token=
hr_number=
while IFS= read -r hr_line; do
  case $hr_line in
    _hostrounds= | _hostrounds=*[!0-9a-f]*) ;;
    _hostrounds=*) [ -n "$hr_token" ] || hr_token=${hr_line#_hostrounds=} ;;
    'echo "$_hostrounds-0-b"; times') echo "$hr_token-0-b"; times ;;
    'echo "$_hostrounds-0-e"') echo "$hr_token-0-e" ;;
    "$hr_begin"*"$hr_open"*)
      hr_number=${hr_line#"$hr_begin"}
      hr_number=${hr_number%%-*}
      hr_command=${hr_line#*"$hr_open"}
      case $hr_number in *[!0-9]*) hr_number= ;; esac
      ;;
    "} </dev/null; echo \"\$_hostrounds-$hr_number-e\"")
      if [ -n "$hr_token" ] && [ -n "$hr_number" ]; then
        echo "$hr_token-$hr_number-b"
        hr_ask "$hr_command" </dev/null 2>/dev/null
        echo "$hr_token-$hr_number-e"
      fi
      hr_number=
      ;;
    *) hr_command= ;;
  esac
done
"#;

/// See [`super::remote::restricted_script`].
pub(super) fn script() -> String {
    let parts: Vec<&str> = [FACTS].into_iter().chain(FAMILIES.iter().map(|slow| slow.part)).collect();
    format!(
        "#!/bin/sh\n\
         # Hostrounds, restricted: answers what Hostrounds asks of a server, and runs nothing else.\n\
         # Owned by root, mode 0755, at {PATH}; in authorized_keys before the key:\n\
         #   restrict,command=\"{PATH}\"\n\
         LC_ALL=C; export LC_ALL\nPATH={PLACES}; export PATH\n{}{}",
        *FUNCTIONS,
        LOOP.replace("PARTS", &parts.join(" "))
    )
}

#[cfg(test)]
mod tests {
    /// The opening as `hostrounds-ssh` writes it; the question is looked at where the reader is.
    #[test]
    fn the_frame_is_that_of_the_ssh_floor() {
        let frame = include_str!("../../../ssh/src/frame.rs");
        assert!(frame.contains(
            r#""{VARIABLE}={token}\necho \"${VARIABLE}-0-b\"; times\n{script}\necho \"${VARIABLE}-0-e\"\n""#
        ));
    }
}
