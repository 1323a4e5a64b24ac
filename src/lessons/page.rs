//! One page of markdown as a lesson.

mod admonitions;
mod headings;
pub mod html;
pub mod identity;
mod links;
mod parts;
mod quizzes;
mod reader;
mod wishes;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod tests;

use std::fmt;

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};
use serde_yaml::Mapping;

use self::headings::Heading;
use self::reader::{Done, Reader};
use crate::lessons::check::{self, Tongue};
use crate::lessons::front_matter::{self, FrontMatter};
pub use crate::lessons::highlight::Painter;
use crate::lessons::model::{Lesson, Quiz, Step};
use crate::lessons::problem::Problem;
use crate::lessons::{blocks, dialect, lint, needs};

/// The largest page that is read, in bytes: thirty times the longest page of the Kubernetes documentation.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// What a page is read with.
pub struct Around<'a> {
    /// The page's file, as findings name it.
    pub file: &'a str,
    /// The id, where the folder decides: of a translation its original's, of one of two pages of the same name one that
    /// tells them apart.
    pub id: Option<&'a str>,
    /// Turns a relative link's path into an address on this server, where it is a lesson's.
    pub links: &'a dyn Fn(&str) -> Option<String>,
    /// Turns an image's path into its address, where it is there.
    pub images: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file that the page includes.
    pub include: &'a dyn Fn(&str) -> Option<String>,
    /// What the folder's `_meta.yaml` gives every page in it.
    pub inherited: &'a Mapping,
    /// `en`, unless something else is said.
    pub language: &'a str,
    /// Of a translation: the anchors of its original's steps.
    pub steps: &'a [String],
    /// Whether a link to an anchor that no heading has is a mistake.
    pub strict_anchors: bool,
}

impl fmt::Debug for Around<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Around").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<'a> Around<'a> {
    /// A page that stands alone.
    pub fn alone(file: &'a str) -> Self {
        static NOTHING: std::sync::LazyLock<Mapping> = std::sync::LazyLock::new(Mapping::new);
        Self {
            file,
            id: None,
            links: &|_| None,
            images: &|_| None,
            include: &|_| None,
            inherited: &NOTHING,
            language: "en",
            steps: &[],
            strict_anchors: true,
        }
    }
}

/// Reads a page. What is wrong with it comes beside the lesson, which is there whenever anything can be shown.
pub fn read(around: &Around<'_>, text: &str, painter: &mut Painter) -> (Lesson, Vec<Problem>) {
    let file = around.file;
    let text = normalised(text);
    let (mut matter, body, unreadable) = front_matter::split(&text);
    let mut problems: Vec<Problem> =
        unreadable.map(|bad| Problem::at(file, bad.line, bad.column, bad.message)).into_iter().collect();
    problems.extend(lint::unknown_keys(file, &matter, &text));
    matter.inherit(around.inherited);
    let needs = needs::read(file, &matter, &text, &mut problems);
    let plain = dialect::plain(body, around.include);
    let lines = |line: usize| plain.line(line) + matter.lines;
    problems.extend(plain.findings.iter().map(|(line, why)| Problem::at(file, line + matter.lines, 1, why)));

    let arena = Arena::new();
    let root = comrak::parse_document(&arena, &plain.text, &options());
    let title = take_title(root);
    admonitions::convert(root);
    let steps_at = headings::level_of(matter.lab("steps").as_deref()).unwrap_or_else(|wanted| {
        let line = text.lines().take(matter.lines).position(|line| line.trim_start().starts_with("steps:"));
        let message = format!("`steps` below `lab:` is one of {wanted}");
        problems.push(Problem::at(file, line.unwrap_or(0) + 1, 1, message));
        Some(2)
    });
    let headings = headings::read(root, steps_at, around.steps);
    for dead in links::rewrite(root, around, &headings::anchors(&headings)) {
        problems.push(Problem::at(file, lines(dead.line), dead.column, dead.why));
    }
    let seconds: Vec<&Heading> = headings.iter().filter(|heading| heading.step).collect();
    let mut done: Vec<Done> = std::iter::repeat_with(Done::default).take(seconds.len() + 1).collect();
    let id = around.id.map_or_else(|| identity::id(&matter, file), str::to_owned);
    let mut reader = Reader {
        steps_at,
        around,
        lines: &lines,
        problems: &mut problems,
        painter,
        blocks: Vec::new(),
        files: Vec::new(),
    };
    let fences = reader.fences(root, &mut done);
    reader.render(&fences, &mut done);
    let quizzes = place_quizzes(root, &mut reader, &id, &lines);
    let raw = pass_html(root);
    let Reader { blocks: made, files, .. } = reader;
    for (step, heading) in done[1..].iter_mut().zip(&seconds) {
        step.checks.extend(checks_in_front(&matter, &heading.id, around, &mut problems));
    }
    let parts = parts::render(root, &headings, &made, raw);
    let mut done = done.into_iter();
    let prelude = done.next().map(|done| done.work).unwrap_or_default();
    let steps = seconds.into_iter().zip(parts.steps).zip(done);
    let lesson = Lesson {
        id,
        language: around.language.to_owned(),
        title: matter.text("title").or(title).unwrap_or_else(|| identity::stem(file).to_owned()),
        description: matter.text("description").unwrap_or_default(),
        position: identity::position(&matter, file),
        minutes: matter.lab("time").and_then(|time| identity::minutes(&time)),
        needs,
        draft: matter.flag("draft"),
        intro: parts.intro,
        prelude,
        steps: steps.map(|((heading, part), done)| step(heading, part, done, lines(heading.line))).collect(),
        files,
        missing_images: matter.lab_list("missing-images"),
        quizzes,
        footnotes: parts.footnotes,
        source: file.to_owned(),
    };
    problems.extend(lint::unwritten_files(file, &lesson));
    problems.extend(lint::gone_before(file, &lesson));
    // A parser that misses an end looks for it beyond the page.
    let last = text.lines().count().max(1);
    problems.iter_mut().for_each(|problem| problem.line = problem.line.min(last));
    (lesson, problems)
}

