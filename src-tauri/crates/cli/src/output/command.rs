//! Commands of this program as a person can copy them into a shell.

use std::path::Path;

const NAME: &str = "hostrounds";

/// A word of a command, such as a name.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ':' | '+' | '/');
    if word.chars().all(plain) && !word.is_empty() && !word.starts_with('-') {
        word.to_owned()
    } else {
        format!("'{}'", super::safe(word).replace('\'', r"'\''"))
    }
}

/// How this program is called on a data directory, from any folder.
pub(super) fn program(data_dir: Option<&Path>) -> String {
    let Some(folder) = data_dir else { return NAME.to_owned() };
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    format!("{NAME} --data-dir {}", quoted(&folder.to_string_lossy()))
}

/// `text` in which the program is called as `program` where a command stands: at its begin, or in backticks.
pub(super) fn completed(text: &str, program: &str) -> String {
    let within = text.replace(&format!("`{NAME} "), &format!("`{program} "));
    match within.strip_prefix(&format!("{NAME} ")) {
        Some(arguments) => format!("{program} {arguments}"),
        None => within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("web-1"), "web-1");
        assert_eq!(quoted("my server"), "'my server'");
        assert_eq!(quoted("it's $(x)"), r"'it'\''s $(x)'");
    }

    #[test]
    fn a_data_directory_that_was_named_is_named_again() {
        assert_eq!(program(None), "hostrounds");
        assert_eq!(program(Some(Path::new("/srv/my data"))), "hostrounds --data-dir '/srv/my data'");
        let relative = program(Some(Path::new("data")));
        assert!(relative.starts_with("hostrounds --data-dir /") && relative.ends_with("/data"), "{relative}");
    }

    #[test]
    fn commands_of_the_engine_are_completed() {
        let program = "hostrounds --data-dir /srv";
        assert_eq!(
            completed("hostrounds server restrict web", program),
            "hostrounds --data-dir /srv server restrict web"
        );
        let hint = "Hostrounds reads it. `hostrounds server restrict web` prints that command.";
        let full = "Hostrounds reads it. `hostrounds --data-dir /srv server restrict web` prints that command.";
        assert_eq!(completed(hint, program), full);
        assert_eq!(completed(hint, "hostrounds"), hint);
    }
}
