//! The `podyard` program.

use std::{io::Write as _, process::ExitCode};

use podyard::{
    commands,
    config::{self, ConfigError},
};
use podyard_cluster::node::runtime::linux;

fn main() -> ExitCode {
    // A node's agent must be alone in its process: it is told apart before any thread is started.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == linux::AGENT_ARGUMENT) {
        linux::agent_main();
    }
    let task = match config::from_process() {
        Ok(task) => task,
        Err(ConfigError::Usage(usage)) => usage.exit(),
        Err(ConfigError::Mistakes(mistakes)) => return failed(&mistakes),
    };
    match commands::run(task) {
        Ok(code) => ExitCode::from(code),
        Err(error) => failed(&format!("{error:#}")),
    }
}

fn failed(why: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "podyard: {why}");
    ExitCode::FAILURE
}
