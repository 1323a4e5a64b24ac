//! What the commands do; one file each.

mod apply;
mod create;
mod delete;
mod get;
mod logs;
mod pod;
mod result;

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    session::Session,
};

/// Runs the command that was parsed.
pub async fn dispatch(session: &Session, matches: &Matches) -> Outcome {
    match matches.command.path {
        "apply" => apply::run(session, matches).await,
        "create" => create::run(session, matches).await,
        "delete" => delete::run(session, matches).await,
        "get" => get::run(session, matches).await,
        "logs" => logs::run(session, matches).await,
        other => Err(Failure::Said(format!("\"kubectl {other}\" is not available here"))),
    }
}
