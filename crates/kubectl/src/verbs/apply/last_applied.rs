//! `apply view-last-applied` and `apply set-last-applied`.

use serde_json::{Value, json};

use super::{LAST_APPLIED, annotate, last_applied};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    output::{json as text, yaml},
    selection::{Pick, Request},
    server::{JSON, PatchType},
    session::Session,
    verbs::result::{DryRun, Reporter},
};

/// Runs `apply view-last-applied`.
pub async fn view(session: &Session, matches: &Matches) -> Outcome {
    let output = matches.text("output");
    let objects = Request::listing(matches, &matches.args).select(session).await?.all(session).await?;
    for (at, object) in objects.iter().enumerate() {
        // kubectl says nothing about an object that was never applied.
        let Some(applied) = last_applied(&object.value) else {
            if object.target.name.is_empty() {
                return Err(Failure::Said(format!(
                    "error when no last-applied-configuration annotation found on resource: \n {:?}: <nil>",
                    object.target.source()
                )));
            }
            continue;
        };
        if !matches!(output, "yaml" | "json") {
            return Err(Failure::usage(
                "kubectl apply view-last-applied",
                format!("Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"),
            ));
        }
        let value: Value = serde_json::from_str(applied).map_err(|error| Failure::Said(error.to_string()))?;
        let shown = if output == "json" { format!("{}\n", text::pretty(&value, "  ")) } else { yaml::text(&value) };
        session.out(&if at > 0 && output == "yaml" { format!("---\n{shown}") } else { shown }).await?;
    }
    Ok(())
}

/// Runs `apply set-last-applied`.
pub async fn set(session: &Session, matches: &Matches) -> Outcome {
    let mut reporter = Reporter::of(session, matches).await?;
    // Only files say what was applied: names are not looked at.
    let selection = Request::of(matches, &[]).select(session).await?;
    Failure::of(selection.failures.clone())?;
    for pick in &selection.picks {
        let Pick::One(target) = pick else { continue };
        let live = session.server.get(&target.path(), JSON).await;
        let live = live.map_err(|failure| match failure {
            Failure::Said(_) => super::unread(target, failure),
            other => other,
        })?;
        if last_applied(&live).is_none() && !matches.on("create-annotation") {
            return Err(Failure::Said(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                target.name
            )));
        }
        let mut object = target.manifest.clone().unwrap_or_default();
        annotate(&mut object);
        if last_applied(&object) == last_applied(&live) {
            session.line(format!("set-last-applied {}: no changes required.", target.name)).await?;
            continue;
        }
        let patch = json!({"metadata": {"annotations": {LAST_APPLIED: last_applied(&object)}}});
        let answer = if reporter.dry_run() == DryRun::Client {
            object
        } else {
            session.server.patch(&target.path(), PatchType::Merge, &patch.to_string()).await?
        };
        reporter.report(&answer, "configured").await?;
    }
    Ok(())
}
