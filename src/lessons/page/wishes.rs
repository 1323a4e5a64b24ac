//! What an author wishes of the next block or of a step, in a comment: `<!-- lab: lab=copy time=3m -->`.

use crate::lessons::fences::Info;

/// The words of a comment of ours.
pub fn words(html: &str) -> Option<&str> {
    let inner = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let rest = inner.strip_prefix("lab:").or_else(|| inner.strip_prefix("lab "))?;
    // The words of a step may say so: `<!-- lab:step time=3m -->`.
    Some(rest.trim().strip_prefix("step ").unwrap_or(rest).trim())
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
        assert_eq!(words("<!-- lab:step time=3m -->"), Some("time=3m"));
        assert_eq!(words("<!-- labour -->"), None);
        assert_eq!(read("copy").lab.as_deref(), Some("copy"));
        assert_eq!(read("expect=exit:1 timeout=5s").exit, Some(1));
    }
}
