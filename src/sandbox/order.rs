//! What a sandbox is made for, and how whoever waits for it is told how it goes.

use std::{fmt, sync::Arc};

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

/// Takes sentences for the learner while a sandbox is being made. Clones tell the same learner.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(String) + Send + Sync>);

impl Progress {
    /// Tells them to this function, which must not wait.
    pub fn to(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Nobody listens.
    pub fn unheard() -> Self {
        Self::to(|_| {})
    }

    /// Tells a sentence.
    pub fn tell(&self, text: impl Into<String>) {
        (self.0)(text.into());
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
