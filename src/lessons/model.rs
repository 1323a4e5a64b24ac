//! A lesson as the pages show it.

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// From front matter (`id`, else `slug`, else the file's name); the last part of its address.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// One or two sentences for the catalogue.
    pub description: String,
    /// Where it stands among the others; lower comes first.
    pub position: i64,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// What comes before the first step, as HTML.
    pub intro: String,
    /// One per second-level heading.
    pub steps: Vec<Step>,
    /// The manifests it opens in the editor.
    pub files: Vec<LessonFile>,
    /// The footnotes, as HTML; empty when there are none.
    pub footnotes: String,
}

impl Lesson {
    /// The first command that makes something: what an empty Pods view offers.
    pub fn starter(&self) -> Option<&str> {
        let makes = |command: &&Command| {
            let mut words = command.line.split_whitespace();
            command.runnable
                && words.next() == Some("kubectl")
                && matches!(words.next(), Some("run" | "apply" | "create"))
        };
        self.steps.iter().flat_map(|step| &step.commands).find(makes).map(|command| command.line.as_str())
    }
}

/// One step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The heading's anchor by GitHub's rule.
    pub id: String,
    /// The heading's text.
    pub title: String,
    /// The heading as HTML.
    pub heading: String,
    /// What follows it, as HTML.
    pub html: String,
    /// What it has the learner run, in order.
    pub commands: Vec<Command>,
}

/// A command of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is sent to the console; several lines for a here-document.
    pub line: String,
    /// The output that the text shows for it, where it shows one.
    pub expected: Option<String>,
    /// Whether the console can run it; others are for the learner's own machine.
    pub runnable: bool,
    /// The line of the file where its block begins, counted from 1.
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
