//! `--days 365`, `--size 5GiB`: amounts as a person types them, or the words that stand for none.

/// How long a history is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Days {
    /// So many days.
    Count(u32),
    /// Without limit.
    Forever,
    /// A server: as long as the settings say for all.
    Default,
}

/// A limit in bytes, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size(pub(super) Option<u64>);

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Up to here every number of bytes is exact wherever it is shown or kept.
const BYTES_MOST: f64 = 9_007_199_254_740_992.0;

/// How many days can be accepted is the engine's to say.
pub(super) fn days(text: &str) -> Result<Days, String> {
    match text {
        "forever" => Ok(Days::Forever),
        "default" => Ok(Days::Default),
        _ => text
            .parse()
            .map(Days::Count)
            .map_err(|_| "a whole number of days is wanted, or `forever`, or with --server `default`".to_owned()),
    }
}

/// A size, or `unlimited`.
pub(super) fn most(text: &str) -> Result<Size, String> {
    size(text, "unlimited")
}

/// A size, or `never`.
pub(super) fn warning(text: &str) -> Result<Size, String> {
    size(text, "never")
}

/// How large it can be is the engine's to say.
fn size(text: &str, none: &str) -> Result<Size, String> {
    if text == none {
        return Ok(Size(None));
    }
    let wrong = || format!("a number with its unit is wanted, such as 5GiB or 500MB, or `{none}`");
    let begin = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(begin);
    // `1.` and `.5` are numbers to Rust, and slips of the finger to us.
    let number = if number.starts_with('.') || number.ends_with('.') { None } else { number.parse::<f64>().ok() };
    let number = number.ok_or_else(wrong)?;
    let unit = unit.trim_start();
    if unit.len() == 1 && "kmgt".contains(&unit.to_lowercase()) {
        let letter = unit.to_uppercase();
        let (binary, decimal) = (format!("{number}{letter}iB"), format!("{number}{letter}B"));
        return Err(format!("`{unit}` can mean two things: {binary} (steps of 1024) or {decimal} (steps of 1000)"));
    }
    let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
    let bytes = (number * *factor as f64).floor();
    if bytes > BYTES_MOST {
        return Err(format!("that is more than any disk holds; say `{none}` for no limit"));
    }
    Ok(Size(Some(bytes as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_number_and_a_unit() {
        for (text, bytes) in [
            ("5GiB", 5 << 30),
            ("500MB", 500_000_000),
            ("1.5 GiB", 3 << 29),
            ("64mib", 64 << 20),
            ("2TiB", 2 << 40),
            ("10kB", 10_000),
            ("100B", 100),
        ] {
            assert_eq!(most(text), Ok(Size(Some(bytes))), "{text}");
        }
        assert_eq!(most("unlimited"), Ok(Size(None)));
        assert_eq!(warning("never"), Ok(Size(None)));
    }

    #[test]
    fn what_is_no_size_is_answered_with_one() {
        for text in
            ["", "5", "GiB", "1.GiB", ".5GiB", "1.2.3GiB", "-5GiB", "5 GiB more", "5 Gibi", "1e3MB", "never", "∞"]
        {
            let error = most(text).unwrap_err();
            assert!(error.contains("5GiB") && error.contains("`unlimited`"), "{text}: {error}");
        }
        assert!(warning("unlimited").unwrap_err().contains("`never`"));
        assert!(most("5g").unwrap_err().contains("5GiB (steps of 1024) or 5GB (steps of 1000)"));
        assert!(most("9999999TiB").unwrap_err().contains("unlimited"));
    }

    #[test]
    fn days_are_whole_or_a_word() {
        assert_eq!(days("30"), Ok(Days::Count(30)));
        assert_eq!(days("forever"), Ok(Days::Forever));
        assert_eq!(days("default"), Ok(Days::Default));
        for text in ["", "1.5", "-1", "30d", "always"] {
            assert!(days(text).unwrap_err().contains("`forever`"), "{text}");
        }
    }
}
