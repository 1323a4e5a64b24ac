//! How far a rollout is.

use serde_json::Value;
use tokio::time::Duration;

use super::{number, revision};
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    selection::Object,
    session::Session,
    watch::Events,
};

/// A day: as long as `--timeout=0` waits.
const LONG: Duration = Duration::from_hours(24);

/// Says how far the rollout of one object is, until it is done.
pub async fn one(session: &Session, matches: &Matches, object: &Object) -> Outcome {
    let wanted = matches.int("revision");
    // Nothing can be watched of an object without a name.
    if !matches.on("watch") || object.target.name.is_empty() {
        let (text, _) = progress(&object.value, wanted)?;
        return session.out(&text).await;
    }
    let nanos = matches.duration("timeout");
    let limit = if nanos > 0 { duration::std(nanos) } else { LONG };
    match tokio::time::timeout(limit, follow(session, object, wanted)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::said("timed out waiting for the condition")),
    }
}

async fn follow(session: &Session, object: &Object, wanted: i64) -> Outcome {
    let target = &object.target;
    let mut said = String::new();
    loop {
        let mut events =
            Events::of_one(session, &target.resource.path(target.namespace.as_deref()), &target.name).await?;
        while let Some(event) = events.next().await? {
            match event.kind.as_str() {
                "DELETED" => return Err(Failure::said("object has been deleted")),
                "BOOKMARK" => continue,
                _ => {}
            }
            let mut value = event.object;
            if let Some(map) = value.as_object_mut() {
                map.entry("kind").or_insert_with(|| target.resource.kind.clone().into());
            }
            let (text, done) = progress(&value, wanted)?;
            if text != said {
                session.out(&text).await?;
                said = text;
            }
            if done {
                return Ok(());
            }
        }
    }
}

/// What there is to say, and whether it is the last.
pub fn progress(object: &Value, wanted: i64) -> Outcome<(String, bool)> {
    match text_at(object, "/kind") {
        "Deployment" => deployment(object, wanted),
        "DaemonSet" => daemon_set(object),
        "StatefulSet" => stateful_set(object),
        kind => Err(Failure::Said(format!("no status viewer has been implemented for {kind}"))),
    }
}

fn observed(object: &Value) -> bool {
    number(object, "/metadata/generation") <= number(object, "/status/observedGeneration")
}

fn deployment(object: &Value, wanted: i64) -> Outcome<(String, bool)> {
    let name = text_at(object, "/metadata/name");
    if wanted > 0 && revision(object) != wanted {
        return Err(Failure::Said(format!(
            "desired revision ({wanted}) is different from the running revision ({})",
            revision(object)
        )));
    }
    if !observed(object) {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let conditions =
        object.pointer("/status/conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if conditions
        .iter()
        .any(|condition| condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded")
    {
        return Err(Failure::Said(format!("deployment {name:?} exceeded its progress deadline")));
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let (desired, updated, total, available) =
        (number(object, "/spec/replicas"), count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let waiting = |what: String| Ok((format!("Waiting for deployment {name:?} rollout to finish: {what}...\n"), false));
    if updated < desired {
        return waiting(format!("{updated} out of {desired} new replicas have been updated"));
    }
    if total > updated {
        return waiting(format!("{} old replicas are pending termination", total - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Ok((format!("deployment {name:?} successfully rolled out\n"), true))
}

fn rolling(object: &Value) -> Outcome {
    if text_at(object, "/spec/updateStrategy/type") == "RollingUpdate" {
        Ok(())
    } else {
        Err(Failure::said("rollout status is only available for RollingUpdate strategy type"))
    }
}

fn daemon_set(object: &Value) -> Outcome<(String, bool)> {
    rolling(object)?;
    let name = text_at(object, "/metadata/name");
    if !observed(object) {
        return Ok(("Waiting for daemon set spec update to be observed...\n".to_owned(), false));
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let (desired, updated, available) =
        (count("desiredNumberScheduled"), count("updatedNumberScheduled"), count("numberAvailable"));
    if updated < desired {
        return Ok((
            format!(
                "Waiting for daemon set {name:?} rollout to finish: {updated} out of {desired} new pods have been updated...\n"
            ),
            false,
        ));
    }
    if available < desired {
        return Ok((
            format!(
                "Waiting for daemon set {name:?} rollout to finish: {available} of {desired} updated pods are available...\n"
            ),
            false,
        ));
    }
    Ok((format!("daemon set {name:?} successfully rolled out\n"), true))
}

fn stateful_set(object: &Value) -> Outcome<(String, bool)> {
    rolling(object)?;
    if number(object, "/status/observedGeneration") == 0 || !observed(object) {
        return Ok(("Waiting for statefulset spec update to be observed...\n".to_owned(), false));
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let desired = number(object, "/spec/replicas");
    if count("readyReplicas") < desired {
        return Ok((format!("Waiting for {} pods to be ready...\n", desired - count("readyReplicas")), false));
    }
    // The server fills in a partition of 0, so that this is what every rolling update comes to.
    if object.pointer("/spec/updateStrategy/rollingUpdate").is_some() {
        let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
        let (updated, wanted) = (count("updatedReplicas"), desired - partition);
        return Ok(if updated < wanted {
            (
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated...\n"
                ),
                false,
            )
        } else {
            (format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true)
        });
    }
    let (update, current) = (text_at(object, "/status/updateRevision"), text_at(object, "/status/currentRevision"));
    if update != current {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {} pods at revision {update}...\n",
                count("updatedReplicas")
            ),
            false,
        ));
    }
    Ok((
        format!("statefulset rolling update complete {} pods at revision {current}...\n", count("currentReplicas")),
        true,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::progress;

    #[test]
    fn a_deployment_on_its_way() {
        let mut object = json!({"kind": "Deployment", "metadata": {"name": "web", "generation": 2}, "spec": {"replicas": 3},
            "status": {"observedGeneration": 2, "updatedReplicas": 1, "replicas": 4, "availableReplicas": 3}});
        assert_eq!(
            progress(&object, 0).unwrap().0,
            "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...\n"
        );
        object["status"] =
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3});
        assert_eq!(progress(&object, 0).unwrap(), ("deployment \"web\" successfully rolled out\n".to_owned(), true));
    }
}
