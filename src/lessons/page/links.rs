//! Links of a page: to other lessons, to its own headings, and to what is not there.

use std::collections::HashMap;

use comrak::nodes::{Node, NodeValue};

use super::Around;

/// A link that leads nowhere, and where it stands in the page's text.
pub struct Dead {
    /// In words.
    pub why: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
}

/// Makes links to other pages links to their lessons and images' addresses ones that we serve; gives what is not there.
/// `anchors` has the page's own headings, each with the anchor it is shown under.
pub fn rewrite(root: Node<'_>, around: &Around<'_>, anchors: &HashMap<String, String>) -> Vec<Dead> {
    let mut dead = Vec::new();
    for node in root.descendants() {
        let mut data = node.data_mut();
        let place = data.sourcepos.start;
        let outcome = match &mut data.value {
            NodeValue::Link(link) => link_to(&mut link.url, around, anchors),
            NodeValue::Image(link) => image(&mut link.url, around),
            _ => continue,
        };
        dead.extend(outcome.err().map(|why| Dead { why, line: place.line, column: place.column }));
    }
    dead
}

fn link_to(url: &mut String, around: &Around<'_>, anchors: &HashMap<String, String>) -> Result<(), String> {
    let (path, anchor) = url.split_once('#').map_or((url.as_str(), None), |(path, at)| (path, Some(at)));
    if path.is_empty() {
        let Some(anchor) = anchor else { return Ok(()) };
        return match anchors.get(anchor).or_else(|| by_another_rule(anchor, anchors)) {
            Some(own) => {
                *url = format!("#{own}");
                Ok(())
            }
            // Top of the page, a footnote, or an anchor in the author's own HTML.
            None if anchor.is_empty() || anchor.starts_with("fn") || !around.strict_anchors => Ok(()),
            None => Err(format!("no heading of this page has the anchor #{anchor}")),
        };
    }
    if let Some(target) = (around.links)(path) {
        *url = anchor.map_or(target.clone(), |anchor| format!("{target}#{anchor}"));
        return Ok(());
    }
    if is_relative(path) && (path.ends_with(".md") || path.ends_with(".mdx")) {
        return Err(format!("there is no page {path}"));
    }
    if path.starts_with("/docs/") {
        // A page of the Kubernetes documentation that is not here.
        *url = format!("https://kubernetes.io{url}");
    }
    Ok(())
}

/// The heading whose anchor other sites would write so: they make `what-s-next` of what is `whats-next` on GitHub.
fn by_another_rule<'a>(anchor: &str, anchors: &'a HashMap<String, String>) -> Option<&'a String> {
    let letters =
        |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    let wanted = letters(anchor);
    let found = anchors.iter().filter(|(own, _)| !wanted.is_empty() && letters(own) == wanted);
    found.min().map(|(_, shown)| shown)
}

fn image(url: &mut String, around: &Around<'_>) -> Result<(), String> {
    if !is_relative(url) {
        return Ok(());
    }
    match (around.images)(url) {
        Some(address) => {
            *url = address;
            Ok(())
        }
        None => Err(format!("there is no image {url}")),
    }
}

fn is_relative(path: &str) -> bool {
    !path.contains(':') && !path.starts_with(['/', '#'])
}
