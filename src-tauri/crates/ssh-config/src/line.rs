//! One line of a configuration, split as OpenSSH splits it (`strdelim` and `argv_split` of its `misc.c`): quotes of both
//! kinds, backslashes, an optional `=` behind the keyword, comments.

/// A line that says something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// The keyword in lower case.
    pub(crate) keyword: String,
    /// The keyword as it is written.
    pub(crate) name: String,
    /// The words behind it.
    pub(crate) words: Vec<String>,
    /// What stands behind the keyword, for the options that take the rest of the line as it is.
    pub(crate) rest: String,
}

/// Why a line cannot be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadLine {
    /// A quote is never closed.
    OpenQuote,
    /// Nothing stands behind the keyword.
    NoValue,
}

impl Line {
    /// Nothing where the line is empty or a comment.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, BadLine> {
        let text = text.trim_matches(is_blank);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let end = text.find(|c| is_blank(c) || c == '=' || c == '"').unwrap_or(text.len());
        let (keyword, rest) = text.split_at(end);
        let rest = rest.trim_start_matches(is_blank);
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start_matches(is_blank);
        if rest.is_empty() {
            return Err(BadLine::NoValue);
        }
        let words = words(rest).ok_or(BadLine::OpenQuote)?;
        if words.is_empty() {
            return Err(BadLine::NoValue);
        }
        Ok(Some(Self { keyword: keyword.to_ascii_lowercase(), name: keyword.to_owned(), words, rest: rest.to_owned() }))
    }
}

/// The most characters of a keyword that are shown.
const KEYWORD_MAX: usize = 30;

/// What is shown of a line that may be none of a configuration: an `Include` can name any file, and secrets stand in some.
pub(crate) fn first_word(text: &str) -> String {
    let text = text.trim_matches(is_blank);
    let keyword = text.split(|c| is_blank(c) || c == '=' || c == '"').next().unwrap_or_default();
    let word: String = keyword.chars().take_while(char::is_ascii_alphanumeric).take(KEYWORD_MAX).collect();
    if word == keyword { word } else { word + "…" }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}')
}

/// The words of `text`; nothing where a quote stays open.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| is_blank(*c)).is_some() {}
        if chars.peek().is_none_or(|c| *c == '#') {
            return Some(words);
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(c) = chars.next_if(|c| quote.is_some() || !is_blank(*c)) {
            match (c, quote) {
                ('\\', _) => {
                    let escapes = |next: &char| matches!(next, '\'' | '"' | '\\') || (quote.is_none() && *next == ' ');
                    word.push(chars.next_if(escapes).unwrap_or(c));
                }
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if open == c => quote = None,
                _ => word.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<String>) {
        let line = Line::read(text).unwrap().unwrap();
        (line.keyword, line.words)
    }

    #[test]
    fn words_are_split_as_openssh_splits_them() {
        let cases: [(&str, &str, &[&str]); 11] = [
            ("Host web", "host", &["web"]),
            ("  HOST\tweb  db # both", "host", &["web", "db"]),
            ("Port=22", "port", &["22"]),
            ("Port = 22\r", "port", &["22"]),
            ("Port  =22", "port", &["22"]),
            ("IdentityFile \"~/my key\" 'b c'", "identityfile", &["~/my key", "b c"]),
            ("IdentityFile ~/my\\ key", "identityfile", &["~/my key"]),
            (r#"User "a\"b" c\d"#, "user", &["a\"b", r"c\d"]),
            ("IdentityFile=\"x y\"", "identityfile", &["x y"]),
            ("User a#b", "user", &["a#b"]),
            ("Host\"a b\"", "host", &["a b"]),
        ];
        for (text, keyword, words) in cases {
            assert_eq!(read(text), (keyword.to_owned(), words.iter().map(|&word| word.to_owned()).collect()), "{text}");
        }
    }

    #[test]
    fn what_says_nothing_and_what_is_broken_are_told_apart() {
        for text in ["", "   ", "# Host x", "\t#"] {
            assert_eq!(Line::read(text), Ok(None), "{text}");
        }
        assert_eq!(Line::read("Host"), Err(BadLine::NoValue));
        assert_eq!(Line::read("Port ="), Err(BadLine::NoValue));
        assert_eq!(Line::read("Port # 22"), Err(BadLine::NoValue));
        assert_eq!(Line::read("User \"ann"), Err(BadLine::OpenQuote));
    }
}
