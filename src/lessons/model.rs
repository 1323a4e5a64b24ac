//! A lesson as the pages show it.

pub use crate::lessons::{check::Check, needs::Need, quiz::Quiz};

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// From front matter (`id`, else `slug`, else the file's name); the last part of its address.
    pub id: String,
    /// The language it is written in: `en`, `de`.
    pub language: String,
    /// What it is called.
    pub title: String,
    /// One or two sentences for the catalogue.
    pub description: String,
    /// Where it stands among the others; lower comes first.
    pub position: i64,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// What it needs of a sandbox that not all have.
    pub needs: Vec<Need>,
    /// Whether it is not to be shown yet.
    pub draft: bool,
    /// What comes before the first step, as HTML.
    pub intro: String,
    /// What the text before the first step has the learner do, in order.
    pub prelude: Vec<Work>,
    /// One per second-level heading, or where `lab.steps` has them begin.
    pub steps: Vec<Step>,
    /// The manifests it opens in the editor.
    pub files: Vec<LessonFile>,
    /// Images that no registry has or whose name is none, on purpose.
    pub missing_images: Vec<String>,
    /// Its questions, in the order of the text.
    pub quizzes: Vec<Quiz>,
    /// The footnotes, as HTML; empty when there are none.
    pub footnotes: String,
    /// The file it was read from, as findings name it.
    pub source: String,
}

impl Lesson {
    /// Everything that it has the learner do, in order.
    pub fn work(&self) -> impl Iterator<Item = &Work> {
        self.prelude.iter().chain(self.steps.iter().flat_map(|step| &step.work))
    }

    /// Its commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.work().filter_map(Work::command)
    }

    /// The first command that makes something: what an empty Pods view offers.
    pub fn starter(&self) -> Option<&str> {
        let makes = |command: &&Command| {
            let mut words = command.line.split_whitespace();
            command.runnable
                && words.next() == Some("kubectl")
                && matches!(words.next(), Some("run" | "apply" | "create"))
        };
        self.commands().find(makes).map(|command| command.line.as_str())
    }

    /// Whether any of its steps has checks.
    pub fn has_checks(&self) -> bool {
        self.steps.iter().any(|step| !step.checks.is_empty())
    }
}

/// One step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The heading's anchor by GitHub's rule; a translation has its original's.
    pub id: String,
    /// The heading's text.
    pub title: String,
    /// The heading as HTML.
    pub heading: String,
    /// What follows it, as HTML.
    pub html: String,
    /// How long it takes, in minutes, where the page says so.
    pub minutes: Option<u32>,
    /// How long its checks may take to hold, in seconds, where the page says so.
    pub timeout: Option<u64>,
    /// What it has the learner do, in order.
    pub work: Vec<Work>,
    /// What it wants to see in the sandbox.
    pub checks: Vec<Check>,
    /// The line of the file where it begins, counted from 1.
    pub place: usize,
}

/// Something that a lesson has the learner do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A file is written, or changed to this, in the editor.
    Write(Written),
    /// A command is run.
    Run(Command),
}

impl Work {
    /// The command, if it is one.
    pub fn command(&self) -> Option<&Command> {
        match self {
            Self::Run(command) => Some(command),
            Self::Write(_) => None,
        }
    }
}

/// A file as a lesson has the learner write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: LessonFile,
    /// Whether it is wrong on purpose.
    pub broken: bool,
    /// The line of the lesson's file where its first line stands, counted from 1.
    pub place: usize,
}

/// A command of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is sent to the console; several lines for a here-document.
    pub line: String,
    /// The output that the text shows for it, where it shows one.
    pub expected: Option<Expected>,
    /// The exit code that the author says it ends with.
    pub exit: Option<i32>,
    /// For how long it may run, in seconds, where the author says so.
    pub timeout: Option<u64>,
    /// Whether the console can run it; others are for the learner's own machine.
    pub runnable: bool,
    /// Whether it is typed into the shell that a command before it has opened in a container.
    pub typed: bool,
    /// The line of the file where it stands, counted from 1.
    pub place: usize,
}

/// The output that a text shows for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// As it is shown.
    pub text: String,
    /// Whether a `*` in it stands for anything.
    pub glob: bool,
    /// The line of the file where it begins, counted from 1.
    pub place: usize,
}

/// A manifest that comes with a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonFile {
    /// `10-pod.yaml`
    pub name: String,
    /// Its text as the lesson gives it.
    pub text: String,
}
