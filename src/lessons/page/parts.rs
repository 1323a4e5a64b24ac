//! A page's HTML, cut where its steps begin.

use std::fmt::Write as _;

use comrak::{
    create_formatter,
    nodes::{Node, NodeValue},
};

use super::{
    headings::Heading,
    html::{self, BLOCK_BEGINS, BLOCK_ENDS},
    options,
};

/// Where the parts meet in the rendered text.
pub const STEP_BEGINS: char = '\u{1}';
pub const HEADING_ENDS: char = '\u{2}';

/// What must not come from an author's text: it marks places of ours.
pub const RESERVED: [char; 4] = [STEP_BEGINS, HEADING_ENDS, BLOCK_BEGINS, BLOCK_ENDS];

/// What the renderer calls the way back from a footnote.
const BACK: &str = "aria-label=\"Back to reference ";

/// A rendered page.
#[derive(Debug, Default)]
pub struct Parts {
    /// Before the first step.
    pub intro: String,
    /// One per heading at which a step begins: the heading and what follows it.
    pub steps: Vec<(String, String)>,
    /// The footnotes.
    pub footnotes: String,
}

/// The headings that are still to come, and whether the present one begins a step.
#[derive(Default)]
struct Headings {
    left: std::vec::IntoIter<(bool, String)>,
    step: bool,
}

create_formatter!(PageFormatter<Headings>, {
    NodeValue::Heading(ref heading) => |context, entering| {
        let level = heading.level.clamp(2, 6);
        if entering {
            let (step, id) = context.user.left.next().unwrap_or_default();
            context.user.step = step;
            if step {
                context.write_char(STEP_BEGINS)?;
            } else {
                write!(context, "<h{level} id=\"{id}\">")?;
            }
        } else if context.user.step {
            context.write_char(HEADING_ENDS)?;
        } else {
            writeln!(context, "</h{level}>")?;
        }
    },
});

/// Renders a page. `blocks` come where their numbers stand; what `raw` says holds HTML of the author is cleaned.
pub fn render(root: Node<'_>, headings: &[Heading], blocks: &[String], raw: bool) -> Parts {
    let ids: Vec<(bool, String)> = headings.iter().map(|heading| (heading.step, heading.id.clone())).collect();
    let mut html = String::new();
    PageFormatter::format_document(root, &options(), &mut html, Headings { left: ids.into_iter(), step: false })
        .expect("writing to a string does not fail");
    let footnotes_at = html.rfind("<section class=\"footnotes\"").unwrap_or(html.len());
    let (text, footnotes) = html.split_at(footnotes_at);
    let finish = |part: &str| {
        let part = part.trim();
        let cleaned = if raw { html::clean(part) } else { part.to_owned() };
        html::with_blocks(&html::mark_details(&cleaned), blocks).trim().to_owned()
    };
    let mut pieces = text.split(STEP_BEGINS);
    let intro = finish(pieces.next().unwrap_or_default());
    let step = |piece: &str| {
        let (heading, html) = piece.split_once(HEADING_ENDS).unwrap_or(("", piece));
        (finish(heading), finish(html))
    };
    Parts {
        intro,
        steps: pieces.map(step).collect(),
        footnotes: finish(footnotes).replace(BACK, "aria-label=\"{say:lesson.backToReference} "),
    }
}
