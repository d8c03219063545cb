//! Text from a server on its way into an error message.

/// At most `max` characters of `bytes`, decoded lossily, on one line, without control or direction characters.
pub(crate) fn printable(bytes: &[u8], max: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    tame(&text.trim().chars().take(max).collect::<String>())
}

/// The same with the lines kept; empty ones are left out.
pub(crate) fn printable_lines(bytes: &[u8], max: usize) -> String {
    let text: String = String::from_utf8_lossy(bytes).trim().chars().take(max).collect();
    text.lines().map(tame).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn tame(text: &str) -> String {
    let tame: String = text.chars().map(|c| if is_tame(c) { c } else { ' ' }).collect();
    tame.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_tame(c: char) -> bool {
    let turns_direction = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{061c}' | '\u{feff}');
    !c.is_control() && !turns_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_harmless() {
        assert_eq!(printable(b"  one\r\ntwo\x1b[31m\x00 ", 100), "one two [31m");
        assert_eq!(printable("a\u{202e}b".as_bytes(), 100), "a b");
        assert_eq!(printable(b"\xff\xfe", 100), "\u{fffd}\u{fffd}");
        assert_eq!(printable(b"abcdef", 3), "abc");
        assert_eq!(printable_lines(b" one\r\n\n\x1b[2Jtwo\r\n", 100), "one\n[2Jtwo");
        assert_eq!(printable_lines(b"abc\ndef", 5), "abc\nd");
    }
}
