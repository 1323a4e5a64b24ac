//! One page of markdown as a lesson.

use std::fmt::Write;

use comrak::nodes::{AlertType, Node, NodeAlert, NodeCodeBlock, NodeValue};
use comrak::{Arena, Options, create_formatter};

use crate::lessons::commands::{self, Piece};
use crate::lessons::fences::{self, Info, Kind};
use crate::lessons::front_matter::{self, FrontMatter};
pub use crate::lessons::highlight::Painter;
use crate::lessons::model::{Command, Lesson, LessonFile, Step};
use crate::lessons::problem::Problem;
use crate::lessons::{blocks, checks, manifests};

/// The largest page that is read, in bytes: thirty times the longest page of the Kubernetes documentation.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// Where the lesson's parts meet in the rendered text; control characters never come from an author's text.
const STEP_BEGINS: char = '\u{1}';
const HEADING_ENDS: char = '\u{2}';

/// Turns a relative link's path into an address on this server, where it is a lesson's.
pub type Links<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a page. What is wrong with it comes beside the lesson, which is there whenever anything can be shown.
pub fn read(file: &str, text: &str, links: Links<'_>, painter: &mut Painter) -> (Lesson, Vec<Problem>) {
    let text = normalised(text);
    let (matter, body, unreadable) = front_matter::split(&text);
    let mut problems: Vec<Problem> =
        unreadable.map(|bad| Problem::at(file, bad.line, bad.column, bad.message)).into_iter().collect();
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, body, &options());
    let title = take_title(root);
    convert_admonitions(root);
    for (url, line, column) in rewrite_links(root, links) {
        problems.push(Problem::at(file, line + matter.lines, column, format!("there is no page {url}")));
    }
    problems.extend(checks::unknown_keys(file, &matter, &text));
    let mut reader = Reader { file, offset: matter.lines, problems: &mut problems, painter };
    let fences = reader.fences(root);
    let files = reader.render(&fences);
    let parts = Parts::cut(&rendered(root));
    let lesson = Lesson {
        id: id(&matter, file),
        title: matter.text("title").or(title).unwrap_or_else(|| stem(file).to_owned()),
        description: matter.text("description").unwrap_or_default(),
        position: position(&matter, file),
        minutes: matter.lab("time").and_then(|time| minutes(&time)),
        intro: parts.intro,
        steps: parts
            .steps
            .into_iter()
            .enumerate()
            .map(|(at, part)| part.into_step(commands_of(&fences, at + 1)))
            .collect(),
        files,
        footnotes: parts.footnotes,
    };
    problems.extend(checks::unwritten_files(file, &lesson));
    (lesson, problems)
}

/// A page's id, without reading the rest of it.
pub fn id_of(file: &str, text: &str) -> String {
    let text = normalised(text);
    id(&front_matter::split(&text).0, file)
}

/// Whether a page is a draft.
pub fn is_draft(text: &str) -> bool {
    front_matter::split(&normalised(text)).0.flag("draft")
}

fn normalised(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    text.replace([STEP_BEGINS, HEADING_ENDS], "")
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

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".md").unwrap_or(name)
}

fn id(matter: &FrontMatter, file: &str) -> String {
    let own = matter.text("id").or_else(|| matter.text("slug"));
    let wish = own.unwrap_or_else(|| {
        stem(file).trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned()
    });
    let name = wish.trim_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    let plain: String =
        name.chars().map(|letter| if letter.is_alphanumeric() || letter == '_' { letter } else { '-' }).collect();
    let plain = plain.trim_matches('-').to_owned();
    if plain.is_empty() { "lesson".into() } else { plain }
}

fn position(matter: &FrontMatter, file: &str) -> i64 {
    let leading = || stem(file).split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok();
    matter.number("sidebar_position").or_else(|| matter.number("weight")).or_else(leading).unwrap_or(i64::MAX)
}

