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
mod names;
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
        Parsed::Group(command) => group(session, command.path).await,
        Parsed::Topic(words) => session.err(&args::help::topic(&words)).await,
        Parsed::Empty => session.err("No alpha commands are available in this version of kubectl\n").await,
        Parsed::Wrong(text) => Err(Failure::Said(text)),
        Parsed::Run(_) | Parsed::Nothing => Ok(()),
    }
}

/// The help of a group that was called alone; two of them take it for an answer.
async fn group(session: &Session, path: &str) -> Outcome {
    let help = args::help::of(path);
    match path {
        "certificate" => session.out(&help).await,
        "rollout" => {
            session.out(&help).await?;
            Err(Failure::Exit(1))
        }
        _ => {
            session.err(&help).await?;
            Err(Failure::Exit(1))
        }
    }
}

async fn finish(session: &Session, outcome: Outcome) -> i32 {
    let Err(failure) = outcome else { return 0 };
    let mut text = failure.text();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // Nobody reads our output any more: the code is all that is left.
    let _ = session.out(failure.printed()).await;
    let _ = session.err(&text).await;
    failure.code()
}
