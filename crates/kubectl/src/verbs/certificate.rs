//! `certificate approve` and `certificate deny`.

use serde_json::{Value, json};

use super::result::Reporter;
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::{self, Object, Request},
    server::JSON,
    session::Session,
};

/// What is decided about a request.
struct Decision {
    condition: &'static str,
    contrary: &'static str,
    reason: &'static str,
    done: &'static str,
}

const APPROVED: Decision =
    Decision { condition: "Approved", contrary: "Denied", reason: "KubectlApprove", done: "approved" };
const DENIED: Decision = Decision { condition: "Denied", contrary: "Approved", reason: "KubectlDeny", done: "denied" };

/// Runs the command below `certificate`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let decision = if matches.command.name() == "approve" { APPROVED } else { DENIED };
    let mut reporter = Reporter::of(session, matches).await?;
    if matches.args.is_empty() && !matches.reads_files() {
        return Err(Failure::said("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    let names = matches.args.iter().map(|name| selection::named("certificatesigningrequests", name));
    let named: Vec<String> = names.collect::<Outcome<_>>()?;
    let selection = Request::of(matches, &named).select(session).await?;
    if selection.picks.iter().any(|pick| pick.resource().namespaced) {
        return Err(Failure::said("namespace may not be empty when retrieving a resource by name"));
    }
    let (objects, mut failures) = selection.objects(session).await;
    for object in &objects {
        failures.extend(one(session, matches, object, &decision, &mut reporter).await.err());
    }
    Failure::of(failures)
}

async fn one(
    session: &Session,
    matches: &Matches,
    object: &Object,
    decision: &Decision,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    if !object.target.resource.is("certificates.k8s.io", "CertificateSigningRequest") {
        let resource = &object.target.resource;
        let got = format!("{}.{}", resource.kind, resource.group);
        return Err(Failure::Said(format!(
            "can only handle CertificateSigningRequest.certificates.k8s.io objects, got {}",
            got.trim_end_matches('.')
        )));
    }
    let path = object.target.path();
    let request = session.server.get(&path, JSON).await?;
    let (decided, known) = decided(request, decision, &session.now().to_string())?;
    if !known || matches.on("force") {
        session.server.put(&format!("{path}/approval"), &decided).await?;
    }
    reporter.report(&object.value, decision.done).await
}

/// The request with the decision, and whether it had it before.
fn decided(mut request: Value, decision: &Decision, now: &str) -> Outcome<(Value, bool)> {
    let mut conditions = request.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default();
    let has = |wanted: &str| conditions.iter().any(|condition| condition["type"] == wanted);
    if has(decision.contrary) {
        return Err(Failure::Said(format!(
            "certificate signing request {:?} is already {}",
            text_at(&request, "/metadata/name"),
            decision.contrary
        )));
    }
    if has(decision.condition) {
        return Ok((request, true));
    }
    conditions.push(json!({
        "type": decision.condition, "status": "True", "reason": decision.reason, "lastUpdateTime": now,
        "message": format!("This CSR was {} by kubectl certificate {}.", decision.done, verb(decision)),
    }));
    request["status"]["conditions"] = conditions.into();
    Ok((request, false))
}

fn verb(decision: &Decision) -> &'static str {
    if decision.done == APPROVED.done { "approve" } else { "deny" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_made_once() {
        let request = json!({"metadata": {"name": "a"}, "spec": {}});
        let (approved, known) = decided(request, &APPROVED, "2026-01-01T00:00:00Z").unwrap();
        assert!(!known);
        assert_eq!(
            approved["status"]["conditions"][0]["message"],
            "This CSR was approved by kubectl certificate approve."
        );
        assert!(decided(approved.clone(), &APPROVED, "").unwrap().1);
        let refused = decided(approved, &DENIED, "").unwrap_err();
        assert_eq!(refused.text(), "error: certificate signing request \"a\" is already Approved");
    }
}
