//! `--overrides`: changes to an object that flags have made.

use k8s_openapi::api::core::v1::{Pod, Service};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    merge,
    verbs::template,
};

/// Changes an object as the flags say; what its kind does not know is left out.
pub fn apply(matches: &Matches, object: &mut Value) -> Outcome {
    let Some(text) = matches.some("overrides") else { return Ok(()) };
    match matches.text("override-type") {
        "" | "merge" => {
            let patch: Value = serde_json::from_str(text).map_err(|_| Failure::said("Invalid JSON Patch"))?;
            match patch {
                Value::Object(_) => merge::json_merge(object, &patch),
                Value::Array(_) => *object = patch,
                _ => return Err(Failure::said("Invalid JSON Patch")),
            }
        }
        "strategic" => {
            let patch: Value = serde_json::from_str(text).map_err(|_| Failure::said("invalid JSON document"))?;
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            if let Some(shape) = merge::shape("", &kind) {
                merge::strategic_merge(object, &patch, shape, &kind);
            }
        }
        "json" => merge::steps::take(object, text).map_err(Failure::Said)?,
        other => return Err(Failure::Said(format!("invalid override type: {other}"))),
    }
    typed(object)
}

/// Reads an object into its kind's type and prints it again, as kubectl does.
fn typed(object: &mut Value) -> Outcome {
    if !object.is_object() {
        return Err(Failure::said(
            "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }",
        ));
    }
    *object = match (text_at(object, "/apiVersion"), text_at(object, "/kind")) {
        (_, "") => return Err(Failure::Said(format!("Object 'Kind' is missing in '{object}'"))),
        ("v1", "Pod") => through::<Pod>(object)?,
        ("v1", "Service") => through::<Service>(object)?,
        (version, kind) => {
            let why = format!("no kind {kind:?} is registered for version {version:?}");
            return Err(Failure::Said(format!("{why} in scheme \"pkg/scheme/scheme.go:28\"")));
        }
    };
    template::fill(object);
    if object["kind"] == "Service" {
        object["status"]["loadBalancer"] = json!({});
    }
    Ok(())
}

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Outcome<Value> {
    let read: T = serde_json::from_value(object.clone()).map_err(|error| Failure::Said(error.to_string()))?;
    serde_json::to_value(read).map_err(|error| Failure::Said(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kind_does_not_know_is_left_out() {
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
            "nope": 1, "hostNetwork": true, "containers": [{"name": "a"}]}});
        typed(&mut pod).unwrap();
        let spec = json!({"hostNetwork": true, "containers": [{"name": "a", "resources": {}}]});
        assert_eq!(pod["spec"], spec);
        let mut other = json!({"apiVersion": "v9", "kind": "Pod"});
        let why = "error: no kind \"Pod\" is registered for version \"v9\" in scheme \"pkg/scheme/scheme.go:28\"";
        assert_eq!(typed(&mut other).unwrap_err().text(), why);
    }
}
