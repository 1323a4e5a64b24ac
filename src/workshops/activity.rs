//! What is seen of a learner while they work: where they are, when they last did something, what fails again and again.

use jiff::Timestamp;

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

impl Activity {
    /// They do something on a step.
    pub fn acted(&mut self, at: Option<&Place>, now: Timestamp) {
        self.last = Some(now);
        if at.is_some() && self.errors_at.as_ref() != at {
            self.errors_at = at.cloned();
            self.errors.clear();
            self.unmet = None;
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
