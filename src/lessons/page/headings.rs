//! Headings: their anchors by GitHub's rule, and the steps that begin with them, at the second level where nobody says
//! otherwise.

use std::collections::HashMap;

use comrak::{
    Anchorizer,
    nodes::{Node, NodeValue},
};

use super::wishes;

/// A heading, in the order of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The anchor it is shown under.
    pub id: String,
    /// The anchor that its own text makes; links of the page use it.
    pub own: String,
    /// Its text.
    pub title: String,
    /// Whether a step begins with it.
    pub step: bool,
    /// In the page's text, counted from 1.
    pub line: usize,
}

/// The level at which steps begin, where the page does not say; as [`level_of()`] reads it.
const USUAL: u8 = 2;

/// Where steps begin by what `lab.steps` says; the error is what may stand there.
pub fn level_of(wish: Option<&str>) -> Result<Option<u8>, &'static str> {
    match wish {
        None | Some("h2") => Ok(Some(USUAL)),
        Some("h3") => Ok(Some(3)),
        Some("none") => Ok(None),
        Some(_) => Err("h2, h3 or none"),
    }
}

/// Reads the headings; `{#id}` behind one is its anchor and no text, and so is the id in a comment about the step below
/// it, `<!-- lab: step id=run -->`; links may then name it by its text as well. Steps begin at those of level `at`. The steps of a
/// translation get its original's anchors, `steps`, where it has as many.
pub fn read(root: Node<'_>, at: Option<u8>, steps: &[String]) -> Vec<Heading> {
    let mut anchorizer = Anchorizer::new();
    let mut headings = Vec::new();
    for node in root.descendants() {
        let NodeValue::Heading(heading) = node.data().value else { continue };
        let chosen = take_id(node);
        let title = node.collect_text();
        let own = chosen.unwrap_or_else(|| anchorizer.anchorize(&title));
        let line = node.data().sourcepos.start.line;
        let step = Some(heading.level) == at;
        let id = step.then(|| wished_id(node)).flatten().unwrap_or_else(|| own.clone());
        headings.push(Heading { id, own, title, step, line });
    }
    let count = headings.iter().filter(|heading| heading.step).count();
    if count == steps.len() {
        let seconds = headings.iter_mut().filter(|heading| heading.step);
        seconds.zip(steps).for_each(|(heading, id)| heading.id.clone_from(id));
    }
    headings
}

/// The anchors as links of the page name them, each with the one it is shown under.
pub fn anchors(headings: &[Heading]) -> HashMap<String, String> {
    let both =
        |heading: &Heading| [(heading.own.clone(), heading.id.clone()), (heading.id.clone(), heading.id.clone())];
    headings.iter().flat_map(both).collect()
}

/// The id that a comment below a heading gives its step.
fn wished_id(heading: Node<'_>) -> Option<String> {
    let below = heading.following_siblings().skip(1);
    let own = below.take_while(|node| !matches!(node.data().value, NodeValue::Heading(_)));
    own.into_iter().find_map(|node| match &node.data().value {
        NodeValue::HtmlBlock(html) => {
            let words = wishes::of_step(wishes::words(&html.literal)?)?;
            words.split_whitespace().find_map(|word| word.strip_prefix("id=")).filter(|id| is_id(id)).map(str::to_owned)
        }
        _ => None,
    })
}

fn is_id(id: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':');
    !id.is_empty() && id.chars().all(plain)
}

/// Takes `{#id}` off the end of a heading.
fn take_id(heading: Node<'_>) -> Option<String> {
    let last = heading.last_child()?;
    let mut data = last.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return None };
    let inner = text.trim_end().strip_suffix('}')?;
    let at = inner.rfind("{#")?;
    let id = inner[at + 2..].to_owned();
    if !is_id(&id) {
        return None;
    }
    let kept = inner[..at].trim_end().to_owned();
    *text = kept.into();
    Some(id)
}
