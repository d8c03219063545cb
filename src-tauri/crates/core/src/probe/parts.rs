//! The answer for slow families, taken apart.

use std::collections::HashMap;

/// The parts of what `hr_slow` printed, by name.
///
/// A part begins after a line `@hr NONCE NAME` (or `@hr NONCE NAME STATUS`, whose status is then its first line) and counts
/// only if another such line follows it: otherwise it may have been cut off, and half a list of processes would look like
/// fewer processes. The nonce is fresh in every request, so nothing that a part holds can pass for such a line.
#[derive(Debug, Default)]
pub struct Parts<'a> {
    contents: HashMap<&'a str, &'a str>,
}

impl<'a> Parts<'a> {
    /// The parts in `text` whose lines bear `nonce`. Of several with one name the last counts.
    #[must_use]
    pub fn of(text: &'a str, nonce: &str) -> Self {
        let marker = format!("@hr {nonce} ");
        let mut contents = HashMap::new();
        let mut open: Option<(&str, usize)> = None;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if let Some(heading) = line.strip_prefix(&marker).and_then(|heading| heading.strip_suffix('\n')) {
                if let Some((name, start)) = open {
                    contents.insert(name, content(text, start, at));
                }
                let name = heading.split(' ').next().unwrap_or_default();
                let status = heading.get(name.len() + 1..).unwrap_or_default();
                let start = if status.is_empty() { at + line.len() } else { at + line.len() - status.len() - 1 };
                open = Some((name, start));
            }
            at += line.len();
        }
        Self { contents }
    }

    /// What stands in one part, exactly as it was printed; nothing where the part is missing or was cut off.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.contents.get(name).copied()
    }

    /// The first line of a part with anything in it, without the spaces around it.
    #[must_use]
    pub fn first_line(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.lines().map(str::trim).find(|line| !line.is_empty())
    }

    /// The number that is all that a part holds, such as the status of a program.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.first_line(name)?.parse().ok()
    }
}

/// Before each marker stands a line break of its own, which is not part of what stands before it.
fn content(text: &str, start: usize, end: usize) -> &str {
    let content = text.get(start..end).unwrap_or_default();
    content.strip_suffix('\n').unwrap_or(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_stands_between_two_markers() {
        let text = "noise\n\n@hr n a\nx\ny\n\n@hr n b 124\n\n@hr n c 7\nrest\n\n@hr n empty\n\n@hr n end\n";
        let parts = Parts::of(text, "n");
        assert_eq!(parts.get("a"), Some("x\ny\n"));
        assert_eq!(parts.number("b"), Some(124));
        assert_eq!(parts.get("c"), Some("7\nrest\n"));
        assert_eq!(parts.get("empty"), Some(""));
        assert_eq!(parts.get("end"), None, "nothing follows it");
        assert_eq!(parts.first_line("a"), Some("x"));
    }

    #[test]
    fn an_unfinished_line_stays_unfinished() {
        assert_eq!(Parts::of("@hr n a\nx\ncut of\n@hr n end\n", "n").get("a"), Some("x\ncut of"));
    }

    #[test]
    fn markers_with_another_nonce_or_in_the_middle_of_a_line_are_content() {
        let text = "@hr n a\n@hr m b\nx @hr n c\n@hr n\n@hr n d";
        assert_eq!(Parts::of(&format!("{text}\n@hr n end\n"), "n").get("a"), Some("@hr m b\nx @hr n c\n@hr n"));
        assert_eq!(Parts::of(text, "n").get("a"), None, "half a marker closes nothing");
    }
}
