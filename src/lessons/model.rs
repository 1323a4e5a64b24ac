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

/// One step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The heading's anchor by GitHub's rule.
    pub id: String,
    /// The heading's text.
    pub title: String,
    /// What follows it, as HTML.
    pub html: String,
}

/// A manifest that comes with a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonFile {
    /// `10-pod.yaml`
    pub name: String,
    /// Its text as the lesson gives it.
    pub text: String,
}
