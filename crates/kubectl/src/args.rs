//! The command line: which command, which flags, which arguments; and what to say when it makes no sense.
//!
//! Pure: no IO here. The names, short forms and defaults of all flags are in `commands.tsv`, one command a line.

mod command;
pub mod duration;
mod flag;
pub mod help;
mod matches;
mod parse;
mod suggest;

pub use command::{Command, GLOBAL, child, children, find};
pub use flag::{Flag, Kind as FlagKind};
pub use matches::{Matches, parse_bool};
pub use parse::{Parsed, parse};
