//! Several files in one answer, as `head` and `tail` print them: before each stands a line `==> PATH <==`.

/// The files in `text` with their paths, in the order in which they were printed. What stands before the first is left out.
///
/// No name that the kernel prints in the files that are read so can begin a line and hold a space, so none can pass for a
/// header.
pub(super) fn files(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (path, after) = next_header(rest)?;
        let end = next_header_at(after);
        rest = after.get(end..).unwrap_or_default();
        Some((path, after.get(..end).unwrap_or(after)))
    })
}

/// The path in the first header line of `text`, and what follows that line.
fn next_header(text: &str) -> Option<(&str, &str)> {
    let line_onwards = text.get(next_header_at(text)..)?;
    let (line, after) = line_onwards.split_once('\n').unwrap_or((line_onwards, ""));
    Some((header(line)?, after))
}

/// Where the first header line of `text` begins; its length where there is none.
fn next_header_at(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if header(line.trim_end_matches('\n')).is_some() {
            return at;
        }
        at += line.len();
    }
    text.len()
}

fn header(line: &str) -> Option<&str> {
    line.strip_prefix("==> ")?.strip_suffix(" <==")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_stands_below_its_header() {
        let text = "noise\n==> /a <==\n1\n2\n\n==> /b <==\n==> /c <==\nx ==> /d <==\nno end";
        let found: Vec<_> = files(text).collect();
        assert_eq!(found, [("/a", "1\n2\n\n"), ("/b", ""), ("/c", "x ==> /d <==\nno end")]);
        assert_eq!(files("==> /a <==").collect::<Vec<_>>(), [("/a", "")]);
        assert_eq!(files("==> /a").count(), 0);
    }
}
