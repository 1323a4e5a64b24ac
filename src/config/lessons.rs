//! `podyard lessons …`: what authors ask for.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{
    Mistakes, SandboxKind, Sandboxes,
    raw::{Checker, LogArgs, SandboxArgs, Surroundings},
};

/// What is to be done with lessons.
#[derive(Debug, Clone, PartialEq)]
pub enum LessonsTask {
    /// Say what is wrong with their texts.
    Lint {
        /// A folder or a page.
        path: PathBuf,
        /// The sandboxes that they are meant for.
        sandbox: Option<SandboxKind>,
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
    /// The folder whose images the lessons use.
    pub content: PathBuf,
    /// Where the commands run.
    pub sandboxes: Sandboxes,
    /// What is logged, to standard error.
    pub log: String,
}

/// What `lessons` is followed by.
#[derive(Debug, Subcommand)]
pub(super) enum LessonsCommand {
    /// Say what is wrong with lessons, as file:line:column: message
    Lint(LintArgs),
    /// Run every command of every lesson in a fresh sandbox, and compare what it prints
    Test(Box<TestArgs>),
    /// Write a page to begin with
    New {
        /// The page's file
        path: PathBuf,
    },
    /// Bring lessons over: Killercoda, Katacoda, Educates, Hugo, Docusaurus
    Import {
        /// Their folder, or an archive of it (.zip, .tar, .tar.gz)
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
pub(super) struct LintArgs {
    #[command(flatten)]
    path: PathArgs,
    /// Also say what they need that these sandboxes lack: embedded, kind or kubernetes
    #[arg(long, value_name = "PROVIDER")]
    sandbox: Option<String>,
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
    log: LogArgs,
    #[command(flatten)]
    sandboxes: SandboxArgs,
}

/// The task, with every mistake in what was asked.
pub(super) fn task(command: LessonsCommand, s: &Surroundings) -> Result<LessonsTask, Mistakes> {
    Ok(match command {
        LessonsCommand::Lint(LintArgs { path: PathArgs { path }, sandbox }) => {
            let mut check = Checker::default();
            let sandbox = match &sandbox {
                None => Some(None),
                Some(text) => check.take("--sandbox", text, super::raw::sandbox(text)).map(Some),
            };
            LessonsTask::Lint { path, sandbox: check.finish(sandbox)? }
        }
        LessonsCommand::New { path } => LessonsTask::New { path },
        LessonsCommand::Import { from, to } => LessonsTask::Import { from, to },
        LessonsCommand::Test(args) => {
            let TestArgs { path: PathArgs { path }, junit, jobs, log, sandboxes } = *args;
            let mut check = Checker::default();
            let jobs = check.take("--jobs", &jobs, super::raw::count(&jobs));
            let (log, sandboxes) = (check.log(log), check.sandboxes(sandboxes, s));
            let content = site_of(&path);
            let build = || Some(LessonsTest { path, junit, jobs: jobs?, content, sandboxes: sandboxes?, log: log? });
            let built = build();
            LessonsTask::Test(Box::new(check.finish(built)?))
        }
    })
}

/// What lies beside a site's pages and is used by them.
const SHARED: [&str; 3] = ["images", "examples", "includes"];

/// The site that a page or a folder of pages belongs to: the nearest folder above them that has what pages share, else
/// their own.
pub fn site_of(path: &Path) -> PathBuf {
    let own = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let here = |folder: &Path| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned();
    let shares = |folder: &PathBuf| SHARED.iter().any(|shared| folder.join(shared).is_dir());
    own.ancestors().map(here).find(shares).unwrap_or_else(|| here(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_where_what_pages_share_lies() {
        let root = tempfile::tempdir().unwrap();
        let pods = root.path().join("pods");
        std::fs::create_dir(&pods).unwrap();
        let page = pods.join("a.md");
        std::fs::write(&page, "# A\n").unwrap();
        assert_eq!((site_of(&page), site_of(&pods)), (pods.clone(), pods.clone()));
        std::fs::create_dir(root.path().join("examples")).unwrap();
        assert_eq!((site_of(&page), site_of(&pods)), (root.path().to_owned(), root.path().to_owned()));
    }
}
