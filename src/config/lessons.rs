//! `podyard lessons …`: what authors ask for.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Config, Mistakes,
    raw::{Checker, ServeArgs, Surroundings, serve},
};

/// What is to be done with lessons.
#[derive(Debug, Clone, PartialEq)]
pub enum LessonsTask {
    /// Say what is wrong with their texts.
    Lint {
        /// A folder or a page.
        path: PathBuf,
    },
    /// Run their commands.
    Test(Box<LessonsTest>),
    /// Begin a page.
    New {
        /// Where.
        path: PathBuf,
    },
    /// Bring lessons over from elsewhere.
    Import {
        /// A folder or an archive.
        from: PathBuf,
        /// The folder they come to.
        to: PathBuf,
    },
}

/// How lessons are tested.
#[derive(Debug, Clone, PartialEq)]
pub struct LessonsTest {
    /// A folder or a page.
    pub path: PathBuf,
    /// Where a JUnit report is written.
    pub junit: Option<PathBuf>,
    /// How many lessons run at once.
    pub jobs: usize,
    /// The sandboxes' part of what the server runs with.
    pub server: Config,
}

/// What `lessons` is followed by.
#[derive(Debug, Subcommand)]
pub(super) enum LessonsCommand {
    /// Say what is wrong with lessons, as file:line:column: message
    Lint(PathArgs),
    /// Run every command of every lesson in a fresh sandbox, and compare what it prints
    Test(Box<TestArgs>),
    /// Write a page to begin with
    New {
        /// The page's file
        path: PathBuf,
    },
    /// Bring lessons over: Killercoda, Katacoda, Educates, Hugo, Docusaurus
    Import {
        /// Their folder, or an archive of it (.tar, .tar.gz)
        from: PathBuf,
        /// The folder they come to
        to: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct PathArgs {
    /// A folder of lessons, or one page
    #[arg(env = "PODYARD_CONTENT", default_value = "content", value_name = "PATH")]
    path: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    path: PathArgs,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How many lessons run at once
    #[arg(long, env = "PODYARD_JOBS", default_value = "6", value_name = "NUMBER")]
    jobs: String,
    #[command(flatten)]
    server: ServeArgs,
}

/// The task, with every mistake in what was asked.
pub(super) fn task(command: LessonsCommand, s: &Surroundings) -> Result<LessonsTask, Mistakes> {
    Ok(match command {
        LessonsCommand::Lint(PathArgs { path }) => LessonsTask::Lint { path },
        LessonsCommand::New { path } => LessonsTask::New { path },
        LessonsCommand::Import { from, to } => LessonsTask::Import { from, to },
        LessonsCommand::Test(args) => {
            let TestArgs { path: PathArgs { path }, junit, jobs, mut server } = *args;
            server.content = folder_of(&path).display().to_string();
            let mut check = Checker::default();
            let jobs = check.take("--jobs", &jobs, super::raw::count(&jobs));
            let jobs = check.finish(jobs)?;
            LessonsTask::Test(Box::new(LessonsTest { path, junit, jobs, server: serve(server, s)? }))
        }
    })
}

/// The folder whose images the lessons use: the nearest above them that has any, else their own.
fn folder_of(path: &std::path::Path) -> PathBuf {
    let own = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let own = if own.as_os_str().is_empty() { std::path::Path::new(".") } else { own };
    own.ancestors()
        .filter(|folder| !folder.as_os_str().is_empty())
        .find(|folder| folder.join("images").is_dir())
        .unwrap_or(own)
        .to_owned()
}
