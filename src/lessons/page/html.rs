//! The HTML of authors, by allow-list, and the HTML of ours, which passes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use regex::Regex;

/// Before the number of a block of ours, which is put in its place after authors' HTML has been cleaned. Control
/// characters never come from an author's text.
pub const BLOCK_BEGINS: char = '\u{3}';
/// Behind it.
pub const BLOCK_ENDS: char = '\u{4}';

/// What marks headings, notes and footnotes, and nothing of the page around the lesson.
const CLASSES: [&str; 10] = [
    "markdown-alert",
    "markdown-alert-title",
    "markdown-alert-note",
    "markdown-alert-tip",
    "markdown-alert-important",
    "markdown-alert-warning",
    "markdown-alert-caution",
    "footnote-ref",
    "footnote-backref",
    "footnotes",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .add_tags(["section", "input", "picture", "source", "figure", "figcaption"])
        .add_generic_attributes(["id", "title", "lang", "dir", "align"])
        .add_tag_attributes(
            "a",
            ["data-footnote-ref", "data-footnote-backref", "data-footnote-backref-idx", "aria-label"],
        )
        .add_tag_attributes("section", ["data-footnotes"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("source", ["srcset", "media"])
        .add_tag_attributes("img", ["loading", "width", "height"])
        .allowed_classes(
            ["div", "p", "sup", "a", "section"].into_iter().map(|tag| (tag, HashSet::from(CLASSES))).collect(),
        )
        .link_rel(None);
    cleaner
});

static SUMMARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"<details(?: open(?:=\x22\x22)?)?>\s*<summary>([^<]*)</summary>").expect("a fixed expression")
});

/// Cleans a part of a page: what is not allowed goes, what is open is closed.
pub fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

/// Marks hints and solutions, so that the page can treat them as such.
pub fn mark_details(html: &str) -> Cow<'_, str> {
    SUMMARY.replace_all(html, |found: &regex::Captures<'_>| match role(&found[1]) {
        Some(role) => format!("<details class=\"{role}\"><summary>{}</summary>", &found[1]),
        None => found[0].to_owned(),
    })
}

/// Whether a summary says that a hint or a solution is below it.
pub fn role(summary: &str) -> Option<&'static str> {
    let word = summary.trim().split(|letter: char| !letter.is_alphabetic()).next()?.to_lowercase();
    match word.as_str() {
        "hint" | "hinweis" | "tipp" => Some("hint"),
        "solution" | "lösung" => Some("solution"),
        _ => None,
    }
}

/// The text of the summary that a block of HTML begins a `<details>` with.
pub fn summary(html: &str) -> Option<&str> {
    let rest = html.trim_start().strip_prefix("<details")?;
    let (_, rest) = rest.split_once("<summary>")?;
    Some(rest.split_once("</summary>")?.0)
}

/// A `<details>` that is whole in one block: the tags before its text, and the text.
pub fn whole_details(html: &str) -> Option<(&str, &str)> {
    let inner = html.trim_end().strip_suffix("</details>")?;
    summary(html)?;
    let at = inner.find("</summary>")? + "</summary>".len();
    (!inner[at..].trim().is_empty()).then_some((&inner[..at], &inner[at..]))
}

/// Puts blocks in the places where their numbers stand.
pub fn with_blocks(html: &str, blocks: &[String]) -> String {
    let mut pieces = html.split(BLOCK_BEGINS);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(BLOCK_ENDS).unwrap_or((piece, ""));
        whole.push_str(number.parse().ok().and_then(|at: usize| blocks.get(at)).map_or("", String::as_str));
        whole.push_str(rest);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_allows_is_kept_and_the_rest_goes() {
        let html =
            clean("<details><summary>Hint</summary><kbd>x</kbd><script>a</script><b onclick=\"x()\">b</b></details>");
        assert_eq!(html, "<details><summary>Hint</summary><kbd>x</kbd><b>b</b></details>");
        assert_eq!(clean("<div class=\"block command\" data-command=\"x\">a"), "<div class=\"\">a</div>");
        assert_eq!(clean("<a href=\"javascript:x()\">a</a>"), "<a>a</a>");
    }

    #[test]
    fn hints_and_solutions_are_marked() {
        assert!(mark_details("<details><summary>Hint 2</summary>").contains("class=\"hint\""));
        assert!(mark_details("<details>\n<summary>Lösung</summary>").contains("class=\"solution\""));
        assert!(!mark_details("<details><summary>More</summary>").contains("class"));
    }

    #[test]
    fn a_whole_details_block_has_text_of_its_own() {
        let (tags, text) = whole_details("<details><summary>Hint</summary>Look at `it`.</details>\n").unwrap();
        assert_eq!((tags, text), ("<details><summary>Hint</summary>", "Look at `it`."));
        assert_eq!(whole_details("<details><summary>Hint</summary>\n"), None);
    }

    #[test]
    fn blocks_come_where_they_belong() {
        let html = format!("a{BLOCK_BEGINS}1{BLOCK_ENDS}b{BLOCK_BEGINS}7{BLOCK_ENDS}");
        assert_eq!(with_blocks(&html, &["x".into(), "<y>".into()]), "a<y>b");
    }
}
