//! Whether a command printed what the text shows, but for what differs each time.

use super::{Part, parts};

/// How strictly an output has to be the one that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Every line, and no other.
    Whole,
    /// The lines that are shown, in their order; others may come between and after: what a watch prints.
    Stream,
}

/// Where an output departs from the one that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the shown output, from 0; its number of lines when it goes on after its end.
    pub line: usize,
    /// What is shown there; `None` after its end.
    pub shown: Option<String>,
    /// What was printed there; `None` after its end.
    pub printed: Option<String>,
}

/// Compares what was printed with what is shown. In `glob` texts a `*` stands for anything.
///
/// # Errors
/// The first line that is not as it is shown.
pub fn compare(shown: &str, glob: bool, printed: &str, reading: Reading) -> Result<(), Difference> {
    let pattern: Vec<Line> = shown.trim_end().lines().map(|line| Line::read(line, glob)).collect();
    let lines: Vec<Vec<String>> = printed.trim_end().lines().map(masked).collect();
    let mut search = Search { pattern: &pattern, lines: &lines, reading, dead: Default::default(), furthest: (0, 0) };
    if search.fits(0, 0) {
        return Ok(());
    }
    let (at, line) = search.furthest;
    let text = |text: &str, at: usize| text.trim_end().lines().nth(at).map(|line| line.trim_end().to_owned());
    Err(Difference { line: at, shown: text(shown, at), printed: text(printed, line) })
}

/// A line as it is shown.
enum Line {
    /// `...`: any lines.
    Any,
    /// These words.
    Words(Vec<Word>),
}

enum Word {
    /// `...`: any words.
    Any,
    /// `<name>`: one word.
    One,
    /// With `*` for anything.
    Like(String),
    /// This one, but for what varies.
    Fixed(String),
}

impl Line {
    fn read(line: &str, glob: bool) -> Self {
        if matches!(line.trim(), "..." | "…" | "[...]" | "# ...") {
            return Self::Any;
        }
        let word = |word: String| match word.as_str() {
            "..." | "…" => Word::Any,
            text if glob && text.contains('*') => Word::Like(word),
            text if is_placeholder(text) => Word::One,
            _ => Word::Fixed(word),
        };
        Self::Words(masked(line).into_iter().map(word).collect())
    }
}

/// `<age>`, but not what kubectl itself prints in such brackets.
fn is_placeholder(word: &str) -> bool {
    const KUBECTLS: [&str; 8] =
        ["<none>", "<unknown>", "<nil>", "<pending>", "<invalid>", "<unset>", "<empty>", "<default>"];
    word.len() > 2 && word.starts_with('<') && word.ends_with('>') && !KUBECTLS.contains(&word) && !word.contains('=')
}

/// A line's words, in which what varies is masked; blanks between them don't count.
fn masked(line: &str) -> Vec<String> {
    let mut text = String::new();
    for part in parts(line) {
        match part {
            Part::Fixed(fixed) => text.push_str(fixed),
            Part::Varies("...") => text.push_str("..."),
            // Of one word, whatever stands in it.
            Part::Varies(_) => text.push('\u{1}'),
        }
    }
    text.split_whitespace().map(str::to_owned).collect()
}

struct Search<'s> {
    pattern: &'s [Line],
    lines: &'s [Vec<String>],
    reading: Reading,
    /// Pairs from which no way leads to the end.
    dead: std::collections::HashSet<(usize, usize)>,
    furthest: (usize, usize),
}

impl Search<'_> {
    /// Whether the lines from `line` on are as the pattern says from `at` on.
    fn fits(&mut self, at: usize, line: usize) -> bool {
        if self.dead.contains(&(at, line)) {
            return false;
        }
        self.furthest = self.furthest.max((at, line));
        let fits = match self.pattern.get(at) {
            None => line >= self.lines.len() || self.reading == Reading::Stream,
            Some(Line::Any) => (line..=self.lines.len()).any(|next| self.fits(at + 1, next)),
            Some(Line::Words(words)) => match self.reading {
                Reading::Whole => {
                    self.lines.get(line).is_some_and(|printed| same(words, printed)) && self.fits(at + 1, line + 1)
                }
                Reading::Stream => {
                    let found = (line..self.lines.len()).find(|next| same(words, &self.lines[*next]));
                    found.is_some_and(|found| self.fits(at + 1, found + 1))
                }
            },
        };
        if !fits {
            self.dead.insert((at, line));
        }
        fits
    }
}

fn same(words: &[Word], printed: &[String]) -> bool {
    match (words.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((Word::Any, rest)), _) => (0..=printed.len()).any(|skipped| same(rest, &printed[skipped..])),
        (Some((word, rest)), Some((first, others))) => word.accepts(first) && same(rest, others),
        _ => false,
    }
}

impl Word {
    fn accepts(&self, printed: &str) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Like(pattern) => crate::lessons::check::like(pattern, printed) || pattern == printed,
            Self::Fixed(word) => word == printed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(shown: &str, printed: &str) -> Result<(), Difference> {
        compare(shown, false, printed, Reading::Whole)
    }

    #[test]
    fn ages_addresses_hashes_and_widths_may_differ() {
        for (shown, printed) in [
            ("NAME  AGE\nweb   2s\n", "NAME   AGE\nweb    12m\n"),
            ("IP: 10.244.0.5", "IP:  10.0.0.7\n\n"),
            ("web-7c5ddbdf54-x2x4k  1/1  4 (15s ago)", "web-6d4b75cb6d-8wz7q   1/1   4 (2m3s ago)"),
            ("Started: Thu, 26 Nov 2026 01:33:53 +0000", "Started:   Mon, 02 Feb 2026 11:33:53 +0000"),
            ("a\n...\nz", "a\nb\nc\nz"),
            ("a\n...", "a"),
            ("Node: <node>", "Node: kind-control-plane"),
            ("Normal Pulled ...", "Normal Pulled 3s kubelet Successfully pulled"),
            ("Mounts: <none>", "Mounts: <none>"),
        ] {
            assert_eq!(whole(shown, printed), Ok(()), "{shown}");
        }
    }

    #[test]
    fn anything_else_may_not() {
        for (shown, printed) in [
            ("pod/web created", "pod/web configured"),
            ("web  0/1", "web  1/1"),
            ("a\nb", "a"),
            ("a", "a\nb"),
            ("web-server", "web-client"),
            ("Mounts: <none>", "Mounts: /data"),
            ("restarts 0", "restarts 3s"),
        ] {
            assert!(whole(shown, printed).is_err(), "{shown}");
        }
    }

    #[test]
    fn the_first_line_that_differs_is_told() {
        let difference = whole("a\nb\nc", "a\nx\nc").unwrap_err();
        let expected = Difference { line: 1, shown: Some("b".into()), printed: Some("x".into()) };
        assert_eq!(difference, expected);
        assert_eq!(whole("a", "a\nb").unwrap_err().printed.as_deref(), Some("b"));
    }

    #[test]
    fn a_stream_may_say_more_than_the_text_shows() {
        let stream = |shown: &str, printed: &str| compare(shown, false, printed, Reading::Stream);
        assert_eq!(stream("NAME\nweb Running", "NAME\nweb Pending\nweb Running\nweb Failed"), Ok(()));
        assert!(stream("web Running", "web Pending").is_err());
    }

    #[test]
    fn stars_stand_for_anything_only_where_they_are_meant_to() {
        assert!(compare("crash  * (* ago)", true, "crash  3 (7s ago)", Reading::Whole).is_ok());
        assert!(compare("a *", false, "a b", Reading::Whole).is_err());
    }
}
