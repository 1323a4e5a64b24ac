//! kubectl 1.36's behaviour as a library, over any [`kube::Client`]: the same words, streams and exit codes.
//!
//! It starts no program, reads no environment and knows neither the cluster it talks to nor the web page above it.
//! What it needs of the world is in [`Env`].

mod args;
mod channels;
mod complete;
mod describe;
pub mod env;
pub mod failure;
mod manifests;
mod merge;
pub mod output;
mod resolve;
mod selection;
mod server;
mod session;
pub mod status;
#[cfg(test)]
mod tests;
mod verbs;
mod watch;
mod yaml;

use args::Parsed;
pub use env::Env;
use failure::{Failure, Outcome};
use session::Session;

/// Ended by Ctrl-C: 128 and the number of SIGINT, as a shell reports it.
pub const INTERRUPTED: i32 = 130;

/// Runs one command line, without the word `kubectl`, and gives its exit code.
pub async fn run(argv: &[String], env: Env) -> i32 {
    let cancel = env.cancel.clone();
    let work = async {
        if let Some(("__complete", words)) = argv.split_first().map(|(first, words)| (first.as_str(), words)) {
            return complete::run(words, env).await;
        }
        match args::parse(argv) {
            Parsed::Run(matches) => {
                let (session, warnings) = Session::open(env, &matches);
                let strict = matches.on("warnings-as-errors");
                let outcome = session.with_warnings(strict, warnings, verbs::dispatch(&session, &matches)).await;
                finish(&session, outcome).await
            }
            other => {
                let (session, _) = Session::bare(env);
                let outcome = words(&session, other).await;
                finish(&session, outcome).await
            }
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => INTERRUPTED,
        code = work => code,
    }
}

async fn words(session: &Session, parsed: Parsed) -> Outcome {
    match parsed {
        Parsed::Help(path) => session.out(&args::help::of(path)).await,
        Parsed::Options => session.out(&args::help::options()).await,
        Parsed::Group(command) => {
            session.err(&args::help::of(command.path)).await?;
            Err(Failure::Exit(1))
        }
        Parsed::Wrong(text) => Err(Failure::Said(text)),
        Parsed::Run(_) => Ok(()),
    }
}

async fn finish(session: &Session, outcome: Outcome) -> i32 {
    let Err(failure) = outcome else { return 0 };
    let mut text = failure.text();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // Nobody reads standard error any more: the code is all that is left.
    let _ = session.err(&text).await;
    failure.code()
}
