//! Finds the questions of a page: a paragraph that begins with "Question:" before a task list.

use comrak::nodes::{Node, NodeValue};

use super::options;
use crate::lessons::quiz::{self, Choice, Quiz};

/// A question and the nodes it was made of: the paragraph, in whose place it comes, and the list.
pub struct Found<'a> {
    /// The paragraph.
    pub paragraph: Node<'a>,
    /// The list.
    pub list: Node<'a>,
    /// The question.
    pub quiz: Quiz,
}

/// Finds all questions.
pub fn find<'a>(root: Node<'a>) -> Vec<Found<'a>> {
    root.descendants().filter_map(read).collect()
}

fn read<'a>(paragraph: Node<'a>) -> Option<Found<'a>> {
    if !matches!(paragraph.data().value, NodeValue::Paragraph) {
        return None;
    }
    let list = paragraph.next_sibling()?;
    let items: Vec<Node<'a>> = list.children().collect();
    let is_task = |item: &&Node<'a>| matches!(item.data().value, NodeValue::TaskItem(_));
    if items.is_empty() || !items.iter().all(|item| is_task(&item)) {
        return None;
    }
    strip_word(paragraph)?;
    let place = paragraph.data().sourcepos.start.line;
    let question = inner(&html(paragraph)).to_owned();
    Some(Found { paragraph, list, quiz: Quiz { question, choices: items.into_iter().map(choice).collect(), place } })
}

/// Takes the word that makes it a question off a paragraph.
fn strip_word(paragraph: Node<'_>) -> Option<()> {
    let mut first = paragraph.first_child()?;
    if matches!(first.data().value, NodeValue::Strong) {
        first = first.first_child()?;
    }
    let mut data = first.data_mut();
    let NodeValue::Text(text) = &mut data.value else { return None };
    let rest = quiz::question(text)?.to_owned();
    *text = rest.into();
    Some(())
}

fn choice(item: Node<'_>) -> Choice {
    let right = matches!(&item.data().value, NodeValue::TaskItem(task) if task.symbol.is_some());
    let mut parts = item.children();
    let text = parts.next().map(|first| inner(&html(first)).to_owned()).unwrap_or_default();
    let why = parts.map(html).collect::<String>().trim().to_owned();
    let why =
        why.strip_prefix("<ul>\n<li>").and_then(|rest| rest.strip_suffix("</li>\n</ul>")).unwrap_or(&why).to_owned();
    Choice { text, right, why }
}

fn html(node: Node<'_>) -> String {
    let mut html = String::new();
    comrak::format_html(node, &options(), &mut html).expect("writing to a string does not fail");
    html.trim().to_owned()
}

/// A paragraph's HTML without the paragraph.
fn inner(html: &str) -> &str {
    html.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>")).unwrap_or(html)
}
