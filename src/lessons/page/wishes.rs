//! What an author wishes of the next block or of a step, in a comment: `<!-- lab: lab=copy time=3m -->`.

use crate::lessons::fences::Info;

/// The words of a comment of ours.
pub fn words(html: &str) -> Option<&str> {
    let inner = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let rest = inner.strip_prefix("lab:").or_else(|| inner.strip_prefix("lab "))?;
    Some(rest.trim())
}

/// The words that are about the step: `<!-- lab: step time=3m timeout=2m -->`; `time` is always the step's.
pub fn of_step(words: &str) -> Option<&str> {
    words.strip_prefix("step ").or_else(|| words.split(' ').any(|word| word.starts_with("time=")).then_some(words))
}

/// A comment's wishes; `run`, `copy`, `output` and `none` may stand alone.
pub fn read(words: &str) -> Info {
    let mut info = Info::read(&format!("none {words}"));
    info.language = String::new();
    let alone =
        words.split_whitespace().find(|word| matches!(*word, "run" | "copy" | "output" | "none" | "broken" | "check"));
    info.lab = info.lab.or_else(|| alone.map(str::to_owned));
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_ours_are_read_and_others_are_not() {
        assert_eq!(words("<!-- lab: time=3m -->\n"), Some("time=3m"));
        assert_eq!(words("<!-- lab:step time=3m -->").and_then(of_step), Some("time=3m"));
        assert_eq!(of_step("copy timeout=3s"), None);
        assert_eq!(words("<!-- labour -->"), None);
        assert_eq!(read("copy").lab.as_deref(), Some("copy"));
        assert_eq!(read("expect=exit:1 timeout=5s").exit, Some(1));
    }
}