/// `10m`, `1h`, `90s` or a bare number of minutes.
fn minutes(time: &str) -> Option<u32> {
    if let Ok(minutes) = time.parse() {
        return Some(minutes);
    }
    let seconds = humantime::parse_duration(time).ok()?.as_secs();
    u32::try_from(seconds.div_ceil(60)).ok()
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

/// `:::note` becomes what `> [!NOTE]` is.
fn convert_admonitions(root: Node<'_>) {
    for node in root.descendants() {
        let mut data = node.data_mut();
        if let NodeValue::BlockDirective(directive) = &data.value {
            let alert = admonition(&directive.info);
            data.value = NodeValue::Alert(Box::new(alert));
        }
    }
}

fn admonition(info: &str) -> NodeAlert {
    let word = info.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let title = info[word.len()..].trim().trim_matches(['[', ']']).trim();
    let alert_type = match word.to_lowercase().as_str() {
        "tip" | "success" => AlertType::Tip,
        "important" => AlertType::Important,
        "warning" => AlertType::Warning,
        "caution" | "danger" => AlertType::Caution,
        _ => AlertType::Note,
    };
    let title = (!title.is_empty()).then(|| title.to_owned());
    NodeAlert { alert_type, title, multiline: false, fence_length: 0, fence_offset: 0 }
}

/// Makes links to other pages links to their lessons; gives those to pages that are not there, with their places.
fn rewrite_links(root: Node<'_>, links: Links<'_>) -> Vec<(String, usize, usize)> {
    let mut dead = Vec::new();
    for node in root.descendants() {
        let mut data = node.data_mut();
        let place = data.sourcepos.start;
        let NodeValue::Link(link) = &mut data.value else { continue };
        let (path, anchor) = link.url.split_once('#').map_or((link.url.as_str(), None), |(path, at)| (path, Some(at)));
        if let Some(target) = links(path) {
            link.url = anchor.map_or(target.clone(), |anchor| format!("{target}#{anchor}"));
        } else if path.ends_with(".md") && !path.contains("://") && !path.starts_with('/') {
            dead.push((path.to_owned(), place.line, place.column));
        }
    }
    dead
}

/// A code block, read.
struct Fence<'a> {
    node: Node<'a>,
    info: Info,
    text: String,
    kind: Kind,
    /// Code spans of the paragraph before it.
    spans: Vec<String>,
    /// 0 before the first step.
    step: usize,
    /// In the file, from 1.
    line: usize,
    pieces: Vec<Piece>,
    /// The output block that follows, where it belongs to the last command.
    expected: Option<String>,
}

struct Reader<'r> {
    file: &'r str,
    offset: usize,
    problems: &'r mut Vec<Problem>,
    painter: &'r mut Painter,
}

impl Reader<'_> {
    /// Finds and classifies the code blocks, in order.
    fn fences<'a>(&mut self, root: Node<'a>) -> Vec<Fence<'a>> {
        let mut fences: Vec<Fence<'a>> = Vec::new();
        let (mut step, mut spans, mut after_command) = (0, Vec::new(), false);
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::Heading(heading) if heading.level == 2 => (step, after_command) = (step + 1, false),
                NodeValue::Paragraph => spans = code_spans(node),
                NodeValue::CodeBlock(code) => {
                    let fence = self.fence(node, code, std::mem::take(&mut spans), step, after_command);
                    after_command = matches!(fence.kind, Kind::Command);
                    let expected = fence.kind == Kind::Output;
                    if let Some(before) = fences.last_mut().filter(|before| expected && before.kind == Kind::Command) {
                        before.expected = Some(fence.text.clone());
                    }
                    fences.push(fence);
                }
                _ => {}
            }
        }
        fences
    }

    fn fence<'a>(
        &mut self,
        node: Node<'a>,
        code: &NodeCodeBlock,
        spans: Vec<String>,
        step: usize,
        after_command: bool,
    ) -> Fence<'a> {
        let info = Info::read(&code.info);
        let kind = fences::classify(&info, &code.literal, after_command);
        let place = node.data().sourcepos.start;
        let line = place.line + self.offset;
        if !code.closed {
            let message = format!("this code block is never closed: a line with `{}` is missing", fence_line(code));
            self.problems.push(Problem::at(self.file, line, place.column, message));
        }
        let pieces = if kind == Kind::Command { commands::split(&code.literal) } else { Vec::new() };
        Fence { node, info, text: code.literal.clone(), kind, spans, step, line, pieces, expected: None }
    }

    /// Puts each block's HTML in its place; returns the files that the manifests are.
    fn render(&mut self, fences: &[Fence<'_>]) -> Vec<LessonFile> {
        let mut files: Vec<LessonFile> = Vec::new();
        let mut joined = false;
        for (at, fence) in fences.iter().enumerate() {
            let language = fence.info.language.as_str();
            let html = match fence.kind {
                Kind::Command => {
                    let mut pieces = fence.pieces.clone();
                    joined = follows(fence, fences.get(at + 1)) && matches!(pieces.last(), Some(Piece::Command(_)));
                    if let Some(output) = fence.expected.as_ref().filter(|_| joined) {
                        pieces.push(Piece::Output(output.trim_end().to_owned()));
                    }
                    blocks::commands(&pieces, fence.info.lab.as_deref() == Some("copy"))
                }
                Kind::Output if std::mem::take(&mut joined) => String::new(),
                Kind::Output => {
                    let of_command =
                        at > 0 && fences[at - 1].kind == Kind::Command && fences[at - 1].step == fence.step;
                    blocks::output(&fence.text, of_command)
                }
                Kind::Manifest => {
                    let name = file_name(fences, at);
                    let bad = checks::unreadable_manifest(self.file, fence.line, &name, &fence.text);
                    self.problems.extend(bad);
                    if !files.iter().any(|file| file.name == name) {
                        files.push(LessonFile { name: name.clone(), text: fence.text.clone() });
                    }
                    blocks::manifest(&name, language, &fence.text, self.painter)
                }
                Kind::Code => blocks::code(fence.info.title.as_deref(), language, &fence.text, self.painter),
            };
            fence.node.data_mut().value = NodeValue::Raw(html);
        }
        files
    }
}

