//! What an object says about itself: whether it is ready, and why not.

use serde_json::Value;

/// A container of a Pod, as its status has it.
pub(super) fn containers<'a>(pod: &'a Value, only: Option<&'a str>) -> impl Iterator<Item = &'a Value> {
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let all = lists.into_iter().filter_map(|list| pod.pointer(&format!("/status/{list}"))?.as_array()).flatten();
    all.filter(move |container| only.is_none_or(|name| container["name"] == name))
}

/// How often the containers have been started again.
pub(super) fn restarts(pod: &Value, only: Option<&str>) -> u64 {
    containers(pod, only).filter_map(|container| container["restartCount"].as_u64()).sum()
}

/// A field below the containers' states: `waiting.reason`, `lastState.terminated.exitCode`; `running` is true or false.
pub(super) fn states(pod: &Value, only: Option<&str>, path: &str) -> Vec<String> {
    let (state, path) = match path.strip_prefix("lastState.") {
        Some(path) => ("lastState", path),
        None => ("state", path),
    };
    let value = |container: &Value| {
        let state = container.get(state)?;
        if path == "running" {
            return Some(state.get("running").is_some().to_string());
        }
        let value = state.pointer(&format!("/{}", path.replace('.', "/")))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    containers(pod, only).filter_map(value).collect()
}

/// Whether an object is ready, in the sense of its kind.
pub(super) fn ready(object: &Value, kind: &str, container: Option<&str>) -> bool {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let replicas = || number("/status/readyReplicas").unwrap_or(0);
    match kind {
        "Pod" => match container {
            Some(name) => containers(object, Some(name)).any(|container| container["ready"] == true),
            None => condition(object, "Ready").is_some_and(|ready| ready["status"] == "True"),
        },
        "Deployment" => {
            let wanted = number("/spec/replicas").unwrap_or(1);
            replicas() >= wanted && number("/status/updatedReplicas").unwrap_or(0) >= wanted
        }
        "ReplicaSet" | "StatefulSet" => replicas() >= number("/spec/replicas").unwrap_or(1),
        "DaemonSet" => number("/status/numberReady") == number("/status/desiredNumberScheduled"),
        "Job" => condition(object, "Complete").is_some_and(|complete| complete["status"] == "True"),
        "PersistentVolumeClaim" => object["status"]["phase"] == "Bound",
        _ => condition(object, "Ready").is_none_or(|ready| ready["status"] == "True"),
    }
}

fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.pointer("/status/conditions")?.as_array()?.iter().find(|condition| condition["type"] == name)
}

/// The evidence for why an object is not as one would like it: the container that waits or has ended, or the condition
/// that says no. In the cluster's own words.
pub(super) fn evidence(object: &Value, only: Option<&str>) -> Option<String> {
    containers(object, only).find_map(trouble).or_else(|| {
        let conditions = object.pointer("/status/conditions")?.as_array()?;
        let bad = |condition: &&Value| condition["status"] == "False" && condition["message"].is_string();
        let bad = conditions.iter().find(bad)?;
        Some(said(bad["reason"].as_str(), bad["message"].as_str()))
    })
}

fn trouble(container: &Value) -> Option<String> {
    let name = container["name"].as_str()?;
    let state = &container["state"];
    let ended = |state: &Value| {
        let ended = state.get("terminated")?;
        let code = ended["exitCode"].as_i64()?;
        (code != 0).then(|| format!("{name}: {}, exit code {code}", ended["reason"].as_str().unwrap_or("ended")))
    };
    if let Some(waiting) = state.get("waiting") {
        let why = said(waiting["reason"].as_str(), waiting["message"].as_str());
        return match ended(&container["lastState"]) {
            Some(before) => Some(format!("{name}: {why}; {before}")),
            None => Some(format!("{name}: {why}")),
        };
    }
    ended(state).or_else(|| {
        let down = state.get("running").is_some() && container["ready"] == false;
        down.then(|| format!("{name}: running, not ready"))
    })
}

fn said(reason: Option<&str>, message: Option<&str>) -> String {
    match (reason, message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}
