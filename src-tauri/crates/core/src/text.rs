//! Text that came from a server, made fit to be kept and shown.

/// `text` cut at `max` characters, with control characters (C0, C1, DEL), line and paragraph separators and the characters
/// that change the direction of writing replaced by U+FFFD, so that it can forge neither a line, a colour nor an order.
#[must_use]
pub fn neutralised(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// The most characters of a name (of a mount, a device, a process) that are kept.
pub const NAME_MAX: usize = 256;

/// A name from a server: see [`neutralised`] and [`NAME_MAX`].
#[must_use]
pub fn name(text: &str) -> String {
    neutralised(text, NAME_MAX)
}

fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_is_replaced() {
        assert_eq!(name("a\u{1b}[31mb\u{202E}c\u{2066}d\0\n"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn ordinary_text_in_any_script_stays() {
        assert_eq!(name("données/資料 <b>"), "données/資料 <b>");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(name(&"é".repeat(70_000)).chars().count(), NAME_MAX);
    }
}
