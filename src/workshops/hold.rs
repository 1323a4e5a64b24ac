//! Whether a command is to wait: the workshop is paused, or the command belongs to a step that is not open yet. Pure.

use super::{activity::Place, parts::Part};
use crate::lessons::model::{Lesson, Work};

/// Why a learner's command is refused for now. The words are the page's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// Nobody works until the instructor goes on.
    Paused,
    /// Everybody waits at the end of the step with this title.
    Held(String),
}

/// A command of a learner.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The lesson that is open.
    pub lesson: &'a Lesson,
    /// The line.
    pub line: &'a str,
    /// The manifest that is applied with it.
    pub file: Option<&'a str>,
}

impl Asked<'_> {
    /// The steps that have the learner do this, by their numbers.
    fn steps(self) -> impl Iterator<Item = usize> {
        let has = move |work: &Work| match work {
            Work::Run(command) => command.line == self.line,
            Work::Write(written) => self.file == Some(written.file.name.as_str()),
        };
        let steps = self.lesson.steps.iter().enumerate();
        steps.filter(move |(_, step)| step.work.iter().any(has)).map(|(number, _)| number)
    }
}

/// Whether it belongs to what lies beyond a hold: to a later lesson, or to later steps of this one only. What no step has
/// is the learner's own, and is theirs to try.
pub(super) fn is_beyond(parts: &[Part], hold: &Place, asked: Asked<'_>) -> bool {
    let part = |id: &str| parts.iter().position(|part| part.id == id);
    let (Some(held), Some(open)) = (part(&hold.lesson), part(&asked.lesson.id)) else { return false };
    if open != held {
        return open > held;
    }
    let Some(last) = parts[held].steps.iter().position(|(id, _)| *id == hold.step) else { return false };
    asked.steps().min().is_some_and(|first| first > last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshops::testing::lesson_with;

    const TEXT: &str = "## Go\n\n```bash\nkubectl get pods\n```\n\n## Stay\n\n```bash\nkubectl get pods\nkubectl get nodes\n```\n\n\
                        ```yaml title=\"late.yaml\"\napiVersion: v1\nkind: Pod\n```\n";

    fn beyond(lesson: &str, line: &str, file: Option<&str>) -> bool {
        let part = |id: &str| Part {
            id: id.to_owned(),
            title: id.to_owned(),
            steps: ["go", "stay"].map(|step| (step.to_owned(), step.to_owned())).to_vec(),
        };
        let hold = Place { lesson: "one".to_owned(), step: "go".to_owned() };
        let asked = Asked { lesson: &lesson_with(lesson, TEXT), line, file };
        is_beyond(&["zero", "one", "two"].map(part), &hold, asked)
    }

    #[test]
    fn what_only_later_steps_have_waits() {
        assert!(beyond("one", "kubectl get nodes", None));
        assert!(beyond("one", "kubectl apply -f late.yaml", Some("late.yaml")));
        assert!(!beyond("one", "kubectl get pods", None), "an open step has it too");
        assert!(!beyond("one", "kubectl describe pods", None), "it is the learner's own");
    }

    #[test]
    fn later_lessons_wait_whole_and_earlier_ones_are_open() {
        assert!(beyond("two", "kubectl describe pods", None));
        assert!(!beyond("zero", "kubectl get nodes", None));
        assert!(!beyond("not in the workshop", "kubectl get nodes", None));
    }
}
