//! A lesson's checks in a learner's sandbox: watched, not asked for, so that they turn green by themselves.
//!
//! `watch` looks at one sandbox; `probe` reads logs and asks ports; `board` keeps the state of a lesson's steps over the
//! sandboxes of a session. What holds is decided in `lessons::check`.

pub mod board;
mod probe;
pub mod watch;

#[cfg(test)]
mod tests;

pub use self::{
    board::{CheckState, StepState},
    watch::watch,
};
