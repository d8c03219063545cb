//! Text from a server on its way into an error message.

/// At most `max` characters of `bytes`, decoded lossily, on one line, without control or direction characters.
pub(crate) fn printable(bytes: &[u8], max: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let tame = text.trim().chars().take(max).map(|c| if is_tame(c) { c } else { ' ' });
    tame.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
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
    }
}
