//! What is seen of a learner while they work: where they are, when they last did something, what fails again and again.

use jiff::Timestamp;

use crate::sessions::checks::StepState;

/// The most different errors that are remembered on one step.
const MAX_ERRORS: usize = 12;
/// The most characters of an error that are shown on the wall.
const MAX_ERROR: usize = 160;

/// A step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The lesson's id.
    pub lesson: String,
    /// The step's id.
    pub step: String,
}

/// An error that came more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The first line of what the command said.
    pub text: String,
    /// How often.
    pub times: u32,
}

/// A check that does not hold, in the words that the learner's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What is checked.
    pub check: String,
    /// Why it does not hold, if that is known.
    pub because: Option<String>,
}

/// What one learner does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// How many pages they have open.
    pub pages: usize,
    /// The lesson they have open; empty for none.
    pub lesson: String,
    /// When the last page was closed.
    pub left: Option<Timestamp>,
    /// When they last ran a command or changed a file.
    pub last: Option<Timestamp>,
    /// A check of the step they are on.
    pub unmet: Option<Unmet>,
    /// On which step the errors came.
    pub(super) errors_at: Option<Place>,
    pub(super) errors: Vec<Repeated>,
}

impl Unmet {
    /// The first check that does not hold of the step they are on.
    pub(super) fn of(steps: &[StepState], at: Option<&Place>) -> Option<Self> {
        let step = steps.iter().find(|step| at.is_some_and(|at| at.step == step.step)).filter(|step| !step.done)?;
        let check = step.checks.iter().find(|check| !check.verdict.holds)?;
        let because = Some(check.verdict.because.clone()).filter(|because| !because.is_empty());
        Some(Self { check: check.text.trim_end_matches('.').to_owned(), because })
    }
}

impl Activity {
    /// They do something on a step.
    pub fn acted(&mut self, at: Option<&Place>, now: Timestamp) {
        self.last = Some(now);
        if at.is_some() && self.errors_at.as_ref() != at {
            self.errors_at = at.cloned();
            self.errors.clear();
        }
    }

    /// A command failed and said this.
    pub fn failed(&mut self, said: &str) {
        let Some(line) = said.lines().map(str::trim).find(|line| !line.is_empty()) else { return };
        let text: String = line.chars().take(MAX_ERROR).collect();
        if let Some(known) = self.errors.iter_mut().find(|error| error.text == text) {
            known.times += 1;
        } else if self.errors.len() < MAX_ERRORS {
            self.errors.push(Repeated { text, times: 1 });
        }
    }

    /// The error that came most often on the step they are on.
    pub fn repeated(&self) -> Option<&Repeated> {
        self.errors.iter().max_by_key(|error| error.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lessons::check::Verdict, sessions::checks::CheckState};

    fn place(step: &str) -> Place {
        Place { lesson: "one".into(), step: step.into() }
    }

    #[test]
    fn the_same_error_is_counted_and_another_step_begins_anew() {
        let mut activity = Activity::default();
        let now = Timestamp::UNIX_EPOCH;
        activity.acted(Some(&place("a")), now);
        for _ in 0..3 {
            activity.failed("\n  error: no such thing\nsecond line\n");
            activity.failed("error: another");
            activity.acted(Some(&place("a")), now);
        }
        activity.failed("error: no such thing");
        assert_eq!(activity.repeated(), Some(&Repeated { text: "error: no such thing".into(), times: 4 }));
        activity.acted(Some(&place("b")), now);
        assert_eq!(activity.repeated(), None);
    }

    #[test]
    fn only_the_step_they_are_on_can_be_unmet_and_only_until_it_is_done() {
        let check = |text: &str, holds| CheckState {
            text: text.to_owned(),
            verdict: Verdict {
                holds,
                is: String::new(),
                wanted: String::new(),
                because: "It is 1, wanted 2.".to_owned(),
            },
            hint: None,
        };
        let step = |step: &str, done, checks| StepState { step: step.to_owned(), done, checks };
        let steps = [
            step("a", true, vec![check("A runs.", false)]),
            step("b", false, vec![check("B is there.", true), check("B runs.", false)]),
        ];
        let unmet = Unmet { check: "B runs".to_owned(), because: Some("It is 1, wanted 2.".to_owned()) };
        assert_eq!(Unmet::of(&steps, Some(&place("b"))), Some(unmet));
        assert_eq!(Unmet::of(&steps, Some(&place("a"))), None, "done once is done");
        assert_eq!(Unmet::of(&steps, Some(&place("c"))), None);
        assert_eq!(Unmet::of(&steps, None), None);
    }

    #[test]
    fn errors_are_bounded() {
        let mut activity = Activity::default();
        for number in 0..100 {
            activity.failed(&format!("error {number} {}", "x".repeat(1000)));
        }
        assert_eq!(activity.errors.len(), MAX_ERRORS);
        assert_eq!(activity.errors[0].text.chars().count(), MAX_ERROR);
        activity.failed("  \n ");
        assert_eq!(activity.errors.len(), MAX_ERRORS);
    }
}
