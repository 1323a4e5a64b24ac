//! Reads the code blocks of a page: what each is, what it has the learner do, and the HTML in its place.

use comrak::nodes::{Node, NodeCodeBlock, NodeValue};

use super::{
    Around, Painter,
    html::{self, BLOCK_BEGINS, BLOCK_ENDS},
    wishes,
};
use crate::lessons::{
    blocks,
    check::{self, Check, Tongue},
    commands::{self, Piece},
    examples,
    fences::{self, Info, Kind},
    lint, manifests,
    model::{Command, Expected, LessonFile, Work, Written},
    problem::Problem,
};

/// A code block, read.
pub struct Fence<'a> {
    node: Node<'a>,
    info: Info,
    text: String,
    kind: Kind,
    /// Code spans of the paragraph before it.
    spans: Vec<String>,
    /// 0 before the first step.
    step: usize,
    /// Where its first line of text stands in the file, from 1.
    line: usize,
    pieces: Vec<Piece>,
    /// Below a hint, whose commands nobody has to run.
    hint: bool,
    /// The number of the output block that shows what its last command prints.
    output: Option<usize>,
}

/// What the blocks of one step come to; the first is what stands before the steps.
#[derive(Default)]
pub struct Done {
    /// In order.
    pub work: Vec<Work>,
    /// In order.
    pub checks: Vec<Check>,
    /// As the author says.
    pub minutes: Option<u32>,
    /// How long its checks may take to hold, in seconds, as the author says.
    pub timeout: Option<u64>,
}

/// Reads a page's code blocks.
pub struct Reader<'r> {
    /// The level of the headings at which steps begin; `None` where the page has none.
    pub steps_at: Option<u8>,
    /// Its surroundings.
    pub around: &'r Around<'r>,
    /// Lines of the file before its body.
    pub lines: &'r dyn Fn(usize) -> usize,
    /// What is wrong.
    pub problems: &'r mut Vec<Problem>,
    /// Colours.
    pub painter: &'r mut Painter,
    /// The HTML of the blocks, by their numbers.
    pub blocks: Vec<String>,
    /// The manifests it opens in the editor.
    pub files: Vec<LessonFile>,
}

/// Where one is in the page while it is read.
#[derive(Default)]
struct Position {
    step: usize,
    spans: Vec<String>,
    after_command: bool,
    wish: Info,
    hint: bool,
    /// A shell is open in a container.
    shell: bool,
}

