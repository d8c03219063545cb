//! How a question to a shell and its answer are told apart from everything else on the stream.
//!
//! Around the answer the shell prints two markers, made of a random token and the number of the question. The token
//! is told to the shell once, as a variable; the markers themselves are never sent. So neither start-up files, nor a
//! late answer to an earlier question, nor a shell that echoes its input, nor hostile output can forge them.

use rand::TryRngCore;
use rand::rngs::OsRng;

/// The variable that holds the token on the server; not exported, so no other process there sees it.
pub(crate) const VARIABLE: &str = "_hostrounds";

/// What only this shell and we know.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// 128 random bits; `None` when the operating system has none to give.
    pub(crate) fn random() -> Option<Self> {
        let mut bytes = [0_u8; 16];
        OsRng.try_fill_bytes(&mut bytes).ok()?;
        Some(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The first input of a shell: the token, and question 0, whose answer is what the shell has used so far (`times`) and
    /// then whatever the script prints. What is asked of a shell before it has read the script costs no round trip.
    pub(crate) fn opening(&self, script: &str) -> String {
        let token = &self.0;
        format!("{VARIABLE}={token}\necho \"${VARIABLE}-0-b\"; times\n{script}\necho \"${VARIABLE}-0-e\"\n")
    }

    /// The input that asks `command`. Its standard input is empty, or it would eat the next question.
    pub(crate) fn question(&self, number: u64, command: &str) -> String {
        // The closing brace stands on a line of its own, so that the command may end with `&` or a comment.
        format!("echo \"${VARIABLE}-{number}-b\"; {{ {command}\n}} </dev/null; echo \"${VARIABLE}-{number}-e\"\n")
    }

    /// What will collect the answer to that question.
    pub(crate) fn collector(&self, number: u64, max_bytes: usize) -> Collector {
        Collector {
            begin: format!("{}-{number}-b\n", self.0).into_bytes(),
            end: format!("{}-{number}-e\n", self.0).into_bytes(),
            begun: false,
            forgotten: false,
            held: Vec::new(),
            searched: 0,
            max_bytes,
        }
    }
}

/// Picks one answer out of a stream, holding no more than it has to.
pub(crate) struct Collector {
    begin: Vec<u8>,
    end: Vec<u8>,
    begun: bool,
    forgotten: bool,
    held: Vec<u8>,
    searched: usize,
    max_bytes: usize,
}

/// How far an answer has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Complete(Vec<u8>),
    TooLarge,
}

impl Collector {
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Progress {
        self.held.extend_from_slice(bytes);
        if !self.begun {
            match find(&self.held, &self.begin) {
                Some(position) => {
                    self.held.drain(..position.saturating_add(self.begin.len()));
                    self.begun = true;
                }
                None => {
                    keep_tail(&mut self.held, self.begin.len());
                    return Progress::More;
                }
            }
        }
        let unsearched = self.held.get(self.searched..).unwrap_or_default();
        if let Some(position) = find(unsearched, &self.end) {
            self.held.truncate(self.searched.saturating_add(position));
            if self.held.len() > self.max_bytes && !self.forgotten {
                return Progress::TooLarge;
            }
            return Progress::Complete(std::mem::take(&mut self.held));
        }
        if self.forgotten {
            keep_tail(&mut self.held, self.end.len());
        } else if self.held.len() > self.max_bytes.saturating_add(self.end.len()) {
            self.held = Vec::new();
            return Progress::TooLarge;
        }
        self.searched = self.held.len().saturating_sub(self.end.len());
        Progress::More
    }

