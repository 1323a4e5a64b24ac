//! What the commands do; one file each.

mod apply;
mod attach;
mod auth;
mod autoscale;
mod certificate;
mod config;
mod cordon;
mod cp;
mod create;
mod debug;
mod delete;
mod derive;
mod describe;
mod diff;
mod discover;
mod drain;
mod dump;
mod edit;
mod elsewhere;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
mod logs;
mod metadata;
mod patch;
mod pod;
mod port_forward;
mod replace;
mod result;
mod rollout;
mod run;
mod scale;
mod set;
mod taint;
mod template;
mod top;
mod version;
mod wait;

pub use apply::LAST_APPLIED;

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    session::{self, Session},
};

/// The object that a word names where a Pod may stand alone: `web`, `deploy/web`.
pub async fn pod_named(session: &Session, word: &str) -> Outcome<serde_json::Value> {
    Ok(pod::named(session, word).await?.value)
}

/// Runs the command that was parsed.
pub async fn dispatch(session: &Session, matches: &Matches) -> Outcome {
    session::check(matches)?;
    match matches.command.path {
        "annotate" => metadata::run(session, matches, metadata::Field::Annotations).await,
        "label" => metadata::run(session, matches, metadata::Field::Labels).await,
        "patch" => patch::run(session, matches).await,
        "replace" => replace::run(session, matches).await,
        "scale" => scale::run(session, matches).await,
        "apply" => apply::run(session, matches).await,
        "attach" => attach::run(session, matches).await,
        "create" => create::run(session, matches).await,
        "debug" => debug::run(session, matches).await,
        "delete" => delete::run(session, matches).await,
        "describe" => describe::run(session, matches).await,
        "exec" => exec::run(session, matches).await,
        "get" => get::run(session, matches).await,
        "logs" => logs::run(session, matches).await,
        "port-forward" => port_forward::run(session, matches).await,
        "run" => run::run(session, matches).await,
        "version" => version::run(session, matches).await,
        "wait" => wait::run(session, matches).await,
        "apply set-last-applied" => apply::last_applied::set(session, matches).await,
        "apply view-last-applied" => apply::last_applied::view(session, matches).await,
        "apply edit-last-applied" => edit::last_applied(session, matches).await,
        "certificate approve" | "certificate deny" => certificate::run(session, matches).await,
        "cp" => cp::run(session, matches).await,
        "edit" => edit::run(session, matches).await,
        "diff" => diff::run(session, matches).await,
        "explain" => explain::run(session, matches).await,
        "api-resources" => discover::resources(session, matches).await,
        "api-versions" => discover::versions(session, matches).await,
        "cluster-info" => discover::cluster(session).await,
        "cluster-info dump" => dump::run(session, matches).await,
        "auth can-i" => auth::can_i(session, matches).await,
        "auth reconcile" => auth::reconcile::run(session, matches).await,
        "auth whoami" => auth::whoami(session, matches).await,
        "autoscale" => autoscale::run(session, matches).await,
        "completion" => elsewhere::completion(matches),
        "plugin list" => elsewhere::plugins(),
        "kustomize" => elsewhere::kustomize(session, matches).await,
        "cordon" | "uncordon" => cordon::run(session, matches).await,
        "drain" => drain::run(session, matches).await,
        "taint" => taint::run(session, matches).await,
        "top node" => top::nodes(session, matches).await,
        "top pod" => top::pods(session, matches).await,
        "events" => events::run(session, matches).await,
        "expose" => expose::run(session, matches).await,
        path if path.starts_with("config ") => config::run(session, matches).await,
        path if path.starts_with("rollout ") => rollout::run(session, matches).await,
        path if path.starts_with("create ") => create::generate::run(session, matches).await,
        path if path.starts_with("set ") => set::run(session, matches).await,
        other => Err(Failure::Said(format!("\"kubectl {other}\" is not available here"))),
    }
}