impl Reader<'_> {
    /// Finds and classifies the code blocks, in order; `steps` is filled with what comments say of each.
    pub fn fences<'a>(&mut self, root: Node<'a>, steps: &mut [Done]) -> Vec<Fence<'a>> {
        let mut fences: Vec<Fence<'a>> = Vec::new();
        let mut at = Position::default();
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::Heading(heading) if Some(heading.level) == self.steps_at => {
                    at = Position { step: at.step + 1, ..Position::default() };
                }
                NodeValue::Paragraph => at.spans = code_spans(node),
                NodeValue::HtmlBlock(block) => comment(&block.literal, &mut at, steps),
                NodeValue::CodeBlock(code) => {
                    let shows =
                        fences.last().is_some_and(|before| before.kind == Kind::Command && prints_objects(before));
                    let fence = self.fence(node, code, shows, &mut at);
                    at.after_command = matches!(fence.kind, Kind::Command);
                    let number = fences.len();
                    if let Some(before) =
                        fences.last_mut().filter(|before| fence.kind == Kind::Output && before.kind == Kind::Command)
                    {
                        before.output = Some(number);
                    }
                    fences.push(fence);
                }
                _ => {}
            }
        }
        fences
    }

    /// One block; `shows` says that the command before it prints objects.
    fn fence<'a>(&mut self, node: Node<'a>, code: &NodeCodeBlock, shows: bool, at: &mut Position) -> Fence<'a> {
        let info = Info::read(&code.info).or(std::mem::take(&mut at.wish));
        let printed = shows && at.after_command && info.title.is_none() && info.lab.is_none();
        let kind = match fences::classify(&info, &code.literal, at.after_command) {
            Kind::Manifest if printed => Kind::Output,
            kind => kind,
        };
        let place = node.data().sourcepos.start;
        if !code.closed {
            let message = format!("this code block is never closed: a line with {} is missing", fence_line(code));
            self.problems.push(Problem::at(self.around.file, (self.lines)(place.line), place.column, message));
        }
        let mut pieces = if kind == Kind::Command { commands::split(&code.literal) } else { Vec::new() };
        pieces.iter_mut().for_each(|piece| follow_shell(piece, &mut at.shell));
        Fence {
            node,
            info,
            text: code.literal.clone(),
            kind,
            spans: std::mem::take(&mut at.spans),
            step: at.step,
            line: (self.lines)(place.line + usize::from(code.fenced)),
            pieces,
            hint: at.hint,
            output: None,
        }
    }

    /// Puts each block's place in the page, and collects what the steps have the learner do.
    pub fn render(&mut self, fences: &[Fence<'_>], steps: &mut [Done]) {
        let mut joined = false;
        for (at, fence) in fences.iter().enumerate() {
            let done = steps.get_mut(fence.step).expect("a step for each heading that was counted");
            let html = match fence.kind {
                Kind::Command => {
                    joined = follows(fence, fences.get(at + 1))
                        && matches!(fence.pieces.last(), Some(Piece::Command(_) | Piece::Typed(_)));
                    let shown = fence.output.map(|number| &fences[number]);
                    self.command(fence, shown, joined, done)
                }
                Kind::Output if std::mem::take(&mut joined) => String::new(),
                Kind::Output => {
                    let of_command =
                        at > 0 && fences[at - 1].kind == Kind::Command && fences[at - 1].step == fence.step;
                    blocks::output(&fence.text, of_command)
                }
                Kind::Manifest => {
                    let written = self.manifest(fences, at);
                    let html = blocks::manifest(&written.file.name, &fence.info.language, &fence.text, self.painter);
                    if !fence.hint {
                        done.work.extend(applied(fence, &written));
                    }
                    html
                }
                Kind::Check => {
                    self.check(fence, done);
                    String::new()
                }
                Kind::Code => {
                    let title = fence.info.title.as_deref();
                    blocks::code(title, &fence.info.language, &fence.text, self.painter)
                }
            };
            self.put(fence.node, html);
        }
    }

    /// Puts HTML of ours in a node's place.
    pub fn put(&mut self, node: Node<'_>, html: String) {
        let number = self.blocks.len();
        self.blocks.push(html);
        node.data_mut().value = NodeValue::Raw(format!("{BLOCK_BEGINS}{number}{BLOCK_ENDS}\n"));
    }

    fn command(&mut self, fence: &Fence<'_>, shown: Option<&Fence<'_>>, joined: bool, done: &mut Done) -> String {
        let mut pieces: Vec<Piece> = fence.pieces.clone();
        for piece in &mut pieces {
            if let Piece::Command(text) = piece {
                self.take_examples(text);
            }
        }
        if !fence.hint {
            done.work.extend(commands_of(fence, &pieces, shown).into_iter().map(Work::Run));
        }
        if let Some(output) = shown.filter(|_| joined) {
            pieces.push(Piece::Output(output.text.trim_end().to_owned()));
        }
        blocks::commands(&pieces, fence.info.lab.as_deref() == Some("copy"))
    }

    /// Files of the Kubernetes documentation that a command names by address come with the lesson, if they are here.
    fn take_examples(&mut self, command: &mut String) {
        // Whatever else fetches such a file makes one of its own.
        if !commands::is_kubectl(command) {
            return;
        }
        for (address, path) in examples::named_in(command) {
            let Some(text) = (self.around.include)(&path) else { continue };
            let name = examples::file_name(&path);
            *command = command.replace(&address, &name);
            self.add_file(LessonFile { name, text });
        }
    }

    fn add_file(&mut self, file: LessonFile) {
        if !self.files.iter().any(|there| there.name == file.name) {
            self.files.push(file);
        }
    }

    fn manifest(&mut self, fences: &[Fence<'_>], at: usize) -> Written {
        let fence = &fences[at];
        let name = file_name(fences, at);
        let broken = fence.info.broken();
        if !broken {
            let bad = lint::unreadable_manifest(self.around.file, fence.line, &name, &fence.text);
            self.problems.extend(bad);
        }
        let file = LessonFile { name, text: fence.text.clone() };
        self.add_file(file.clone());
        Written { file, broken, place: fence.line }
    }

    fn check(&mut self, fence: &Fence<'_>, done: &mut Done) {
        let tongue = Tongue::of(self.around.language);
        let (checks, misread) = check::read(&fence.text, fence.line, tongue);
        for bad in misread {
            self.problems.push(Problem::at(self.around.file, fence.line + bad.line - 1, bad.column, bad.message));
        }
        if fence.step == 0 && !checks.is_empty() {
            let message = "this check belongs to no step: put it below a `##` heading";
            self.problems.push(Problem::at(self.around.file, fence.line, 1, message));
        }
        done.checks.extend(checks);
    }
}

/// Keeps whether a shell is open: what follows the command that opens one is typed into it, until it is left.
fn follow_shell(piece: &mut Piece, open: &mut bool) {
    match piece {
        Piece::Command(text) if commands::shell::opens(&commands::to_run(text)) => *open = true,
        Piece::Command(text) if *open && commands::shell::takes(text) => {
            *open = !commands::shell::is_left_by(text);
            *piece = Piece::Typed(std::mem::take(text));
        }
        Piece::Typed(text) => *open = !commands::shell::is_left_by(text),
        Piece::Command(_) | Piece::Comment(_) | Piece::Output(_) => {}
    }
}

/// Whether a block's last command prints objects as YAML or JSON.
fn prints_objects(fence: &Fence<'_>) -> bool {
    let last = fence.pieces.iter().rev().find_map(|piece| match piece {
        Piece::Command(text) => Some(text),
        _ => None,
    });
    last.is_some_and(|line| commands::prints_objects(line))
}

/// A manifest is written; with `lab=apply` it is applied as well.
fn applied(fence: &Fence<'_>, written: &Written) -> Vec<Work> {
    let mut work = vec![Work::Write(written.clone())];
    if fence.info.lab.as_deref() == Some("apply") {
        let line = format!("kubectl apply -f {}", written.file.name);
        let (exit, timeout, place) = (fence.info.exit, fence.info.timeout, written.place);
        work.push(Work::Run(Command { line, expected: None, exit, timeout, runnable: true, typed: false, place }));
    }
    work
}

/// What a comment wishes, and where hints begin and end.
fn comment(literal: &str, at: &mut Position, steps: &mut [Done]) {
    if let Some(words) = wishes::words(literal) {
        match (wishes::of_step(words), steps.get_mut(at.step)) {
            (Some(words), Some(step)) => {
                let wish = wishes::read(words);
                (step.minutes, step.timeout) = (wish.minutes.or(step.minutes), wish.timeout.or(step.timeout));
            }
            _ => at.wish = wishes::read(words),
        }
    }
    if html::summary(literal).is_some_and(|summary| html::role(summary) == Some("hint")) {
        at.hint = true;
    }
    if literal.contains("</details>") {
        at.hint = false;
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
    let title = fence.info.title.as_deref().map(examples::file_name).filter(|title| !title.is_empty());
    title.or_else(|| manifests::named_in(&fence.spans)).or(applied).unwrap_or_else(|| manifests::own_name(&fence.text))
}

fn code_spans(paragraph: Node<'_>) -> Vec<String> {
    let span = |node: Node<'_>| match &node.data().value {
        NodeValue::Code(code) => Some(code.literal.clone()),
        _ => None,
    };
    paragraph.descendants().filter_map(span).collect()
}

/// The commands of a block, each with what is shown to come of it. `pieces` are the block's, as they are run.
fn commands_of(fence: &Fence<'_>, pieces: &[Piece], shown: Option<&Fence<'_>>) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    let copied = fence.info.lab.as_deref() == Some("copy");
    let mut below = 0;
    for (written, piece) in fence.pieces.iter().zip(pieces) {
        let (Piece::Command(as_written)
        | Piece::Typed(as_written)
        | Piece::Comment(as_written)
        | Piece::Output(as_written)) = written;
        below = line_of(&fence.text, as_written, below);
        let place = fence.line + below;
        match piece {
            Piece::Command(text) => {
                let line = commands::to_run(text);
                let runnable = !copied && commands::runs_here(&line);
                let (exit, timeout) = (fence.info.exit, fence.info.timeout);
                found.push(Command { line, expected: None, exit, timeout, runnable, typed: false, place });
            }
            Piece::Typed(text) => {
                let (line, typed, timeout) = (commands::to_run(text), !copied, fence.info.timeout);
                found.push(Command { line, expected: None, exit: None, timeout, runnable: false, typed, place });
            }
            Piece::Output(text) => expect(&mut found, text, fence.info.glob, place),
            Piece::Comment(_) => {}
        }
    }
    if let Some(shown) = shown {
        expect(&mut found, &shown.text, shown.info.glob, shown.line);
    }
    found
}

/// The line of a block, from 0, in which a piece begins; looked for from `from` on.
fn line_of(block: &str, piece: &str, from: usize) -> usize {
    let first = piece.lines().next().unwrap_or_default();
    block.lines().enumerate().skip(from).find(|(_, line)| line.contains(first)).map_or(from, |(at, _)| at)
}

fn expect(found: &mut [Command], text: &str, glob: bool, place: usize) {
    if let Some(last) = found.last_mut() {
        last.expected = Some(Expected { text: text.trim_end().to_owned(), glob, place });
    }
}