fn fence_line(code: &NodeCodeBlock) -> String {
    char::from(code.fence_char).to_string().repeat(code.fence_length)
}

/// Whether the next block is an output right behind this one.
fn follows<'a>(fence: &Fence<'a>, next: Option<&Fence<'a>>) -> bool {
    next.is_some_and(|next| {
        next.kind == Kind::Output && fence.node.next_sibling().is_some_and(|sibling| sibling.same_node(next.node))
    })
}

fn file_name(fences: &[Fence<'_>], at: usize) -> String {
    let fence = &fences[at];
    let later = fences[at + 1..].iter().take_while(|later| later.kind != Kind::Manifest);
    let applied = later.flat_map(|later| &later.pieces).find_map(|piece| match piece {
        Piece::Command(text) => commands::file_named(text),
        _ => None,
    });
    let title = fence.info.title.clone().filter(|title| !title.contains(['/', '\\']));
    title.or_else(|| manifests::named_in(&fence.spans)).or(applied).unwrap_or_else(|| manifests::own_name(&fence.text))
}

fn code_spans(paragraph: Node<'_>) -> Vec<String> {
    let span = |node: Node<'_>| match &node.data().value {
        NodeValue::Code(code) => Some(code.literal.clone()),
        _ => None,
    };
    paragraph.descendants().filter_map(span).collect()
}

fn commands_of(fences: &[Fence<'_>], step: usize) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for fence in fences.iter().filter(|fence| fence.step == step && fence.kind == Kind::Command) {
        let copied = fence.info.lab.as_deref() == Some("copy");
        for piece in &fence.pieces {
            match piece {
                Piece::Command(text) => {
                    let line = commands::to_run(text);
                    let runnable = !copied && commands::runs_here(&line);
                    found.push(Command { line, expected: None, runnable, place: fence.line });
                }
                Piece::Output(text) => expect(&mut found, text),
                Piece::Comment(_) => {}
            }
        }
        if let Some(text) = &fence.expected {
            expect(&mut found, text);
        }
    }
    found
}

fn expect(found: &mut [Command], text: &str) {
    if let Some(last) = found.last_mut() {
        last.expected = Some(text.trim_end().to_owned());
    }
}

create_formatter!(PageFormatter<Vec<(String, String)>>, {
    NodeValue::Heading(ref heading) => |context, node, entering| {
        if entering {
            let title = node.collect_text();
            let id = context.anchorizer.anchorize(&title);
            if heading.level == 2 {
                context.user.push((id, title));
                context.write_char(STEP_BEGINS)?;
            } else {
                write!(context, "<h{} id=\"{id}\">", heading.level.clamp(2, 6))?;
            }
        } else if heading.level == 2 {
            context.write_char(HEADING_ENDS)?;
        } else {
            writeln!(context, "</h{}>", heading.level.clamp(2, 6))?;
        }
    },
});

fn rendered(root: Node<'_>) -> (String, Vec<(String, String)>) {
    let mut html = String::new();
    let headings = PageFormatter::format_document(root, &options(), &mut html, Vec::new())
        .expect("writing to a string does not fail");
    (html, headings)
}

/// A rendered page, cut where its steps begin.
struct Parts {
    intro: String,
    steps: Vec<Part>,
    footnotes: String,
}

struct Part {
    id: String,
    title: String,
    heading: String,
    html: String,
}

impl Parts {
    fn cut((html, headings): &(String, Vec<(String, String)>)) -> Self {
        let footnotes_at = html.rfind("<section class=\"footnotes\"").unwrap_or(html.len());
        let (text, footnotes) = html.split_at(footnotes_at);
        let mut pieces = text.split(STEP_BEGINS);
        let intro = pieces.next().unwrap_or_default().trim().to_owned();
        let part = |(piece, (id, title)): (&str, &(String, String))| {
            let (heading, html) = piece.split_once(HEADING_ENDS).unwrap_or(("", piece));
            Part { id: id.clone(), title: title.clone(), heading: heading.to_owned(), html: html.trim().to_owned() }
        };
        Self { intro, steps: pieces.zip(headings).map(part).collect(), footnotes: footnotes.trim().to_owned() }
    }
}

impl Part {
    fn into_step(self, commands: Vec<Command>) -> Step {
        Step { id: self.id, title: self.title, heading: self.heading, html: self.html, commands }
    }
}

#[cfg(test)]
mod tests;
