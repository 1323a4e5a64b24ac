//! Failures inside the agent, with what was being tried.

use std::{
    fmt::{self, Display},
    io,
};

use crate::node::runtime::linux::wire::Failure;

/// Says what was tried when it fails.
pub(super) trait Trying<T> {
    /// `what: the kernel's reason`.
    fn trying(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::Init(format!("{what}: {}", reason(&error.into()))))
    }
}

/// The kernel's reason in C's words, in lower case as Go prints it: `no such file or directory`.
pub(super) fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => nix::errno::Errno::from_raw(code).desc().to_lowercase(),
        None => error.to_string(),
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(what) => write!(f, "{what} not found"),
            Self::Program(why) | Self::Init(why) => f.write_str(why),
        }
    }
}
