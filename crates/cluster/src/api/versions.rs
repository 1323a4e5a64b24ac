//! Events have two forms of one object: core/v1, which is stored, and events.k8s.io/v1 (k8s.io/api/events/v1: the
//! `deprecated…` fields are the older form's own).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::registry::Resource;

/// Field names, stored and served.
const NAMES: [(&str, &str); 8] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// A stored object as this kind serves it.
pub(super) fn served<'v>(resource: &Resource, object: &'v Value) -> Cow<'v, Value> {
    if resource.group != "events.k8s.io" || object["apiVersion"] == resource.api_version() {
        return Cow::Borrowed(object);
    }
    Cow::Owned(renamed(object, &resource.api_version(), |name| {
        NAMES.iter().find(|pair| pair.0 == name).map(|pair| pair.1)
    }))
}

/// An object of this kind as it is stored.
pub(super) fn stored(resource: &Resource, object: Value) -> Value {
    if resource.group != "events.k8s.io" {
        return object;
    }
    renamed(&object, "v1", |name| NAMES.iter().find(|pair| pair.1 == name).map(|pair| pair.0))
}

fn renamed(object: &Value, api_version: &str, name_of: impl Fn(&str) -> Option<&'static str>) -> Value {
    let mut fields: Map<String, Value> = object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (name_of(key).unwrap_or(key).to_owned(), value.clone()))
        .collect();
    fields.insert("apiVersion".into(), api_version.into());
    fields.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry;

    #[test]
    fn there_and_back_is_the_same() {
        let events = registry::find("events.k8s.io", "v1", "events").unwrap();
        let core = json!({"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e"}, "message": "hi", "count": 2,
            "involvedObject": {"name": "web"}, "source": {"component": "kubelet"}, "reason": "Started"});
        let new = served(events, &core).into_owned();
        assert_eq!(
            (&new["note"], &new["regarding"]["name"], &new["deprecatedCount"]),
            (&json!("hi"), &json!("web"), &json!(2))
        );
        assert_eq!(stored(events, new), core);
    }
}
