//! The Pod that `web`, `pod/web` or `deploy/web` stands for, and which of its containers.

use std::cmp::Reverse;

use serde_json::Value;

use crate::{
    failure::{Failure, Outcome, text_at},
    resolve::Resource,
    selection::{self, Object, Pick, Request, Selection, items},
    server::JSON,
    session::Session,
};

/// The object that a word names, where a name alone is a Pod.
pub async fn named(session: &Session, word: &str) -> Outcome<Object> {
    let word = selection::named("pods", word)?;
    let selection = Request { args: vec![word], ..Request::default() }.select(session).await?;
    let mut objects = selection.all(session).await?;
    if objects.is_empty() {
        return Err(Failure::said("no resource found"));
    }
    Ok(objects.remove(0))
}

/// The label selector of what runs Pods; `None` for kinds that do not.
pub fn selector(object: &Value) -> Option<String> {
    let kind = text_at(object, "/kind");
    let plain = match kind {
        "Service" | "ReplicationController" => object.pointer("/spec/selector")?.as_object().cloned(),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => None,
        _ => return None,
    };
    let labels = plain.or_else(|| object.pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned())?;
    Some(
        labels
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(","),
    )
}

/// The Pods of an object: itself, or those it runs; the most useful first.
pub async fn pods_of(session: &Session, object: &Object, doing: &str) -> Outcome<Vec<Value>> {
    if text_at(&object.value, "/kind") == "Pod" {
        return Ok(vec![object.value.clone()]);
    }
    let Some(selector) = selector(&object.value) else {
        return Err(Failure::Said(format!(
            "{doing} {kind}: selector for {kind} not implemented",
            kind = go_type(object)
        )));
    };
    let mut pods = select(session, Some(selector), object.target.namespace.as_deref()).await?;
    pods.sort_by_key(usefulness);
    Ok(pods)
}

/// How Go names the type of an object: `*v1.ConfigMap`.
fn go_type(object: &Object) -> String {
    format!("*{}.{}", object.target.resource.version, object.target.resource.kind)
}

/// All Pods with these labels.
pub async fn select(session: &Session, selector: Option<String>, namespace: Option<&str>) -> Outcome<Vec<Value>> {
    let resource: &Resource = session.discovery().await?.find("pods")?;
    let selection =
        Selection { picks: Vec::<Pick>::new(), failures: Vec::new(), selector, fields: None, single: false };
    let list = selection.list(session, resource, namespace, JSON, 500).await?;
    Ok(items(resource, list).into_iter().map(|object| object.value).collect())
}

/// What Pods are sorted by: scheduled, not waiting, ready, ready for long, often restarted, old. What has ended counts as
/// what runs: it has logs as well.
fn usefulness(pod: &Value) -> (bool, u8, bool, String, Reverse<i64>, String) {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().find(|one| one["type"] == "Ready" && one["status"] == "True");
    let waits = match text_at(pod, "/status/phase") {
        "Unknown" => 1,
        "Pending" => 2,
        _ => 0,
    };
    let statuses = ["containerStatuses", "initContainerStatuses"].map(|list| pod["status"][list].as_array());
    let restarts = statuses.into_iter().flatten().flatten().filter_map(|status| status["restartCount"].as_i64());
    (
        text_at(pod, "/spec/nodeName").is_empty(),
        waits,
        ready.is_none(),
        ready.map(|ready| text_at(ready, "/lastTransitionTime").to_owned()).unwrap_or_default(),
        Reverse(restarts.max().unwrap_or_default()),
        text_at(pod, "/metadata/creationTimestamp").to_owned(),
    )
}

/// The containers of one list of a Pod's spec.
pub fn containers<'a>(pod: &'a Value, list: &str) -> Vec<&'a str> {
    let items = pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|container| container["name"].as_str()).collect()
}

/// All containers as kubectl lists them: `web, prepare (init)`.
pub fn all_containers(pod: &Value) -> String {
    let mut names: Vec<String> = containers(pod, "containers").into_iter().map(str::to_owned).collect();
    names.extend(containers(pod, "initContainers").iter().map(|name| format!("{name} (init)")));
    names.extend(containers(pod, "ephemeralContainers").iter().map(|name| format!("{name} (ephem)")));
    names.join(", ")
}

/// The container that is meant: the one asked for, else the Pod's default; says so on standard error when there is a choice.
pub async fn container(session: &Session, pod: &Value, asked: &str, quiet: bool) -> Outcome<String> {
    let (name, note) = choose(pod, asked)?;
    if let Some(note) = note.filter(|_| !quiet) {
        session.err(&note).await?;
    }
    Ok(name)
}

/// The container that is meant, and what is to be said about that.
pub fn choose(pod: &Value, asked: &str) -> Outcome<(String, Option<String>)> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let known = |name: &str| lists.iter().any(|list| containers(pod, list).contains(&name));
    if !asked.is_empty() {
        return if known(asked) {
            Ok((asked.to_owned(), None))
        } else {
            Err(Failure::Said(format!(
                "container {asked} is not valid for pod {} out of: {}",
                text_at(pod, "/metadata/name"),
                all_containers(pod)
            )))
        };
    }
    let preferred = text_at(pod, "/metadata/annotations/kubectl.kubernetes.io~1default-container");
    if !preferred.is_empty() && known(preferred) {
        return Ok((preferred.to_owned(), None));
    }
    let Some(first) = containers(pod, "containers").first().copied() else {
        return Err(Failure::said("pod has no containers"));
    };
    let several = lists.iter().map(|list| containers(pod, list).len()).sum::<usize>() > 1;
    let note = several.then(|| format!("Defaulted container {first:?} out of: {}\n", all_containers(pod)));
    Ok((first.to_owned(), note))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, phase: &str, ready_since: &str, made: &str) -> Value {
        let ready = if ready_since.is_empty() { "False" } else { "True" };
        json!({"metadata": {"name": name, "creationTimestamp": made}, "spec": {"nodeName": "n"}, "status": {
            "phase": phase, "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": ready_since}]}})
    }

    #[test]
    fn the_first_pod_is_the_one_that_says_most() {
        let mut pods = [
            pod("waits", "Pending", "", "1"),
            pod("later", "Failed", "", "3"),
            pod("earlier", "Running", "", "2"),
            pod("new", "Running", "9", "1"),
            pod("long", "Running", "5", "4"),
        ];
        pods.sort_by_key(usefulness);
        let names = pods.each_ref().map(|pod| text_at(pod, "/metadata/name"));
        assert_eq!(names, ["long", "new", "earlier", "later", "waits"]);
    }
}
