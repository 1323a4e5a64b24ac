//! What one scripted process does.

use std::time::Duration;

use crate::node::runtime::RuntimeError;

/// What one scripted process does: prints, waits, ends. Times are tokio's, so that a test can pause them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub(super) start_error: Option<RuntimeError>,
    pub(super) steps: Vec<Step>,
    pub(super) end: Option<i32>,
    pub(super) on_term: Option<i32>,
    pub(super) oom_killed: bool,
}

/// One thing a scripted process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Wait(Duration),
    Out(Vec<u8>),
    Err(Vec<u8>),
    /// Gives back what comes on standard input until it ends.
    Echo,
}

impl Script {
    /// Runs until a signal ends it; TERM does, with code 143.
    pub fn runs() -> Self {
        Self { start_error: None, steps: Vec::new(), end: None, on_term: Some(143), oom_killed: false }
    }

    /// Ends with this code once its other steps are done.
    pub fn exits(code: i32) -> Self {
        Self { end: Some(code), ..Self::runs() }
    }

    /// Can't be started, for this reason.
    pub fn fails_to_start(error: RuntimeError) -> Self {
        Self { start_error: Some(error), ..Self::runs() }
    }

    /// Is ended by the kernel for want of memory once its other steps are done.
    pub fn runs_out_of_memory() -> Self {
        Self { end: Some(137), oom_killed: true, ..Self::runs() }
    }

    /// Then prints to standard output.
    pub fn says(self, text: &str) -> Self {
        self.then(Step::Out(text.as_bytes().to_vec()))
    }

    /// Then prints to standard error.
    pub fn complains(self, text: &str) -> Self {
        self.then(Step::Err(text.as_bytes().to_vec()))
    }

    /// Then waits.
    pub fn waits(self, time: Duration) -> Self {
        self.then(Step::Wait(time))
    }

    /// Then gives back what comes on standard input until it ends.
    pub fn echoes(self) -> Self {
        self.then(Step::Echo)
    }

    /// Ends with this code when TERM comes.
    pub fn on_term(self, code: i32) -> Self {
        Self { on_term: Some(code), ..self }
    }

    /// Goes on when TERM comes, as a shell that is process 1 does.
    pub fn ignores_term(self) -> Self {
        Self { on_term: None, ..self }
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