fn step(heading: &Heading, (title, mut html): (String, String), done: Done, place: usize) -> Step {
    let Done { work, checks, minutes, timeout } = done;
    if !checks.is_empty() {
        html.push_str(&blocks::checks(&heading.id, &checks));
    }
    Step {
        id: heading.id.clone(),
        title: heading.title.clone(),
        heading: title,
        html,
        minutes,
        timeout,
        work,
        checks,
        place,
    }
}

/// The checks that `lab.checks` of the front matter has for a step.
fn checks_in_front(
    matter: &FrontMatter,
    step: &str,
    around: &Around<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<check::Check> {
    let Some(checks) = matter.lab_value("checks").and_then(|checks| checks.get(step)) else { return Vec::new() };
    let text = serde_yaml::to_string(checks).unwrap_or_default();
    let (checks, misread) = check::read(&text, 1, Tongue::of(around.language));
    let wrong =
        misread.into_iter().map(|bad| Problem::at(around.file, 1, 1, format!("lab.checks.{step}: {}", bad.message)));
    problems.extend(wrong);
    checks
}

/// Puts the questions' forms in their places.
fn place_quizzes<'a>(
    root: Node<'a>,
    reader: &mut Reader<'_>,
    lesson: &str,
    lines: &dyn Fn(usize) -> usize,
) -> Vec<Quiz> {
    let mut quizzes = Vec::new();
    for found in quizzes::find(root) {
        let mut quiz = found.quiz;
        quiz.place = lines(quiz.place);
        if !quiz.choices.iter().any(|choice| choice.right) {
            let message = "this question has no right answer: mark one with `- [x]`";
            reader.problems.push(Problem::at(reader.around.file, quiz.place, 1, message));
        }
        found.list.detach();
        let form = blocks::quiz(lesson, quizzes.len(), &quiz, reader.around.language);
        let children: Vec<Node<'a>> = found.paragraph.children().collect();
        children.into_iter().for_each(|child| child.detach());
        reader.put(found.paragraph, form);
        quizzes.push(quiz);
    }
    quizzes
}

/// Lets authors' HTML pass, to be cleaned later; whether there is any. Comments are left out.
fn pass_html(root: Node<'_>) -> bool {
    let mut any = false;
    for node in root.descendants() {
        let mut data = node.data_mut();
        let literal = match &data.value {
            NodeValue::HtmlBlock(block) => block.literal.clone(),
            NodeValue::HtmlInline(literal) => literal.clone(),
            _ => continue,
        };
        any = true;
        let html = match html::whole_details(&literal) {
            Some((tags, text)) => format!("{tags}{}</details>\n", comrak::markdown_to_html(text, &options())),
            None if literal.trim_start().starts_with("<!--") => String::new(),
            None => literal,
        };
        data.value = NodeValue::Raw(html);
    }
    any
}

/// A page's id, without reading the rest of it, and whether the page says it itself.
pub fn id_of(file: &str, text: &str) -> (String, bool) {
    let matter = front_matter::split(&normalised(text)).0;
    let own = matter.text("id").or_else(|| matter.text("slug")).is_some();
    (identity::id(&matter, file), own)
}

fn normalised(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    text.replace(parts::RESERVED, "")
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.alerts = true;
    extension.block_directive = true;
    options
}

/// Takes the page's own title out of it: the first heading, where it is a first-level one.
fn take_title(root: Node<'_>) -> Option<String> {
    let first = root.children().find(|node| matches!(node.data().value, NodeValue::Heading(_)))?;
    let top = matches!(first.data().value, NodeValue::Heading(ref heading) if heading.level == 1);
    top.then(|| {
        first.detach();
        first.collect_text()
    })
}
