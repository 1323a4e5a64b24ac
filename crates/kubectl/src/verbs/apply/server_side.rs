//! `apply --server-side`, where the server merges and keeps who owns which field.

use serde_json::Value;

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    output::json,
    selection::Target,
    server::{PatchType, query},
    session::Session,
    status::Status,
    verbs::{
        create::validation,
        result::{DryRun, Reporter},
    },
};

const ADVICE: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Applies one object.
pub async fn one(session: &Session, matches: &Matches, target: &Target, reporter: &mut Reporter<'_>) -> Outcome<Value> {
    if reporter.dry_run() == DryRun::Client {
        return Err(Failure::said(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ));
    }
    let object = target.manifest.clone().unwrap_or_default();
    // The default manager of client-side apply is not the one of server-side apply.
    let manager = if matches.given("field-manager") { matches.text("field-manager") } else { "kubectl" };
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", manager.to_owned()));
    pairs.extend(validation(matches)?);
    pairs.push(("force", matches.on("force-conflicts").to_string()));
    let sub = matches.some("subresource").map(|name| format!("/{name}")).unwrap_or_default();
    let path = format!("{}{sub}{}", target.path(), query(&pairs));
    let answer = session.server.patch(&path, PatchType::Apply, &json::compact(&object)).await;
    let answer = answer.map_err(explained)?;
    reporter.report(&answer, "serverside-applied").await?;
    Ok(answer)
}

fn explained(failure: Failure) -> Failure {
    let conflicts = |status: &Status| {
        status
            .details
            .as_ref()
            .is_some_and(|details| details.causes.iter().any(|cause| cause.reason == "FieldManagerConflict"))
    };
    match failure {
        Failure::Server(status) if conflicts(&status) => {
            Failure::Within(format!("{}\n{ADVICE}", status.message), status)
        }
        other => other,
    }
}
