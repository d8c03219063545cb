//! Words of a command that a person may copy into a shell.

use std::path::Path;

/// `word` so that `sh` reads it back as that one word: bare where it is harmless, in single quotes otherwise.
pub(crate) fn quoted(word: &str) -> String {
    let harmless =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '@' | '+' | '=' | ',');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(harmless) {
        return word.to_owned();
    }
    // A quote cannot stand between quotes: they are closed, it follows with a backslash, and they are opened again.
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A path as [`quoted`], and so that no command takes it for an option.
pub(crate) fn quoted_path(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.starts_with('-') { quoted(&format!("./{path}")) } else { quoted(&path) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn sh_reads_back_what_was_quoted() {
        for word in
            ["/home/ann/.ssh/id_ed25519", "a b", "it's", "$(reboot)", "`reboot`", "a\"b", "a\\b", "a;b", "*", "~x", "é"]
        {
            let output = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
        assert_eq!(quoted("/plain/path"), "/plain/path");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("-rf"), "'-rf'");
    }
}
