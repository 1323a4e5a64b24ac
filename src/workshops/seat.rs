//! What a learner's page knows of the workshop, and what it may say. The page gets it whole whenever it changes.

use serde::{Deserialize, Serialize};

/// How much of their page a learner lets the instructor have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// Nothing.
    #[default]
    Nothing,
    /// Files, console and Pods can be seen.
    Look,
    /// And commands be typed in the console.
    Type,
}

/// What a learner's page is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatView {
    /// The workshop's title.
    pub title: String,
    /// The instructor's name.
    pub instructor: String,
    /// The learner's own name.
    pub name: String,
    /// Whether their hand is up.
    pub hand: bool,
    /// What they asked.
    pub question: String,
    /// Nobody works until the instructor goes on.
    pub paused: bool,
    /// It is over.
    pub ended: bool,
    /// The last step that is open to all.
    pub hold: Option<Hold>,
    /// What the instructor asks for and has not got.
    pub asks: Option<Sharing>,
    /// What the learner lets the instructor have.
    pub shares: Sharing,
    /// Whether an instructor looks at this very moment.
    pub watched: bool,
    /// What the instructor is typing into the learner's console.
    pub typing: String,
    /// The instructor's messages, oldest first.
    pub notes: Vec<NoteView>,
    /// When it ends, in milliseconds since the epoch.
    pub ends: Option<i64>,
}

/// Where everybody is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// The lesson's id.
    pub lesson: String,
    /// The step's id.
    pub step: String,
    /// The step's title.
    pub title: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteView {
    /// Grows with time.
    pub id: String,
    /// In milliseconds since the epoch.
    pub at: i64,
    /// The message.
    pub text: String,
    /// A command to run with one press; may be empty.
    pub command: String,
}

/// What a learner's page says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum SeatRequest {
    /// The hand goes up.
    Raise {
        /// May be empty.
        #[serde(default)]
        question: String,
    },
    /// The hand goes down.
    Lower,
    /// The instructor may have so much from now on.
    Share {
        /// How much.
        level: Sharing,
    },
}
