//! The subcommands of `podyard`, one file each.

mod cluster;
mod doctor;
mod kubectl;
mod lessons;
mod plan;
mod serve;
mod signals;
mod verify;

use std::io::Write as _;

use crate::config::Task;

/// Does what was asked for; gives the exit code.
///
/// # Errors
/// What made it impossible, in words for whoever started the program.
pub fn run(task: Task) -> anyhow::Result<u8> {
    if let Some(filter) = task.log() {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        match task {
            Task::Serve(config) => serve::run(*config).await,
            Task::Cluster(task) => cluster::run(task).await,
            Task::Kubectl(task) => kubectl::run(task).await,
            Task::Lessons(task) => lessons::run(task).await,
            Task::Verify(task) => verify::run(&task),
            Task::Plan(task) => plan::run(&task),
            Task::Doctor(task) => doctor::run(*task).await,
        }
    });
    // What still waits, such as a read of the terminal, must not keep the program.
    runtime.shutdown_background();
    code
}

/// Writes a line to standard output, for people and for programs that wait for it.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
