//! Hugo's shortcodes in a line: `{{< name key="value" >}}`, `{{% name %}}`, `{{< /name >}}`.

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// As it stands.
    Text(String),
    /// A shortcode.
    Shortcode(Shortcode),
}

/// One shortcode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shortcode {
    /// `note`
    pub name: String,
    /// Whether it ends one: `{{< /note >}}`.
    pub closing: bool,
    /// Whether it is both: `{{< note />}}`.
    pub alone: bool,
    /// `key="value"`
    pub values: Vec<(String, String)>,
    /// Values without a key.
    pub plain: Vec<String>,
    /// As it stands in the page.
    pub source: String,
}

impl Shortcode {
    /// A value by its key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first value without a key.
    pub fn first(&self) -> Option<&str> {
        self.plain.first().map(String::as_str)
    }
}

const MARKS: [(&str, &str); 2] = [("{{<", ">}}"), ("{{%", "%}}")];

/// Whether a shortcode begins in a line and does not end in it.
pub fn is_open(line: &str) -> bool {
    MARKS.iter().any(|(begin, end)| line.rfind(begin).is_some_and(|at| !line[at..].contains(end)))
}

/// Cuts a line into its shortcodes and the text between them.
pub fn segments(line: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((at, (begin, end))) = next_mark(rest) {
        let inner = &rest[at + begin.len()..];
        let Some(length) = inner.find(end) else { break };
        let source = &rest[at..at + begin.len() + length + end.len()];
        if at > 0 {
            found.push(Segment::Text(rest[..at].to_owned()));
        }
        found.push(read(&inner[..length], source, (begin, end)));
        rest = &inner[length + end.len()..];
    }
    if !rest.is_empty() {
        found.push(Segment::Text(rest.to_owned()));
    }
    found
}

fn next_mark(text: &str) -> Option<(usize, (&'static str, &'static str))> {
    MARKS.iter().filter_map(|mark| Some((text.find(mark.0)?, *mark))).min_by_key(|(at, _)| *at)
}

fn read(inner: &str, source: &str, (begin, end): (&str, &str)) -> Segment {
    let trimmed = inner.trim();
    // `{{</* note */>}}` shows a shortcode instead of using it.
    if let Some(shown) = trimmed.strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/")) {
        return Segment::Text(format!("{begin}{shown}{end}"));
    }
    let (closing, trimmed) = trimmed.strip_prefix('/').map_or((false, trimmed), |rest| (true, rest.trim()));
    let (alone, trimmed) = trimmed.strip_suffix('/').map_or((false, trimmed), |rest| (true, rest.trim()));
    let mut words = words(trimmed).into_iter();
    let name = words.next().unwrap_or_default();
    let mut code = Shortcode { name, closing, alone, source: source.to_owned(), ..Shortcode::default() };
    for word in words {
        match word
            .split_once('=')
            .filter(|(key, _)| key.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter)))
        {
            Some((key, value)) => code.values.push((key.to_owned(), value.to_owned())),
            None => code.plain.push(word),
        }
    }
    Segment::Shortcode(code)
}

/// Words with their quotes taken off; blanks in quotes do not part them.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => word.extend(letters.next()),
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '`') => (quote, any) = (Some(letter), true),
            (None, letter) if letter.is_whitespace() => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, letter) => {
                word.push(letter);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    words
}
