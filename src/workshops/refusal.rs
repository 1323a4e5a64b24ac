//! What is refused in a workshop, and why.

use jiff::Timestamp;

use crate::storage::{Plan, StorageError, Workshop, WorkshopState};

/// The longest title, name and question, in characters.
pub const MAX_LINE: usize = 200;
/// The longest message and pushed command, in characters.
pub const MAX_TEXT: usize = 4_000;
/// The most learners a workshop may have.
pub const MAX_CAPACITY: u64 = 1_000;

/// Why nobody gets in. The words are the page's.
#[derive(Debug, thiserror::Error)]
pub enum NoEntry {
    /// No workshop has the code.
    #[error("no workshop has this code")]
    NoSuchCode,
    /// They did not say what they are called.
    #[error("there is no name")]
    NoName,
    /// Closed by the instructor.
    #[error("the workshop takes nobody new")]
    Closed,
    /// It has not begun.
    #[error("the workshop begins {0}")]
    NotYet(Timestamp),
    /// It is over.
    #[error("the workshop is over")]
    Over,
    /// All seats are taken.
    #[error("all {0} seats are taken")]
    Full(u64),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why an instructor gets nothing. The words are the page's.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such workshop, or it is somebody else's: the answer is the same.
    #[error("there is no such workshop of theirs")]
    NotYours,
    /// It is over, and stays so.
    #[error("the workshop is over")]
    Over,
    /// The plan can't be.
    #[error("the plan can't be: {0:?}")]
    Plan(PlanMistake),
    /// There is no such step.
    #[error("there is no such step")]
    NoSuchStep,
    /// Neither a message nor a command.
    #[error("nothing is said")]
    NothingSaid,
    /// More than [`MAX_TEXT`].
    #[error("the message is too long")]
    TooLong,
    /// Nobody with this id is in the workshop.
    #[error("nobody of this id is in the workshop")]
    Nobody,
    /// The learner is away.
    #[error("the learner is away")]
    Away,
    /// The learner has no lesson open.
    #[error("the learner has no lesson open")]
    NoLesson,
    /// The learner's console does not take it; in its own words.
    #[error("{0}")]
    Console(String),
    /// The learner of this name has not allowed it.
    #[error("{0} has not allowed it")]
    NotAllowed(String),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What is wrong with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanMistake {
    /// It has no title of one line.
    Title,
    /// No lesson is chosen.
    NoLessons,
    /// There can't be so many learners.
    Capacity,
    /// More sandboxes would be made ahead than there are learners.
    Prewarm,
    /// When it begins is no time.
    Starts,
    /// When it ends is no time.
    Ends,
    /// It would end before it begins.
    EndsFirst,
}

/// One line of a learner's or an instructor's, without what would break it; `None` when nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_LINE).collect();
    (!line.is_empty()).then_some(line)
}

/// What is wrong with a plan, if anything is.
pub(super) fn check(plan: &Plan) -> Result<(), PlanMistake> {
    let ends_first = plan.starts.zip(plan.ends).is_some_and(|(starts, ends)| ends <= starts);
    match plan {
        plan if line(&plan.title).as_ref() != Some(&plan.title) => Err(PlanMistake::Title),
        plan if plan.lessons.is_empty() => Err(PlanMistake::NoLessons),
        plan if !(1..=MAX_CAPACITY).contains(&plan.capacity) => Err(PlanMistake::Capacity),
        plan if plan.prewarm > plan.capacity => Err(PlanMistake::Prewarm),
        _ if ends_first => Err(PlanMistake::EndsFirst),
        _ => Ok(()),
    }
}

/// Whether somebody new may come in.
pub(super) fn may_enter(workshop: &Workshop, now: Timestamp) -> Result<(), NoEntry> {
    match workshop.state {
        WorkshopState::Ended => return Err(NoEntry::Over),
        WorkshopState::Closed => return Err(NoEntry::Closed),
        WorkshopState::Open | WorkshopState::Paused => {}
    }
    if workshop.plan.ends.is_some_and(|ends| ends <= now) {
        return Err(NoEntry::Over);
    }
    match workshop.plan.starts.filter(|starts| now < *starts) {
        Some(starts) => Err(NoEntry::NotYet(starts)),
        None => Ok(()),
    }
}
