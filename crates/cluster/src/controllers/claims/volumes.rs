//! Volumes that somebody has made, and which of them a claim gets (kubernetes.io, "Persistent Volumes: Binding"). Pure.

use serde_json::Value;

use crate::{
    admission::quantity::Quantity,
    controllers::{name_of, selector},
    json::{at, has, items, text},
    store::Object,
};

/// The volume for a claim: the one that is kept for it, or else the smallest that is large enough.
pub(super) fn choose<'v>(claim: &Value, volumes: &'v [Object]) -> Option<&'v Object> {
    let asked = text(&claim["spec"], "volumeName");
    let free = volumes.iter().filter(|volume| is_free(volume, claim) && (asked.is_empty() || name_of(volume) == asked));
    let fitting = free.filter(|volume| fits(volume, claim));
    fitting.min_by_key(|volume| (!has(&volume["spec"], "claimRef"), size(volume), name_of(volume).to_owned()))
}

/// Whether nobody else has it, or is to have it.
fn is_free(volume: &Value, claim: &Value) -> bool {
    if has(&volume["metadata"], "deletionTimestamp") {
        return false;
    }
    let (kept, metadata) = (&volume["spec"]["claimRef"], &claim["metadata"]);
    if kept.is_null() {
        return true;
    }
    let same = |field: &str| text(kept, field) == text(metadata, field);
    same("name") && same("namespace") && (text(kept, "uid").is_empty() || same("uid"))
}

fn fits(volume: &Value, claim: &Value) -> bool {
    let (has, wants) = (&volume["spec"], &claim["spec"]);
    let modes = |spec: &Value| items(spec, "accessModes").to_vec();
    let mode = |spec: &Value| if text(spec, "volumeMode") == "Block" { "Block" } else { "Filesystem" };
    let wanted = Quantity::from_json(at(wants, &["resources", "requests", "storage"])).ok();
    let selector = &wants["selector"];
    text(has, "storageClassName") == text(wants, "storageClassName")
        && mode(has) == mode(wants)
        && modes(wants).iter().all(|mode| modes(has).contains(mode))
        && wanted.is_none_or(|wanted| size(volume) >= Some(wanted.value()))
        && (selector.is_null() || selector::matches(selector, &volume["metadata"]["labels"]))
}

fn size(volume: &Value) -> Option<i64> {
    Quantity::from_json(&volume["spec"]["capacity"]["storage"]).ok().map(Quantity::value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn volume(name: &str, size: &str, class: &str, claim: Value) -> Object {
        Arc::new(json!({"metadata": {"name": name, "labels": {"at": name}}, "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"],
            "storageClassName": class, "claimRef": claim}}))
    }

    fn chosen(spec: Value) -> Option<String> {
        let mine = json!({"name": "c", "namespace": "n"});
        let volumes = [
            volume("large", "10Gi", "manual", Value::Null),
            volume("small", "2Gi", "manual", Value::Null),
            volume("tiny", "1Mi", "manual", Value::Null),
            volume("other", "2Gi", "", json!({"name": "x", "namespace": "n"})),
            volume("mine", "5Gi", "", mine),
        ];
        let mut claim = json!({"metadata": {"name": "c", "namespace": "n", "uid": "u"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "resources": {"requests": {"storage": "1Gi"}}}});
        for (field, value) in spec.as_object().unwrap() {
            claim["spec"][field] = value.clone();
        }
        choose(&claim, &volumes).map(|volume| name_of(volume).to_owned())
    }

    #[test]
    fn a_claim_gets_the_smallest_volume_that_suffices() {
        assert_eq!(chosen(json!({})).as_deref(), Some("small"));
        assert_eq!(chosen(json!({"resources": {"requests": {"storage": "3Gi"}}})).as_deref(), Some("large"));
        assert_eq!(chosen(json!({"volumeName": "large"})).as_deref(), Some("large"));
        assert_eq!(chosen(json!({"selector": {"matchLabels": {"at": "large"}}})).as_deref(), Some("large"));
        assert_eq!(chosen(json!({"storageClassName": ""})).as_deref(), Some("mine"), "it is kept for this claim");
        assert_eq!(chosen(json!({"accessModes": ["ReadWriteMany"]})), None);
        assert_eq!(chosen(json!({"volumeMode": "Block"})), None);
        assert_eq!(chosen(json!({"storageClassName": "fast"})), None);
    }
}
