//! What a sandbox is made for, and how whoever waits for it is told how it goes.

use std::{fmt, sync::Arc, time::Duration};

/// What a provider is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose sandbox it is: a name that is no secret and stays the same over a restart. It goes into names, labels and
    /// records, by which a sandbox of before a restart, or of another replica, is found again.
    pub session: String,
    /// Takes what the learner is told meanwhile.
    pub progress: Progress,
}

impl Order {
    /// An order of this session.
    pub fn new(session: impl Into<String>, progress: Progress) -> Self {
        Self { session: session.into(), progress }
    }
}

/// How far a sandbox is that is being made. What it is called is the page's to say, in the learner's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The sandbox that the session had before a restart is looked for.
    LookedFor,
    /// Others come first.
    InLine {
        /// 1 is next.
        place: usize,
        /// How long that takes; `None` where it depends on when another learner leaves.
        estimate: Option<Duration>,
    },
    /// A stage of kind, in its own words.
    Kind(String),
    /// The images of the lessons are loaded.
    Images,
    /// It is made, and not ready yet.
    Settling,
    /// It did not work, and is tried once more.
    Again,
    /// A namespace is being made.
    Namespace,
}

/// Takes the stages of a sandbox for its learner. Clones tell the same learner.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Stage) + Send + Sync>);

impl Progress {
    /// Tells them to this function, which must not wait.
    pub fn to(tell: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Nobody listens.
    pub fn unheard() -> Self {
        Self::to(|_| {})
    }

    /// Tells how far it is.
    pub fn tell(&self, stage: Stage) {
        (self.0)(stage);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