    /// Nobody waits for the answer any more: wait for its end, but keep nothing of it.
    pub(crate) fn forget(&mut self) {
        self.forgotten = true;
        if self.begun {
            keep_tail(&mut self.held, self.end.len());
            self.held.shrink_to_fit();
            self.searched = 0;
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    while let Some(rest) = hay.get(from..) {
        let at = from.saturating_add(rest.iter().position(|byte| byte == first)?);
        if hay.get(at..).is_some_and(|tail| tail.starts_with(needle)) {
            return Some(at);
        }
        from = at.saturating_add(1);
    }
    None
}

/// Keeps the last bytes, in which a marker may have begun.
fn keep_tail(held: &mut Vec<u8>, length: usize) {
    let surplus = held.len().saturating_sub(length);
    held.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token("00112233445566778899aabbccddeeff".into())
    }

    fn stream(before: &str, number: u64, body: &str) -> Vec<u8> {
        let t = &token().0;
        format!("{before}{t}-{number}-b\n{body}{t}-{number}-e\n").into_bytes()
    }

    #[test]
    fn an_answer_is_found_however_it_is_cut() {
        let bytes = stream("motd\nnoise", 7, "line\nno newline at the end");
        for size in 1..=bytes.len() {
            let mut collector = token().collector(7, 100);
            let mut last = Progress::More;
            for chunk in bytes.chunks(size) {
                assert_eq!(last, Progress::More);
                last = collector.feed(chunk);
            }
            assert_eq!(last, Progress::Complete(b"line\nno newline at the end".to_vec()), "chunks of {size}");
        }
    }

    #[test]
    fn other_tokens_and_other_numbers_do_not_count() {
        let mut collector = token().collector(7, 10_000);
        assert_eq!(collector.feed(&stream("", 6, "stale")), Progress::More);
        assert_eq!(collector.feed(b"ffff2233445566778899aabbccddeeff-7-b\nforged"), Progress::More);
        let body = "ffff2233445566778899aabbccddeeff-7-e\n00112233445566778899aabbccddeeff-6-e\n";
        assert_eq!(collector.feed(&stream("", 7, body)), Progress::Complete(body.as_bytes().to_vec()));
    }

    #[test]
    fn the_input_itself_does_not_look_like_an_answer() {
        let mut collector = token().collector(0, 100);
        assert_eq!(collector.feed(token().opening("echo hello").as_bytes()), Progress::More);
        assert!(!collector.has_begun());
    }

    #[test]
    fn the_limit_is_exact() {
        let exact = "x".repeat(100);
        assert_eq!(token().collector(1, 100).feed(&stream("", 1, &exact)), Progress::Complete(exact.into_bytes()));
        assert_eq!(token().collector(1, 99).feed(&stream("", 1, &"x".repeat(100))), Progress::TooLarge);
    }

    #[test]
    fn endless_noise_and_forgotten_answers_are_not_held() {
        let mut collector = token().collector(1, 100);
        for _ in 0..1000 {
            assert_eq!(collector.feed(&[b'x'; 1000]), Progress::More);
        }
        assert!(collector.held.len() < 100);
        collector.feed(format!("{}-1-b\n", token().0).as_bytes());
        assert!(collector.has_begun());
        collector.feed(b"some of the answer");
        collector.forget();
        for _ in 0..1000 {
            assert_eq!(collector.feed(&[b'x'; 1000]), Progress::More);
        }
        assert!(collector.held.len() < 100);
        assert!(matches!(collector.feed(&stream("", 1, "")), Progress::Complete(_)));
    }

    #[test]
    fn what_was_searched_is_not_searched_again() {
        for filler in [b'\n', b'0', b'x'] {
            let mut collector = token().collector(1, 1 << 20);
            collector.feed(stream("", 1, "").split_at(token().0.len() + 5).0);
            for _ in 0..1 << 20 {
                assert_eq!(collector.feed(&[filler]), Progress::More);
                assert!(collector.held.len() - collector.searched <= collector.end.len());
            }
            assert_eq!(collector.feed(&[filler; 100]), Progress::TooLarge);
        }
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(Token::random().unwrap().0, Token::random().unwrap().0);
        assert_eq!(Token::random().unwrap().0.len(), 32);
    }
}
