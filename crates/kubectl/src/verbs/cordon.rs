//! `cordon` and `uncordon`: whether new Pods may come to a Node.

use serde_json::{Value, json};

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    output::json as text,
    selection::{self, Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// Runs `cordon` or `uncordon`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    check(matches)?;
    let mut reporter = Reporter::of(session, matches).await?;
    let nodes = nodes(session, matches).await?;
    let mut failures = Vec::new();
    for node in &nodes {
        if let Err(failure) = mark(session, node, matches.command.name() == "cordon", &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::gathered(failures)
}

/// Whether the command says which Nodes.
pub fn check(matches: &Matches) -> Outcome {
    let path = matches.command.full_path();
    let selector = matches.some("selector");
    if matches.args.is_empty() && selector.is_none() {
        return Err(Failure::usage(&path, format!("USAGE: {} NODE [flags]", matches.command.name())));
    }
    if !matches.args.is_empty() && selector.is_some() {
        return Err(Failure::usage(&path, "cannot specify both a node name and a --selector option"));
    }
    Ok(())
}

/// The Nodes that the command names.
pub async fn nodes(session: &Session, matches: &Matches) -> Outcome<Vec<Object>> {
    let selector = matches.some("selector");
    let named = || matches.args.iter().map(|arg| selection::named("nodes", arg)).collect::<Outcome<Vec<_>>>();
    let args = if selector.is_some() { vec!["nodes".to_owned()] } else { named()? };
    let request = Request { args, selector: selector.map(str::to_owned), list_alone: true, ..Request::default() };
    let (nodes, failures) = request.select(session).await?.objects(session).await;
    failures.into_iter().next().map_or(Ok(nodes), Err)
}

/// Marks one Node and says so.
pub async fn mark(session: &Session, node: &Object, unschedulable: bool, reporter: &mut Reporter<'_>) -> Outcome {
    let done = if unschedulable { "cordoned" } else { "uncordoned" };
    let is = node.value.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
    if is == unschedulable {
        return reporter.report(&node.value, &format!("already {done}")).await;
    }
    if reporter.dry_run() != DryRun::Client {
        let pairs: Vec<_> = reporter.dry_run().query().into_iter().collect();
        let patch = json!({"spec": {"unschedulable": if unschedulable { Value::Bool(true) } else { Value::Null }}});
        let path = format!("{}{}", node.target.path(), query(&pairs));
        session.server.patch(&path, PatchType::Strategic, &text::compact(&patch)).await?;
    }
    reporter.report(&node.value, done).await
}
