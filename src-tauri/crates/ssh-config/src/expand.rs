//! `%h`, `%d` and `${NAME}` in a value (`ssh_config(5)`, TOKENS and ENVIRONMENT VARIABLES).

use crate::surroundings::Surroundings;

/// What the tokens stand for at one host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) surroundings: &'a Surroundings,
    /// `%n`: the alias.
    pub(crate) alias: &'a str,
    /// `%h` and, as no `HostKeyAlias` is used, `%k`: the host name.
    pub(crate) host: &'a str,
    /// `%p`.
    pub(crate) port: u16,
    /// `%r`.
    pub(crate) user: &'a str,
}

impl Tokens<'_> {
    /// `text` with its tokens and variables replaced; or what in it has no value here.
    pub(crate) fn expand(self, text: &str) -> Result<String, String> {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            let (before, from) = rest.split_at(at);
            whole.push_str(before);
            if let Some(variable) = from.strip_prefix("${") {
                let (name, after) = variable.split_once('}').ok_or_else(|| from.to_owned())?;
                whole.push_str(self.surroundings.variables.get(name).ok_or_else(|| format!("${{{name}}}"))?);
                rest = after;
            } else if let Some(after) = from.strip_prefix('$') {
                whole.push('$');
                rest = after;
            } else {
                let mut token = from.chars();
                let letter = token.nth(1);
                whole.push_str(&self.token(letter).ok_or_else(|| from.chars().take(2).collect::<String>())?);
                rest = token.as_str();
            }
        }
        whole.push_str(rest);
        Ok(whole)
    }

    fn token(self, letter: Option<char>) -> Option<String> {
        Some(match letter? {
            '%' => "%".to_owned(),
            'd' => self.surroundings.home.to_str()?.to_owned(),
            'h' | 'k' => self.host.to_owned(),
            'n' => self.alias.to_owned(),
            'p' => self.port.to_string(),
            'r' => self.user.to_owned(),
            'u' => self.surroundings.user.clone(),
            _ => return None,
        })
    }
}

/// The host name behind `HostName`, where only `%h` and `%%` are tokens; or the token that it does not have.
pub(crate) fn host_name(text: &str, alias: &str) -> Result<String, String> {
    let mut whole = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '%' { chars.next() } else { None }) {
            ('%', Some('h')) => whole.push_str(alias),
            ('%', Some('%')) => whole.push('%'),
            ('%', other) => return Err(other.map_or_else(|| "%".to_owned(), |letter| format!("%{letter}"))),
            _ => whole.push(c),
        }
    }
    // `ssh` compares and looks names up in lower case.
    Ok(whole.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_variables_are_replaced_and_unknown_ones_named() {
        let surroundings = Surroundings {
            home: "/home/ann".into(),
            user: "ann".into(),
            variables: [("KEYS".to_owned(), "/keys".to_owned())].into(),
        };
        let tokens =
            Tokens { surroundings: &surroundings, alias: "web", host: "web.example.org", port: 2222, user: "ops" };
        for (text, expected) in [
            (
                "%d/.ssh/%r@%h:%p-%n-%u-%k-100%%",
                Ok("/home/ann/.ssh/ops@web.example.org:2222-web-ann-web.example.org-100%"),
            ),
            ("${KEYS}/id $5", Ok("/keys/id $5")),
            ("${NONE}/id", Err("${NONE}")),
            ("%C", Err("%C")),
            ("50%", Err("%")),
            ("${KEYS", Err("${KEYS")),
        ] {
            assert_eq!(tokens.expand(text), expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        assert_eq!(host_name("%h.Example.org", "Web"), Ok("web.example.org".into()));
        assert_eq!(host_name("%n", "web"), Err("%n".into()));
    }
}
