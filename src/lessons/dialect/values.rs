//! Shortcodes that stand for a word or a sentence.

use super::shortcode::{Segment, Shortcode, segments};

/// The version of Kubernetes that the lessons are about.
const VERSION: &str = "1.36";

/// What a shortcode stands for in a line.
pub fn of(code: &Shortcode) -> Option<String> {
    let first = || code.first().map(str::to_owned);
    Some(match code.name.as_str() {
        "skew" => skew(code.first().unwrap_or_default(), code.plain.get(1).map(String::as_str)),
        "param" => match code.first() {
            Some("version" | "fullversion") => format!("v{VERSION}"),
            other => other.unwrap_or_default().to_owned(),
        },
        "latest-version" => format!("v{VERSION}"),
        "latest-semver" => VERSION.to_owned(),
        "heading" => heading(code.first().unwrap_or_default()),
        // As older pages have it, without the `##` before it.
        name if name.ends_with("-heading") => format!("## {}", heading(name.trim_end_matches("-heading"))),
        "glossary_tooltip" => code.value("text").or_else(|| code.value("term_id")).map(str::to_owned)?,
        "glossary_definition" => {
            let term = code.value("term_id").unwrap_or_default();
            format!("[{term}](https://kubernetes.io/docs/reference/glossary/#term-{term})")
        }
        "api-reference" => {
            let page = code.value("page").unwrap_or_default();
            let text = code.value("text").or_else(|| page.rsplit('/').next()).unwrap_or_default();
            format!("[{text}](https://kubernetes.io/docs/reference/kubernetes-api/{page})")
        }
        "kat-button" | "katacoda-tutorial" | "pageinfo" | "dockershim-removal" | "release-branch" => String::new(),
        "youtube" => first().map(|id| format!("[Video](https://www.youtube.com/watch?v={id})"))?,
        "link" => format!("[{}]({})", code.value("text").unwrap_or("link"), code.value("url").unwrap_or_default()),
        "ref" | "relref" => code.first().unwrap_or_default().to_owned(),
        "figure" | "img" => figure(code),
        "version-check" => "To see which version runs, enter `kubectl version`.".to_owned(),
        "toc" | "thirdparty-content" | "translation" | "reuse" => String::new(),
        "kbd" => first().map(|key| format!("<kbd>{key}</kbd>"))?,
        _ => return None,
    })
}

/// A line in which such shortcodes are replaced and others stay.
pub fn replaced(line: &str) -> String {
    let text = |segment| match segment {
        Segment::Text(text) => text,
        Segment::Shortcode(code) => of(&code).unwrap_or(code.source),
    };
    segments(line).into_iter().map(text).collect()
}

fn skew(what: &str, by: Option<&str>) -> String {
    let minor = |by: i32| format!("1.{}", 36 + by);
    match what {
        "currentVersionAddMinor" => minor(by.and_then(|by| by.parse().ok()).unwrap_or(0)),
        "nextMinorVersion" => minor(1),
        "prevMinorVersion" | "oldestMinorVersion" => minor(-1),
        "currentPatchVersion" => format!("{VERSION}.0"),
        _ => VERSION.to_owned(),
    }
}

/// The headings that the pages of the Kubernetes documentation share.
fn heading(key: &str) -> String {
    match key {
        "prerequisites" => "Before you begin",
        "objectives" => "Objectives",
        "cleanup" => "Cleaning up",
        "whatsnext" => "What's next",
        "discussion" => "Discussion",
        "steps" => "Steps",
        "synopsis" => "Synopsis",
        "options" => "Options",
        "examples" => "Examples",
        "seealso" => "See also",
        other => other,
    }
    .to_owned()
}

pub(super) fn feature_state(code: &Shortcode) -> String {
    let state = code.value("state").map(|state| format!(" ({state})")).unwrap_or_default();
    match (code.value("for_k8s_version"), code.value("feature_gate_name")) {
        (Some(version), _) => format!("Kubernetes {version}{state}"),
        (None, Some(gate)) => format!("Feature gate `{gate}`"),
        (None, None) => "Depends on the version of Kubernetes.".to_owned(),
    }
}

fn figure(code: &Shortcode) -> String {
    let alt = code.value("alt").or_else(|| code.value("title")).or_else(|| code.value("caption")).unwrap_or_default();
    let caption = code.value("caption").map(|caption| format!(" *{caption}*")).unwrap_or_default();
    format!("![{alt}]({}){caption}", code.value("src").unwrap_or_default())
}
