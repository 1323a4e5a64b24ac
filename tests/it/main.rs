//! The project as a whole, from the outside: the program is started, and people's own tools are pointed at it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod architecture;
mod browser;
mod differential;
mod ending;
mod leftovers;
mod lessons;
mod load;
mod machine;
mod operator;
mod program;
mod providers;
mod replay;
mod resizing;
mod served;
mod storage;
mod streams;
