//! Strings for others in a stream that comes in pieces.

/// Replaces every occurrence of some strings, also where one is cut between two pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replacing {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    held: Vec<u8>,
}

impl Replacing {
    /// Pairs of what is replaced and by what. Without any, everything is let through.
    pub(crate) fn new(pairs: &[(&str, &str)]) -> Self {
        let owned = |text: &str| text.as_bytes().to_vec();
        Self { pairs: pairs.iter().map(|(from, to)| (owned(from), owned(to))).collect(), held: Vec::new() }
    }

    /// What is certain so far. An end that may be the beginning of one of the strings is held back.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut done = Vec::with_capacity(held.len());
        let mut rest = held.as_slice();
        while let Some(at) = rest.iter().position(|byte| self.begins(*byte)) {
            let (before, candidate) = rest.split_at(at);
            done.extend_from_slice(before);
            let replaced =
                self.pairs.iter().find_map(|(from, to)| Some((candidate.strip_prefix(from.as_slice())?, to)));
            rest = match replaced {
                Some((after, to)) => {
                    done.extend_from_slice(to);
                    after
                }
                None if self.pairs.iter().any(|(from, _)| from.starts_with(candidate)) => {
                    self.held = candidate.to_vec();
                    return done;
                }
                None => {
                    done.extend(candidate.first());
                    candidate.get(1..).unwrap_or_default()
                }
            };
        }
        done.extend_from_slice(rest);
        done
    }

    /// What was held back, when nothing more comes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    fn begins(&self, byte: u8) -> bool {
        self.pairs.iter().any(|(from, _)| from.first() == Some(&byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_matter_how_the_stream_is_cut() {
        let text = b"cat /proc/stat //proc/x /run/y /pro /runs /proc";
        for size in 1..=text.len() {
            let mut replacing = Replacing::new(&[("/proc/", "/stage/proc/"), ("/run/", "/stage/run/")]);
            let mut done: Vec<u8> = text.chunks(size).flat_map(|chunk| replacing.feed(chunk)).collect();
            done.extend(replacing.rest());
            let done = String::from_utf8_lossy(&done).into_owned();
            assert_eq!(done, "cat /stage/proc/stat //stage/proc/x /stage/run/y /pro /runs /proc", "pieces of {size}");
        }
    }

    #[test]
    fn without_pairs_nothing_is_held_back() {
        assert_eq!(Replacing::default().feed(b"/proc"), b"/proc");
    }
}
